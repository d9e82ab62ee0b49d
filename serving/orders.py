"""Orders as callers and pages read them: one whole story, or a list of the latest decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from features.history.states import CLASSES
from serving.decisions import Answer, answer_now, answer_of
from serving.moments import outside, rfc3339
from serving.parcels.outcomes import CLASS_NAMES
from serving.standing import life_of
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.decisions import Decided, orders_decided_last, orders_decided_since
from serving.store.feeds import Updated, events_after, fold_before, updated_orders
from serving.store.merchants import Access
from serving.store.orders import Held, find_order
from serving.store.stories import all_steps, body_at, placed_at


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of orders."""

    order_id: str
    state: str
    created_at: str
    decided_us: int
    amount_paise: int | None
    payment_mode: str
    answer: Answer


def story(
    connection: Connection,
    contacts: Contacts,
    merchant_id: str,
    order_id: str,
    *,
    test: bool = False,
) -> dict[str, Any] | None:
    """Everything about one order, or None when the merchant has no such order."""
    held = find_order(connection, merchant_id, order_id, test=test)
    if held is None:
        return None
    return {
        "order_id": held.order_id,
        "revision": held.revision,
        "state": CLASS_NAMES[held.state % CLASSES],
        "stage": life_of(connection, held.number).stage,
        "treated": held.state >= CLASSES,
        "test": held.test,
        "order": outside(content_held(connection, contacts, held.fact_seq)),
        "decision": answer_now(connection, held),
        "events": _events(connection, contacts, held),
    }


def content_held(connection: Connection, contacts: Contacts, seq: int) -> dict[str, Any]:
    """What a ``placed`` or ``revised`` said: in public, and sealed as long as that is kept."""
    return {**body_at(connection, seq), **(contacts.of(connection, seq) or {})}


# What was ordered stands in ``order`` already.
_SAID = ("placed", "revised")
_NOTED = ("overridden", "contacted", "replied", "message", "ndr", "noted", "feedback")


def _events(connection: Connection, contacts: Contacts, held: Held) -> list[dict[str, Any]]:
    events = []
    for step in all_steps(connection, held.number):
        detail = {} if step.kind in _SAID else outside(step.body)
        if step.kind in _NOTED:
            detail |= contacts.of(connection, step.seq) or {}
        events.append(
            {
                "seq": step.seq,
                "event": step.kind,
                "revision": step.revision,
                "at": rfc3339(step.at_us),
                "known_at": rfc3339(step.known_us),
                "detail": detail,
            }
        )
    return events


def listed(
    connection: Connection,
    access: Access,
    *,
    classes: Collection[int],
    updated_after_us: int | None,
    after: int,
    limit: int,
) -> dict[str, Any]:
    """One page of a merchant's orders by their last change, oldest change first."""
    if updated_after_us is not None:
        after = max(after, fold_before(connection, updated_after_us))
    found, cursor = updated_orders(
        connection, access.merchant_id, after, limit, test=access.test, classes=classes
    )
    wanted = (u for u in found if updated_after_us is None or u.known_us > updated_after_us)
    return {"orders": [_line(connection, one) for one in wanted], "next_cursor": cursor}


def _line(connection: Connection, updated: Updated) -> dict[str, Any]:
    held = updated.held
    return {
        "order_id": held.order_id,
        "revision": held.revision,
        "state": CLASS_NAMES[held.state % CLASSES],
        "treated": held.state >= CLASSES,
        "created_at": rfc3339(placed_at(connection, held)),
        "updated_at": rfc3339(updated.known_us),
        "decision": answer_now(connection, held),
    }


def feed(connection: Connection, access: Access, after: int, limit: int) -> dict[str, Any]:
    """One page of a merchant's events."""
    found, last = events_after(connection, access.merchant_id, after, limit, test=access.test)
    events = [
        {
            "seq": told.seq,
            "order_id": told.order_id,
            "event": told.kind,
            "revision": told.revision,
            "at": rfc3339(told.at_us),
            "known_at": rfc3339(told.known_us),
            "detail": outside(told.body),
        }
        for told in found
    ]
    return {"events": events, "next_after": last}


def latest(connection: Connection, merchant_id: str, limit: int) -> list[Listed]:
    """The merchant's orders decided last, newest first; no test orders."""
    return [_listed(one) for one in orders_decided_last(connection, merchant_id, limit)]


def decided_since(connection: Connection, merchant_id: str, since_us: int) -> list[Listed]:
    """The merchant's orders whose decision in force is younger than an instant, newest first."""
    return [_listed(one) for one in orders_decided_since(connection, merchant_id, since_us)]


def _listed(one: Decided) -> Listed:
    return Listed(
        order_id=one.order_id,
        state=CLASS_NAMES[one.state % CLASSES],
        created_at=rfc3339(one.placed_us),
        decided_us=one.decided_us,
        amount_paise=one.content.get("amount_paise"),
        payment_mode=one.content.get("payment_mode", "unknown"),
        answer=answer_of(one.decided),
    )
