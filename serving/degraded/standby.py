"""The standby: decides while the log is out of reach; the log gets its decisions later."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from models.policy import OnFailure
from serving.deadline import within
from serving.decisions import Answer, Submission, answer_now, answer_of, record_of
from serving.degraded.reach import Reach
from serving.degraded.spool import Spool, SpoolDownError
from serving.degraded.spooled import Merging, Spooled
from serving.desk import Desk, OrderName, OtherContentError, name_of
from serving.store.contacts import Contacts
from serving.store.faults import LogDownError, TakenError
from serving.store.log import pulse
from serving.store.merchants import Access
from serving.store.orders import find_order
from serving.wish import Wish

# A disk that does not answer within this is none.
_FLUSH_S = 2.0
_MERGED_AT_ONCE = 300


class NoDecisionError(SpoolDownError):
    """No decision can be kept anywhere.

    Parameters
    ----------
    fallback : {"ship", "hold"}
        What the merchant's policy says is done without a decision.
    """

    def __init__(self, why: object, fallback: OnFailure) -> None:
        super().__init__(
            f"no decision can be recorded now ({why}); the merchant's fallback is to {fallback} "
            'the order: act so, and post it again later with "record_only": true'
        )
        self.fallback = fallback


@dataclass(slots=True)
class _Kept:
    """A spooled decision as repeats of its order need it."""

    digest: bytes
    answer: Answer
    flushed: asyncio.Future[None]


@dataclass(slots=True)
class _Waiting:
    """Records on their way to the spool."""

    records: list[bytes] = field(default_factory=list)
    futures: list[asyncio.Future[None]] = field(default_factory=list)


class Standby:
    """Takes over from the desk while the log is out of reach.

    Parameters
    ----------
    desk : Desk
    contacts : Contacts
        Seals what is spooled.
    reach : Reach
    path : Path
        The spool's file.
    """

    def __init__(self, desk: Desk, contacts: Contacts, reach: Reach, path: Path) -> None:
        self._desk = desk
        self._contacts = contacts
        self._path = path
        self._spool: Spool | None = None
        self._spooled: list[Spooled] = []
        self._kept: dict[OrderName, _Kept] = {}
        self._waiting = _Waiting()
        self._flushing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self.reach = reach
        self.spool_fault: str | None = None

    @property
    def spooled(self) -> int:
        """Decisions that the log has not seen yet."""
        return len(self._spooled)

    def open(self) -> None:
        """Open the spool; decisions that an earlier process left in it wait to be merged."""
        try:
            self._spool, records = Spool.open(self._path)
        except SpoolDownError as error:
            self._spool, self.spool_fault = None, str(error)
            return
        self.spool_fault = None
        for record in records:
            self._remember(Spooled.opened(self._contacts, record))

    def close(self) -> None:
        """Close the spool."""
        self._thread.shutdown()
        if self._spool is not None:
            self._spool.close()

    async def score(self, access: Access, body: bytes, wish: Wish) -> Answer:
        """Let the desk decide, or decide for it.

        Raises
        ------
        RtoError
            As the desk does.
        NoDecisionError
            If log and spool are both out of reach.
        """
        if self.reach.up and not (self._kept and self._keeps(access, body)):
            try:
                return await self._desk.score(access, body, wish)
            except LogDownError as error:
                self.reach.lost(error)
        return await self.stand_in(self._desk.reception.read(access, body), wish)

    def desk_decides(self, submission: Submission) -> bool:
        """Whether this order's decision comes from the log now, and from no spool."""
        return self.reach.up and name_of(submission) not in self._kept

    def _keeps(self, access: Access, body: bytes) -> bool:
        """Whether the decision on this order is on its way from the spool into the log."""
        return name_of(self._desk.reception.read(access, body)) in self._kept

    async def stand_in(self, submission: Submission, wish: Wish) -> Answer:
        """A degraded decision, in the spool before it is answered.

        Raises
        ------
        NoDecisionError
            If the spool is out of reach too.
        LateError
            If it is not on disk within the deadline; it comes into the log all the same.
        """
        if (kept := self._kept.get(name_of(submission))) is not None:
            await self._on_disk(submission, kept.flushed, wish)
            return _same(submission, kept.digest, kept.answer)
        if (known := self._known(submission)) is not None:
            return known
        laps = self._desk.metrics.laps()
        sight = self._desk.judge.see(submission, laps, effort="degraded")
        judgement = self._desk.judge.judge(submission, sight, laps, explained="none")
        record = record_of(submission, sight, judgement)
        spooled = Spooled.of(submission, sight, record, judgement.decision_id.bytes)
        await self._keep(submission, spooled, wish)
        self._desk.count(submission, record, "log")
        return answer_of(record)

    def _known(self, submission: Submission) -> Answer | None:
        """The decision of before the outage, where the log can still be read."""
        access, order = submission.access, submission.order
        try:
            held = find_order(
                self._desk.connection, access.merchant_id, order.order_id, test=access.test
            )
            answer = None if held is None else answer_now(self._desk.connection, held)
        except LogDownError:
            return None
        if held is None or answer is None or held.digest is None:
            return None
        return _same(submission, held.digest, answer)

    async def _keep(self, submission: Submission, spooled: Spooled, wish: Wish) -> None:
        flushed = self._flush(spooled)
        kept = _Kept(submission.digest, answer_of(spooled.record), flushed)
        self._kept[spooled.name] = kept
        try:
            await self._on_disk(submission, flushed, wish)
        except NoDecisionError:
            self._kept.pop(spooled.name, None)
            raise
        self.spool_fault = None

    async def _on_disk(
        self, submission: Submission, flushed: asyncio.Future[None], wish: Wish
    ) -> None:
        """Wait for the spool, never longer than a disk may take or the caller waits."""
        fallback = self._desk.judge.policies.on_failure(submission.order.merchant_id)
        try:
            async with asyncio.timeout(_FLUSH_S):
                await within(wish.deadline, flushed, fallback)
        except (SpoolDownError, TimeoutError) as error:
            self.spool_fault = str(error) or f"its disk did not answer within {_FLUSH_S:g} s"
            raise NoDecisionError(self.spool_fault, fallback) from error

    def _flush(self, spooled: Spooled) -> asyncio.Future[None]:
        """Hand a decision to the spool's thread, which flushes all that wait at once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        future.add_done_callback(_retrieved)
        self._waiting.records.append(spooled.sealed(self._contacts))
        self._waiting.futures.append(future)
        future.add_done_callback(lambda done: self._flushed(done, spooled))
        if not self._flushing:
            self._flushing = True
            loop.create_task(self._flush_all())  # noqa: RUF006 - it ends with the queue
        return future

    def _flushed(self, done: asyncio.Future[None], spooled: Spooled) -> None:
        if not done.cancelled() and done.exception() is None:
            self._spooled.append(spooled)
        elif (kept := self._kept.get(spooled.name)) is not None and kept.flushed is done:
            del self._kept[spooled.name]  # whoever waited for it may be gone

    async def _flush_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting.records:
            batch, self._waiting = self._waiting, _Waiting()
            try:
                await loop.run_in_executor(self._thread, self._append, batch.records)
            except Exception as error:  # noqa: BLE001 - whoever waits hears of it
                for future in batch.futures:
                    future.set_exception(_spool_down(error))
            else:
                for future in batch.futures:
                    future.set_result(None)
        self._flushing = False

    def _append(self, records: list[bytes]) -> None:
        """In the spool's thread; a spool that could not be opened is tried again."""
        if self._spool is None:
            self._spool, _ = Spool.open(self._path)
        self._spool.append(records)

    async def probe(self) -> None:
        """See whether the log takes writes; if so the desk decides again.

        Raises
        ------
        LogDownError
            If it does not.
        """
        now_us = self._desk.clock()
        await self._desk.writer.submit(lambda log: pulse(log, now_us))
        self.reach.found()

    async def merge(self) -> None:
        """Bring everything spooled into the log, beside whatever the desk decides.

        Raises
        ------
        LogDownError
            If the log is lost again meanwhile; what is left waits for the next time.
        """
        while self._spooled:
            part = self._spooled[:_MERGED_AT_ONCE]
            await self._merge(part)
            del self._spooled[: len(part)]
            for spooled in part:
                self._kept.pop(spooled.name, None)
        if self._spool is not None and not (self._spool.empty or self._flushing):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._spool.clear)

    async def _merge(self, part: list[Spooled]) -> None:
        """Merge some as if the log held none of them, which is quick; else look one by one."""
        writer, now_us = self._desk.writer, self._desk.clock()
        try:
            await writer.submit(Merging(part, self._contacts, now_us, unseen=True))
        except TakenError:
            await writer.submit(Merging(part, self._contacts, now_us))

    def _remember(self, spooled: Spooled) -> None:
        flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        flushed.set_result(None)
        self._kept[spooled.name] = _Kept(spooled.digest, answer_of(spooled.record), flushed)
        self._spooled.append(spooled)


def _same(submission: Submission, digest: bytes, answer: Answer) -> Answer:
    if digest != submission.digest:
        raise OtherContentError(submission.order.order_id, answer)
    return answer


def _spool_down(error: Exception) -> SpoolDownError:
    return error if isinstance(error, SpoolDownError) else SpoolDownError(str(error))


def _retrieved(done: asyncio.Future[None]) -> None:
    """A failure nobody waits for any more is no warning."""
    if not done.cancelled():
        done.exception()
