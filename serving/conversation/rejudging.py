"""An order that is in the log already, judged again: as it stands, or with something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from serving.appending import Revising
from serving.decisions import Answer, Judgement, Sight, Submission, record_of
from serving.drawing import first_draw
from serving.intake import Content, order_of
from serving.store.connection import Connection
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.orders import Held
from serving.store.stories import body_at

if TYPE_CHECKING:
    from serving.desk import Desk

# What of an order's content lies open in the log; everything else is sealed.
_PUBLIC = frozenset({"city", "state", "pincode", "payment_mode", "amount_paise",
                     "amount_due_paise", "discount_paise"})  # fmt: skip


def submission_of(
    desk: Desk, connection: Connection, held: Held, changes: Mapping[str, Any] | None = None
) -> Submission | None:
    """What an order says, with changes; None where its person was erased.

    The digest stays that of what the merchant posted, who may post it again.
    """
    sealed = desk.contacts.of(connection, held.fact_seq)
    if sealed is None:
        return None
    public, personal = body_at(connection, held.fact_seq), dict(sealed)
    for name, value in (changes or {}).items():
        part = public if name in _PUBLIC else personal
        part.pop(name, None)
        if value is not None and value != "":
            part[name] = value
    content = Content(public, personal)
    order = order_of(held.merchant_id, held.order_id, content)
    access = Access(held.merchant_id, "test" if held.test else "live")
    return Submission(access, order, content, held.digest or b"", False, ())


def judged_again(desk: Desk, submission: Submission, held: Held) -> tuple[Sight, Judgement]:
    """The order judged in the arm of its first decision."""
    laps = desk.metrics.laps()
    sight = desk.judge.see(submission, laps, number=held.number)
    drawn = first_draw(desk.connection, held, desk.contacts, desk.judge.rows)
    return sight, desk.judge.judge(submission, sight, laps, drawn=drawn)


def corrected(log: Log, desk: Desk, held: Held, changes: Mapping[str, Any]) -> Answer | None:
    """Put a changed order in force and decide it anew, asking nobody; its decision."""
    submission = submission_of(desk, log.connection, held, changes)
    if submission is None:
        return None
    sight, judgement = judged_again(desk, submission, held)
    record = record_of(submission, sight, judgement, revision=held.revision + 1)
    identifier = judgement.decision_id.bytes
    work = Revising(submission, sight, record, identifier, desk.contacts, held)
    replace(work, asks=False)(log)
    return record
