"""Whether what the policy page says about money is true, on invented years whose truth is known.

Each run is one merchant's year of the demo world under another seed, scored by a noisy score that
was calibrated on earlier orders of the same merchant. What is known beforehand comes from the
measurements of other merchants in worlds of other seeds and parameters: half of them act by the
shipped thresholds, the others by those that follow from what the first half measured, as the run's
merchant does by what all of them did. All keep comparison
and exploration arms, and nobody's truth is used but to judge the answers.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import click
import numpy as np
from numpy.random import Generator, default_rng

from models.actions import ACTIONS, SEVERITY
from models.costs import CostModel
from models.estimates import compare, measure, shipped
from models.evidence import Ends, Evidence, evidence
from models.policy import Policy, default_policy
from models.pooling import Prior, pooled
from models.replay import NO_OVERRULE, Flags, Floats, Integers, Orders, codes_at, replay
from models.suggestion import suggest
from models.thresholds import Thresholds, cheapest
from training.world.actions import OUT_DELIVERED, OUT_RTO, PAID
from training.world.spec import WorldSpec, changed
from training.world.year import Year, invent_year

LEARNT_FROM = 30_000
"""Earlier orders that the score is calibrated on."""

ASSUMED = Prior.assumed()

_OTHERS, _RUNS, _NOISE = 5_000, 1_000, 1.0
_PREPAID = 1


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """A merchant's year: what was decided, what came of it, and what each action is truly worth."""

    policy: Policy
    orders: Orders
    ends: Ends
    chances: Floats
    worth: Floats

    @property
    def saved(self) -> float:
        """Paise truly saved, on expectation."""
        return float((self.chances * (self.worth - self.worth[:, [0]])).sum())

    def first(self, n: int) -> Lived:
        """As it stood after so many orders."""
        some = np.arange(min(n, len(self.orders)))
        return Lived(
            self.policy, self.orders.where(some), self.ends.where(some), self.chances[some],
            self.worth[some],
        )  # fmt: skip


def lived(seed: int, orders: int, spec: WorldSpec, known: Prior | None = None) -> Lived:
    """Invent a year and live through it, by the thresholds that what is known makes cheapest."""
    rng, year = default_rng([seed, 1]), invent_year(orders + LEARNT_FROM, seed, spec)
    prepaid = year.intents.payment == _PREPAID
    p, person = _scored(rng, year, prepaid), year.moments.person.astype(np.int64)
    whole, n = _asked(rng, year, p, person, prepaid), len(p)
    asked = whole.where(np.arange(LEARNT_FROM, n))
    amount = asked.amount_paise.astype(np.float64)
    policy = default_policy(int(amount.mean()), mode="act")
    if known is not None:
        policy = _begun(whole.where(np.arange(LEARNT_FROM)), policy, known)
    n = len(asked)
    done = replay(policy, asked)
    fates = np.stack([year.fates[a].outcome[LEARNT_FROM:] for a in ACTIONS], axis=1)
    end = fates[np.arange(n), done.action]
    paid = (done.action == SEVERITY["prepaid"]) & _paid(year)
    ends = Ends(done.action, end == OUT_DELIVERED, end == OUT_RTO, paid)
    return Lived(policy, asked, ends, done.chances, _worth(year, policy.model, amount))


def _asked(rng: Generator, year: Year, p: Floats, person: Integers, prepaid: Flags) -> Orders:
    n, none = len(p), np.zeros(len(p), bool)
    return Orders(
        probability=p, draw=rng.random(int(person.max()) + 1)[person],
        amount_paise=year.intents.amount_paise.astype(np.int64), prepaid=prepaid, degraded=none,
        late=none, created_us=np.zeros(n, np.int64), now_us=np.zeros(n, np.int64),
        overrule=np.full(n, NO_OVERRULE, np.int8), person=person, full=none,
    )  # fmt: skip


def _begun(earlier: Orders, policy: Policy, known: Prior) -> Policy:
    """What is suggested to somebody who has shipped everything so far."""
    n, none = len(earlier), np.zeros(len(earlier), bool)
    ends = Ends(np.zeros(n, np.int8), none, none, none)
    return suggest(earlier, ends, shipped(n), policy, known).policy


def _scored(rng: Generator, year: Year, prepaid: Flags) -> Floats:
    """The truth with noise, calibrated on what came of the first orders when they were shipped."""
    chances = year.chances["ship"]
    share = np.clip(chances.rto / (chances.rto + chances.delivered), 1e-4, 1 - 1e-4)
    z = np.log(share / (1 - share)) + rng.normal(0, _NOISE, len(share))
    back, columns = year.fates["ship"].outcome == OUT_RTO, np.column_stack([z**0, z, z * z])
    found = np.empty(len(z))
    for mine in (prepaid, ~prepaid):
        learnt = np.flatnonzero(mine[:LEARNT_FROM])
        weights = _logistic(columns[learnt], back[learnt])
        found[mine] = 1 / (1 + np.exp(-columns[mine] @ weights))
    return found


def _logistic(x: Floats, y: Flags) -> Floats:
    weights = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, x.T @ (y - p))
    return weights


def _paid(year: Year) -> Flags:
    found: Flags = year.fates["prepaid"].response[LEARNT_FROM:] == PAID
    return found


def _worth(year: Year, model: CostModel, amount: Floats) -> Floats:
    """Paise that each order truly earns under each action, on expectation."""
    costs, columns = model.costs, []
    margin = costs.margin_share * amount
    back = costs.of_return(0.0) + costs.damage_share * amount
    paid = _paid(year)
    fees: dict[str, Any] = {
        "verify": costs.utility_message_paise, "hold": costs.review_paise,
        "prepaid": costs.marketing_message_paise + costs.prepaid_discount_paise * paid,
    }  # fmt: skip
    for action in ACTIONS:
        chances = year.chances[action]
        delivered, rto = chances.delivered[LEARNT_FROM:], chances.rto[LEARNT_FROM:]
        columns.append(margin * delivered - back * rto - fees.get(action, 0))
    return np.stack(columns, axis=1)


def demo() -> WorldSpec:
    """The demo world as one merchant's, who has not acted before."""
    return WorldSpec(merchants=1, policy_merchants=0.0, sharing_merchants=0.0)


def other(seed: int) -> WorldSpec:
    """Another merchant's world: other parameters."""
    rng = default_rng([seed, 2])
    ranges = {
        "cod_share": (0.5, 0.8), "rto_share_cod": (0.18, 0.34), "rto_share_prepaid": (0.02, 0.05),
        "steadiness_spread": (1.0, 2.0), "culture_spread": (1.0, 2.0),
        "product_spread": (0.8, 1.6), "diligence_spread": (0.6, 1.2),
        "serial_refusers": (0.04, 0.1), "prankster_share": (0.006, 0.02),
    }  # fmt: skip
    said: dict[str, object] = {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}
    return changed(demo(), said, source="other")


def _measured(number: int, orders: int, known: Prior | None = None) -> Evidence:
    one = lived(_OTHERS + number, orders, other(number), known)
    found = evidence(one.orders, one.ends, one.chances, one.policy.model.costs, ASSUMED.mean)
    return found.sums_only()


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to.

    Parameters
    ----------
    held, width : bool, float
        Whether the interval holds the true saving, and how wide it is in savings.
    early : bool
        Whether a point was named after 5,000 orders already.
    share : float
        True saving under the suggested thresholds, of the best that any thresholds achieve.
    """

    held: bool
    held_alone: bool
    width: float
    width_alone: float
    early: bool
    share: float
    share_before: float


def _run(number: int, orders: int, prior: Prior) -> Run:
    one = lived(_RUNS + number, orders, demo(), prior)

    def found(of: Lived, known: Prior | None) -> tuple[bool, float, bool]:
        measured = measure(of.orders, of.ends, of.chances, of.policy.model, known)
        told = compare(measured, of.chances, shipped(len(of.orders)))
        low, high = told.saved_paise.low, told.saved_paise.high
        return low <= of.saved <= high, (high - low) / of.saved, told.enough

    held, width, enough = found(one, prior)
    alone = found(one, None)
    early = found(one.first(5_000), prior)[2]
    suggested = suggest(one.orders, one.ends, one.chances, one.policy, prior).policy
    best = _best(one)
    return Run(held and enough, alone[0], width, alone[1], early,
               _truly(one, suggested) / best, _truly(one, one.policy) / best)  # fmt: skip


def _truly(one: Lived, policy: Policy) -> float:
    """What thresholds would truly save if everybody were treated by them."""
    return sum(_gain(one, thresholds, prepaid) for prepaid, thresholds in (
        (False, policy.thresholds), (True, policy.prepaid_thresholds)))  # fmt: skip


def _gain(one: Lived, thresholds: Thresholds, prepaid: bool) -> float:
    mine = np.flatnonzero(one.orders.prepaid == prepaid)
    action = codes_at(thresholds, one.orders.probability[mine], one.orders.prepaid[mine])
    return float((one.worth[mine, action] - one.worth[mine, 0]).sum())


def _best(one: Lived) -> float:
    """What the best thresholds on the same scores save, found with the truth."""
    total = 0.0
    for prepaid, actions in ((False, ACTIONS), (True, ("ship", "hold", "block"))):
        mine = one.orders.prepaid == prepaid
        costs = -one.worth[np.ix_(mine, [ACTIONS.index(a) for a in actions])]
        total += _gain(one, cheapest(one.orders.probability[mine], costs, actions), prepaid)
    return total


@click.command()
@click.option("--runs", default=100, show_default=True)
@click.option("--others", default=60, show_default=True, help="Merchants whose effects are known.")
@click.option("--orders", default=100_000, show_default=True)
@click.option("--jobs", default=2, show_default=True)
def main(runs: int, others: int, orders: int, jobs: int) -> None:
    """Coverage and width of the intervals, and how good the suggested thresholds are."""
    with ProcessPoolExecutor(jobs) as pool:
        first = list(pool.map(partial(_measured, orders=orders), range(0, others, 2)))
        known = pooled(first, ASSUMED)
        later = pool.map(partial(_measured, orders=orders, known=known), range(1, others, 2))
        prior = pooled([*first, *later], ASSUMED)
        done = list(pool.map(partial(_run, orders=orders, prior=prior), range(runs)))
    _tell(done, orders, others)


def _tell(done: list[Run], orders: int, others: int) -> None:
    n = len(done)
    click.echo(f"{n} runs of {orders:,} orders, effects known from {others} other merchants")
    for name, held, width in (
        ("with them", [r.held for r in done], [r.width for r in done]),
        ("alone", [r.held_alone for r in done], [r.width_alone for r in done]),
    ):
        click.echo(
            f"{name}: {sum(held)} of {n} intervals hold the true saving; "
            f"median width {np.median(width):.2f} of the saving"
        )
    click.echo(f"after 5,000 orders a point was named in {sum(r.early for r in done)} of {n} runs")
    shares, before = ([r.share for r in done], [r.share_before for r in done])
    click.echo(
        f"suggested thresholds save {np.median(shares):.3f} of the best achievable in the median "
        f"(those begun with {np.median(before):.3f}), {min(shares):.3f} at worst"
    )


if __name__ == "__main__":
    main()
