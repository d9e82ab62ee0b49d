"""What a customer's papers will look like: which parts of address and contact are right.

Decided before anything is written, since it decides what the courier can find: the text follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.chance import Dice, Flags, Floats, Ints, logistic
from training.world.customers import COMPETITOR, ORDINARY, PRANKSTER, REFUSER_RING, Customers
from training.world.geography import Geography
from training.world.moments import Moments
from training.world.spec import WorldSpec


@dataclass(frozen=True, slots=True)
class Papers:
    """One row per order; ``writing`` numbers a typed address, which a saved one keeps."""

    writing: Ints
    place: Ints
    gift: Flags
    house: Flags
    building: Flags
    landmark: Flags
    gibberish: Flags
    wrong_pincode: Flags
    wrong_phone: Flags
    broken_phone: Flags
    throwaway_email: Flags
    hindi: Ints
    slips: Floats


def invent_papers(
    ground: Geography, customers: Customers, moments: Moments, spec: WorldSpec, dice: Dice
) -> Papers:
    """Draw how each order's address and contact are given.

    A returning customer mostly takes the saved address: then everything about it is as before.
    """
    rng = dice.stream("papers")
    writing = _writings(rng, customers, moments)
    at = _first_of(writing)
    person = moments.person[at]
    n = len(at)
    kind = customers.kind[person]
    care, ordinary = customers.care[person], kind == ORDINARY
    gift = ordinary & (rng.random(n) < spec.gift_share)
    place = np.where(gift, ground.home(rng, n), customers.place[person])
    mash = np.select(
        [kind == PRANKSTER, kind == COMPETITOR, kind == REFUSER_RING], [0.35, 0.12, 0.02], 0.002
    )
    effort = np.select([kind == PRANKSTER, kind == COMPETITOR], [-2.0, -1.0], care)
    lot = rng.random((7, n))
    papers = Papers(
        writing=writing,
        place=place,
        gift=gift,
        house=lot[0] < logistic(1.5 + 1.0 * effort),
        building=lot[1] < logistic(-0.3 + 1.2 * ground.urban[place] + 0.5 * effort),
        landmark=lot[2] < logistic(0.1 + 0.6 * effort),
        gibberish=lot[3] < mash,
        wrong_pincode=lot[4] < spec.wrong_pincode_share * np.exp(-0.8 * effort),
        wrong_phone=lot[5] < _wrong_phone(kind, effort, spec),
        broken_phone=lot[6] < np.select([kind == PRANKSTER], [0.12], 0.003 * np.exp(-effort)),
        throwaway_email=~ordinary & (rng.random(n) < spec.disposable_email_share),
        hindi=_script(rng, customers.hindi[person]),
        slips=np.clip(0.035 * np.exp(-0.9 * effort) * rng.gamma(1.0, 1.0, n), 0, 1),
    )
    return _spread(papers, writing)


def _writings(rng: np.random.Generator, customers: Customers, moments: Moments) -> Ints:
    """Number the typed addresses: a person types anew at first and then now and then."""
    person = moments.person
    anew = np.where(customers.account[person], 0.12, 0.5)
    fresh = (moments.nth == 0) | (rng.random(len(person)) < anew)
    order = np.lexsort((moments.nth, person))
    writing = np.empty(len(person), dtype=np.int64)
    writing[order] = np.cumsum(fresh[order]) - 1
    return writing


def _first_of(writing: Ints) -> Ints:
    _, first = np.unique(writing, return_index=True)
    return first.astype(np.int64)


def _wrong_phone(kind: Ints, effort: Floats, spec: WorldSpec) -> Floats:
    usual = spec.wrong_phone_share * np.exp(-0.6 * effort)
    return np.select(
        [kind == PRANKSTER, kind == COMPETITOR, kind == REFUSER_RING], [0.6, 0.5, 0.25], usual
    )


def _script(rng: np.random.Generator, hindi: Floats) -> Ints:
    """0 Latin, 1 a mixture, 2 Devanagari."""
    lot = rng.random(len(hindi))
    devanagari, mixed = logistic(hindi - 4.6), logistic(hindi - 2.9)
    return np.where(lot < devanagari, 2, np.where(lot < devanagari + mixed, 1, 0)).astype(np.int64)


def _spread(papers: Papers, writing: Ints) -> Papers:
    """From one row per writing to one row per order."""
    fields = {name: getattr(papers, name) for name in Papers.__slots__ if name != "writing"}
    return Papers(writing=writing, **{name: values[writing] for name, values in fields.items()})
