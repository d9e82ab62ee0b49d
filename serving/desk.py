"""The desk: the one path that an order takes from its bytes to a durable answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

from features.errors import RefusedError
from models.actions import Action
from serving.appending import Placing, Revising, StaleOrderError
from serving.deadline import LateError, within
from serving.decisions import Answer, Submission, answer_now, answer_of, record_of
from serving.drawing import first_draw
from serving.judge import Judge
from serving.line import Line
from serving.metrics import Cause, Laps, Metrics
from serving.moments import now_us
from serving.reception import Reception
from serving.standing import not_acted_on
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.faults import TakenError
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.orders import Held, find_order
from serving.store.outbox import stop_asking
from serving.turns import Stages
from serving.wish import Wish
from serving.writer import Work, Writer

T = TypeVar("T")

OrderName: TypeAlias = tuple[str, bool, str]


class OtherContentError(RefusedError):
    """The order is known already, with another content or as a past order."""

    def __init__(self, order_id: str, decision: Answer | None) -> None:
        super().__init__(
            f'order "{order_id}" was posted before with other content; its decision stands'
            if decision
            else f'order "{order_id}" was loaded as a past order and has no decision'
        )
        self.decision = decision


class UnknownOrderError(RefusedError):
    """The merchant has no such order."""

    def __init__(self) -> None:
        super().__init__(
            "there is no such order; check the kind of key and the order id (one that no path "
            "can hold goes into ?order_id=)"
        )


_USUAL = Wish()


class _Submitted(NamedTuple):
    """An order that was decided, on its way to the disk."""

    submission: Submission
    future: asyncio.Future[int]
    record: Answer


class _Known(NamedTuple):
    """An order that had been decided before."""

    submission: Submission
    held: Held


@dataclass(frozen=True, slots=True)
class Desk:
    """Decides orders on the event loop; the only thing it waits for is its commit.

    Parameters
    ----------
    connection : Connection
        For reading, used by the event loop alone.
    clock : callable
        Microseconds since 1970.
    """

    connection: Connection
    writer: Writer
    judge: Judge
    reception: Reception
    contacts: Contacts
    metrics: Metrics
    line: Line
    clock: Callable[[], int] = now_us
    under_way: dict[OrderName, asyncio.Future[Any]] = field(default_factory=dict)

    async def score(self, access: Access, body: bytes, wish: Wish = _USUAL) -> Answer:
        """Decide one order, or give the decision it has.

        Raises
        ------
        BodyError, FieldsError
            If the request is at fault.
        OtherContentError
            If the order was decided with another content.
        LateError
            If there is no decision within the deadline.
        StoreError, BusyError
            If the decision could not be recorded.
        """
        try:
            return await self._score(access, body, wish)
        except TakenError:  # another process has loaded it in this moment
            return await self._score(access, body, wish)

    async def revise(
        self, access: Access, order_id: str, body: bytes, revision: int, wish: Wish = _USUAL
    ) -> Answer:
        """Put a new revision of an order in force, and decide it anew in the same arm.

        Content equal to the revision in force changes nothing, so a change may be repeated.

        Parameters
        ----------
        revision : int
            The one the caller changed.

        Raises
        ------
        UnknownOrderError
            If the merchant has no such order.
        StaleOrderError
            If another revision is in force.
        OtherContentError
            If it was loaded as a past order.
        FieldsError
            If the body names another order or another time.
        """
        laps = self.metrics.laps()
        held = await self.held(access, order_id, wish)
        if held is None:
            raise UnknownOrderError
        if (answer := answer_now(self.connection, held)) is None:
            raise OtherContentError(order_id, None)
        submission = self.reception.read_change(self.connection, access, held, body)
        laps.lap("parse")
        if submission.digest == held.digest:
            return answer
        if held.revision != revision:
            raise StaleOrderError(order_id, held.revision, answer)
        try:
            return await self._revise(held, submission, laps, wish)
        except StaleOrderError:  # another change came first
            now = self.find(access, order_id) or held
            decision = answer_now(self.connection, now)
            raise StaleOrderError(order_id, now.revision, decision) from None

    async def held(self, access: Access, order_id: str, wish: Wish = _USUAL) -> Held | None:
        """The order as the store holds it, once no decision on it is under way."""
        await self.none_under_way((access.merchant_id, access.test, order_id), access, wish)
        return self.find(access, order_id)

    async def none_under_way(self, name: OrderName, access: Access, wish: Wish) -> None:
        """Wait until no decision on the order is being made."""
        while (other := self.under_way.get(name)) is not None:
            await self._ended(other, access, wish)

    async def _ended(self, other: asyncio.Future[Any], access: Access, wish: Wish) -> None:
        """Wait for a decision that is being made; whoever began it hears of its failure."""
        await self.awaited(asyncio.gather(other, return_exceptions=True), access, wish)

    def find(self, access: Access, order_id: str) -> Held | None:
        """The order as it is on disk."""
        return find_order(self.connection, access.merchant_id, order_id, test=access.test)

    async def again(self, held: Held, submission: Submission) -> Answer:
        """The first decision with what has changed since, or a refusal that shows it."""
        answer = answer_now(self.connection, held)
        if answer is None or held.digest != submission.digest:
            raise OtherContentError(held.order_id, answer)
        if submission.record_only and not not_acted_on(self.connection, held):
            await self._not_acted_on(held)
            return answer | {"dispatch": "go", "wait_until": None}
        return answer

    def in_time(self, access: Access, wish: Wish) -> None:
        """Begin nothing that nobody waits for.

        Raises
        ------
        LateError
            If the caller's deadline has passed.
        """
        if wish.deadline is not None and wish.deadline.left_s <= 0:
            raise LateError(self._fallback(access.merchant_id))

    async def awaited(self, future: asyncio.Future[T], access: Access, wish: Wish) -> T:
        """What the writer answers, if it does so within the deadline."""
        return await within(wish.deadline, future, self._fallback(access.merchant_id))

    def count(self, submission: Submission, record: Answer, cause: Cause = "crowded") -> None:
        """Count a decision that is on disk; test orders count nowhere.

        Parameters
        ----------
        cause : {"crowded", "log"}
            Why it is degraded, if it is.
        """
        if not submission.access.test:
            self.metrics.decided(record["probability"], record["action"], record["model"])
            self.metrics.missed(record.get("missing_extras", ()))
            if record["degraded"]:
                self.metrics.degraded[cause,] += 1

    async def _score(self, access: Access, body: bytes, wish: Wish) -> Answer:
        laps = self.metrics.laps()
        met = await self.line.passing(self._meeting(access, body, laps, wish), laps)
        while isinstance(met, asyncio.Future):
            await self._ended(met, access, wish)
            met = await self.line.passing(self._meeting(access, body, laps, wish), laps)
        if isinstance(met, _Known):
            return await self.again(met.held, met.submission)
        return await self._appended(met.submission, met.future, met.record, laps, wish)

    def _meeting(
        self, access: Access, body: bytes, laps: Laps, wish: Wish
    ) -> Stages[_Submitted | _Known | asyncio.Future[Any]]:
        """Read an order, and decide it if nobody has or does."""
        submission = self.reception.read(access, body)
        laps.lap("parse")
        yield
        name = name_of(submission)
        if (other := self.under_way.get(name)) is not None:
            return other
        if (held := self.find(submission.access, submission.order.order_id)) is not None:
            return _Known(submission, held)
        self.in_time(submission.access, wish)
        submission = wish.warned(submission)
        with self._claimed(name):
            yield
            work = yield from self._deciding(submission, laps, wish)
            return _Submitted(submission, self._submitted(submission, work), work.record)

    def _deciding(self, submission: Submission, laps: Laps, wish: Wish) -> Stages[Placing]:
        sight = yield from self.judge.seeing(submission, laps, effort=wish.effort)
        yield
        judgement = yield from self.judge.judging(submission, sight, laps, explained=wish.reasons)
        yield
        record = record_of(submission, sight, judgement)
        decision_id = judgement.decision_id.bytes
        return Placing(submission, sight, record, decision_id, self.contacts)

    async def _revise(self, held: Held, submission: Submission, laps: Laps, wish: Wish) -> Answer:
        self.in_time(submission.access, wish)
        submission = wish.warned(submission)
        sight = self.judge.see(submission, laps, effort=wish.effort, number=held.number)
        drawn = first_draw(self.connection, held, self.contacts, self.judge.rows)
        judgement = self.judge.judge(submission, sight, laps, explained=wish.reasons, drawn=drawn)
        record = record_of(submission, sight, judgement, revision=held.revision + 1)
        decision_id = judgement.decision_id.bytes
        work = Revising(submission, sight, record, decision_id, self.contacts, held)
        future = self._submitted(submission, work)
        return await self._appended(submission, future, record, laps, wish)

    def _submitted(self, submission: Submission, work: Work[int]) -> asyncio.Future[int]:
        """Let the order and its decision be recorded; repeats that come meanwhile wait for it."""
        future = self.writer.submit(work)
        self.keep_under_way([name_of(submission)], future)
        return future

    async def _appended(
        self,
        submission: Submission,
        future: asyncio.Future[int],
        record: Answer,
        laps: Laps,
        wish: Wish,
    ) -> Answer:
        """The answer, once it is on disk."""
        await self.awaited(future, submission.access, wish)
        laps.lap("write")
        self.count(submission, record)
        return answer_of(record)

    @contextmanager
    def _claimed(self, name: OrderName) -> Iterator[None]:
        """Let repeats wait for a decision that is being made; nobody waits where it failed."""
        claim = asyncio.get_running_loop().create_future()
        self.under_way[name] = claim
        try:
            yield
        finally:
            if self.under_way.get(name) is claim:
                del self.under_way[name]
            claim.set_result(None)

    def keep_under_way(self, names: list[OrderName], future: asyncio.Future[Any]) -> None:
        """Let others wait who ask for these orders before they are on disk."""
        for name in names:
            self.under_way[name] = future

        def done(future: asyncio.Future[Any]) -> None:
            for name in names:
                if self.under_way.get(name) is future:
                    del self.under_way[name]
            if not future.cancelled():
                future.exception()  # seen, even if the caller has gone

        future.add_done_callback(done)

    async def _not_acted_on(self, held: Held) -> None:
        at_us = self.clock()
        body = {"by": "pipeline", "record_only": True}

        def work(log: Log) -> int:
            stop_asking(log.connection, held.number)
            return log.append("overridden", body, at_us=at_us, known_us=at_us, order=held)

        await self.writer.submit(work)

    def _fallback(self, merchant_id: str) -> Action:
        return self.judge.policies.on_failure(merchant_id)


def name_of(submission: Submission) -> OrderName:
    """What no other order has."""
    access = submission.access
    return access.merchant_id, access.test, submission.order.order_id
