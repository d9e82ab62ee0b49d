"""What customers answered, in the one word that tables of past orders have for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

# Of several answers the one that says most; what is said after dispatch is about the delivery.
_WEIGHTY = ("paid", "refused", "corrected", "confirmed", "silent")
_DISPATCHED = ("shipped", "out_for_delivery", "ndr", "rto_initiated", "delivered")


def response_of(events: Iterable[tuple[str, Mapping[str, Any]]]) -> str | None:
    """The response that an order's events tell, in the log's order; None where nobody answered.

    >>> response_of([("replied", {"response": said}) for said in ("corrected", "confirmed")])
    'corrected'
    """
    before = takewhile(lambda event: event[0] not in _DISPATCHED, events)
    said = {
        "paid" if kind == "paid" else body.get("response")
        for kind, body in before
        if kind in ("replied", "contacted", "paid")
    }
    return next((name for name in _WEIGHTY if name in said), None)


def reason_of(reason: str | None, events: Iterable[tuple[str, Mapping[str, Any]]]) -> str | None:
    """Why an order ended as it did: in the courier's word, else as the customer said last.

    >>> said = [("feedback", {"about": "rto", "answer": "damaged", "reason": "damaged"})]
    >>> reason_of("other", said), reason_of("refused", said)
    ('damaged', 'refused')
    """
    if reason not in (None, "other"):
        return reason
    told = [str(body["reason"]) for kind, body in events if kind == "feedback" and "reason" in body]
    return told[-1] if told else reason
