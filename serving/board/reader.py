"""The process that keeps the summary: follows the log, and works out what takes longer.

It is the pages' own child, so that neither reading nor working out holds up a page; it can be
killed and started again at any time.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from time import monotonic

import click

from features.errors import StoreError
from features.settings import Settings, load_settings
from serving.board.reading import follow
from serving.board.refresh import refresh_next
from serving.board.summary import Summary
from serving.moments import now_us
from serving.processes.lifeline import end_with_parent, log_to_stderr
from serving.simulating.others import Others
from serving.store.connection import Connection, connect

_log = logging.getLogger("rto.board")

_NICE = 10
_GRACE_S = 5.0
_LOOK_EVERY_S = 2.0
_REST = 4.0
"""Rest after working something out, as a multiple of how long that took."""


def keep_reading(
    settings: Settings, stop: threading.Event, *, clock: Callable[[], int] = now_us
) -> None:
    """Follow the log until ``stop`` is set; a log that is away is waited for."""
    while not stop.is_set():
        try:
            with (
                Summary.open(settings.board) as summary,
                closing(connect(settings.store_url, readonly=True)) as log,
            ):
                _read(summary, log, stop, clock)
        except (StoreError, OSError):
            _log.exception("the pages' summary cannot go on; trying again")
            stop.wait(_LOOK_EVERY_S)


def _read(
    summary: Summary, log: Connection, stop: threading.Event, clock: Callable[[], int]
) -> None:
    """Follow the log; in between, work something out and then only follow for a while."""
    rest_until, others = 0.0, Others()
    while not stop.is_set():
        if follow(summary, log):
            continue
        if (began := monotonic()) >= rest_until:
            refresh_next(summary, log, now_us=clock(), others=others)
            rest_until = monotonic() + _REST * (monotonic() - began)
        stop.wait(_LOOK_EVERY_S)


@contextmanager
def reading() -> Iterator[None]:
    """Have the process run beside this one, started again whenever it ends."""
    stop = threading.Event()
    tending = threading.Thread(target=_tend, args=(stop,), name="board", daemon=True)
    tending.start()
    try:
        yield
    finally:
        stop.set()
        tending.join()


def _tend(stop: threading.Event) -> None:
    while not stop.is_set():
        life, ours = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "serving.board.reader", "--life", str(life)], pass_fds=(life,)
        )
        os.close(life)
        while not stop.wait(_LOOK_EVERY_S) and process.poll() is None:
            pass
        os.close(ours)  # it ends with this
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@click.command()
@click.option("--life", type=int, required=True, help="End when this pipe closes.")
def main(life: int) -> None:
    """Keep the pages' summary."""
    settings = load_settings()
    log_to_stderr(settings)
    with suppress(OSError):
        os.nice(_NICE)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: sys.exit(0))  # whatever was begun is undone
    end_with_parent(life)
    keep_reading(settings, threading.Event())


if __name__ == "__main__":
    main()
