"""What one decision writes: the order or its new revision, what is sealed, and the decision."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_core import to_json

from features.days import ist_day
from features.errors import RefusedError
from features.history.states import EVENT_CODES, PENDING, event_detail, next_state
from serving.conversation.asking import follow
from serving.decisions import Answer, Sight, Submission
from serving.store.contacts import Contacts
from serving.store.log import Decision, Log
from serving.store.orders import Held
from serving.store.policies import count_held
from serving.upkeep.latecomers import latecomer


class StaleOrderError(RefusedError):
    """The order has moved on since the caller read it.

    Parameters
    ----------
    decision : mapping
        Its decision as it stands.
    """

    def __init__(self, order_id: str, revision: int, decision: Answer | None) -> None:
        super().__init__(
            f'order "{order_id}" is at revision {revision}; read it again and repeat the change'
        )
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Placing:
    """A new order and its decision, as one piece of work for the writer."""

    submission: Submission
    sight: Sight
    record: Answer
    decision_id: bytes
    contacts: Contacts

    def __call__(self, log: Log) -> int:
        submission, order, sight = self.submission, self.submission.order, self.sight
        now = latecomer(
            log, sight.identity.fact, submission.content.personal_json,
            read_seq=sight.read_seq, test=submission.access.test,
        )  # fmt: skip
        held = log.place(
            order.merchant_id,
            order.order_id,
            submission.content.public_json,
            fact=now.fact.tobytes(),
            state=PENDING,
            digest=submission.digest,
            at_us=order.created_us,
            known_us=sight.as_of_us,
            test=submission.access.test,
            decision=decision_on(PENDING, sight, self.record, self.decision_id),
        )
        decided = log.seq
        now.keep(log, held, self.contacts, sight.as_of_us)
        if self.record["action"] == "hold" and not held.test:
            count_held(log, order.merchant_id, ist_day(sight.as_of_us))
        if self.record["action"] != "ship":
            follow(log, held, self.record)
        return decided


@dataclass(frozen=True, slots=True)
class Revising:
    """A new revision of an order and its decision, as one piece of work for the writer.

    Parameters
    ----------
    before : Held
        The order as the caller and the judge saw it.
    asks : bool
        Whether the decision may set a question going.
    """

    submission: Submission
    sight: Sight
    record: Answer
    decision_id: bytes
    contacts: Contacts
    before: Held
    asks: bool = True

    def __call__(self, log: Log) -> int:
        """Append, unless the order has moved on in between.

        Raises
        ------
        StaleOrderError
            If it has.
        """
        before, submission, sight = self.before, self.submission, self.sight
        stands = log.find(before.merchant_id, before.order_id, test=before.test)
        if stands is None or stands.revision != before.revision:
            raise StaleOrderError(before.order_id, before.revision + 1, None)
        now = latecomer(
            log, sight.identity.fact, submission.content.personal_json,
            read_seq=sight.read_seq, test=before.test, number=before.number,
        )  # fmt: skip
        held = log.revise(
            stands,
            submission.content.public_json,
            fact=now.fact.tobytes(),
            digest=submission.digest,
            at_us=sight.as_of_us,
            known_us=sight.as_of_us,
        )
        now.keep(log, held, self.contacts, sight.as_of_us)
        seq = log.decide(held, decision_on(held.state, sight, self.record, self.decision_id))
        if self.asks:
            follow(log, held, self.record)
        return seq


def decision_on(state: int, sight: Sight, record: Answer, decision_id: bytes) -> Decision:
    """A decision as the log keeps it, on an order in a state."""
    detail = event_detail("decided", reason=None, outcome=None, action=record["action"])
    row = None if sight.row is None else sight.row.values.tobytes()
    becomes = next_state(state, EVENT_CODES["decided"], detail)
    return Decision(decision_id, to_json(record), row, becomes, sight.as_of_us)
