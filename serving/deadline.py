"""How long a caller waits, as the header ``RTO-Deadline-Ms`` says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Self, TypeVar

from features.errors import RtoError
from models.actions import Action

LONGEST_MS = 60_000

T = TypeVar("T")


class DeadlineError(RtoError):
    """The header is no number of milliseconds."""


class LateError(RtoError):
    """No decision within the caller's deadline.

    Parameters
    ----------
    fallback : {"ship", "hold"}
        What the merchant's policy says is done without a decision.
    """

    def __init__(self, fallback: Action) -> None:
        super().__init__(
            f"no decision within your deadline; act by your own default (the policy's is "
            f'{fallback}) and post the order again with "record_only": true'
        )
        self.fallback = fallback


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant on a clock that only rises.

    Parameters
    ----------
    at_s : float
        Seconds of ``clock``.
    """

    at_s: float
    clock: Callable[[], float] = monotonic

    @classmethod
    def read(cls, header: str | None, clock: Callable[[], float] = monotonic) -> Self | None:
        """The deadline that a header sets from now on; None without one.

        Raises
        ------
        DeadlineError
            If it is no whole number between 1 and ``LONGEST_MS``.
        """
        if header is None:
            return None
        text = header.strip()
        if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= LONGEST_MS):
            raise DeadlineError(
                "the header RTO-Deadline-Ms must be a whole number of milliseconds from 1 to "
                f"{LONGEST_MS}"
            )
        return cls(clock() + int(text) / 1000, clock)

    @property
    def left_s(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at_s - self.clock()


async def within(deadline: Deadline | None, work: asyncio.Future[T], fallback: Action) -> T:
    """Await work that goes on in any case, no longer than the caller waits.

    Raises
    ------
    LateError
        If the deadline passes first.
    """
    if deadline is None:
        return await asyncio.shield(work)
    done, _ = await asyncio.wait([work], timeout=max(0.0, deadline.left_s))
    if not done:
        raise LateError(fallback)
    return work.result()
