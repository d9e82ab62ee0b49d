"""How often a password may be tried: by account and by address."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

_MOST = 20_000


class Throttle:
    """Buckets of attempts that fill again with time.

    Parameters
    ----------
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str, *, most: float, every_s: float) -> bool:
        """Take one attempt; False when there is none left.

        Parameters
        ----------
        name : str
            Whose attempts.
        most : float
            Attempts at once after a pause.
        every_s : float
            Seconds until another one is there.
        """
        now = self._clock()
        level, at = self._levels.get(name, (most, now))
        level = min(most, level + (now - at) / every_s)
        if len(self._levels) >= _MOST:
            self._levels.clear()
        self._levels[name] = (level - 1 if level >= 1 else level), now
        return level >= 1

    def forget(self, name: str) -> None:
        """Give all attempts back, as after the right password."""
        self._levels.pop(name, None)
