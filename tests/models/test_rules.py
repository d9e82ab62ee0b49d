"""Rules, segments, sales and quiet hours come back from JSON, and wrong ones are refused."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given, settings

from features.days import IST, to_us
from features.errors import RefusedError
from models.costs import Costs, Effect
from models.policy import Policy, default_policy
from models.policy_words import EXPLAINED
from models.rules import QuietHours
from models.thresholds import Thresholds

from .subjects import ruled_policies

RULE = {"name": "large", "when": "amount > 5000", "action": "verify"}
SEGMENT = {"name": "new", "when": "new customer", "thresholds": {"verify": 0.2}}
SALE = {"from": "2026-10-19T00:00:00+05:30", "until": "2026-10-26T00:00:00+05:30", "step": 0.5}


@settings(max_examples=40)
@given(ruled_policies)
def test_a_whole_policy_survives_its_json(policy: Policy) -> None:
    assert policy.faults() == ()
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"rules": {}}, "rules must be a list"),
        ({"rules": [RULE] * 101}, "101 are too many; keep at most 100"),
        ({"rules": [RULE, RULE]}, 'two are called "large"'),
        ({"rules": [RULE | {"name": " "}]}, "1 to 80 printable letters"),
        ({"rules": [RULE | {"name": 5}]}, "rule 1: policy: name must be text"),
        ({"rules": [RULE | {"action": "burn"}]}, "action must be one of ship, verify"),
        ({"rules": [RULE | {"then": 1}]}, 'rule 1 "large": "then" is unknown; remove it'),
        ({"rules": [RULE | {"when": "price > 1"}]}, 'rule 1 "large": there is no field "price"'),
        ({"rules": [{"name": "x", "action": "ship"}]}, "a condition is a text, or an object"),
        ({"rules": ["x"]}, "rule 1 must be an object"),
        ({"segments": [SEGMENT | {"when": "probability > 0.5"}]}, "asks about probability"),
        ({"segments": [SEGMENT | {"thresholds": {"verify": 2}}]}, 'segment "new": thresholds'),
        ({"segments": [{"name": "x", "when": "amount > 1"}]}, "thresholds must be an object"),
        ({"segments": [SEGMENT] * 31}, "keep at most 30"),
        ({"quiet_hours": {"from": "9pm", "until": "09:00"}}, "from must be a time of the day"),
        ({"quiet_hours": {"from": "09:00", "until": "09:00"}}, "begin and end at the same time"),
        ({"quiet_hours": {"from": "09:00", "till": "10:00"}}, '"till" is unknown'),
        ({"sale": {"from": "soon", "until": "later"}}, "sale: from must be a time such as"),
        ({"sale": {"from": SALE["until"], "until": SALE["from"]}}, "end after it begins"),
        ({"sale": SALE | {"from": "2026-01-01T00:00:00+05:30"}}, "60 days at most"),
        ({"sale": SALE | {"step": 3}}, "sale: step must lie between"),
        ({"sale": SALE | {"step": "more"}}, "sale.step must be a number"),
        ({"sale": SALE | {"reviews_per_day": -1}}, "sale: reviews_per_day must lie"),
        ({"sale": SALE | {"from": "2026-10-19T00:00:00"}}, "must be a time such as"),
        ({"reviews_per_day": -1}, "reviews_per_day must lie between"),
        ({"reviews_per_day": 1.5}, "reviews_per_day must be a whole number or null"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(body: dict[str, object], says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        Policy.from_json(body)


def test_a_rule_may_be_written_as_text_and_is_shown_as_text_and_tree() -> None:
    shown = Policy.from_json({"rules": [RULE]}).to_json()["rules"]
    tree = {"field": "amount", "op": ">", "value": 5000.0}
    assert shown == [{"name": "large", "when": tree, "text": "amount > 5000", "action": "verify"}]
    assert Policy.from_json({"rules": shown}).to_json()["rules"] == shown


def ist(text: str) -> int:
    """An instant of the twentieth, by an Indian clock."""
    return to_us(datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=IST))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("20T20:59", "20T20:59"),
        ("20T21:00", "21T09:00"),
        ("20T23:59", "21T09:00"),
        ("20T00:00", "20T09:00"),
        ("20T08:59", "20T09:00"),
        ("20T09:00", "20T09:00"),
    ],
)
def test_a_message_waits_for_the_end_of_quiet_hours(now: str, then: str) -> None:
    assert QuietHours().after(ist(now)) == ist(then)


def test_quiet_hours_may_lie_within_a_day() -> None:
    quiet = QuietHours(begin=13 * 60, end=14 * 60 + 30)
    assert quiet.after(ist("20T13:10")) == ist("20T14:30")
    assert quiet.after(ist("20T14:30")) == ist("20T14:30")


def test_every_part_of_a_policy_has_its_sentence() -> None:
    body = default_policy().to_json()
    named = set(body) - {"revision", "costs", "shares"}
    named |= {f"costs.{name}" for name in Costs.__slots__}
    named |= {f"effects.{name}" for name in Effect.__slots__}
    named |= {f"thresholds.{name}" for name in Thresholds.__slots__}
    named |= {f"shares.{name}" for name in ("holdout", "explore")}
    assert named <= set(EXPLAINED)
    assert all(sentence.endswith(".") for sentence in EXPLAINED.values())
