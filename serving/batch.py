"""Many orders at once: each sees those before it in the list, in short transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from pydantic_core import to_json

from features.errors import RtoError
from serving.appending import Placing
from serving.decisions import Answer, Submission, answer_of, record_of
from serving.desk import Desk, name_of
from serving.overlay import Overlay
from serving.problems import told_as
from serving.standby import Standby
from serving.store.faults import LogDownError
from serving.store.log import Held, Log
from serving.store.merchants import Access
from serving.wish import Wish

MOST = 1_000

# A transaction of so many holds up single orders for some ten milliseconds at most.
_CHUNK = 24


class _Known(NamedTuple):
    """An order that had been decided before."""

    held: Held


_Done: TypeAlias = Answer | _Known


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Decides some orders within one transaction of the writer's; it may run twice."""

    desk: Desk
    submissions: Sequence[Submission]
    wish: Wish

    def __call__(self, log: Log) -> list[_Done]:
        past = Overlay(self.desk.judge.history.ledger, log)
        return [self._one(log, past, submission) for submission in self.submissions]

    def _one(self, log: Log, past: Overlay, submission: Submission) -> _Done:
        access, order = submission.access, submission.order
        if (held := log.find(access.merchant_id, order.order_id, test=access.test)) is not None:
            return _Known(held)
        judge, laps = self.desk.judge, self.desk.metrics.laps()
        submission = self.wish.warned(submission)
        sight = judge.see(submission, laps, effort=self.wish.effort, ledger=past)
        judgement = judge.judge(submission, sight, laps, explained=self.wish.reasons)
        record = record_of(submission, sight, judgement)
        contacts, decision_id = self.desk.contacts, judgement.decision_id.bytes
        Placing(submission, sight, record, decision_id, contacts)(log)
        past.follow()
        laps.lap("write")
        return record


class Batch:
    """A list of orders on its way across the desk.

    Parameters
    ----------
    desk : Desk
    access : Access
    wish : Wish
    standby : Standby, optional
        Decides while the log is out of reach.
    """

    def __init__(
        self, desk: Desk, access: Access, wish: Wish, standby: Standby | None = None
    ) -> None:
        self._desk = desk
        self._access = access
        self._wish = wish
        self._standby = standby

    async def score(self, bodies: Sequence[object]) -> list[dict[str, Any]]:
        """An answer for each order, or the problem that it would be answered with alone."""
        results: list[dict[str, Any]] = []
        for begin in range(0, len(bodies), _CHUNK):
            chunk = [self._read(body) for body in bodies[begin : begin + _CHUNK]]
            results += await self._chunk(chunk)
        return results

    def _read(self, body: object) -> Submission | RtoError:
        try:
            return self._desk.reception.read(self._access, to_json(body))
        except RtoError as error:
            return error

    async def _chunk(self, read: Sequence[Submission | RtoError]) -> list[dict[str, Any]]:
        submissions = [one for one in read if isinstance(one, Submission)]
        standby = self._standby
        if standby is not None and not all(map(standby.desk_decides, submissions)):
            return list(await asyncio.gather(*(self._degraded(standby, one) for one in read)))
        try:
            done = iter(await self._decided(submissions))
        except LogDownError as error:
            if standby is None:
                return [_failed(error if isinstance(one, Submission) else one) for one in read]
            standby.reach.lost(error)
            return list(await asyncio.gather(*(self._degraded(standby, one) for one in read)))
        except RtoError as error:
            return [_failed(error if isinstance(one, Submission) else one) for one in read]
        return [
            await self._result(one, next(done)) if isinstance(one, Submission) else _failed(one)
            for one in read
        ]

    async def _degraded(self, standby: Standby, one: Submission | RtoError) -> dict[str, Any]:
        if isinstance(one, RtoError):
            return _failed(one)
        try:
            return await standby.stand_in(one)
        except RtoError as error:
            return _failed(error)

    async def _decided(self, submissions: Sequence[Submission]) -> list[_Done]:
        self._desk.in_time(self._access, self._wish)
        for submission in submissions:
            await self._desk.known(submission, self._wish)
        future = self._desk.writer.submit(_Chunk(self._desk, submissions, self._wish))
        names = [name_of(submission) for submission in submissions]
        self._desk.keep_under_way(names, future)
        return await self._desk.awaited(future, self._access, self._wish)

    async def _result(self, submission: Submission, done: _Done) -> dict[str, Any]:
        if not isinstance(done, _Known):
            self._desk.count(submission, done)
            return answer_of(done)
        try:
            return await self._desk.again(done.held, submission)
        except RtoError as error:
            return _failed(error)


def _failed(error: RtoError) -> dict[str, Any]:
    return {"problem": told_as(error)}
