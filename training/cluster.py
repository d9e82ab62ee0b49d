"""A Dask cluster as executor: other machines read orders, count history and grow trees."""

from __future__ import annotations

import hashlib
import platform
import re
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

import features
from features.errors import ClusterError, SettingsError
from features.history.replay import Asks, Log
from training.history_shares import cut, replayed, shares_of

if TYPE_CHECKING:
    from distributed import Client, Future

    from training.tree_rows import TreeRows
    from training.trees import Grower

T = TypeVar("T")

CONNECT_S = 10.0
_GREETINGS = 3
LOST_S = 60.0
POLL_S = 2.0
RETRIES = 3
AHEAD = 2
_ADDRESS = re.compile(r"^dask://(\[[0-9A-Fa-f:]+\]|[^\s/:]+):(\d{1,5})$")
_SAME = ("numpy", "numba", "lightgbm", "pyarrow", "distributed")


class Cluster:
    """The workers behind one scheduler.

    Parameters
    ----------
    address : str
        ``dask://host:port``.

    Raises
    ------
    SettingsError
        When Dask is missing here, nobody answers there, nobody works there, or a worker's versions
        are not ours.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = connected(address)
        try:
            _wait_for_workers(self.client, address)
            refuse_other_versions(self.client.run(versions, on_error="return"), versions())
        except BaseException:
            self.client.close()
            raise

    def close(self) -> None:
        """Leave the cluster; what it still did for us is dropped."""
        self.client.close()

    def workers(self) -> tuple[str, ...]:
        """The addresses of those at work, in a fixed order."""
        return tuple(sorted(self.client.nthreads())) if self.client.status == "running" else ()

    def map(
        self, work: Callable[..., T], calls: Iterable[tuple[Any, ...]], *, count: int
    ) -> Iterator[T]:
        """See ``Executor.map``: a lost worker's calls are made again by another."""
        waiting: deque[Future] = deque()
        most = max(AHEAD * sum(self.client.nthreads().values()), 1)
        try:
            for call in calls:
                waiting.append(self.client.submit(work, *call, pure=False, retries=RETRIES))
                if len(waiting) >= min(most, count):
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            self.client.cancel(list(waiting))

    def replay(self, log: Log, asks: Asks, out: NDArray[np.float32]) -> None:
        """See ``Executor.replay``: partitioned by the merchant that every key belongs to."""
        shares = shares_of(log.facts, most=AHEAD * max(len(self.workers()), 1))
        mine = (cut(log, asks, share) for share in shares)
        rows = (np.flatnonzero(share[asks.order]) for share in shares)
        for at, found in zip(rows, self.map(replayed, mine, count=len(shares)), strict=True):
            out[at] = found

    def orchard(
        self,
        columns: TreeRows,
        *,
        seed: int,
        replaced: Mapping[str, float | int] = MappingProxyType({}),
    ) -> Grower:
        """See ``Executor.orchard``: the trees are grown by ``lightgbm.dask``."""
        from training.cluster_trees import ClusterOrchard

        return ClusterOrchard(columns, self, seed=seed, replaced=replaced)

    def _result(self, future: Future) -> Any:
        """Wait for a result as long as somebody is there to bring it."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        alone_since: float | None = None
        while True:
            try:
                return future.result(timeout=POLL_S)
            except TimeoutError:
                now = time.monotonic()
                alone_since = None if self.workers() else alone_since or now
                if alone_since is not None and now - alone_since > LOST_S:
                    raise self.lost() from None
            except (KilledWorker, CancelledError):
                raise self.lost() from None

    def lost(self) -> ClusterError:
        """Nobody is left to do the work, or whoever tries dies of it."""
        return ClusterError(
            f"the workers at {self.address} were lost again and again; see their logs (too little"
            " memory is the usual cause), then run the command again"
        )


@contextmanager
def cluster_at(address: str) -> Iterator[Cluster]:
    """A cluster for the time of a command."""
    cluster = Cluster(address)
    try:
        yield cluster
    finally:
        cluster.close()


def connected(address: str) -> Client:
    """A client of the scheduler at ``dask://host:port``.

    Raises
    ------
    SettingsError
        For another kind of address, without Dask, or when no scheduler answers.
    """
    found = _ADDRESS.match(address)
    if found is None or int(found[2]) > 65_535:
        raise SettingsError(f"--on: {address!r} is no cluster; write dask://host:port")
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise SettingsError("--on needs Dask; install it with: pip install 'rto[dask]'") from None
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    try:
        with warnings.catch_warnings():
            # Versions are compared below, in a sentence.
            warnings.simplefilter("ignore")
            return _greeted(Client, f"tcp://{found[1]}:{found[2]}")
    except (OSError, ValueError, AssertionError):
        raise SettingsError(
            f"no Dask scheduler answers at {address}; start one there with:"
            f" dask scheduler --port {found[2]}"
        ) from None


def _greeted(client: type[Client], address: str) -> Client:
    """A client, tried again where a busy scheduler says more at once than its greeting.

    Dask takes the greeting for a message of its own and ends in an ``AssertionError`` otherwise.
    """
    for _ in range(_GREETINGS - 1):
        with suppress(AssertionError):
            return client(address, timeout=CONNECT_S, set_as_default=False)
    return client(address, timeout=CONNECT_S, set_as_default=False)


def _wait_for_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        raise SettingsError(
            f"the scheduler at {address} has no workers; start some with:"
            f" dask worker {address.replace('dask:', 'tcp:')} --nthreads 1"
        ) from None


def versions() -> dict[str, str]:
    """What must be the same everywhere for the same numbers to come out."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **{name: version(name) for name in _SAME},
        "rto": _digest(Path(features.__path__[0])),
    }


def _digest(folder: Path) -> str:
    """Of every source of a package."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def refuse_other_versions(found: Mapping[str, object], ours: Mapping[str, str]) -> None:
    """Compare every worker's versions with our own.

    Parameters
    ----------
    found : mapping
        By worker: its versions, or the exception it answered with.

    Raises
    ------
    SettingsError
        Naming the first worker that differs, and in what.
    """
    for worker, theirs in sorted(found.items()):
        if not isinstance(theirs, Mapping):
            raise SettingsError(
                f"the worker {worker} cannot run this program ({theirs}); install the same rto and"
                " its training and dask extras there"
            )
        for name, mine in ours.items():
            if theirs.get(name) != mine:
                raise SettingsError(
                    f"the worker {worker} has {name} {theirs.get(name)} and this program {mine};"
                    " install the same there and start it again"
                )
