"""``rto serve``: the API and the pages, with the worker beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from features.settings import load_settings
from serving.home import Home
from serving.store.owner import Owner
from serving.supervisor import Supervisor, bind


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Serve this model and ignore promotions.",
)
def serve(host: str, port: int, bundle: Path | None) -> None:
    """Serve the API and the pages until stopped."""
    settings = load_settings()
    owner = Owner.claim(settings.claim)
    Home.open(settings).close()
    listening = bind(host, port)

    def began() -> None:
        click.echo(f"Serving on http://{host}:{listening.getsockname()[1]} (stop with Ctrl-C)")

    status = Supervisor(listening, owner.handle, bundle).run(began)
    owner.release()
    sys.exit(status)
