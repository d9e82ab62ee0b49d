"""``rto sandbox``: stand-ins for WhatsApp and the customer's phone, for a trial on this machine."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

import click
from pydantic import ValidationError

from features.errors import RefusedError, told
from serving.processes.lifeline import end_with_parent
from serving.processes.supervisor import bind
from serving.sandbox.courier import Courier
from serving.sandbox.graph import Graph
from serving.sandbox.razorpay import Razorpay
from serving.sandbox.setting import Setting
from serving.sandbox.theatre import Theatre


@click.command("sandbox")
@click.argument("setting", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--port", type=click.IntRange(1, 65_535), default=8010, show_default=True,
              help="Port of the page and the stand-ins, on loopback only.")  # fmt: skip
@click.option("--api", default="http://127.0.0.1:8000", show_default=True,
              help="Address of the server.")  # fmt: skip
@click.option("--life", type=int, hidden=True, help="End when this pipe closes.")
def sandbox(setting: Path, port: int, api: str, life: int | None) -> None:
    """Play WhatsApp and the customer for a trial: nobody is written to.

    SETTING is the file that ``rto demo`` makes.
    """
    try:
        read = Setting.model_validate_json(setting.read_text(encoding="utf-8"))
    except ValidationError:
        raise RefusedError(f"{setting} is no setting of a sandbox; run `rto demo`") from None
    bind("127.0.0.1", port).close()
    theatre = theatre_of(read, api.rstrip("/"))
    theatre.start(port)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if life is not None:
        end_with_parent(life)
    stop.wait()
    theatre.stop()


def theatre_of(setting: Setting, api: str) -> Theatre:
    """The sandbox for one merchant of a server."""
    graph = Graph(
        setting.phone_number_id, setting.token, setting.app_secret,
        hook=f"{api}/v1/hooks/{setting.endpoint}", lively=True,
    )  # fmt: skip
    doubtful = json.loads(setting.doubtful.read_text(encoding="utf-8"))
    razorpay = Razorpay(
        setting.key_id, setting.key_secret, setting.webhook_secret,
        hook=f"{api}/v1/hooks/{setting.payments_endpoint}", short="http://127.0.0.1/pay/",
        lively=True,
    )  # fmt: skip
    key = setting.key_file.read_text(encoding="utf-8").strip()
    courier = Courier(f"{api}/v1/hooks/{setting.courier_endpoint}", setting.courier_token)
    return Theatre(api, key, graph, razorpay, courier, doubtful)


if __name__ == "__main__":
    try:
        sandbox(standalone_mode=False)
    except Exception as error:
        if (says := told(error)) is None:
            raise
        click.echo(f"rto: {says}", err=True)
        sys.exit(1)
