"""Who does the work on a data folder: this machine's processes, or those of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from features.history.replay import Asks, Log, replay

T = TypeVar("T")


class Executor(Protocol):
    """The two kinds of work that a matrix is made of."""

    def map(
        self, work: Callable[..., T], calls: Iterable[tuple[Any, ...]], *, count: int
    ) -> Iterator[T]:
        """The results of many independent calls, in their order.

        Parameters
        ----------
        work : callable
            Importable on every machine.
        calls : iterable of tuple
            Arguments, made one after the other as they are needed.
        count : int
            How many there will be.
        """
        ...

    def replay(self, log: Log, asks: Asks, out: NDArray[np.float32]) -> None:
        """``features.history.replay.replay``, with equal results to the last bit."""
        ...


@dataclass(frozen=True, slots=True)
class Local:
    """Processes and threads of this machine."""

    threads: int = 2

    def map(
        self, work: Callable[..., T], calls: Iterable[tuple[Any, ...]], *, count: int
    ) -> Iterator[T]:
        """In processes of their own, or in this one where there is one call only."""
        run = Parallel(n_jobs=self.threads if count > 1 else 1, return_as="generator")
        found: Iterator[T] = run(delayed(work)(*call) for call in calls)
        return found

    def replay(self, log: Log, asks: Asks, out: NDArray[np.float32]) -> None:
        """In threads: the passes are machine code."""
        replay(log, asks, out, threads=self.threads)
