"""Whether the model is worth its features: one table against what others would train.

``python -m tests.bench.quality``: an invented year, everybody retrained monthly on what was known
by then, every later order scored as if live. Beside the rivals stand the constant and the true
probabilities, which only an invented world has: between them lies the attainable log-loss, and
each row says what share of that way it goes. Differences are ours less theirs on the same orders,
with 95 % intervals clustered by person and week.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.days import DAY_US
from features.tables import Folder, read_folder
from tests.bench.report import machine, say
from tests.bench.report import table as show
from tests.bench.rivals import RIVALS, Contest
from training.backtest import backtest
from training.bootstrap import Clusters, clusters, intervals
from training.configuration import Configuration
from training.evaluate import Duel, Scoreboard
from training.fit import fit
from training.inputs import Table
from training.labels import Floats, Ints
from training.matrix import Matrix, build
from training.metrics import calibration_error, log_loss
from training.simulate_command import write_year
from training.world.spec import WorldSpec

ORDERS = 100_000
QUICK_ORDERS = 15_000
FIRST_DAY = 230
EVERY_US = 30 * DAY_US
WORLDS = Path(tempfile.gettempdir()) / "rto-bench-worlds"
LOG_LOSS = 2  # among the numbers of a Scoreboard


@click.command()
@click.option("--orders", type=int, default=ORDERS, show_default=True)
@click.option("--seed", type=int, default=11, show_default=True)
@click.option("--quick", is_flag=True, help=f"{QUICK_ORDERS:,} orders: a look, not a result.")
@click.option("--rival", "rivals", multiple=True, type=click.Choice(list(RIVALS)))
@click.option("--ceiling", type=int, help="Also our model given this many times the orders.")
@click.option("--threads", type=int, default=2, show_default=True)
def main(
    orders: int, seed: int, quick: bool, rivals: tuple[str, ...], ceiling: int | None, threads: int
) -> None:
    """Print the table."""
    orders = QUICK_ORDERS if quick else orders
    say(f"an invented year of {orders:,} orders, seed {seed}; {machine()}")
    folder = world(orders, seed)
    matrix = build(folder, threads=threads)
    chosen = {name: RIVALS[name] for name in rivals or RIVALS}
    board = Board.of(orders, seed, matrix)
    entries = Entries(threads)
    entries.ours(matrix, "ours")
    table = Table(matrix)
    start = first_training(matrix)
    contest = Contest(folder, table, start_us=start, every_us=EVERY_US, threads=threads)
    for name, learner in chosen.items():
        entries.add(name, lambda learner=learner: contest.play(learner)[board.at])
    entries.scores["ours"] = entries.scores["ours"][board.at]
    board.print(entries)
    if ceiling is not None:
        print_ceiling(board, entries, orders * ceiling, seed, threads)


def world(orders: int, seed: int) -> Folder:
    """The invented year, made once and kept in the temporary folder."""
    path = WORLDS / f"{orders}-{seed}"
    if not (path / "orders.parquet").exists():
        write_year(path, orders, seed, WorldSpec(), quiet=True)
    return read_folder(path)


def truth(orders: int, seed: int, matrix: Matrix) -> Floats:
    """The true chance of RTO of every order that is shipped and not lost."""
    path = WORLDS / f"{orders}-{seed}" / "truth" / "truth.parquet"
    columns = ["merchant_id", "order_id", "p_rto_ship", "p_delivered_ship"]
    known = pq.read_table(path, columns=columns).to_pandas()
    both = matrix.orders[columns[:2]].merge(known, how="left", on=columns[:2])
    rto = both["p_rto_ship"] / (both["p_rto_ship"] + both["p_delivered_ship"])
    return rto.to_numpy(np.float64)


def first_training(matrix: Matrix) -> int:
    """The instant of the first training (µs since 1970, UTC)."""
    return int(matrix.orders["created_us"].min()) + FIRST_DAY * DAY_US


class Entries:
    """Everybody's predictions, and how long they took with all retrainings."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.scores: dict[str, Floats] = {}
        self.interval: tuple[Floats, Floats] | None = None
        self.minutes: dict[str, float] = {}

    def add(self, name: str, made: object) -> None:
        """Run one entry."""
        began = time.monotonic()
        self.scores[name] = made()  # type: ignore[operator]
        self.minutes[name] = (time.monotonic() - began) / 60
        say(f"  {name}: {self.minutes[name]:.1f} min")

    def ours(self, matrix: Matrix, name: str) -> None:
        """``rto backtest`` with monthly retraining."""

        def scored() -> Floats:
            done = backtest(
                Table(matrix),
                Configuration(threads=self.threads),
                train_until_us=first_training(matrix),
                retrain_us=EVERY_US,
            )
            self.interval = done.interval
            return done.probability

        self.add(name, scored)


class Board:
    """The judged orders: everything after the first training that was shipped untouched."""

    def __init__(
        self,
        at: np.ndarray,
        y: Floats,
        true: Floats,
        age_us: Ints,
        groups: Clusters | None,
    ) -> None:
        self.at, self.y, self.true, self.groups = at, y, true, groups
        self.age_us = age_us
        self.constant = log_loss(y, np.full(len(y), y.mean()))
        self.attainable = self.constant - log_loss(y, true)

    @classmethod
    def of(cls, orders: int, seed: int, matrix: Matrix) -> Board:
        """Those with a final outcome in the folder."""
        frame = matrix.orders
        created = frame["created_us"].to_numpy(np.int64)
        rows = np.flatnonzero(created >= first_training(matrix))
        final = frame["outcome"].isin(["rto", "delivered"]) & ~frame["treated"]
        at = np.flatnonzero(final.to_numpy()[rows])
        judged = rows[at]
        groups = clusters(frame["person"].to_numpy(np.int64)[judged], created[judged])
        y = (frame["outcome"].to_numpy()[judged] == "rto").astype(np.float64)
        age_us = created[judged] - first_training(matrix)
        return cls(at, y, truth(orders, seed, matrix)[judged], age_us, groups)

    def share(self, probability: Floats) -> float:
        """How much of the way from the constant to the truth."""
        return (self.constant - log_loss(self.y, probability)) / self.attainable

    def print(self, entries: Entries) -> None:
        """The table."""
        head = ("", "log-loss", "share", "ROC-AUC", "calibration", "slope", "ours less this one's")
        plain = {"constant": np.full(len(self.y), self.y.mean()), "the truth": self.true}
        ours = entries.scores["ours"]
        others = {name: p for name, p in entries.scores.items() if name != "ours"}
        rows = [self._row(name, p, ours) for name, p in {"ours": ours, **others, **plain}.items()]
        say(f"{len(self.y):,} judged orders, {int(self.y.sum()):,} returned; {machine()}")
        show(head, rows)
        if entries.interval is not None:
            low, high = (end[self.at] for end in entries.interval)
            held = float(np.mean((low <= self.true) & (self.true <= high)))
            say(
                f"ours says between which two chances 80 % of orders lie: {held:.1%} of the true do"
            )

    def _row(self, name: str, probability: Floats, ours: Floats) -> tuple[str, ...]:
        numbers = Scoreboard(self.y, probability)(None)
        cells = (
            name, f"{numbers[LOG_LOSS]:.4f}", f"{self.share(probability):.3f}",
            f"{numbers[0]:.3f}", f"{calibration_error(self.y, probability):.4f}",
            f"{numbers[4]:.3f}",
        )  # fmt: skip
        if name == "ours":
            return (*cells, "")
        duel = Duel(Scoreboard(self.y, ours), Scoreboard(self.y, probability))
        assert self.groups is not None
        found = intervals(duel, self.groups)
        gap, low, high = (float(a[2, LOG_LOSS]) for a in (found.estimate, found.low, found.high))
        return (*cells, f"{gap:+.4f} [{low:+.4f}, {high:+.4f}]")

    def first_month(self) -> NDArray[np.bool_]:
        """Which of the judged orders were placed before the first retraining."""
        return np.asarray(self.age_us < EVERY_US)

    def only(self, which: NDArray[np.bool_]) -> Board:
        """Some of the judged orders."""
        return Board(self.at[which], self.y[which], self.true[which], self.age_us[which], None)


def print_ceiling(board: Board, entries: Entries, orders: int, seed: int, threads: int) -> None:
    """Ours in the month after the first training, and the same model given many more orders.

    The larger year is of the same world, with as many more customers; one training of it is enough
    to see how far more data would carry, and takes long enough.
    """
    matrix = build(world(orders, seed), threads=threads)
    larger = Board.of(orders, seed, matrix)
    larger = larger.only(larger.first_month())
    start, table = first_training(matrix), Table(matrix)
    created = matrix.orders["created_us"].to_numpy(np.int64)
    rows = np.flatnonzero((created >= start) & (created < start + EVERY_US)).astype(np.int64)
    model = fit(table, Configuration(threads=threads), cutoff_us=start)
    month = board.first_month()
    small = board.only(month).share(entries.scores["ours"][month])
    share = larger.share(model.probability(table, rows)[larger.at])
    say(
        f"the month after the first training: ours recovers {small:.3f}, given {orders:,} orders"
        f" {share:.3f}"
    )


if __name__ == "__main__":
    main()
