"""The one rule by which events change what is known of an order."""

from __future__ import annotations

import pytest

from features.history.states import (
    ABSENT,
    CANCELLED,
    CLASSES,
    DELIVERED,
    EVENT_CODES,
    LOST,
    PENDING,
    RETURNED,
    RTO,
    RTO_NOT_CUSTOMER,
    event_detail,
    next_state,
)


def fold(*events: str, reason: str | None = None, outcome: str | None = None,
         action: str | None = None) -> int:  # fmt: skip
    state = ABSENT
    for kind in events:
        detail = event_detail(kind, reason=reason, outcome=outcome, action=action)
        state = next_state(state, EVENT_CODES[kind], detail)
    return state


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (("placed",), PENDING),
        (("placed", "shipped", "out_for_delivery", "ndr"), PENDING),
        (("placed", "delivered"), DELIVERED),
        (("placed", "rto_initiated", "rto_delivered"), RTO),
        (("placed", "rto_delivered"), RTO),
        (("placed", "cancelled"), CANCELLED),
        (("placed", "lost"), LOST),
        (("placed", "delivered", "returned"), RETURNED),
        (("placed", "returned"), RETURNED),
    ],
)
def test_events_fold_to_a_class(events: tuple[str, ...], state: int) -> None:
    assert fold(*events) == state


def test_nothing_counts_before_the_order_was_placed() -> None:
    assert fold("delivered") == ABSENT


@pytest.mark.parametrize("later", ["rto_initiated", "cancelled", "lost", "placed"])
def test_a_final_state_changes_only_by_correction(later: str) -> None:
    assert fold("placed", "delivered", later) == DELIVERED
    assert fold("placed", "delivered", "correction", outcome="rto") == RTO


def test_a_correction_to_unknown_reopens_the_order() -> None:
    assert fold("placed", "delivered", "correction") == PENDING


@pytest.mark.parametrize("reason", ["wrong_item", "damaged", "not_attempted"])
def test_the_sellers_and_couriers_faults_are_kept_apart(reason: str) -> None:
    assert fold("placed", "rto_initiated", reason=reason) == RTO_NOT_CUSTOMER
    assert fold("placed", "delivered", "correction", reason=reason, outcome="rto") == (
        RTO_NOT_CUSTOMER
    )
    assert fold("placed", "rto_initiated", reason="refused") == RTO


@pytest.mark.parametrize("kind", ["message_sent", "contacted"])
def test_a_message_or_a_call_marks_the_order_treated(kind: str) -> None:
    assert fold("placed", kind) == PENDING + CLASSES
    assert fold("placed", kind, "rto_initiated") == RTO + CLASSES
    assert fold("placed", kind, "delivered", "correction", outcome="rto") == RTO + CLASSES


@pytest.mark.parametrize(
    ("action", "treated"), [("ship", 0), ("verify", 0), ("prepaid", 0), ("hold", 1), ("block", 1)]
)
def test_only_decisions_that_act_by_themselves_treat(action: str, treated: int) -> None:
    assert fold("placed", "decided", action=action) == PENDING + CLASSES * treated
