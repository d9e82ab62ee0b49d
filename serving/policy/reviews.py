"""How many orders are held for people each day, so that no more are than they have time for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from features.days import ist_day
from models.policy import Policy
from serving.store.connection import Connection
from serving.store.faults import LogDownError
from serving.store.policies import held_on

# What other hosts have held counts here after this long at most.
REMEMBERED_S = 5.0


@dataclass(slots=True)
class _Day:
    day: int
    held: int = 0
    checked_s: float = float("-inf")


class Reviews:
    """Counts by merchant, of the Indian day it is.

    Parameters
    ----------
    connection : Connection
        For reading.
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, connection: Connection, clock: Callable[[], float] = monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._days: dict[str, _Day] = {}

    def left(self, merchant_id: str, policy: Policy, now_us: int) -> int | None:
        """Orders that may still be held today; None without limit."""
        most = policy.reviews_at(now_us)
        if most is None or policy.mode != "act":
            return None
        return max(0, most - self._today(merchant_id, now_us).held)

    def take(self, merchant_id: str, now_us: int) -> None:
        """Count one that is held, before it is on disk: others are judged meanwhile."""
        self._today(merchant_id, now_us).held += 1

    def _today(self, merchant_id: str, now_us: int) -> _Day:
        day, now = ist_day(now_us), self._clock()
        known = self._days.get(merchant_id)
        if known is None or known.day != day:
            known = self._days[merchant_id] = _Day(day)
        if now >= known.checked_s + REMEMBERED_S:
            with suppress(LogDownError):
                known.held = max(known.held, held_on(self._connection, merchant_id, day))
            known.checked_s = now
        return known
