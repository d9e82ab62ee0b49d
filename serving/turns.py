"""Work in stages: those who do the same can take each stage one after the other."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

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
