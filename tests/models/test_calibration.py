"""Calibrations rise strictly, are never certain, and come back from JSON as they were."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import BundleError
from models.calibration import Beta, Calibration, Platt, Spline, calibration_from_json

positive = st.floats(0.05, 5)
middle = st.floats(-3, 3)


@st.composite
def splines(draw: st.DrawFn) -> Spline:
    """Splines of two to eight knots."""
    steps = st.lists(st.tuples(positive, positive), min_size=1, max_size=7)
    knots, values = [draw(middle)], [draw(middle)]
    for width, rise in draw(steps):
        knots.append(knots[-1] + width)
        values.append(values[-1] + rise)
    return Spline(tuple(knots), tuple(values))


calibrations = st.one_of(
    st.builds(Platt, positive, middle), st.builds(Beta, positive, positive, middle), splines()
)


@given(calibration=calibrations, low=st.floats(-12, 12), step=st.floats(1e-6, 8))
def test_a_higher_score_is_a_higher_probability(
    calibration: Calibration, low: float, step: float
) -> None:
    assert calibration.log_odds(low) < calibration.log_odds(low + step)
    assert calibration.probability(low) <= calibration.probability(low + step)
    if max(abs(calibration.log_odds(low)), abs(calibration.log_odds(low + step))) < 15:
        assert calibration.probability(low) < calibration.probability(low + step)


@given(calibration=calibrations, z=st.floats(-1e9, 1e9))
def test_no_probability_is_certain(calibration: Calibration, z: float) -> None:
    assert 0 < calibration.probability(z) < 1


@given(calibration=calibrations, z=st.floats(-12, 12))
def test_nearby_scores_have_nearby_log_odds(calibration: Calibration, z: float) -> None:
    assert calibration.log_odds(z + 1e-9) == pytest.approx(calibration.log_odds(z), abs=1e-5)


@given(calibration=calibrations, z=st.floats(-6, 6))
def test_the_slope_is_the_derivative(calibration: Calibration, z: float) -> None:
    h = 1e-5
    # Splines bend at their knots; the second derivative jumps there, the first does not.
    expected = (calibration.probability(z + h) - calibration.probability(z - h)) / (2 * h)
    assert calibration.slope(z) == pytest.approx(expected, abs=1e-2, rel=1e-3)


@given(calibration=calibrations)
def test_a_calibration_survives_its_json(calibration: Calibration) -> None:
    assert calibration_from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


@given(calibration=calibrations)
def test_many_scores_are_calibrated_as_one(calibration: Calibration) -> None:
    z = np.linspace(-40, 40, 50)
    assert calibration.many(z).tolist() == [calibration.probability(one) for one in z]


def test_a_spline_passes_through_its_knots_and_is_straight_beyond_them() -> None:
    spline = Spline((-2.0, 0.0, 1.0, 4.0), (-3.0, -0.5, 1.5, 2.0))
    assert [spline.log_odds(z) for z in spline.knots] == pytest.approx(spline.values)
    assert spline.log_odds(-4.0) == pytest.approx(-5.5)
    assert spline.log_odds(7.0) == pytest.approx(2.5)
    fine = [spline.log_odds(z) for z in np.linspace(-5, 8, 5000)]
    assert all(low < high for low, high in pairwise(fine))


def test_beta_with_equal_sides_is_platt() -> None:
    for z in (-50.0, -2.0, 0.0, 3.0, 50.0):
        assert Beta(1.3, 1.3, 0.2).log_odds(z) == pytest.approx(Platt(1.3, 0.2).log_odds(z))


def test_beta_is_the_published_formula() -> None:
    s, beta = 0.3, Beta(0.8, 1.7, -0.4)
    z = np.log(s / (1 - s))
    expected = 0.8 * np.log(s) - 1.7 * np.log(1 - s) - 0.4
    assert beta.log_odds(z) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "must be of kind"),
        ({"kind": "isotonic", "x": []}, "must be of kind"),
        ({"kind": "platt", "a": 1.0}, "must be of kind"),
        ({"kind": "platt", "a": 1.0, "b": "0"}, "must be numbers"),
        ({"kind": "platt", "a": 0.0, "b": 0.0}, "above 0"),
        ({"kind": "platt", "a": float("inf"), "b": 0.0}, "finite"),
        ({"kind": "beta", "a": 1.0, "b": -0.1, "c": 0.0}, "above 0"),
        ({"kind": "spline", "knots": [0.0], "values": [0.0]}, "two knots"),
        ({"kind": "spline", "knots": [0.0, 1.0], "values": [0.0]}, "a value for each"),
        ({"kind": "spline", "knots": [0.0, 1.0], "values": [1.0, 1.0]}, "rise strictly"),
        ({"kind": "spline", "knots": [1.0, 0.0], "values": [0.0, 1.0]}, "rise strictly"),
        ({"kind": "spline", "knots": 3, "values": [0.0, 1.0]}, "must be numbers"),
        ({"kind": "spline", "knots": [0.0, float("nan")], "values": [0.0, 1.0]}, "finite"),
    ],
)
def test_a_calibration_that_could_fall_is_refused(body: dict[str, object], says: str) -> None:
    with pytest.raises(BundleError, match=says):
        calibration_from_json(body)
