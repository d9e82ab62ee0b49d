"""How sure a score is: wide for strangers, narrow for those whose orders are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import BundleError
from features.feature import Feature
from features.row import Row
from models.bundle import Bundle, write_bundle
from models.uncertainty import ORDERS, PENDING, Uncertainty

from .conftest import CATALOGUE, make_parts

SEEN = tuple(
    Feature(name, unit="count", reason="rto_prone_phone", says=name, group="test")
    for name in (ORDERS, PENDING)
)
chances = st.floats(1e-6, 1 - 1e-6)
counts = st.one_of(st.just(float("nan")), st.integers(0, 80).map(float))


@given(chances, counts, counts, st.floats(0.05, 3))
def test_one_order_and_many_have_the_same_interval_around_the_score(
    probability: float, orders: float, pending: float, variance: float
) -> None:
    uncertainty = Uncertainty(variance)
    one = uncertainty.interval(probability, orders, pending)
    many = uncertainty.intervals(*(np.array([x]) for x in (probability, orders, pending)))
    assert one == pytest.approx([float(end[0]) for end in many], rel=1e-12)
    assert 0 < one[0] < probability < one[1] < 1


@pytest.mark.parametrize("probability", [0.002, 0.02, 0.2, 0.6])
def test_the_chances_in_and_beside_it_have_the_score_as_their_mean(probability: float) -> None:
    uncertainty = Uncertainty(1.2)
    low, high = uncertainty.interval(probability, 0, 0)
    ends = np.log([low, high]) - np.log1p([-low, -high])
    middle, deviation = ends.mean(), np.sqrt(uncertainty.variance)
    drawn = middle + deviation * np.random.default_rng(3).standard_normal(200_000)
    assert np.mean(1 / (1 + np.exp(-drawn))) == pytest.approx(probability, rel=0.05)
    assert np.mean((drawn > ends[0]) & (drawn < ends[1])) == pytest.approx(0.8, abs=0.005)


def test_known_outcomes_narrow_it_and_pending_ones_do_not() -> None:
    def width(orders: float, pending: float) -> float:
        low, high = Uncertainty(1.0).interval(0.3, orders, pending)
        return high - low

    unknown = float("nan")
    assert width(0, 0) == width(unknown, unknown) == width(5, 5) > width(5, 2) > width(40, 0)


def test_a_bundle_carries_it_and_reads_the_customers_counts(tmp_path: Path) -> None:
    catalogue = (*CATALOGUE, *SEEN)
    parts = make_parts()
    golden = [
        replace(g, row=Row(np.append(g.row.values, [3.0, 1.0]), g.row.tokens)) for g in parts.golden
    ]
    parts = replace(parts, catalogue=catalogue, golden=golden, uncertainty=Uncertainty(0.9))
    digest = write_bundle(tmp_path / "sure", parts)
    assert write_bundle(tmp_path / "other", replace(parts, uncertainty=Uncertainty(0.8))) != digest
    bundle = Bundle.load(tmp_path / "sure", features=catalogue)
    row, extra = golden[0].row, golden[0].extra
    risk = bundle.score(row, extra)
    assert bundle.interval(row, risk) == Uncertainty(0.9).interval(risk.probability, 3, 1)
    many = bundle.intervals(row.values[None], np.array([risk.probability]))
    assert many is not None
    assert bundle.interval(row, risk) == pytest.approx([end[0] for end in many])


def test_a_bundle_without_it_says_nothing(released: Path) -> None:
    bundle = Bundle.load(released, features=CATALOGUE)
    row = Row(np.zeros(len(CATALOGUE)), ())
    assert bundle.interval(row, bundle.score(row, {})) is None
    assert bundle.intervals(np.zeros((1, len(CATALOGUE))), np.array([0.2])) is None


@pytest.mark.parametrize(
    "body", [{}, {"variance": 0}, {"variance": "1"}, {"variance": 1.0, "half": 2}]
)
def test_an_uncertainty_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"uncertainty\.json"):
        Uncertainty.from_json(body)


def test_a_catalogue_without_the_counts_cannot_serve_it() -> None:
    with pytest.raises(BundleError, match="phone_orders_ever"):
        replace(make_parts(), uncertainty=Uncertainty(1.0)).model()
