"""The line of orders that wait to be decided: the longer it is, the less each of them gets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from features.errors import RtoError
from serving.metrics import Laps
from serving.turns import Stages

Effort: TypeAlias = Literal["full", "brief", "degraded"]

T = TypeVar("T")

# Those who pass together hold up everyone else meanwhile.
_TOGETHER = 16
# Longer than a flush usually takes; a disk that is slower holds up nobody's decision for more.
_PATIENCE_S = 0.005


class CrowdedError(RtoError):
    """More orders are waiting than the service can answer in good time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From how many orders ahead on what is left out.

    Parameters
    ----------
    brief : int
        No reasons any more (about a third of a millisecond each).
    degraded : int
        Neither history nor model: the shipped prior and the policy's failure setting.
    refused : int
        No decision at all: 429.
    """

    brief: int = 32
    degraded: int = 256
    refused: int = 1_024


class _Place(NamedTuple):
    """One who waits in line."""

    stages: Stages[Any]
    laps: Laps
    future: asyncio.Future[Any]

    def step(self) -> bool:
        """Pass one stage; whether there are more."""
        self.laps.resume()
        try:
            next(self.stages)
        except StopIteration as end:
            if not self.future.done():
                self.future.set_result(end.value)
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it
            if not self.future.done():
                self.future.set_exception(error)
        else:
            self.laps.pause()
            return True
        return False


class Line:
    """Where orders wait until those before them are decided, and pass each stage together.

    The program's own instructions are the larger part of what an order moves through a processor's
    caches. Orders that pass the same stage in a row find them there: each of sixteen takes three
    fifths of what each of four does. So an order that comes while others are being flushed to the
    disk waits for those who come meanwhile.

    Parameters
    ----------
    limits : Limits
    flushing : callable
        Whether orders are on their way to the disk, after which :meth:`serve` should be called.
    """

    def __init__(
        self, limits: Limits | None = None, *, flushing: Callable[[], bool] = lambda: False
    ) -> None:
        self.limits = limits or Limits()
        self._flushing = flushing
        self._waiting: deque[_Place] = deque()
        self._standing = 0
        self._seen = 0
        self._called = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def length(self) -> int:
        """How many wait."""
        return len(self._waiting) + self._standing

    def effort(self) -> Effort:
        """What there is time for, for one who comes now.

        Raises
        ------
        CrowdedError
            If too many are waiting.
        """
        limits, ahead = self.limits, self.length
        if ahead >= limits.refused:
            raise CrowdedError("too many orders are waiting; post again in a second")
        if ahead >= limits.degraded:
            return "degraded"
        return "brief" if ahead >= limits.brief else "full"

    async def wait(self) -> Effort:
        """Stand in line for one turn of the event loop: enough to see everyone who came at once.

        Raises
        ------
        CrowdedError
            If too many were ahead.
        """
        effort = self.effort()
        self._standing += 1
        try:
            await asyncio.sleep(0)
        finally:
            self._standing -= 1
        return effort

    def passing(self, stages: Stages[T], laps: Laps) -> asyncio.Future[T]:
        """Let an order pass its stages with those who wait; the future gives the last one's result.

        Parameters
        ----------
        laps : Laps
            Stands still while others have their turn.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Place(stages, laps, future))
        self.serve()
        return future

    def serve(self) -> None:
        """Let those who wait pass, once all have come who are coming."""
        if self._waiting and not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """Wait for those who are coming, or for the disk; else let a group pass."""
        loop, length = asyncio.get_running_loop(), len(self._waiting)
        if self._seen < length < _TOGETHER:
            self._seen = length
            loop.call_soon(self._look)
            return
        self._called = False
        if length < _TOGETHER and self._flushing():
            if self._timer is None:
                self._timer = loop.call_later(_PATIENCE_S, self._pass)
            return
        self._pass()

    def _pass(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._seen = self._waiting, 0
        together = [waiting.popleft() for _ in range(min(_TOGETHER, len(waiting)))]
        while together:
            together = [place for place in together if place.step()]
        self.serve()
