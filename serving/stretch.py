"""Some orders of a list, decided within one transaction: each stage for all of them in a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from features.history.states import ABSENT, PENDING, TREATING_ACTIONS
from serving.appending import Placing
from serving.decisions import Answer, Judgement, Sight, Submission, record_of
from serving.desk import Desk, OrderName, name_of
from serving.judge import Glance
from serving.ledger import keys_of_change
from serving.metrics import Laps
from serving.overlay import Overlay
from serving.store.changes import Change
from serving.store.log import Log
from serving.store.orders import Held, find_orders
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
        names = [name_of(one.submission) for one in self.members]
        known = _held(log, names)
        new: dict[OrderName, Member] = {}
        for name, one in zip(names, self.members, strict=True):
            if name not in known:
                new.setdefault(name, one)
        decided = self._decided(log, list(new.values()))
        records: dict[OrderName, Done] = dict(zip(new, decided, strict=True))
        if len(set(names)) < len(names):  # the list names an order again: it is known by then
            known |= _held(log, list(new))
        return [records.pop(name) if name in records else Known(known[name]) for name in names]

    def _decided(self, log: Log, members: list[Member]) -> Iterator[Answer]:
        past, laps = Overlay(self.desk.judge.history.ledger, log), self.desk.metrics.laps()
        ahead = len(members)
        while members:
            judged = self._judged(self._seen(log, past, members[:ahead], laps), laps)
            records = [record_of(seen.submission, seen.sight, one) for seen, one in judged]
            for (seen, judgement), record in zip(judged, records, strict=True):
                self._place(log, seen, judgement, record)
                laps.lap("write")
            yield from records
            members = members[len(judged) :]
            if members:
                past.follow()
            ahead = 2 * len(judged)  # where many are held, few looks back are in vain

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


def _held(log: Log, names: Iterable[OrderName]) -> dict[OrderName, Held]:
    """Those of the orders that the transaction sees, by one query for each merchant."""
    ids: dict[tuple[str, bool], list[str]] = {}
    for merchant_id, test, order_id in names:
        ids.setdefault((merchant_id, test), []).append(order_id)
    return {
        (merchant_id, test, held.order_id): held
        for (merchant_id, test), wanted in ids.items()
        for held in find_orders(log.connection, merchant_id, wanted, test=test)
    }


def _placing(glance: Glance, number: int) -> Change:
    """What the log will say of an order once it is placed, under a number past all others."""
    fact = glance.identity.fact.tobytes()
    return Change(number, ABSENT, PENDING, number.to_bytes(8, "little", signed=True) + fact[8:])
