"""Actions: what would become of every order if it were shipped, verified, asked to pay, held,
blocked; exactly, and as drawn under the same luck."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.world.chance import Flags, Floats, Ints
from training.world.door import DELIVERED, Door, Luck, Visit, visit
from training.world.odds import Odds
from training.world.spec import WorldSpec

ACTIONS = ("ship", "verify", "prepaid", "hold", "block")
OUTCOMES = ("delivered", "rto", "cancelled", "lost")
RESPONSES = ("", "confirmed", "corrected", "paid", "refused", "silent")
OUT_DELIVERED, OUT_RTO, OUT_CANCELLED, OUT_LOST = range(4)
NO_RESPONSE, CONFIRMED, CORRECTED, PAID, REFUSES, SILENT = range(6)

_UNWILLING_REPLY = 0.6
_UNWILLING_PAY = 0.12
_SUNK = 0.75
_BOTHERED = 0.02
_HOLD_ADMITS = 1.15
_HOLD_BOTHERED = 0.03
_HOLD_GIVES_UP = 0.5


@dataclass(frozen=True, slots=True)
class Chances:
    """Probability of the two ends a shipped order can have; the rest is cancelled or lost."""

    rto: Floats
    delivered: Floats


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of each order under one action."""

    outcome: Ints
    response: Ints
    withdrawn: Flags
    visit: Visit


@dataclass(frozen=True, slots=True)
class _Asked:
    """One way of asking: who answers, who then withdraws, and what becomes of the silent."""

    answers: Floats
    answers_unwilling: Floats
    bothered: float
    admits: Floats
    silent_shipped: float


def chances(action: str, odds: Odds, spec: WorldSpec) -> Chances:
    """The exact probabilities under one action, given everything latent at order time.

    Parameters
    ----------
    action : one of ``ACTIONS``
    odds : the order's odds
    spec : for what follows when a request to pay stays unanswered
    """
    delivered, returned = _exact(action, odds, spec)
    sent = (1 - odds.cancels) * (1 - odds.lost)
    return Chances(rto=sent * returned, delivered=sent * delivered)


def _exact(action: str, odds: Odds, spec: WorldSpec) -> tuple[Floats, Floats]:
    """Probability of delivery and of return, once not cancelled otherwise and not lost."""
    if action == "verify":
        return _ask(odds, _by_message(odds))
    if action == "hold":
        return _ask(odds, _by_call(odds))
    if action == "prepaid":
        return _request_payment(odds, spec)
    if action == "block":
        return np.zeros(len(odds.lost)), np.zeros(len(odds.lost))
    delivered = odds.door.delivers()
    return delivered, 1 - delivered


def _request_payment(odds: Odds, spec: WorldSpec) -> tuple[Floats, Floats]:
    door = odds.door
    pays, pays_unwilling = odds.pays, _UNWILLING_PAY * odds.pays
    paid_door = door.paid_for(odds.cash_order).delivers_willing() * (1 - door.faulty)
    takes = door.takes * pays + (1 - door.takes) * pays_unwilling * _SUNK
    paid = door.takes * pays + (1 - door.takes) * pays_unwilling
    delivered, returned = takes * paid_door, paid - takes * paid_door
    if spec.prepaid_silence_ships:
        unpaid_delivered = (1 - pays) * door.delivers()
        delivered = delivered + unpaid_delivered
        returned = returned + (1 - paid) - unpaid_delivered
    shipped = door.delivers()
    asked = odds.cash_order
    return np.where(asked, delivered, shipped), np.where(asked, returned, 1 - shipped)


def _by_message(odds: Odds) -> _Asked:
    unwilling = _UNWILLING_REPLY * odds.replies
    return _Asked(odds.replies, unwilling, _BOTHERED, odds.admits, 1.0)


def _by_call(odds: Odds) -> _Asked:
    """A person looks and calls; half of the orders nobody answers for are given up."""
    answers = np.clip(1.1 * odds.door.calls, 0.0, 0.95)
    admits = np.clip(_HOLD_ADMITS * odds.admits, 0, 1)
    return _Asked(answers, 0.8 * answers, _HOLD_BOTHERED, admits, 1.0 - _HOLD_GIVES_UP)


def _spoken(odds: Odds) -> Door:
    """The door once the customer has confirmed: expected, and with the money ready."""
    door = odds.door
    return replace(
        door, home=door.home + 0.25 * (1 - door.home), cash=door.cash + 0.3 * (1 - door.cash)
    )


def _mended(door: Door) -> Door:
    return replace(door, found=np.maximum(door.found, 0.97))


def _ask(odds: Odds, asked: _Asked) -> tuple[Floats, Floats]:
    door, spoken = odds.door, _spoken(odds)
    takes = door.takes - door.late * (door.takes - door.takes_late)
    silent = (1 - asked.answers) * asked.silent_shipped * door.delivers_willing()
    confirmed = asked.answers * (1 - asked.bothered) * (
        odds.mends * _mended(spoken).delivers_willing()
        + (1 - odds.mends) * spoken.delivers_willing()
    )  # fmt: skip
    delivered = takes * (1 - door.faulty) * (silent + confirmed)
    withdrawn = door.takes * (
        asked.answers * asked.bothered + (1 - asked.answers) * (1 - asked.silent_shipped)
    ) + (1 - door.takes) * (
        asked.answers_unwilling * asked.admits
        + (1 - asked.answers_unwilling) * (1 - asked.silent_shipped)
    )
    return delivered, 1 - withdrawn - delivered


def fate(action: str, odds: Odds, luck: Luck, spec: WorldSpec) -> Fate:
    """What becomes of each order under one action and the luck drawn for it."""
    late = luck.late < odds.door.late
    wants = luck.will < odds.door.takes
    willing = luck.will < np.where(late, odds.door.takes_late, odds.door.takes)
    if action == "verify":
        return _asked_fate(odds, luck, wants, willing, _by_message(odds))
    if action == "hold":
        return _asked_fate(odds, luck, wants, willing, _by_call(odds))
    if action == "prepaid":
        return _paid_fate(odds, luck, wants, willing, spec)
    n = len(wants)
    withdrawn = np.full(n, action == "block")
    return _fate(odds, luck, odds.door, willing, withdrawn, np.zeros(n, dtype=np.int64))


def _asked_fate(odds: Odds, luck: Luck, wants: Flags, willing: Flags, asked: _Asked) -> Fate:
    answers = luck.reply < np.where(wants, asked.answers, asked.answers_unwilling)
    refuses = answers & (luck.answer < np.where(wants, asked.bothered, asked.admits))
    given_up = ~answers & (luck.pay >= asked.silent_shipped)
    mends = answers & (luck.correct < odds.mends)
    spoken, door = _spoken(odds), odds.door
    met = Door(
        late=door.late, takes=door.takes, takes_late=door.takes_late, faulty=door.faulty,
        true_attempt=door.true_attempt, calls=door.calls,
        found=np.where(mends, _mended(door).found, door.found),
        home=np.where(answers, spoken.home, door.home),
        cash=np.where(answers, spoken.cash, door.cash),
    )  # fmt: skip
    response = np.select([~answers, refuses, mends], [SILENT, REFUSES, CORRECTED], CONFIRMED)
    return _fate(odds, luck, met, willing, refuses | given_up, response)


def _paid_fate(odds: Odds, luck: Luck, wants: Flags, willing: Flags, spec: WorldSpec) -> Fate:
    asked = odds.cash_order
    pays = asked & (luck.pay < np.where(wants, odds.pays, _UNWILLING_PAY * odds.pays))
    refuses = asked & ~pays & (luck.answer < 0.4)
    door = odds.door.paid_for(pays)
    takes = np.where(pays, wants | (luck.sunk < _SUNK), willing)
    stops = asked & ~pays & (not spec.prepaid_silence_ships)
    response = np.select([~asked, pays, refuses], [NO_RESPONSE, PAID, REFUSES], SILENT)
    return _fate(odds, luck, door, takes, stops, response)


def _fate(
    odds: Odds, luck: Luck, door: Door, willing: Flags, withdrawn: Flags, response: Ints
) -> Fate:
    gone = withdrawn | (luck.cancel < odds.cancels)
    visited = visit(door, luck, willing)
    arrived = np.where(visited.ending == DELIVERED, OUT_DELIVERED, OUT_RTO)
    outcome = np.where(gone, OUT_CANCELLED, np.where(luck.lost < odds.lost, OUT_LOST, arrived))
    return Fate(outcome.astype(np.int64), response.astype(np.int64), withdrawn, visited)
