"""Long lists of work in short transactions, so that single orders need not wait for all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from serving.writer import Work, Writer

Item = TypeVar("Item")
Result = TypeVar("Result")

# Some five milliseconds of the event loop.
_PART = 64


async def in_parts(
    writer: Writer, items: Sequence[Item], work: Callable[[Sequence[Item]], Work[list[Result]]]
) -> list[Result]:
    """Have ``work`` done on a part of the list at a time; its results in the list's order."""
    results: list[Result] = []
    for begin in range(0, len(items), _PART):
        results += await writer.submit(work(items[begin : begin + _PART]))
    return results
