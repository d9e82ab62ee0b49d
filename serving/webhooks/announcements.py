"""What entries of the log are to the outside: one table, and the payload of each event."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from serving.conversation.life import Life, Stage, fold
from serving.decisions import ANSWER_FIELDS
from serving.moments import rfc3339
from serving.store.connection import Connection
from serving.store.deliveries import Entry, EventName
from serving.store.orders import orders_numbered
from serving.store.stories import Step, number_at, steps_until

_UNANSWERED = ("silent", "unreachable", "wrong_number")
_HEARD = ("unclear", "address", "outdated")
_WAITING: tuple[Stage, ...] = ("awaiting", "corrected", "silent", "held", "blocked", "refused")
_GOING: tuple[Stage, ...] = ("confirmed", "switched_to_prepaid", "released")
_ENDED: tuple[Stage, ...] = ("delivered", "rto", "lost", "returned")


@dataclass(frozen=True, slots=True)
class Rule:
    """When an entry is an event.

    Parameters
    ----------
    kinds : collection of str
        Of the entry; empty for every kind.
    says : mapping
        Values that its body must have.
    before, after : collection of str
        Stages of the order around it; empty for every stage.
    turns : bool
        Whether the stage must change.
    unless : collection of str
        Responses that are none.
    """

    event: EventName
    kinds: Collection[str] = ()
    says: Mapping[str, Collection[str]] = field(default_factory=dict)
    before: Collection[str] = ()
    after: Collection[str] = ()
    turns: bool = False
    unless: Collection[str] = ()

    def fits(self, kind: str, body: Mapping[str, Any], was: Stage, now: Stage) -> bool:
        """Whether an entry of this kind and body is such an event."""
        return (
            (not self.kinds or kind in self.kinds)
            and all(body.get(name) in values for name, values in self.says.items())
            and (not self.before or was in self.before)
            and (not self.after or now in self.after)
            and (not self.turns or was != now)
            and body.get("response") not in self.unless
        )


# What moves an order is an event by the stage it comes to, whoever or whatever moved it.
TABLE: tuple[Rule, ...] = (
    Rule("order.scored", kinds=("decided",)),
    Rule("order.confirmed", after=("confirmed",), turns=True),
    Rule("order.corrected", kinds=("replied", "contacted"), says={"response": ("corrected",)}),
    Rule("order.prepaid", after=("switched_to_prepaid",), turns=True),
    Rule("order.cancelled", after=("cancelled",), turns=True),
    Rule("order.released", before=_WAITING, after=_GOING, turns=True),
    Rule("order.held", after=("held",), turns=True),
    Rule("message.requested", kinds=("message_sent",), says={"via": ("delegate",)}),
    Rule("message.received", kinds=("replied",), unless=_UNANSWERED),
    Rule(
        "message.received", kinds=("message",), says={"state": ("unclear", "address", "outdated")}
    ),
    Rule("message.received", kinds=("feedback",)),
    Rule("ndr.answered", kinds=("replied", "contacted"), before=("ndr",), unless=_UNANSWERED),
    Rule("order.outcome", after=_ENDED, turns=True),
)

# What of an entry's body goes out; whatever a person typed stays in.
_TOLD = (
    "response", "channel", "action", "outcome", "reason", "cancelled_by", "awb", "courier",
    "purpose", "message_id", "expires_at", "state", "attempt", "day",
    "ship_after", "about", "answer",
)  # fmt: skip


def events_in(connection: Connection, entry: Entry) -> list[EventName]:
    """The events that an entry is."""
    around = _around(connection, entry.number, entry.seq)
    if around is None:
        return []
    was, now, _ = around
    fits = (r.event for r in TABLE if r.fits(entry.kind, entry.body, was.stage, now.stage))
    return list(dict.fromkeys(fits))


def delivery_id_of(subscription_id: str, seq: int, event: str) -> str:
    """The name of an event at one address, the same however often it is made."""
    digest = hashlib.sha256(f"{subscription_id}\0{seq}\0{event}".encode()).hexdigest()
    return f"msg_{digest[:32]}"


def payload(connection: Connection, seq: int, event: str) -> bytes | None:
    """The body that tells of an entry, the same at every attempt; None where it was removed."""
    number = number_at(connection, seq)
    around = None if number is None else _around(connection, number, seq)
    if number is None or around is None:
        return None
    (held,) = orders_numbered(connection, [number])
    _, now, step = around
    data = {
        "order_id": held.order_id, "merchant_id": held.merchant_id, "revision": step.revision,
        "seq": seq, "at": rfc3339(step.at_us), "known_at": rfc3339(step.known_us),
        "stage": now.stage, "dispatch": now.dispatch, **_detail(step.kind, step.body),
    }  # fmt: skip
    return to_json({"type": event, "timestamp": rfc3339(step.known_us), "data": data})


def _detail(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    if kind == "decided":
        return {"decision": {name: body[name] for name in ANSWER_FIELDS if name in body}}
    return {name: body[name] for name in _TOLD if name in body}


def _around(connection: Connection, number: int, seq: int) -> tuple[Life, Life, Step] | None:
    """The order's life before an entry and after it, and the entry; None where it was removed."""
    steps = steps_until(connection, number, seq)
    if not steps:
        return None
    *earlier, last = steps
    was = fold((step.kind, step.body) for step in earlier)
    return was, was.after(last.kind, last.body), last
