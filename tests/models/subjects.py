"""Orders as conditions see them, conditions, and policies with segments, rules and sales."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.days import HOUR_US
from features.order import PAYMENT_MODES, Order
from models.actions import ACTIONS
from models.arms import Shares
from models.condition_fields import FIELDS, Subject
from models.conditions import All, AnyOf, Column, Columns, Condition, checked_test
from models.policy import Policy
from models.rules import Rule, Sale, Segment

from .test_thresholds import ordered

NOW = 1_795_000_000_000_000
_AT = {feature.name: i for i, feature in enumerate(CATALOGUE)}
_ROW = ("phone_orders_ever", "customer_orders_ever", "phone_rto_ever", "origin_zone",
        "phone_last_was_rto")  # fmt: skip
ASKED = ("amount", "quantity", "payment_mode", "category", "city", "coupon", "new_customer",
         "zone", "phone_rto_ever", "phone_last_was_rto", "probability")  # fmt: skip

_TESTS = st.one_of(
    st.builds(
        checked_test,
        st.sampled_from(("amount", "quantity", "phone_rto_ever")),
        st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
        st.sampled_from((0, 1, 2, 500, 1299.5)),
    ),
    st.builds(
        checked_test,
        st.sampled_from(("payment_mode", "category", "city", "coupon", "zone")),
        st.sampled_from(("=", "!=")),
        st.sampled_from(("cod", "Kurta", "new delhi", "DIWALI10", "far")),
    ),
    st.builds(
        checked_test,
        st.sampled_from(("payment_mode", "category", "coupon")),
        st.sampled_from(("in", "not in")),
        st.sampled_from((("cod", "prepaid"), ("kurta", "saree"), ("A", "DIWALI10"))),
    ),
    st.builds(
        checked_test,
        st.sampled_from(("new_customer", "phone_last_was_rto")),
        st.just("="),
        st.booleans(),
    ),
    st.builds(
        checked_test,
        st.sampled_from(tuple(name for name in ASKED if name != "probability")),
        st.sampled_from(("known", "unknown")),
        st.none(),
    ),
)
_SCORED = st.builds(
    checked_test, st.just("probability"), st.sampled_from(("<", ">=")), st.floats(0, 1)
)


def _grouped(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(All, several) | st.builds(AnyOf, several)


unscored = st.recursive(_TESTS, _grouped, max_leaves=5)
conditions: st.SearchStrategy[Condition] = st.recursive(_TESTS | _SCORED, _grouped, max_leaves=5)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """An order, half of what it might say unknown."""
    order = Order(
        merchant_id="m", order_id="o", created_us=0,
        payment_mode=draw(st.sampled_from(PAYMENT_MODES)),
        amount_paise=draw(st.sampled_from((None, 500_00, 1299_50, 6000_00))),
        quantity=draw(st.sampled_from((None, 1, 2))),
        category=draw(st.sampled_from((None, "kurta", "saree"))),
        city=draw(st.sampled_from((None, "New Delhi", "Pune"))),
        coupons=draw(st.sampled_from((None, ("DIWALI10",), ("A", "B")))),
    )  # fmt: skip
    values = np.full(len(CATALOGUE), np.nan)
    for name in _ROW:
        values[_AT[name]] = draw(st.sampled_from((np.nan, 0.0, 1.0, 2.0)))
    seen = draw(st.booleans())
    return Subject(order, values if seen else None, draw(st.floats(0, 1)))


def columns_of(many: list[Subject]) -> Columns:
    """The fields asked about, as columns."""
    found = {}
    for name in ASKED:
        field = FIELDS[name]
        read = [field.read(subject) for subject in many]
        if field.kind in ("money", "number"):
            found[name] = Column(np.array([np.nan if v is None else v for v in read], float))
        else:
            words = list(dict.fromkeys(read))
            found[name] = Column(np.array([words.index(v) for v in read], np.int64), tuple(words))
    return found


_segment_parts = {
    "when": unscored, "thresholds": ordered(), "prepaid_thresholds": st.none() | ordered()
}  # fmt: skip
_segments = st.tuples(
    st.builds(Segment, name=st.just("one"), **_segment_parts),
    st.builds(Segment, name=st.just("two"), **_segment_parts),
).flatmap(lambda both: st.sampled_from(((), both[:1], both)))
_rules = st.tuples(
    st.builds(Rule, name=st.just("first"), when=conditions, action=st.sampled_from(ACTIONS)),
    st.builds(Rule, name=st.just("second"), when=conditions, action=st.sampled_from(ACTIONS)),
).flatmap(lambda both: st.sampled_from(((), both[:1], both)))
_sales = st.builds(
    Sale,
    from_us=st.sampled_from((NOW - HOUR_US, NOW + HOUR_US)),
    until_us=st.just(NOW + 2 * HOUR_US),
    step=st.floats(-2, 2),
    reviews_per_day=st.none() | st.integers(0, 3),
)


_plain: dict[str, st.SearchStrategy[Any]] = {
    "mode": st.sampled_from(["observe", "act"]),
    "thresholds": ordered(),
    "prepaid_thresholds": ordered(),
    "shares": st.builds(Shares, holdout=st.floats(0, 0.5), explore=st.floats(0, 0.25)),
    "explore_step": st.floats(0, 2),
    "on_failure": st.sampled_from(["ship", "hold"]),
}
_whole = _plain | {
    "segments": _segments,
    "reviews_per_day": st.none() | st.integers(0, 3),
    "sale": st.none() | _sales,
}

plain_policies = st.builds(Policy, **_plain)
policies = st.builds(Policy, **_whole)
ruled_policies = st.builds(Policy, rules=_rules, **_whole)
