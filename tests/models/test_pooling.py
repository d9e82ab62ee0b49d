"""What others measured counts by how much a merchant's own orders leave open."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng

from models.curves import UNKNOWNS, place
from models.evidence import Evidence
from models.pooling import Prior, condition, pooled
from models.replay import Floats

BEFORE = Prior.assumed()
AVOIDED = place("verify", "avoided")


class Seen(Evidence):
    """One unknown measured with an error."""

    __slots__ = ("error", "value")

    def __init__(self, value: float, error: float) -> None:
        super().__init__(np.zeros(0), np.zeros(0), np.array([[error**2]]), np.zeros((0, 0)),
                         np.zeros(0, np.int64))  # fmt: skip
        object.__setattr__(self, "value", value)

    def residuals(self, unknowns: Floats) -> Floats:
        """How far it is from where it is thought to be."""
        return np.array([self.value - unknowns[AVOIDED]])  # type: ignore[attr-defined]

    def slopes(self, unknowns: Floats) -> Floats:
        """It is seen as it is."""
        found = np.zeros((1, len(unknowns)))
        found[0, AVOIDED] = 1.0
        return found


def test_many_own_orders_outweigh_what_was_assumed_and_few_do_not() -> None:
    width, begun = BEFORE.cov[AVOIDED, AVOIDED], BEFORE.mean[AVOIDED]
    for noise, share in ((width / 99, 0.99), (width, 0.5), (width * 99, 0.01)):
        found = BEFORE.after(Seen(begun + 0.2, noise**0.5))
        assert found.mean[AVOIDED] == pytest.approx(begun + 0.2 * share)
        assert found.cov[AVOIDED, AVOIDED] == pytest.approx(width * (1 - share))


def test_a_sum_that_nothing_enters_says_nothing() -> None:
    mean, cov = condition(
        BEFORE.mean, BEFORE.cov, np.ones((2, UNKNOWNS)), np.ones(2), np.zeros((2, 2))
    )
    assert mean.tolist() == BEFORE.mean.tolist()
    assert cov.tolist() == BEFORE.cov.tolist()


def test_merchants_who_measured_give_the_next_one_their_mean_and_their_spread() -> None:
    rng, error = default_rng(1), 0.02
    truth = 0.5 + 0.03 * rng.standard_normal(40)
    prior = pooled([Seen(value + error * rng.standard_normal(), error) for value in truth], BEFORE)
    assert prior.mean[AVOIDED] == pytest.approx(truth.mean(), abs=0.015)
    assert prior.cov[AVOIDED, AVOIDED] ** 0.5 == pytest.approx(0.03, abs=0.015)
    assert (prior.merchants, BEFORE.merchants) == (40, 0)


def test_a_pool_of_few_who_measured_badly_does_not_know_its_own_mean() -> None:
    rng, error = default_rng(2), 0.1
    measured = [Seen(0.5 + error * rng.standard_normal(), error) for _ in range(4)]
    assert pooled(measured, BEFORE).cov[AVOIDED, AVOIDED] ** 0.5 > error / 4**0.5


def test_what_nobody_measured_stays_as_assumed() -> None:
    prior = pooled([Seen(0.5, 0.02)] * 40, BEFORE)
    untold = place("hold", "lost")
    assert prior.mean[untold] == pytest.approx(BEFORE.mean[untold])
    assert prior.cov[untold, untold] >= BEFORE.cov[untold, untold]
