"""The line of orders that wait to be decided: the longer it is, the less each of them gets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, TypeAlias

from features.errors import RtoError

Effort: TypeAlias = Literal["full", "brief", "degraded"]


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


class Line:
    """Counts who waits, for a decision to begin or for its next stage.

    One turn of the event loop is enough to see everyone who came at once.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self.length = 0

    async def wait(self) -> Effort:
        """Stand in line for one turn.

        Returns
        -------
        Effort
            What there is time for, given how many were ahead.

        Raises
        ------
        CrowdedError
            If too many were.
        """
        effort = self._effort(self.length)
        await self.turn()
        return effort

    async def turn(self) -> None:
        """Let everyone else in line come as far."""
        self.length += 1
        try:
            await asyncio.sleep(0)
        finally:
            self.length -= 1

    def _effort(self, ahead: int) -> Effort:
        limits = self._limits
        if ahead >= limits.refused:
            raise CrowdedError("too many orders are waiting; post again in a second")
        if ahead >= limits.degraded:
            return "degraded"
        return "brief" if ahead >= limits.brief else "full"
