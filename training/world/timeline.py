"""The timeline: the events of every order, and when the shop learned of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.history.states import EVENT_KINDS
from training.world.actions import (
    OUT_CANCELLED,
    OUT_DELIVERED,
    OUT_LOST,
    OUT_RTO,
    PAID,
    RESPONSES,
    SILENT,
)
from training.world.chance import Codes, Flags, Ints
from training.world.course import BETWEEN_ATTEMPTS_DAYS, Course, days_us, run_course
from training.world.door import ATTEMPTS, DELIVERED, FAULTY, REFUSED
from training.world.moments import end_us
from training.world.reports import reason_code, reason_of_return, reason_sent_back, reported
from training.world.year import Year

CANCELLED_BY = ("", "customer", "merchant", "system")
_NEVER = np.iinfo(np.int64).max
_OPPOSITE = {"delivered": "rto_initiated", "rto_initiated": "delivered"}


@dataclass(frozen=True, slots=True)
class Events:
    """One row per event; ``outcome`` is set for corrections only, else −1."""

    order: Ints
    kind: Codes
    at: Ints
    known: Ints
    reason: Codes
    outcome: Codes

    def take(self, rows: Ints) -> Events:
        """Some of the events."""
        return Events(*(getattr(self, name)[rows] for name in Events.__slots__))


@dataclass(frozen=True, slots=True)
class Endings:
    """One row per order: what the shop knew at the snapshot; outcome −1 while it knew of none."""

    outcome: Ints
    known: Ints
    reason: Ints
    cancelled_by: Ints
    intervention: Ints
    intervened: Ints
    response: Ints


@dataclass(frozen=True, slots=True)
class _News:
    """How each order's end was first reported; where that was wrong, when it was corrected."""

    outcome: Ints
    reason: Ints
    known: Ints
    wrong: Flags
    corrected: Ints
    true_reason: Ints


class _Log:
    """Gathers events and draws when each became known."""

    def __init__(self, rng: np.random.Generator, year: Year) -> None:
        self._rng = rng
        self._batch = year.merchants.batch_scans[year.moments.shop]
        self._parts: list[Events] = []

    def learn(self, order: Ints, at: Ints) -> Ints:
        """When the shop learns of scans: within hours, at 06:30 with the batch, or days late."""
        n = len(order)
        hours = np.exp(self._rng.normal(-0.4, 1.1, n))
        hours += np.where(self._rng.random(n) < 0.03, 24 * self._rng.gamma(1.5, 1.5, n), 0.0)
        known = at + np.round(hours * HOUR_US).astype(np.int64)
        morning = 6 * HOUR_US + HOUR_US // 2 - IST_SHIFT_US
        batch = -((morning - known) // DAY_US) * DAY_US + morning
        return np.where(self._batch[order], batch, known)

    def add(
        self, kind: str, order: Ints, at: Ints, known: Ints | None = None,
        reason: Ints | None = None, outcome: Ints | None = None,
    ) -> Ints:  # fmt: skip
        """Add one event to each of some orders; returns when each became known."""
        n = len(order)
        known = self.learn(order, at) if known is None else known
        what = np.full(n, EVENT_KINDS.index(kind), dtype=np.int8)
        why = np.zeros(n, dtype=np.int8) if reason is None else reason.astype(np.int8)
        end = np.full(n, -1, dtype=np.int8) if outcome is None else outcome.astype(np.int8)
        self._parts.append(Events(order, what, at, known, why, end))
        return known

    def known_before(self, instant: int) -> Events:
        """The events known before an instant, in order of knowing; ties in the contract's order."""
        whole = Events(
            *(np.concatenate([getattr(p, n) for p in self._parts]) for n in Events.__slots__)
        )
        self._parts.clear()
        kept = whole.take(np.flatnonzero(whole.known < instant))
        return kept.take(np.lexsort((kept.order, kept.kind, kept.known)))


def write_timeline(year: Year) -> tuple[Events, Endings]:
    """Turn fates into events and into what the shop knew of each order at the snapshot."""
    rng = year.dice.stream("timeline")
    course = run_course(rng, year)
    log = _Log(rng, year)
    _write_asking(log, year, course)
    _write_journey(log, rng, course)
    news = _write_ends(log, rng, year, course)
    _write_afterwards(log, rng, year, course, news)
    snapshot = end_us(year.spec) + int(days_us(year.spec.snapshot_days))
    return log.known_before(snapshot), _endings(course, news, snapshot)


def _write_asking(log: _Log, year: Year, course: Course) -> None:
    created = year.moments.created_us
    log.add("placed", np.arange(len(created)), created, created)
    asked = np.flatnonzero(course.treated)
    log.add("message_sent", asked, course.message[asked], course.message[asked])
    answered = asked[course.response[asked] != SILENT]
    when = course.answered[answered]
    words = np.array([reason_code(r) for r in RESPONSES])
    log.add("replied", answered, when, when, reason=words[course.response[answered]])
    paid = asked[course.response[asked] == PAID]
    log.add("paid", paid, course.answered[paid], course.answered[paid])


def _write_journey(log: _Log, rng: np.random.Generator, course: Course) -> None:
    sent = np.flatnonzero(course.outcome != OUT_CANCELLED)
    log.add("shipped", sent, course.shipped[sent])
    at_door = np.flatnonzero((course.outcome == OUT_DELIVERED) | (course.outcome == OUT_RTO))
    for k in range(ATTEMPTS):
        tried = at_door[course.tries[at_door] > k]
        out = course.first_attempt[tried] + k * int(days_us(BETWEEN_ATTEMPTS_DAYS))
        log.add("out_for_delivery", tried, out - 5 * HOUR_US)
        code = course.attempts[k, tried]
        refused = np.isin(course.attempts[:k, tried], (REFUSED, FAULTY)).any(axis=0)
        code = np.where(refused, REFUSED, code)
        failed = code != DELIVERED
        log.add("ndr", tried[failed], out[failed], reason=reported(rng, code[failed]))


def _write_ends(log: _Log, rng: np.random.Generator, year: Year, course: Course) -> _News:
    """The final scans; a few are wrong and corrected later, a few never come."""
    n = len(course.outcome)
    gone = course.outcome == OUT_CANCELLED
    heard = gone | (rng.random(n) >= year.spec.silent_outcome_share)
    wrong = heard & (course.outcome <= OUT_RTO) & (rng.random(n) < year.spec.correction_share)
    reason = np.where(course.outcome == OUT_RTO, reason_of_return(rng, course), 0)
    first_reason = np.where(wrong, np.where(reason > 0, 0, reason_code("unreachable")), reason)
    known = np.full(n, _NEVER)
    missed = course.shipped + days_us(18 + rng.gamma(3, 4, n))
    for code, kind, at in (
        (OUT_DELIVERED, "delivered", course.last_attempt),
        (OUT_RTO, "rto_initiated", course.turned_back),
        (OUT_LOST, "lost", missed),
    ):
        ended = heard & (course.outcome == code)
        true, false = np.flatnonzero(ended & ~wrong), np.flatnonzero(ended & wrong)
        known[true] = log.add(kind, true, at[true], reason=first_reason[true])
        other = _OPPOSITE.get(kind, kind)
        known[false] = log.add(other, false, at[false], reason=first_reason[false])
    rows = np.flatnonzero(gone)
    known[rows] = log.add("cancelled", rows, course.cancelled[rows], course.cancelled[rows])
    corrected = _write_corrections(log, rng, course, known, wrong, reason)
    outcome = np.where(wrong, OUT_RTO - course.outcome, course.outcome)
    return _News(outcome, first_reason, known, wrong, corrected, reason)


def _write_corrections(
    log: _Log, rng: np.random.Generator, course: Course, known: Ints, wrong: Flags, reason: Ints
) -> Ints:
    rows = np.flatnonzero(wrong)
    later = known[rows] + days_us(1.5 + rng.gamma(2, 3, len(rows)))
    corrected = np.full(len(known), _NEVER)
    corrected[rows] = log.add(
        "correction", rows, later, reason=reason[rows], outcome=course.outcome[rows]
    )
    return corrected


def _write_afterwards(
    log: _Log, rng: np.random.Generator, year: Year, course: Course, news: _News
) -> None:
    """Parcels home at the warehouse, and goods sent back after delivery."""
    rightly = (news.known < _NEVER) & ~news.wrong
    back = np.flatnonzero(rightly & (course.outcome == OUT_RTO))
    home = course.turned_back[back] + days_us(2.5 + year.parcels.transit_days[back] * 1.3)
    log.add("rto_delivered", back, home, np.maximum(log.learn(back, home), news.known[back]))
    came = np.flatnonzero(rightly & (course.outcome == OUT_DELIVERED))
    liable = year.merchants.shelf.returns[year.baskets.main[came]]
    share = year.spec.return_share * liable / float(year.merchants.shelf.returns.mean())
    sent_back = came[year.luck.back[came] < share]
    at = course.last_attempt[sent_back] + days_us(1.0 + rng.gamma(2.0, 2.5, len(sent_back)))
    known = np.maximum(log.learn(sent_back, at), news.known[sent_back])
    log.add("returned", sent_back, at, known, reason=reason_sent_back(rng, len(sent_back)))


def _endings(course: Course, news: _News, snapshot: int) -> Endings:
    """What stood at the snapshot: the correction where it had come, else the first report."""
    mended = news.wrong & (news.corrected < snapshot)
    outcome = np.where(mended, course.outcome, news.outcome)
    when = np.where(mended, news.corrected, news.known)
    told = when < snapshot
    reason = np.where(mended, news.true_reason, news.reason)
    by = np.where(course.withdrawn & (course.response == SILENT), 2, 1)
    return Endings(
        outcome=np.where(told, outcome, -1),
        known=np.where(told, when, 0),
        reason=np.where(told & (outcome == OUT_RTO), reason, 0),
        cancelled_by=np.where(told & (outcome == OUT_CANCELLED), by, 0),
        intervention=course.action,
        intervened=np.where(course.treated, course.message, 0),
        response=np.where(course.treated, course.response, 0),
    )
