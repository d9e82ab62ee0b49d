"""The desk: the one path that an order takes from its bytes to a durable answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from features.days import SECOND_US
from features.errors import RefusedError
from features.history.states import EVENT_CODES, PENDING, event_detail, next_state
from features.order import Order
from models.arms import draw
from models.decision import OrderFacts, Passive, Verdict, decide
from models.policy import Policy
from models.scorer import Scorer
from serving.decisions import (
    Answer,
    Judgement,
    Sight,
    Submission,
    answer_now,
    answer_of,
    not_acted_on,
    record_of,
)
from serving.history import History
from serving.intake import content_of, digest_of, order_of
from serving.metrics import Laps, Metrics
from serving.moments import now_us, uuid7
from serving.parsing import FieldsError, parse
from serving.policies import Policies
from serving.rows import Rows
from serving.schemas import ScoreRequest
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.faults import TakenError
from serving.store.log import Held, Log, find_order
from serving.store.merchants import Access
from serving.wording import listed
from serving.writer import Writer

CLOCK_SKEW_US = 300 * SECOND_US

OrderName = tuple[str, bool, str]


class OtherContentError(RefusedError):
    """The order is known already, with another content or as a past order."""

    def __init__(self, order_id: str, decision: Answer | None) -> None:
        super().__init__(
            f'order "{order_id}" was posted before with other content; its decision stands'
            if decision
            else f'order "{order_id}" was loaded as a past order and has no decision'
        )
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Desk:
    """Decides orders on the event loop; the only thing it waits for is its commit.

    Parameters
    ----------
    connection : Connection
        For reading, used by the event loop alone.
    scorer : callable
        Gives the model in force.
    digest_key, arm_secret : bytes
        Neither changes when the hash key is rotated.
    clock : callable
        Microseconds since 1970.
    """

    connection: Connection
    writer: Writer
    history: History
    rows: Rows
    scorer: Callable[[], Scorer]
    policies: Policies
    contacts: Contacts
    metrics: Metrics
    digest_key: bytes
    arm_secret: bytes
    clock: Callable[[], int] = now_us
    under_way: dict[OrderName, asyncio.Future[Any]] = field(default_factory=dict)

    async def score(self, access: Access, body: bytes) -> Answer:
        """Decide one order, or give the decision it has.

        Raises
        ------
        BodyError, FieldsError
            If the request is at fault.
        OtherContentError
            If the order was decided with another content.
        StoreError, BusyError
            If the decision could not be recorded.
        """
        laps = self.metrics.laps()
        submission = self._read(access, body)
        laps.lap("parse")
        held = await self._known(submission)
        if held is None:
            try:
                return await self._decide(submission, laps)
            except TakenError:  # another process has loaded it in this moment
                held = await self._known(submission)
                if held is None:
                    raise
        return await self._again(held, submission)

    def _read(self, access: Access, body: bytes) -> Submission:
        request, warnings = parse(ScoreRequest, body)
        content = content_of(request)
        if content.public["created_us"] > self.clock() + CLOCK_SKEW_US:
            raise FieldsError([("created_at", "lies in the future; send the time of the order")])
        return Submission(
            access=access,
            order=order_of(access.merchant_id, request.order_id, content),
            content=content,
            digest=digest_of(content, self.digest_key),
            record_only=bool(request.record_only),
            warnings=warnings,
        )

    async def _known(self, submission: Submission) -> Held | None:
        """The order as the store holds it, once no decision on it is under way."""
        name = _name(submission)
        while (other := self.under_way.get(name)) is not None:
            with suppress(Exception):  # whoever began it hears of its failure
                await asyncio.shield(other)
        merchant_id, test, order_id = name
        return find_order(self.connection, merchant_id, order_id, test=test)

    async def _decide(self, submission: Submission, laps: Laps) -> Answer:
        sight = self._see(submission.order, laps)
        judgement = self._judge(submission, sight, laps)
        record = record_of(submission, sight, judgement)
        await self._append(submission, sight, record, judgement.decision_id.bytes)
        laps.lap("write")
        self.metrics.decided(record["probability"], record["action"], record["model"])
        return answer_of(record)

    def _see(self, order: Order, laps: Laps) -> Sight:
        """Read history and make the row, with nothing awaited in between."""
        as_of_us, history = self.clock(), self.history
        identity = self.rows.identity(order)
        past = self.rows.past(identity, history.ledger, history.windows, as_of_us)
        laps.lap("history")
        row = self.rows.row(order, identity, past)
        laps.lap("features")
        return Sight(identity, past, row, history.seq, history.fold.boundary, as_of_us)

    def _judge(self, submission: Submission, sight: Sight, laps: Laps) -> Judgement:
        scorer, order = self.scorer(), submission.order
        risk = scorer.score(sight.row, order.extra)
        laps.lap("model")
        policy = self.policies.now(order.merchant_id)
        verdict = self._verdict(submission, sight, risk.probability, policy)
        reasons = listed(scorer.explain(sight.row, order.extra, risk), sight.row.values)
        laps.lap("reasons")
        decision_id = uuid7(sight.as_of_us)
        return Judgement(decision_id, scorer, risk, reasons, policy.revision, verdict)

    def _verdict(
        self, submission: Submission, sight: Sight, probability: float, policy: Policy
    ) -> Verdict:
        order = submission.order
        facts = OrderFacts(
            payment_mode=order.payment_mode,
            amount_paise=order.amount_paise,
            created_us=order.created_us,
            dispatch_cutoff_us=submission.content.public.get("dispatch_cutoff_us"),
        )
        number = draw(
            self.arm_secret,
            merchant_id=order.merchant_id,
            person=sight.identity.person,
            as_of_us=sight.as_of_us,
        )
        # A pipeline that went on without us has acted already: for us the order comes late.
        passive: Passive | None = "late" if submission.record_only else None
        return decide(
            probability, facts, policy, now_us=sight.as_of_us, draw=number, passive=passive
        )

    async def _append(
        self, submission: Submission, sight: Sight, record: Answer, decision_id: bytes
    ) -> None:
        """Record the order and its decision; repeats that come meanwhile wait for it."""
        name = _name(submission)
        work = _Append(submission, sight, record, decision_id, self.contacts)
        future = self.writer.submit(work)
        self.under_way[name] = future
        future.add_done_callback(lambda _: self.under_way.pop(name, None))
        await asyncio.shield(future)

    async def _again(self, held: Held, submission: Submission) -> Answer:
        """The first decision with what has changed since, or a refusal that shows it."""
        answer = answer_now(self.connection, held)
        if answer is None or held.digest != submission.digest:
            raise OtherContentError(held.order_id, answer)
        if submission.record_only and not not_acted_on(self.connection, held):
            await self._not_acted_on(held)
            return answer | {"dispatch": "go", "wait_until": None}
        return answer

    async def _not_acted_on(self, held: Held) -> None:
        at_us = self.clock()
        body = {"by": "pipeline", "record_only": True}

        def work(log: Log) -> int:
            return log.append("overridden", body, at_us=at_us, known_us=at_us, order=held)

        await self.writer.submit(work)


@dataclass(frozen=True, slots=True)
class _Append:
    """What one decision writes, as one piece of work for the writer."""

    submission: Submission
    sight: Sight
    record: Answer
    decision_id: bytes
    contacts: Contacts

    def __call__(self, log: Log) -> int:
        submission, order = self.submission, self.submission.order
        held = log.place(
            order.merchant_id,
            order.order_id,
            submission.content.public_json(),
            fact=self.sight.identity.fact.tobytes(),
            state=PENDING,
            digest=submission.digest,
            at_us=order.created_us,
            known_us=self.sight.as_of_us,
            test=submission.access.test,
        )
        self.contacts.keep(log.connection, held.number, submission.content.personal_json())
        detail = event_detail("decided", reason=None, outcome=None, action=self.record["action"])
        return log.decide(
            held,
            self.decision_id,
            to_json(self.record),
            self.sight.row.values.tobytes(),
            becomes=next_state(held.state, EVENT_CODES["decided"], detail),
            at_us=self.sight.as_of_us,
        )


def _name(submission: Submission) -> OrderName:
    access = submission.access
    return access.merchant_id, access.test, submission.order.order_id
