"""The worker as a process of the supervisor's, or by itself as ``rto worker``."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable

import click

from features.errors import told
from features.settings import Settings, load_settings
from serving.conversation.sending import keep_sending
from serving.digest import keep_digesting
from serving.parcels.polling import keep_polling
from serving.payments.links import keep_paying
from serving.processes.lifeline import end_with_parent, log_to_stderr
from serving.settling import keep_settling
from serving.upkeep.folding import keep_folding
from serving.webhooks.delivering import keep_delivering


@click.command("worker")
@click.option("--life", type=int, hidden=True, help="End when this pipe closes.")
def worker(life: int | None) -> None:
    """Send messages and webhooks and fold history every hour, until stopped."""
    settings = load_settings()
    log_to_stderr(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if life is not None:
        end_with_parent(life)
    beside = [
        threading.Thread(target=_keep, args=(keep, settings, stop), name=keep.__name__)
        for keep in (
            keep_sending, keep_delivering, keep_settling, keep_paying, keep_polling,
            keep_digesting,
        )
    ]  # fmt: skip
    for thread in beside:
        thread.start()
    keep_folding(settings, stop)
    for thread in beside:
        thread.join()


def _keep(
    keep: Callable[[Settings, threading.Event], None], settings: Settings, stop: threading.Event
) -> None:
    """Do it; where that cannot go on the whole process ends, and its supervisor starts another."""
    try:
        keep(settings, stop)
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
