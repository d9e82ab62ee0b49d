"""The points that a shop gives for requests: shared by every process that asks, never overdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, TypeVar

from features.days import SECOND_US
from serving.moments import now_us
from serving.store.connection import Connection
from serving.store.shop_points import book_points, count_spent

T = TypeVar("T")
# Points that are never spent: what was booked and what the shop counts differ by a moment.
SPARED = 100.0
# Shopify takes no request that may cost more, and a small shop has a thousand in all.
_MOST_AT_ONCE = 900.0
_LARGEST_PAGE, _FIRST_PAGE = 100, 5
# What a request cost less than it was booked for is spent within this or comes back by itself.
_CREDIT_US = 5 * SECOND_US


class Ledger(Protocol):
    """Does a short piece of work on the store."""

    async def __call__(self, work: Callable[[Connection], T]) -> T:
        """Do it."""


@dataclass
class Allowance:
    """One shop's points, booked in a row of the store before they are spent.

    Answers say how many there are, how fast they come back and what a request really cost.

    Parameters
    ----------
    most, rate : float
        Points there are at most, and those that come back in a second.
    an_order : float
        What one order of a page may cost.
    asked : float
        What the last request might have cost, as the shop says.
    """

    merchant_id: str
    ledger: Ledger
    clock: Callable[[], int] = now_us
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    most: float = 2_000.0
    rate: float = 100.0
    an_order: float = 60.0
    asked: float = 0.0
    _credit: tuple[float, int] = field(default=(0.0, 0), init=False)
    _booked_us: int = field(default=0, init=False)

    @property
    def page(self) -> int:
        """How many orders may be asked for at once; few before it is known what they cost."""
        if not self.asked:
            return _FIRST_PAGE
        return max(1, min(_LARGEST_PAGE, int(_MOST_AT_ONCE / self.an_order)))

    async def reserve(self, cost: float) -> None:
        """Wait until so many points can be spent."""
        now = self.clock()
        credit, until = self._credit
        kept = credit if now < until else 0.0
        self._credit = max(0.0, kept - cost), until
        if cost <= kept:
            return
        short, burst = self._us(cost - kept), self._us(self.most - SPARED)
        at, self._booked_us = await self.ledger(
            lambda connection: book_points(connection, self.merchant_id, now, short, burst)
        )
        if at > now:
            await self.sleep((at - now) / SECOND_US)

    async def settle(self, cost: float, told: Mapping[str, Any]) -> None:
        """Keep what a request cost less than was reserved, and heed what its answer says."""
        said = (told.get("extensions") or {}).get("cost") or {}
        status, now = said.get("throttleStatus") or {}, self.clock()
        asked, actual = said.get("requestedQueryCost"), said.get("actualQueryCost")
        self.asked = float(asked) if _is_number(asked) else self.asked
        # Who says nothing of the cost charged none, or the next answer says that less is left.
        paid = actual if _is_number(actual) else 0.0
        self._credit = self._credit[0] + max(0.0, cost - paid), now + _CREDIT_US
        most, left = status.get("maximumAvailable"), status.get("currentlyAvailable")
        rate = status.get("restoreRate")
        if not (_is_number(left) and _is_number(rate) and rate > 0):
            return
        self.most, self.rate = float(most) if _is_number(most) else self.most, float(rate)
        spent_us = now + self._us(self.most - left)
        if spent_us > self._booked_us:
            self._booked_us = spent_us
            await self.ledger(
                lambda connection: count_spent(connection, self.merchant_id, spent_us)
            )

    def _us(self, points: float) -> int:
        """The time in which points come back."""
        return int(points / self.rate * SECOND_US)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float)
