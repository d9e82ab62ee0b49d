"""Work in stages: orders that wait together take each stage one after the other.

The program's own instructions are the larger part of what an order moves through a processor's
caches. Sixteen orders that pass the same stage in a row find them there; sixteen that each run
the whole path meet them cold, at more than twice the time.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from serving.line import Line
    from serving.metrics import Laps

T = TypeVar("T")

# Pauses where others may take their turn; the last step gives the result.
Stages: TypeAlias = Generator[None, None, T]


def at_once(stages: Stages[T]) -> T:
    """Run to the end without a pause."""
    while True:
        try:
            next(stages)
        except StopIteration as end:
            result: T = end.value
            return result


async def in_turns(stages: Stages[T], line: Line | None, laps: Laps) -> T:
    """Let the others in line catch up after each stage; without a line run to the end.

    Parameters
    ----------
    laps : Laps
        Stands still meanwhile.
    """
    if line is None:
        return at_once(stages)
    while True:
        try:
            next(stages)
        except StopIteration as end:
            result: T = end.value
            return result
        if line.length:
            laps.pause()
            await line.turn()
            laps.resume()
