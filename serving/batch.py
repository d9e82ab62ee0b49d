"""Many orders at once: each sees those before it in the list, in short transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json

from features.errors import RtoError
from serving.decisions import Submission, answer_of
from serving.degraded.standby import Standby
from serving.desk import Desk, name_of
from serving.judge import Glance
from serving.problems import told_as
from serving.store.faults import LogDownError
from serving.store.merchants import Access
from serving.stretch import Done, Known, Member, Stretch
from serving.turns import at_once
from serving.wish import Wish

MOST = 1_000

# A transaction of so many holds up single orders for some ten milliseconds.
_CHUNK = 40
# Turns of the event loop until a transaction that nobody is in the way of is handed to the disk.
_UNTIL_COMMIT = 2


class _Ready(NamedTuple):
    """A member of the list as it was read, and what was seen of it; or why it could not be."""

    read: Submission | RtoError
    glance: Glance | None


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
        """An answer for each order, or the problem that it would be answered with alone.

        What needs no past is read while the orders before are on their way to the disk.
        """
        results: list[dict[str, Any]] = []
        parts = [bodies[begin : begin + _CHUNK] for begin in range(0, len(bodies), _CHUNK)]
        ready = self._prepared(parts[0]) if parts else []
        for following in [*parts[1:], []]:
            deciding = asyncio.ensure_future(self._chunk(ready))
            for _ in range(_UNTIL_COMMIT):
                await asyncio.sleep(0)
            ready = self._prepared(following)
            results += await deciding
        return results

    def _prepared(self, bodies: Sequence[object]) -> list[_Ready]:
        """Read some orders, each stage for all of them in a row."""
        read = [self._read(body) for body in bodies]
        laps, effort = self._desk.metrics.laps(), self._wish.effort
        glancing = [
            self._desk.judge.glancing(one, laps, effort=effort)
            if isinstance(one, Submission)
            else None
            for one in read
        ]
        for stages in glancing:
            if stages is not None:
                next(stages)
        return [
            _Ready(one, None if stages is None else at_once(stages))
            for one, stages in zip(read, glancing, strict=True)
        ]

    def _read(self, body: object) -> Submission | RtoError:
        try:
            return self._desk.reception.read(self._access, to_json(body))
        except RtoError as error:
            return error

    async def _chunk(self, ready: Sequence[_Ready]) -> list[dict[str, Any]]:
        members = [
            Member(one, glance)
            for one, glance in ready
            if isinstance(one, Submission) and glance is not None
        ]
        standby = self._standby
        if standby and not all(standby.desk_decides(one.submission) for one in members):
            return list(await asyncio.gather(*(self._degraded(standby, one) for one, _ in ready)))
        try:
            done = iter(await self._decided(members))
        except LogDownError as error:
            if standby is None:
                return [_failed(error if isinstance(one, Submission) else one) for one, _ in ready]
            standby.reach.lost(error)
            return list(await asyncio.gather(*(self._degraded(standby, one) for one, _ in ready)))
        except RtoError as error:
            return [_failed(error if isinstance(one, Submission) else one) for one, _ in ready]
        return [
            await self._result(one, next(done)) if isinstance(one, Submission) else _failed(one)
            for one, _ in ready
        ]

    async def _degraded(self, standby: Standby, one: Submission | RtoError) -> dict[str, Any]:
        if isinstance(one, RtoError):
            return _failed(one)
        try:
            return await standby.stand_in(one, self._wish)
        except RtoError as error:
            return _failed(error)

    async def _decided(self, members: Sequence[Member]) -> list[Done]:
        self._desk.in_time(self._access, self._wish)
        for one, _ in members:
            await self._desk.none_under_way(name_of(one), one.access, self._wish)
        future = self._desk.writer.submit(Stretch(self._desk, members, self._wish))
        self._desk.keep_under_way([name_of(one) for one, _ in members], future)
        return await self._desk.awaited(future, self._access, self._wish)

    async def _result(self, submission: Submission, done: Done) -> dict[str, Any]:
        if not isinstance(done, Known):
            self._desk.count(submission, done)
            return answer_of(done)
        try:
            return await self._desk.again(done.held, submission)
        except RtoError as error:
            return _failed(error)


def _failed(error: RtoError) -> dict[str, Any]:
    return {"problem": told_as(error)}
