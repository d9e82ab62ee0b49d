"""The worker as a process of the supervisor's, or by itself as ``rto worker``."""

from __future__ import annotations

import signal
import sys
import threading

import click

from features.errors import told
from features.settings import load_settings
from serving.lifeline import end_with_parent, log_to_stderr
from serving.worker import keep_folding


@click.command("worker")
@click.option("--life", type=int, hidden=True, help="End when this pipe closes.")
def worker(life: int | None) -> None:
    """Fold history every hour, until stopped."""
    settings = load_settings()
    log_to_stderr(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if life is not None:
        end_with_parent(life)
    keep_folding(settings, stop)


if __name__ == "__main__":
    try:
        worker(standalone_mode=False)
    except Exception as error:
        if (says := told(error)) is None:
            raise
        click.echo(f"rto: {says}", err=True)
        sys.exit(1)
