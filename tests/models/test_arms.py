"""Arms are drawn by person and quarter, as often as their shares say, and stay."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.days import IST, to_us
from models.arms import ARMS, Shares, draw, quarter

SECRET = b"arms of the tests"
NOON = to_us(datetime(2026, 11, 20, 12, tzinfo=IST))


def test_a_person_keeps_their_draw_through_a_quarter_and_not_beyond() -> None:
    first = to_us(datetime(2026, 10, 1, tzinfo=IST))
    last = to_us(datetime(2027, 1, 1, tzinfo=IST)) - 1
    draws = [
        draw(SECRET, merchant_id="m", person=7, as_of_us=us) for us in (first, NOON, last, last + 1)
    ]
    assert draws[0] == draws[1] == draws[2] != draws[3]


def test_a_quarter_turns_at_indian_midnight() -> None:
    turn = to_us(datetime(2026, 4, 1, tzinfo=IST))
    assert (quarter(turn - 1), quarter(turn)) == ("2026Q1", "2026Q2")


@pytest.mark.parametrize(
    "other",
    [
        {"merchant_id": "n"},
        {"person": 8},
        {"merchant_id": "m1", "person": ""},
        {"merchant_id": "", "person": "m7"},
    ],
)
def test_merchant_and_person_are_drawn_apart(other: dict[str, str]) -> None:
    named = {"merchant_id": "m", "person": "7", "as_of_us": NOON}
    assert draw(SECRET, **named) != draw(SECRET, **(named | other))  # type: ignore[arg-type]
    assert draw(SECRET, **named) != draw(b"another", **named)  # type: ignore[arg-type]


def test_any_text_names_a_person() -> None:
    assert 0 <= draw(SECRET, merchant_id="दुकान", person="\ud800", as_of_us=NOON) < 1


def test_arms_come_up_as_often_as_their_shares_say() -> None:
    shares = Shares(holdout=0.1, explore=0.05)
    draws = [draw(SECRET, merchant_id="m", person=i, as_of_us=NOON) for i in range(20_000)]
    counts = Counter(shares.arm(one) for one in draws)
    for arm in ARMS:
        assert counts[arm] / 20_000 == pytest.approx(shares.of(arm), abs=0.01)


@given(holdout=st.floats(0, 0.5), explore=st.floats(0, 0.25), u=st.floats(0, 1, exclude_max=True))
def test_shares_sum_to_one_and_an_arm_without_a_share_is_never_drawn(
    holdout: float, explore: float, u: float
) -> None:
    shares = Shares(holdout=holdout, explore=explore)
    assert sum(shares.of(arm) for arm in ARMS) == pytest.approx(1)
    assert shares.faults() == ()
    if holdout == 0:
        assert shares.arm(u) != "holdout"
    if explore == 0:
        assert shares.arm(u) in ("holdout", "treatment")


@given(u=st.floats(0, 1, exclude_max=True), low=st.floats(0, 0.4), more=st.floats(0, 0.1))
def test_a_larger_holdout_takes_people_from_the_treatment_only(
    u: float, low: float, more: float
) -> None:
    before, after = Shares(holdout=low).arm(u), Shares(holdout=low + more).arm(u)
    assert before == after or (before, after) == ("treatment", "holdout")


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        (Shares(holdout=-0.1), "holdout is -0.1"),
        (Shares(explore=0.6), "explore is 0.6"),
        (Shares(holdout=float("nan")), "holdout is nan"),
        (Shares(holdout=0.5, explore=0.3), "exceed 1"),
    ],
)
def test_shares_that_cannot_be_are_named(shares: Shares, says: str) -> None:
    assert len(shares.faults()) == 1
    assert says in shares.faults()[0]
