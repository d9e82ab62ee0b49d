"""The worker as a process of the supervisor's, or by itself as ``rto worker``."""

from __future__ import annotations

import signal
import sys
import threading

import click

from features.errors import told
from features.settings import Settings, load_settings
from serving.lifeline import end_with_parent, log_to_stderr
from serving.sending import keep_sending
from serving.worker import keep_folding


@click.command("worker")
@click.option("--life", type=int, hidden=True, help="End when this pipe closes.")
def worker(life: int | None) -> None:
    """Send messages and fold history every hour, until stopped."""
    settings = load_settings()
    log_to_stderr(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if life is not None:
        end_with_parent(life)
    sending = threading.Thread(target=_send, args=(settings, stop), name="sending")
    sending.start()
    keep_folding(settings, stop)
    sending.join()


def _send(settings: Settings, stop: threading.Event) -> None:
    """Send; where that cannot go on the whole process ends, and its supervisor starts another."""
    try:
        keep_sending(settings, stop)
    finally:
        stop.set()


if __name__ == "__main__":
    try:
        worker(standalone_mode=False)
    except Exception as error:
        if (says := told(error)) is None:
            raise
        click.echo(f"rto: {says}", err=True)
        sys.exit(1)
