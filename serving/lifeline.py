"""What every process of the supervisor needs: to end with its parent, and to log to stderr."""

from __future__ import annotations

import logging
import os
import signal
import threading

from features.settings import Settings


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


def log_to_stderr(settings: Settings) -> None:
    """Write messages from the level of the settings on to stderr."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    # Every request that is sent, with its address: of no use, and too much.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
