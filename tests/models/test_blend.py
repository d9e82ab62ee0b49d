"""The blend refuses weights that would turn a score around."""

from __future__ import annotations

import pytest

from features.errors import BundleError
from models.blend import Blend


def test_a_blend_survives_its_json() -> None:
    blend = Blend(trees=0.7, linear=0.3, intercept=-0.1)
    assert Blend.from_json(blend.to_json()) == blend


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"trees": 1.0, "linear": 0.0}, "exactly"),
        ({"trees": 1.0, "linear": 0.0, "intercept": 0.0, "more": 1.0}, "exactly"),
        ({"trees": "1", "linear": 0.0, "intercept": 0.0}, "must be numbers"),
        ({"trees": True, "linear": 0.0, "intercept": 0.0}, "must be numbers"),
        ({"trees": -0.1, "linear": 1.0, "intercept": 0.0}, "must not be negative"),
        ({"trees": 0.0, "linear": 0.0, "intercept": 0.0}, "one must be above 0"),
        ({"trees": float("nan"), "linear": 1.0, "intercept": 0.0}, "finite"),
    ],
)
def test_weights_that_make_no_sense_are_refused(body: dict[str, object], says: str) -> None:
    with pytest.raises(BundleError, match=says):
        Blend.from_json(body)
