"""The scoring process: a service behind its HTTP door, on a socket that the supervisor bound."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import click
import uvicorn

from features.errors import told
from features.settings import load_settings
from serving.api import create_app
from serving.degraded.outage import create_outage
from serving.model import Champion
from serving.pages_door import PagesDoor
from serving.processes.compiling import compile_apart
from serving.processes.http import http_of
from serving.processes.lifeline import end_with_parent, log_to_stderr
from serving.processes.supervisor import DRAIN_S
from serving.processes.trust import read_trust
from serving.service import Service
from serving.store.faults import LogDownError

_BACKLOG = 1024
# An order leaves no circles behind; looking for them every 700 objects takes a twentieth of it.
_COLLECTED_AFTER = 20_000


class _Server(uvicorn.Server):
    """A server that tells its supervisor when it has begun."""

    def __init__(self, config: uvicorn.Config, ready: int) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What was loaded stays: the collector need not walk it while orders wait.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECTED_AFTER)
        if self.started:
            os.write(self._ready, b"1")


@click.command()
@click.option("--socket", "handle", type=int, required=True)
@click.option("--life", type=int, required=True)
@click.option("--ready", type=int, required=True)
@click.option("--trust", type=int, required=True)
@click.option("--pages", required=True)
@click.option("--bundle", type=click.Path(path_type=Path))
def main(handle: int, life: int, ready: int, trust: int, pages: str, bundle: Path | None) -> None:
    """Serve until told to stop."""
    end_with_parent(life)
    settings = load_settings()
    log_to_stderr(settings)
    compile_apart(bundle)
    champion = Champion.of(settings, bundle)
    try:
        service = Service.open(settings, champion)
        service.doorkeeper.trust = read_trust(trust)
        app = create_app(service)
    except LogDownError as error:
        logging.getLogger("rto.scoring").error("the log cannot be opened: %s", error)
        app = create_outage(settings, error, lambda: os.kill(os.getpid(), signal.SIGTERM))
    app.state.pages = PagesDoor(pages)
    config = http_of(app, drain_s=DRAIN_S, backlog=_BACKLOG)
    _Server(config, ready).run(sockets=[socket.socket(fileno=handle)])


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except Exception as error:
        if (says := told(error)) is None:
            raise
        click.echo(f"rto: {says}", err=True)
        sys.exit(1)
