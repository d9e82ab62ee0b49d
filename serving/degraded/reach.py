"""Whether the log is within reach, as this process last saw it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from serving.store.faults import SlowError

_log = logging.getLogger("rto.reach")


class Reach:
    """One fact and since when it holds.

    Parameters
    ----------
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self.up = True
        self.why = ""

    @property
    def down_s(self) -> float:
        """For how long the log has been out of reach; 0 while it is not."""
        return 0.0 if self.up else self._clock() - self._since

    def lost(self, why: object) -> None:
        """The log does not answer; decisions go to the spool from now on.

        One that is merely slow is not lost: only who waited too long is decided without it.
        """
        if self.up and not isinstance(why, SlowError):
            _log.error("the log is out of reach, decisions go to the spool: %s", why)
            self.up, self.why, self._since = False, str(why), self._clock()

    def found(self) -> None:
        """The log answers, and everything spooled is in it."""
        if not self.up:
            _log.warning("the log is within reach again after %.1f s", self.down_s)
            self.up, self.why = True, ""
