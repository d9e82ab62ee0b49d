"""What every process of the supervisor needs: to end with its parent, and to log to stderr."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from time import monotonic

from features.settings import Settings
from serving.store.faults import LogDownError

_SAY_EVERY_S = 60.0


def end_with_parent(life: int) -> None:
    """End this process in good order once the other end of a pipe closes.

    Parameters
    ----------
    life : int
        The reading end of a pipe whose writing end only the parent holds.
    """

    def wait() -> None:
        os.read(life, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="life", daemon=True).start()


class OutageFilter(logging.Filter):
    """Lets each part of a process say once a minute, in one line, that log or disk refuse it.

    Whoever tries again twice a second would fill the disk with tracebacks.

    Parameters
    ----------
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; of an outage only its sentence is left."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, LogDownError | OSError):
            return True
        now = self._clock()
        if now - self._said.get(record.name, -_SAY_EVERY_S) < _SAY_EVERY_S:
            return False
        self._said[record.name] = now
        record.msg, record.args = f"{record.getMessage()}: {error}", ()
        record.exc_info = record.exc_text = None
        return True


def log_to_stderr(settings: Settings) -> None:
    """Write messages from the level of the settings on to stderr."""
    handler = logging.StreamHandler()
    handler.addFilter(OutageFilter())
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(levelname)s %(name)s: %(message)s",
        handlers=[handler],
    )
    # Every request that is sent, with its address: of no use, and too much.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
