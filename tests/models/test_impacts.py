"""Impacts add up to the difference in probability, whatever the calibration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import Calibration, Platt
from models.impacts import impacts
from models.risk import Risk

from .test_calibration import calibrations

parts = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-3, 3), min_size=1)


def risk_of(contributions: dict[str, float], base: float, calibration: Calibration) -> Risk:
    """The risk that these contributions explain."""
    z = base + sum(contributions.values())
    return Risk(calibration.probability(z), z, calibration.probability(base), base)


@given(contributions=parts, base=st.floats(-4, 2), calibration=calibrations)
def test_impacts_add_up_and_keep_their_sign(
    contributions: dict[str, float], base: float, calibration: Calibration
) -> None:
    risk = risk_of(contributions, base, calibration)
    found = impacts(contributions, risk, calibration)
    total = sum(impact.impact for impact in found)
    assert total == pytest.approx(risk.probability - risk.base_probability, abs=1e-9)
    assert all(impact.impact * impact.log_odds >= 0 for impact in found)
    assert [one.impact for one in found] == sorted((one.impact for one in found), reverse=True)


@given(size=st.floats(-1e-3, 1e-3), base=st.floats(-4, 2), noise=st.floats(-1e-6, 1e-6))
def test_contributions_that_cancel_are_shared_out_by_the_slope(
    size: float, base: float, noise: float
) -> None:
    contributions = {"a": 2 + size, "b": -2 - size + noise}
    risk = risk_of(contributions, base, Platt(1.2, 0.1))
    found = {one.code: one.impact for one in impacts(contributions, risk, Platt(1.2, 0.1))}
    assert sum(found.values()) == pytest.approx(risk.probability - risk.base_probability, abs=1e-9)
    assert found["a"] == pytest.approx((2 + size) * Platt(1.2, 0.1).slope(base), rel=1e-3)


def test_what_contributes_nothing_is_left_out() -> None:
    risk = risk_of({"a": 1.0, "b": 0.0}, -1.0, Platt(1, 0))
    assert [one.code for one in impacts({"a": 1.0, "b": 0.0}, risk, Platt(1, 0))] == ["a"]


@given(contributions=parts, base=st.floats(-4, 2), most=st.integers(0, 9))
def test_the_few_that_are_asked_for_are_those_of_the_greatest_size(
    contributions: dict[str, float], base: float, most: int
) -> None:
    risk = risk_of(contributions, base, Platt(1.2, 0.1))
    every = impacts(contributions, risk, Platt(1.2, 0.1))
    found = impacts(contributions, risk, Platt(1.2, 0.1), most=most)
    by_size = sorted(every, key=lambda one: -abs(one.log_odds))
    assert sorted(found, key=lambda one: -abs(one.log_odds)) == by_size[:most]
    assert [one for one in every if one in found] == list(found)
