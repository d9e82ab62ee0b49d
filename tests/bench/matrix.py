"""The whole feature matrix of an invented world: ``python -m tests.bench matrix``."""

from __future__ import annotations

import resource

from features.tables import Folder
from tests.bench.cost import apart
from tests.bench.report import machine, say
from tests.bench.shop import invented
from training.matrix import build

MILLION = 1_000_000


def matrix(orders: int = 100_000) -> None:
    """Print what every feature of every order of a world costs, addresses included."""
    cost, children_s = apart(_world, _built, orders)
    each_wall, cpu = cost.wall_s / orders * 1e6, cost.cpu_s + children_s
    say(f"matrix: {orders:,} invented orders on two processes; {machine()}")
    say(
        f"  {cpu:.1f} s CPU, {cost.wall_s:.1f} s wall: {cpu / orders * 1e6:.0f} µs CPU and "
        f"{each_wall:.0f} µs wall an order; peak of the main process {cost.peak / 1e9:.2f} GB"
    )
    if orders != MILLION:
        say(
            f"  extrapolated, not measured: {MILLION:,} orders in {each_wall:.0f} s of wall on a "
            f"machine this busy, {cpu / orders * MILLION / 2:.0f} s on two idle processors"
        )


def _world(orders: int) -> Folder:
    build(invented(1_000, seed=2))  # loads the machine code
    return invented(orders, seed=1)


def _built(folder: Folder) -> float:
    """Build the matrix; returns the processor time of the processes that helped."""
    before = _helpers_s()
    build(folder, threads=2)
    _stop_helpers()
    return _helpers_s() - before


def _helpers_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _stop_helpers() -> None:
    """End the waiting processes, so that their time is counted."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
