"""Who does the work on a data folder: this machine's processes, or those of a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from numpy.typing import NDArray

from features.history.replay import Asks, Log, replay

if TYPE_CHECKING:
    from training.tree_rows import TreeRows
    from training.trees import Grower

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

    def orchard(
        self, columns: TreeRows, *, seed: int, replaced: Mapping[str, float | int]
    ) -> Grower:
        """What grows trees on these columns."""
        ...


@dataclass(frozen=True, slots=True)
class Local:
    """Processes and threads of this machine."""

    threads: int = 2

    def map(
        self, work: Callable[..., T], calls: Iterable[tuple[Any, ...]], *, count: int
    ) -> Iterator[T]:
        """In processes of their own, or in this one where there is one call only."""
        if count <= 1 or self.threads <= 1:
            yield from (work(*call) for call in calls)
            return
        run = Parallel(n_jobs=self.threads, return_as="generator")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".* tasks? wh.* been cancelled")
            try:
                yield from run(delayed(work)(*call) for call in calls)
            finally:
                # Waiting processes would hold a quarter of a gigabyte each for minutes.
                get_reusable_executor().shutdown(wait=True, kill_workers=True)

    def replay(self, log: Log, asks: Asks, out: NDArray[np.float32]) -> None:
        """In threads: the passes are machine code."""
        replay(log, asks, out, threads=self.threads)

    def orchard(
        self, columns: TreeRows, *, seed: int, replaced: Mapping[str, float | int]
    ) -> Grower:
        """LightGBM's own threads."""
        from training.trees import Orchard

        return Orchard(columns, seed=seed, threads=self.threads, replaced=replaced)


@contextmanager
def executor_on(address: str | None, *, threads: int = 2) -> Iterator[Executor]:
    """This machine, or the cluster at ``dask://host:port``, for the time of a command.

    Raises
    ------
    SettingsError
        When the cluster cannot be used; says why.
    """
    if address is None:
        yield Local(threads)
        return
    from training.cluster import cluster_at

    with cluster_at(address) as cluster:
        yield cluster
