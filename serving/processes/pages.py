"""The pages' process: an application behind a Unix socket, to which scoring passes requests on."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import click
import uvicorn

from features.errors import told
from features.settings import load_settings
from serving.board.reader import reading
from serving.pages.application import create_pages
from serving.pages.house import House
from serving.pages.inside import Inside
from serving.processes.http import http_of
from serving.processes.lifeline import end_with_parent, log_to_stderr
from serving.processes.trust import read_trust

_DRAIN_S = 5
_NICE = 5


@click.command()
@click.option("--inside", required=True)
@click.option("--life", type=int, required=True)
@click.option("--trust", type=int, required=True)
@click.option("--pages", type=click.Path(path_type=Path), required=True)
def main(inside: str, life: int, trust: int, pages: Path) -> None:
    """Render pages until told to stop."""
    end_with_parent(life)
    with suppress(OSError):
        os.nice(_NICE)  # an order is scored before a page is drawn
    settings = load_settings()
    log_to_stderr(settings)
    app = create_pages(House.open(settings, Inside(inside, read_trust(trust))))
    config = http_of(app, drain_s=_DRAIN_S, proxy_headers=False)
    with reading():
        uvicorn.Server(config).run(sockets=[_listening(pages)])


def _listening(path: Path) -> socket.socket:
    """Bound by this process, so that callers see at once when it is gone."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    return listening


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except Exception as error:
        if (says := told(error)) is None:
            raise
        click.echo(f"rto: {says}", err=True)
        sys.exit(1)
