"""Odds: from people, papers and parcels to the probabilities at one order's door."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from training.world.chance import Flags, Floats, Ints, level_for, logistic
from training.world.couriers import Couriers
from training.world.customers import ORDINARY, Customers, presence_share
from training.world.door import Door
from training.world.geography import Geography
from training.world.intent import PARTIAL, PREPAID, Intents
from training.world.merchants import Merchants
from training.world.moments import Moments
from training.world.papers import Papers
from training.world.parcels import Parcels
from training.world.spec import WorldSpec

_SOLVED_ON = 40_000
_Table = TypeVar("_Table", Door, Intents, Parcels)


@dataclass(frozen=True, slots=True)
class Odds:
    """The door, and what the customer does when somebody asks before dispatch; shape (n,) each.

    Parameters
    ----------
    cancels, lost : the order withdrawn before dispatch, the parcel lost
    replies : a message is answered by somebody who wants the goods
    pays : a request to pay is followed by somebody who wants the goods
    mends : somebody who answers puts the address right
    admits : an unwilling person who answers says so
    """

    door: Door
    cancels: Floats
    lost: Floats
    replies: Floats
    pays: Floats
    mends: Floats
    admits: Floats
    cash_order: Flags


def settle_odds(
    ground: Geography, couriers: Couriers, customers: Customers, merchants: Merchants,
    moments: Moments, intents: Intents, papers: Papers, parcels: Parcels, spec: WorldSpec,
) -> Odds:  # fmt: skip
    """Work out every order's odds; the level of will meets the RTO shares of the spec."""
    person = moments.person
    speaks = ~(papers.wrong_phone | papers.broken_phone)
    calls = np.where(speaks, logistic(customers.answers[person]), 0.0)
    bare = Door(
        late=parcels.late_share,
        found=_found(ground, papers),
        takes=np.zeros(len(person)),
        takes_late=np.zeros(len(person)),
        faulty=merchants.faults[moments.shop] * 0.25,
        true_attempt=couriers.diligence(ground, parcels.courier, papers.place, moments.day),
        home=np.where(papers.gift, 0.75, presence_share(customers, person)),
        calls=calls,
        cash=_cash(customers, moments, intents),
    ).paid_for(intents.payment == PREPAID)
    will = _will(bare, intents, parcels, spec)
    ordinary = customers.kind[person] == ORDINARY
    flawed = papers.wrong_pincode | papers.gibberish | ~papers.house
    return Odds(
        door=_with_will(bare, will, intents, parcels),
        cancels=_cancels(ordinary, intents, spec),
        lost=couriers.loss(parcels.courier),
        replies=np.where(speaks, logistic(customers.replies[person] + 0.6), 0.0),
        pays=np.where(speaks, logistic(-0.1 + 0.8 * customers.prepaid_trust[person]), 0.0),
        mends=np.where(flawed, 0.7, 0.05),
        admits=np.where(ordinary, 0.55, 0.12),
        cash_order=intents.payment != PREPAID,
    )


def _found(ground: Geography, papers: Papers) -> Floats:
    """Probability that the courier finds the place without a call."""
    rural = 1.0 - ground.urban[papers.place]
    return logistic(
        ground.findable[papers.place]
        + 0.9 * papers.house
        - 1.1
        + 0.3 * papers.building
        + (0.2 + 0.7 * rural) * papers.landmark
        - 3.3 * papers.wrong_pincode
        - 5.0 * papers.gibberish
        - 2.0 * papers.slips
    )


def _cash(customers: Customers, moments: Moments, intents: Intents) -> Floats:
    due = np.maximum(intents.amount_paise - intents.advance_paise, 100) / 100
    purse = customers.budget[moments.person] - np.log(due) + 0.3 * moments.payday
    return logistic(1.9 + 0.9 * purse)


def _regret(impulse: Floats, days: Floats) -> Floats:
    """Share of whims regretted by the time the parcel comes."""
    return 0.55 * impulse * (1.0 - np.exp(-days / 5.0))


def _with_will(bare: Door, will: Floats, intents: Intents, parcels: Parcels) -> Door:
    """The door with the chance of taking the goods, on time and late."""
    weak = np.where(intents.payment == PREPAID, 0.12, 1.0)
    days = parcels.handling_days + parcels.transit_days
    on_time = logistic(will) * (1.0 - weak * _regret(intents.impulse, days))
    late = logistic(will - 0.35 * weak) * (
        1.0 - weak * _regret(intents.impulse, days + parcels.late_days)
    )
    return replace(bare, takes=on_time, takes_late=np.minimum(late, on_time))


def _will(bare: Door, intents: Intents, parcels: Parcels, spec: WorldSpec) -> Floats:
    """Log-odds of taking the goods, at the level that meets each payment's RTO share."""
    prepaid = intents.payment == PREPAID
    raw = np.where(prepaid, 0.6 * intents.will, intents.will + 0.9 * (intents.payment == PARTIAL))
    levels = np.zeros(len(raw))
    for group, share in ((~prepaid, spec.rto_share_cod), (prepaid, spec.rto_share_prepaid)):
        rows = np.flatnonzero(group)
        rows = rows[:: max(1, len(rows) // _SOLVED_ON)]
        if len(rows):
            levels[group] = _level(
                _rows(bare, rows), raw[rows], _rows(intents, rows), _rows(parcels, rows), share
            )
    return raw + levels


def _level(bare: Door, raw: Floats, intents: Intents, parcels: Parcels, share: float) -> float:
    def delivered(level: float) -> float:
        return float(_with_will(bare, raw + level, intents, parcels).delivers().mean())

    return level_for(1.0 - share, delivered)


def _rows(table: _Table, rows: Ints) -> _Table:
    """The same rows of every column of a table of columns."""
    columns = {f.name: getattr(table, f.name)[rows] for f in fields(table)}
    return replace(table, **columns)


def _cancels(ordinary: Flags, intents: Intents, spec: WorldSpec) -> Floats:
    """Withdrawn before dispatch: whims more often, bad orders hardly ever."""
    usual = spec.cancel_share * (0.5 + 2.0 * intents.impulse)
    return np.clip(np.where(ordinary, usual, 0.3 * spec.cancel_share), 0.0, 0.9)
