"""Some orders of a list, decided within one transaction: each stage for all of them in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from features.history.states import ABSENT, PENDING, TREATING_ACTIONS
from serving.appending import Placing
from serving.decisions import Answer, Judgement, Sight, Submission, record_of
from serving.desk import Desk, name_of
from serving.judge import Glance
from serving.ledger import keys_of_change
from serving.metrics import Laps
from serving.overlay import Overlay
from serving.store.changes import Change
from serving.store.log import Log
from serving.store.orders import Held
from serving.turns import at_once
from serving.wish import Wish


class Known(NamedTuple):
    """An order that had been decided before."""

    held: Held


Done: TypeAlias = Answer | Known


class Member(NamedTuple):
    """An order of the list, and what was seen of it before its past."""

    submission: Submission
    glance: Glance


class _Seen(NamedTuple):
    """A member with its past.

    Parameters
    ----------
    change : Change
        What it does to history by being placed.
    shared : set of int
        Whose records it read that orders before it in the list change.
    """

    submission: Submission
    sight: Sight
    change: Change
    shared: set[int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Decides some orders as one piece of work for the writer; it may run twice.

    An order sees those before it as placed, which is known of them at once. What was decided
    about them changes its past only where they were held or blocked: an order that shares a key
    with one of these looks back again, once they are in the log.
    """

    desk: Desk
    members: Sequence[Member]
    wish: Wish

    def __call__(self, log: Log) -> list[Done]:
        """An answer for each member, or the order as it was known."""
        held = [_find(log, one.submission) for one in self.members]
        new: dict[object, Member] = {}
        for one, known in zip(self.members, held, strict=True):
            if known is None:  # of one that the list names twice, the first
                new.setdefault(name_of(one.submission), one)
        records = dict(zip(new, self._decided(log, list(new.values())), strict=True))
        return [
            Known(known) if known else self._first(log, one.submission, records)
            for one, known in zip(self.members, held, strict=True)
        ]

    def _first(self, log: Log, submission: Submission, records: dict[object, Answer]) -> Done:
        """The record of a new order; where the list names it again, the order as it is by now."""
        record = records.pop(name_of(submission), None)
        if record is not None:
            return record
        held = _find(log, submission)
        assert held is not None
        return Known(held)

    def _decided(self, log: Log, members: list[Member]) -> Iterator[Answer]:
        past, laps = Overlay(self.desk.judge.history.ledger, log), self.desk.metrics.laps()
        while members:
            judged = self._judged(self._seen(log, past, members, laps), laps)
            records = [record_of(seen.submission, seen.sight, one) for seen, one in judged]
            for (seen, judgement), record in zip(judged, records, strict=True):
                self._place(log, seen, judgement, record)
                laps.lap("write")
            yield from records
            members = members[len(judged) :]
            if members:
                past.follow()

    def _seen(self, log: Log, past: Overlay, members: Sequence[Member], laps: Laps) -> list[_Seen]:
        """Look back for each, with those before it placed."""
        changes = [_placing(one.glance, number) for number, one in enumerate(members, log.seq + 1)]
        past.fetch(changes)
        seen = []
        for (submission, glance), change in zip(members, changes, strict=True):
            past.shared = set()
            sight = self.desk.judge.look_back(glance, laps, past)
            if not submission.access.test:
                past.expect(change)
            warned = self.wish.warned(submission)
            seen.append(_Seen(warned, sight, change, past.shared))
        return seen

    def _judged(self, seen: Sequence[_Seen], laps: Laps) -> list[tuple[_Seen, Judgement]]:
        """Judge in the list's order, up to the first whose past is another one by that."""
        judge, wanted = self.desk.judge, self.wish.reasons
        judging = [judge.judging(one.submission, one.sight, laps, explained=wanted) for one in seen]
        for stages in judging:
            next(stages)
        treated: set[int] = set()
        judged: list[tuple[_Seen, Judgement]] = []
        for one, stages in zip(seen, judging, strict=True):
            if not treated.isdisjoint(one.shared):
                break
            judgement = at_once(stages)
            if judgement.verdict.action in TREATING_ACTIONS:
                treated.update(keys_of_change(one.change))
            judged.append((one, judgement))
        return judged

    def _place(self, log: Log, seen: _Seen, judgement: Judgement, record: Answer) -> None:
        # It has seen whatever those before it in the list have brought.
        sight, record["read_seq"] = seen.sight._replace(read_seq=log.seq), log.seq
        decision_id = judgement.decision_id.bytes
        Placing(seen.submission, sight, record, decision_id, self.desk.contacts)(log)


def _find(log: Log, submission: Submission) -> Held | None:
    access = submission.access
    return log.find(access.merchant_id, submission.order.order_id, test=access.test)


def _placing(glance: Glance, number: int) -> Change:
    """What the log will say of an order once it is placed, under a number past all others."""
    fact = glance.identity.fact.tobytes()
    return Change(number, ABSENT, PENDING, number.to_bytes(8, "little", signed=True) + fact[8:])
