"""What each group of features is worth: ``python -m tests.bench.ablation DATA``.

One matrix, one choice of parameters, one cut in time; then a model without each group in turn, as
``exclude`` in a training configuration leaves it out. Printed as a table for the README: log-loss
and rupees on the later orders, less the whole model's, with paired intervals clustered by person
and week. A group whose interval holds 0 has not been shown to earn anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from features.tables import read_folder
from features.tokens import TOKEN_REASONS
from tests.bench.report import machine, say
from tests.bench.shop import invented
from training.bootstrap import Clusters, clusters, intervals
from training.configuration import Configuration
from training.evaluate import Duel, Estimate, Scoreboard
from training.fit import Choice, fit
from training.inputs import Table
from training.labels import Floats, Ints, mature
from training.matrix import Matrix, build
from training.money import worth
from training.predictions import Judged
from training.trainer import end_of_knowledge

LATER_SHARE = 0.3
REPLICATES = 200
LOG_LOSS = 2  # among the numbers of a Scoreboard


class Family(NamedTuple):
    """Groups of features that stand or fall together, and the kinds of tokens beside them."""

    groups: tuple[str, ...]
    tokens: tuple[str, ...] = ()


FAMILIES = {
    "payment mode": Family(("payment", "payment_mode"), ("payment_mode",)),
    "amount and items": Family(("amount", "items")),
    "discount, fees, coupons": Family(("discount", "coupon"), ("coupon",)),
    "promised delivery": Family(("delivery",)),
    "channel and campaign": Family(("channel", "campaign"), ("channel", "campaign")),
    "calendar": Family(("calendar",)),
    "phone": Family(("phone", "receiver", "alt_phone")),
    "email": Family(("email",)),
    "name": Family(("name",)),
    "customer id": Family(("customer",)),
    "device and network address": Family(("device", "ip", "ip_net")),
    "address: text and history": Family(("address",)),
    "linked identities": Family(("linked",)),
    "place": Family(
        ("place", "merchant_pincode", "district", "state", "city"),
        ("pincode", "district", "state", "city"),
    ),
    "product": Family(("category", "merchant_sku"), ("category", "sku")),
    "courier and route": Family(("courier_pincode", "origin_district"), ("courier",)),
    "merchant": Family(("merchant",)),
    "other stores": Family(("network",)),
}


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost without a family: its inputs, and the change of log-loss and rupees."""

    name: str
    inputs: int
    log_loss: Estimate
    rupees: Estimate


class Trial:
    """A folder's matrix, cut in time, with the whole model's predictions of the later part."""

    def __init__(self, matrix: Matrix, *, extra: tuple[str, ...] = ()) -> None:
        self.matrix, self.extra = matrix, extra
        cutoff_us = end_of_knowledge(matrix)
        labels = mature(matrix.orders, cutoff_us=cutoff_us)
        created = matrix.orders["created_us"].to_numpy(np.int64)
        at = np.quantile(created[labels.rows], 1.0 - LATER_SHARE, method="higher")
        self.start_us = int(at)
        later = created[labels.rows] >= self.start_us
        self.rows: Ints = labels.rows[later]
        self.y: Floats = labels.y[later]
        person = matrix.orders["person"].to_numpy(np.int64)[self.rows]
        self.groups: Clusters = clusters(person, created[self.rows])
        self.choice: Choice | None = None
        self.inputs, self.whole = self.predict(())

    def predict(self, exclude: tuple[str, ...]) -> tuple[set[str], Floats]:
        """Inputs and probabilities of a model without some features and tokens."""
        configuration = Configuration(extra=self.extra, exclude=exclude)
        table = Table(self.matrix, extra=self.extra, exclude=exclude)
        model = fit(table, configuration, cutoff_us=self.start_us, choice=self.choice)
        self.choice = self.choice or model.choice
        names = {*model.inputs.features, *model.inputs.tokens, *model.inputs.extras}
        return names, model.probability(table, self.rows)

    def without(self, name: str) -> Loss | None:
        """What is lost without a family; None where the data holds nothing of it."""
        exclude = excluded(FAMILIES[name], self.matrix)
        if not any(n in exclude or n.partition("=")[0] in exclude for n in self.inputs):
            return None
        kept, probability = self.predict(exclude)
        duel = Duel(Scoreboard(self.y, probability), Scoreboard(self.y, self.whole))
        found = intervals(duel, self.groups, replicates=REPLICATES)
        ends = (float(a[2, LOG_LOSS]) for a in (found.estimate, found.low, found.high))
        return Loss(name, len(self.inputs - kept), Estimate(*ends), self._rupees(probability))

    def _rupees(self, probability: Floats) -> Estimate:
        columns = ["outcome", "payment_mode", "amount_paise"]
        frame = self.matrix.orders[columns].iloc[self.rows].reset_index(drop=True)
        frame = frame.assign(probability=probability, other=self.whole)
        found = worth(Judged(frame, {}), self.groups, replicates=REPLICATES).difference
        assert found is not None
        return found


def excluded(family: Family, matrix: Matrix) -> tuple[str, ...]:
    """A family as ``exclude`` names it: its features one by one, and its kinds of tokens.

    Groups are not named as such, because ``merchant`` would take ``merchant_pincode_…`` with it.
    """
    features = (f.name for f in matrix.features if f.group in family.groups)
    return (*features, *(kind for kind in family.tokens if kind in TOKEN_REASONS))


def markdown(losses: Iterable[Loss]) -> str:
    """The table, the dearest loss of log-loss first."""
    head = (
        "| without | inputs | log-loss | 95 % | rupees per 1,000 orders | 95 % |\n"
        "|---|--:|--:|---|--:|---|\n"
    )
    rows = sorted(losses, key=lambda loss: -loss.log_loss.value)
    return head + "\n".join(_row(loss) for loss in rows)


def _row(loss: Loss) -> str:
    log, rupees = loss.log_loss, loss.rupees
    return (
        f"| {loss.name} | {loss.inputs:,} | {log.value:+.4f} | {log.low:+.4f} to {log.high:+.4f} "
        f"| {rupees.value:+,.0f} | {rupees.low:+,.0f} to {rupees.high:+,.0f} |"
    )


def ablation(matrix: Matrix, name: str, *, extra: tuple[str, ...] = ()) -> None:
    """Print what each family is worth on one folder's later orders."""
    start = time.monotonic()
    trial = Trial(matrix, extra=extra)
    losses = [loss for family in FAMILIES if (loss := trial.without(family)) is not None]
    rto = trial.y.mean()
    whole = Scoreboard(trial.y, trial.whole)(None)
    say(
        f"\n**{name}**: {len(matrix.orders):,} orders, {len(trial.y):,} later ones judged "
        f"({rto:.1%} rto); whole model log-loss {whole[LOG_LOSS]:.4f}, ROC-AUC {whole[0]:.3f}. "
        "Each row: the model without the group, less the whole model.\n"
    )
    say(markdown(losses))
    say(f"\n{(time.monotonic() - start) / 60:.1f} minutes; {machine()}")


@click.command()
@click.argument("data", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--extra", multiple=True, help="Extra columns that may be read, where there.")
@click.option("--orders", default=15_000, help="Orders of the invented year, without DATA.")
def main(data: tuple[Path, ...], extra: tuple[str, ...], orders: int) -> None:
    """Print, for each data folder, what its predictions lose without each group of features."""
    if not data:
        ablation(build(invented(orders, seed=1)), f"an invented year of {orders:,} orders")
    for path in data:
        matrix = build(read_folder(path))
        ablation(matrix, path.name, extra=tuple(n for n in extra if n in matrix.extras))


if __name__ == "__main__":
    main()
