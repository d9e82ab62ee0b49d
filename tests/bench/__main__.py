"""Runs the benchmarks: all of them, or those named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from tests.bench.addresses import addresses
from tests.bench.history import history, whole_history
from tests.bench.live_row import live_row
from tests.bench.matrix import matrix
from tests.bench.memory import memory
from tests.bench.outage import outage
from tests.bench.start import start
from tests.bench.training import training

BENCHES: dict[str, Callable[[], None]] = {
    "live-row": live_row,
    "memory": memory,
    "addresses": addresses,
    "history": history,
    "matrix": matrix,
}

ON_REQUEST = ("history-of", "matrix-of", "train-of", "outage", "start")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*BENCHES, *ON_REQUEST]))
@click.option(
    "--orders", type=int, help="For history-of (about 2 GB a million), matrix-of and train-of."
)
@click.option("--home", type=click.Path(path_type=Path), help="For start: a home with orders.")
@click.option("--twice", is_flag=True, help="For train-of: train again and compare digests.")
def main(names: tuple[str, ...], orders: int | None, home: Path | None, *, twice: bool) -> None:
    """Print what the features cost: processor time, ratios and memory, on this machine."""
    sized = {
        "history-of": lambda: whole_history(orders or 5_000_000),
        "matrix-of": lambda: matrix(orders or 100_000),
        "train-of": lambda: training(orders or 100_000, twice=twice),
        "outage": outage,  # three minutes; needs PostgreSQL, and root to mount a small disk
        "start": lambda: start(home),  # two minutes: the first start compiles
    }
    for name in names or BENCHES:
        (BENCHES | sized)[name]()


main()
