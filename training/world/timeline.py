"""The timeline: when everything happened to an order, and when the shop learned of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from training.world.actions import (
    ACTIONS,
    OUT_CANCELLED,
    OUT_DELIVERED,
    OUT_LOST,
    OUT_RTO,
    PAID,
    SILENT,
)
from training.world.chance import Flags, Floats, Ints
from training.world.door import (
    ATTEMPTS,
    DELIVERED,
    FAULTY,
    NO_CASH,
    REFUSED,
    UNREACHABLE,
    WRONG_ADDRESS,
)
from training.world.legacy import SHIP
from training.world.moments import end_us
from training.world.year import Year

KINDS = (
    "placed", "revised", "shipped", "out_for_delivery", "ndr", "rto_initiated", "rto_delivered",
    "delivered", "returned", "cancelled", "lost", "correction", "decided", "overridden",
    "message_sent", "replied", "contacted", "paid",
)  # fmt: skip
REASONS = (
    "", "refused", "unreachable", "wrong_address", "not_attempted", "damaged", "wrong_item",
    "not_as_described", "changed_mind", "no_cash", "late", "packaging", "other",
    "confirmed", "corrected", "paid", "silent",
)  # fmt: skip
_REASON = {name: i for i, name in enumerate(REASONS)}
_KIND = {name: i for i, name in enumerate(KINDS)}
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Events:
    """One row per event; ``outcome`` is set for corrections only (index into the outcomes, or −1)."""

    order: Ints
    kind: Ints
    at: Ints
    known: Ints
    reason: Ints
    outcome: Ints

    def take(self, rows: Ints) -> Events:
        """Some of the events."""
        return Events(*(getattr(self, name)[rows] for name in Events.__slots__))


@dataclass(frozen=True, slots=True)
class Endings:
    """One row per order: what the shop knows in the end, −1 and 0 where it knows nothing yet."""

    outcome: Ints
    known: Ints
    reason: Ints
    cancelled_by: Ints
    intervention: Ints
    intervened: Ints
    response: Ints
    shipped: Flags


CANCELLED_BY = ("", "customer", "merchant", "system")


@dataclass(frozen=True, slots=True)
class _Course:
    """What really happened to each order under the action taken; times in microseconds."""

    outcome: Ints
    response: Ints
    withdrawn: Flags
    attempts: Ints
    late: Flags
    treated: Flags
    action: Ints
    message: Ints
    answered: Ints
    shipped: Ints
    first_attempt: Ints
    last_attempt: Ints
    tries: Ints
    rto: Ints
    cancelled: Ints


def write_timeline(year: Year) -> tuple[Events, Endings]:
    """Turn fates into events, cut at the day of the snapshot."""
    rng = year.dice.stream("timeline")
    course = _course(rng, year)
    reason = _final_reason(rng, year, course)
    log = _Log(rng, year)
    _write_placing(log, year, course)
    _write_journey(log, rng, course)
    final, first_known, corrected = _write_ends(log, rng, year, course, reason)
    events = _in_known_order(log.events(), end_us(year.spec) + _days(year.spec.snapshot_days))
    return events, _endings(year, course, reason, final, first_known, corrected)


def _days(days: float | Floats) -> Ints:
    return np.round(np.asarray(days) * DAY_US).astype(np.int64)


class _Log:
    """Gathers events and draws when each became known."""

    def __init__(self, rng: np.random.Generator, year: Year) -> None:
        self._rng = rng
        self._batch = year.merchants.batch_scans[year.moments.shop]
        self._parts: list[Events] = []

    def learn(self, order: Ints, at: Ints, late: float = 0.03) -> Ints:
        """When the shop learns of scans: minutes later, at 06:30 with the batch, or days late."""
        n = len(order)
        hours = np.exp(self._rng.normal(-0.4, 1.1, n))
        hours += np.where(self._rng.random(n) < late, 24 * self._rng.gamma(1.5, 1.5, n), 0.0)
        known = at + np.round(hours * HOUR_US).astype(np.int64)
        morning = 6 * HOUR_US + HOUR_US // 2 - IST_SHIFT_US
        batch = -((morning - known) // DAY_US) * DAY_US + morning
        return np.where(self._batch[order], batch, known)

    def add(
        self, kind: str, order: Ints, at: Ints, known: Ints | None = None,
        reason: Ints | int = 0, outcome: Ints | int = -1,
    ) -> Ints:  # fmt: skip
        """Add one event to each of some orders; returns when each became known."""
        known = self.learn(order, at) if known is None else known
        full = [np.full(len(order), v) if isinstance(v, int) else v for v in (reason, outcome)]
        self._parts.append(
            Events(order, np.full(len(order), _KIND[kind]), at, known, full[0], full[1])
        )
        return known

    def events(self) -> Events:
        """All events so far, in the order they were added."""
        return Events(
            *(np.concatenate([getattr(p, n) for p in self._parts]) for n in Events.__slots__)
        )


def _course(rng: np.random.Generator, year: Year) -> _Course:
    action, n = year.decisions.action, len(year.moments)
    taken = {name: _taken(year, name) for name in ("outcome", "response", "withdrawn")}
    attempts, late = _visits(year)
    created, parcels = year.moments.created_us, year.parcels
    treated = action != SHIP
    message = created + np.round(rng.uniform(2, 45, n) * 60e6).astype(np.int64)
    answered = message + np.round(np.exp(rng.normal(3.2, 1.3, n)).clip(1, 300) * 60e6).astype(
        np.int64
    )
    handling = _days(parcels.handling_days) + np.where(treated, 3 * HOUR_US, 0)
    shipped = created + np.maximum(handling, HOUR_US)
    travel = parcels.transit_days + np.where(late, parcels.late_days, 0.0)
    first = shipped + _days(np.maximum(travel, 0.4))
    tries = _tries(rng, attempts)
    last = first + _days(1.15 * (tries - 1) + rng.uniform(0, 0.2, n))
    rto = last + _days(2.0 + rng.gamma(2.0, 2.6, n))
    whim = created + np.round(rng.random(n) * (shipped - created)).astype(np.int64)
    gave_up = np.where(taken["response"] == SILENT, message + DAY_US, answered)
    return _Course(
        outcome=taken["outcome"], response=taken["response"], withdrawn=taken["withdrawn"] > 0,
        attempts=attempts, late=late, treated=treated, action=action, message=message,
        answered=answered, shipped=shipped, first_attempt=first, last_attempt=last, tries=tries,
        rto=rto, cancelled=np.where(taken["withdrawn"] > 0, gave_up, np.maximum(whim, answered * treated)),
    )  # fmt: skip


def _taken(year: Year, name: str) -> Ints:
    """One field of the fate under the action that was taken."""
    stacked = [getattr(year.fates[a], name).astype(np.int64) for a in ACTIONS[:3]]
    return np.choose(year.decisions.action, stacked)


def _visits(year: Year) -> tuple[Ints, Flags]:
    visits = [year.fates[a].visit for a in ACTIONS[:3]]
    action = year.decisions.action
    attempts = np.stack([
        np.choose(action, [v.attempts[k] for v in visits]) for k in range(ATTEMPTS)
    ])  # fmt: skip
    return attempts, visits[0].late


def _tries(rng: np.random.Generator, attempts: Ints) -> Ints:
    """Attempts until the end; after a refusal couriers often come once more in vain."""
    settled = np.isin(attempts, (DELIVERED, REFUSED, FAULTY))
    tries = np.where(settled.any(axis=0), settled.argmax(axis=0) + 1, ATTEMPTS)
    ending = attempts[tries - 1, np.arange(attempts.shape[1])]
    again = (ending == REFUSED) & (rng.random(len(tries)) < 0.45)
    return np.minimum(tries + again, ATTEMPTS)


def _write_placing(log: _Log, year: Year, course: _Course) -> None:
    everyone = np.arange(len(course.outcome))
    created = year.moments.created_us
    log.add("placed", everyone, created, created)
    treated = np.flatnonzero(course.treated)
    log.add("message_sent", treated, course.message[treated], course.message[treated])
    replied = treated[course.response[treated] != SILENT]
    responses = np.array(
        [_REASON[r] for r in ("", "confirmed", "corrected", "paid", "refused", "silent")]
    )
    log.add(
        "replied", replied, course.answered[replied], course.answered[replied],
        reason=responses[course.response[replied]],
    )  # fmt: skip
    paid = treated[course.response[treated] == PAID]
    log.add("paid", paid, course.answered[paid], course.answered[paid])


def _write_journey(log: _Log, rng: np.random.Generator, course: _Course) -> None:
    sent = np.flatnonzero(course.outcome != OUT_CANCELLED)
    log.add("shipped", sent, course.shipped[sent])
    at_door = np.flatnonzero((course.outcome == OUT_DELIVERED) | (course.outcome == OUT_RTO))
    for k in range(ATTEMPTS):
        tried = at_door[course.tries[at_door] > k]
        out = course.first_attempt[tried] + k * _days(1.15)
        log.add("out_for_delivery", tried, out - 5 * HOUR_US)
        code = course.attempts[np.minimum(k, ATTEMPTS - 1), tried]
        settled_before = (np.isin(course.attempts[:k, tried], (REFUSED, FAULTY))).any(axis=0)
        code = np.where(settled_before, REFUSED, code)
        failed = code != DELIVERED
        log.add("ndr", tried[failed], out[failed], reason=_reported(rng, code[failed]))


def _reported(rng: np.random.Generator, code: Ints) -> Ints:
    """What the courier writes; an attempt never made is mostly called *unreachable*."""
    lot = rng.random(len(code))
    false = np.where(lot < 0.72, _REASON["unreachable"], np.where(lot < 0.86, _REASON["refused"], _REASON["not_attempted"]))  # fmt: skip
    fault = np.where(lot < 0.5, _REASON["damaged"], np.where(lot < 0.85, _REASON["wrong_item"], _REASON["packaging"]))  # fmt: skip
    refused = np.where(lot < 0.93, _REASON["refused"], _REASON["other"])
    return np.select(
        [code == REFUSED, code == FAULTY, code == NO_CASH, code == UNREACHABLE, code == WRONG_ADDRESS],
        [refused, fault, np.where(lot < 0.8, _REASON["no_cash"], _REASON["refused"]),
         _REASON["unreachable"], np.where(lot < 0.75, _REASON["wrong_address"], _REASON["unreachable"])],
        false,
    )  # fmt: skip


def _final_reason(rng: np.random.Generator, year: Year, course: _Course) -> Ints:
    """The reason reported with the return; refusals are told apart now and then."""
    fates = [year.fates[a].visit.ending for a in ACTIONS[:3]]
    ending = np.choose(course.action, fates)
    reason = _reported(rng, ending)
    lot = rng.random(len(reason))
    late = course.late & (lot < 0.25)
    told = np.select(
        [late, lot < 0.4, lot < 0.47], [_REASON["late"], _REASON["changed_mind"], _REASON["not_as_described"]],
        reason,
    )  # fmt: skip
    reason = np.where(ending == REFUSED, told, reason)
    return np.where(course.outcome == OUT_RTO, reason, 0)


def _write_ends(
    log: _Log, rng: np.random.Generator, year: Year, course: _Course, reason: Ints
) -> tuple[Ints, Ints, Flags]:
    """The final scans. Returns when each order's end was known, the first report, and which of
    them were wrong at first."""
    n = len(course.outcome)
    known = np.full(n, _NEVER)
    heard = rng.random(n) >= year.spec.silent_outcome_share * (course.outcome != OUT_CANCELLED)
    wrong = (rng.random(n) < year.spec.correction_share) & (course.outcome <= OUT_RTO) & heard
    came = np.flatnonzero((course.outcome == OUT_DELIVERED) & heard)
    back = np.flatnonzero((course.outcome == OUT_RTO) & heard)
    gone = np.flatnonzero(course.outcome == OUT_CANCELLED)
    lost = np.flatnonzero((course.outcome == OUT_LOST) & heard)
    misreported = _misreported(reason, wrong)
    for rows, right, other, at in (
        (came, "delivered", "rto_initiated", course.last_attempt),
        (back, "rto_initiated", "delivered", course.rto),
    ):
        true, false = rows[~wrong[rows]], rows[wrong[rows]]
        known[true] = log.add(right, true, at[true], reason=misreported[true])
        known[false] = log.add(other, false, at[false], reason=misreported[false])
    known[gone] = log.add("cancelled", gone, course.cancelled[gone], course.cancelled[gone])
    missing = course.shipped + _days(18 + rng.gamma(3, 4, n))
    known[lost] = log.add("lost", lost, missing[lost])
    first = known.copy()
    mended = np.flatnonzero(wrong)
    later = known[mended] + _days(1.5 + rng.gamma(2, 3, len(mended)))
    known[mended] = log.add(
        "correction", mended, later, reason=reason[mended], outcome=course.outcome[mended]
    )
    _write_afterwards(log, rng, year, course, came, back[~wrong[back]], first)
    return known, first, wrong


def _misreported(reason: Ints, wrong: Flags) -> Ints:
    return np.where(wrong, np.where(reason > 0, 0, _REASON["unreachable"]), reason)


def _write_afterwards(
    log: _Log, rng: np.random.Generator, year: Year, course: _Course, came: Ints, back: Ints, known: Ints
) -> None:  # fmt: skip
    """Parcels home at the warehouse, and goods sent back after delivery."""
    home = course.rto[back] + _days(2.5 + year.parcels.transit_days[back] * 1.3)
    arrived = log.learn(back, home)
    log.add("rto_delivered", back, home, np.maximum(arrived, known[back]))
    kind = year.merchants.shelf.returns[year.baskets.main[came]]
    share = year.spec.return_share * kind / max(float(kind.mean()), 1e-9) if len(came) else kind
    sent_back = came[(year.luck.back[came] < share)]
    at = course.last_attempt[sent_back] + _days(1.0 + rng.gamma(2.0, 2.5, len(sent_back)))
    seen = np.maximum(log.learn(sent_back, at), known[sent_back])
    log.add("returned", sent_back, at, seen, reason=_return_reason(rng, len(sent_back)))


def _return_reason(rng: np.random.Generator, n: int) -> Ints:
    words = ("not_as_described", "wrong_item", "damaged", "changed_mind", "other")
    codes = np.array([_REASON[w] for w in words])
    return codes[np.searchsorted([0.4, 0.52, 0.66, 0.86], rng.random(n))]


def _in_known_order(events: Events, snapshot: Ints | int) -> Events:
    """What was known by the snapshot, in the order of knowing; ties in the contract's order."""
    kept = events.take(np.flatnonzero(events.known < snapshot))
    return kept.take(np.lexsort((kept.order, kept.kind, kept.known)))


def _endings(
    year: Year, course: _Course, reason: Ints, known: Ints, first: Ints, wrong: Flags
) -> Endings:
    snapshot = end_us(year.spec) + int(_days(year.spec.snapshot_days))
    mended = wrong & (known < snapshot)
    outcome = np.where(wrong & ~mended, 1 - course.outcome, course.outcome)
    when = np.where(wrong & ~mended, first, known)
    told = when < snapshot
    by_merchant = course.withdrawn & (course.response == SILENT)
    by = np.where(by_merchant, 2, 1)
    shown = np.where(wrong & ~mended, _misreported(reason, wrong), reason)
    return Endings(
        outcome=np.where(told, outcome, -1),
        known=np.where(told, when, 0),
        reason=np.where(told & (outcome == OUT_RTO), shown, 0),
        cancelled_by=np.where(told & (outcome == OUT_CANCELLED), by, 0),
        intervention=course.action,
        intervened=np.where(course.treated, course.message, 0),
        response=np.where(course.treated, course.response, 0),
        shipped=course.outcome != OUT_CANCELLED,
    )
