"""An invented log of any size, with keys that come back as customers' and places' keys do."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.history.fact import (
    AMOUNT_PAISE,
    COD,
    DAY,
    FACT_SIZE,
    FIRST_WHERE,
    FIRST_WHO,
    MERCHANT,
    NUMBER,
    PLACED_US,
)
from features.history.replay import Asks, Log
from features.history.states import ABSENT, CANCELLED, DELIVERED, PENDING, RTO
from features.keys import (
    ADDRESS,
    FIRST_NET_KIND,
    FIRST_NET_SLOT,
    MERCHANT_PINCODE,
    PHONE,
    WHERE_KINDS,
    WHO_SLOTS,
)
from training.pastlog import imported_asks

Integers = NDArray[np.int64]

START_US = 20_000 * DAY_US
DAYS = 500
ORDERS_PER_PERSON = 0.9
ORDERS_PER_MERCHANT = 25_000
PINCODES, DISTRICTS, STATES = 12_000, 700, 36


class Given(NamedTuple):
    """What the benchmarks read: a log, every order asking, and when each change was known."""

    log: Log
    asks: Asks
    known_us: Integers


def invented_log(n: int, seed: int = 1) -> Given:
    """``n`` orders over 500 days, each with an outcome some days later.

    Most orders are of people who order again, a few of them very often; places and articles
    are drawn by Zipf's law; an email, a device, an IP address, a customer id or a coupon is often
    missing. Every number is made up for this purpose.
    """
    rng = np.random.default_rng(seed)
    facts = _facts(rng, n)
    placed = facts[:, PLACED_US]
    outcome = rng.choice([DELIVERED, RTO, CANCELLED], n, p=[0.73, 0.2, 0.07])
    delay = rng.gamma(3.0, np.where(outcome == RTO, 4.0, 1.7) * DAY_US).astype(np.int64)
    known = np.concatenate([placed, placed + HOUR_US + delay])
    order = np.tile(np.arange(n), 2)
    before = np.repeat([ABSENT, PENDING], n)
    after = np.concatenate([np.full(n, PENDING), outcome])
    by_time = np.argsort(known, kind="stable")
    known = known[by_time]
    log = Log(facts, order[by_time], before[by_time], after[by_time])
    return Given(log, imported_asks(np.arange(n), placed, known), known)


def _facts(rng: np.random.Generator, n: int) -> Integers:
    facts = np.zeros((n, FACT_SIZE), np.int64)
    placed = np.sort(START_US + rng.integers(0, DAYS * DAY_US, n))
    person = _persons(rng, n)
    # A person shops where they shopped before.
    merchant = _zipf(rng, person.max() + 1, max(1, n // ORDERS_PER_MERCHANT))[person]
    facts[:, NUMBER], facts[:, PLACED_US] = np.arange(n), placed
    facts[:, DAY] = (placed + IST_SHIFT_US) // DAY_US
    facts[:, COD] = rng.random(n) < 0.6
    facts[:, AMOUNT_PAISE] = rng.integers(10_000, 300_000, n)
    pincode = _zipf(rng, n, PINCODES)
    nobody = np.zeros(n, np.int64)
    for slot, key in enumerate(_who(rng, person, pincode)):
        of = merchant if slot < FIRST_NET_SLOT else nobody
        facts[:, FIRST_WHO + slot] = _key(of, key, slot)
    for kind, key in enumerate(_where(rng, n, pincode)):
        of = merchant if kind < FIRST_NET_KIND else nobody
        facts[:, FIRST_WHERE + kind] = _key(of, key, len(WHO_SLOTS) + kind)
    facts[:, MERCHANT] = facts[:, FIRST_WHERE]
    alone = merchant % 5 < 2  # three merchants of five share into the network
    facts[alone, FIRST_WHO + FIRST_NET_SLOT : FIRST_WHERE] = 0
    facts[alone, FIRST_WHERE + FIRST_NET_KIND :] = 0
    return facts


def _persons(rng: np.random.Generator, n: int) -> Integers:
    """Who orders: most people once or twice, a few up to some hundred times."""
    often = rng.zipf(2.5, int(n / ORDERS_PER_PERSON)).clip(max=300).astype(float)
    return rng.choice(len(often), n, p=often / often.sum())


def _who(rng: np.random.Generator, person: Integers, pincode: Integers) -> list[Integers]:
    """Values of the who-slots in their order, -1 where there is none."""
    n = len(person)
    return [
        person,
        _some(rng, n + rng.integers(0, n, n), 0.1),
        _some(rng, person, 0.55),
        _some(rng, person // 1.05, 0.7),
        _some(rng, person // 1.5, 0.9),
        _some(rng, person // 60, 0.9),
        _some(rng, person, 0.5),
        person * 2 + (rng.random(n) < 0.2),
        pincode,
        _zipf(rng, n, 400),
        _some(rng, 2 * n + rng.integers(0, n, n), 0.03),
        person,
        _some(rng, person, 0.55),
        _some(rng, person // 1.05, 0.7),
        person * 2,
    ]


def _where(rng: np.random.Generator, n: int, pincode: Integers) -> list[Integers]:
    """Values of the where-kinds in their order, -1 where there is none."""
    district = pincode % DISTRICTS
    courier, origin = rng.integers(0, 4, n), rng.integers(0, 2, n)
    values = {
        "merchant": np.zeros(n, np.int64),
        "state": district % STATES,
        "district": district,
        "city": pincode % (2 * DISTRICTS),
        "payment_mode": rng.integers(0, 3, n),
        "category": _zipf(rng, n, 15),
        "coupon": _some(rng, _zipf(rng, n, 30), 0.4),
        "campaign": _some(rng, _zipf(rng, n, 20), 0.6),
        "courier_pincode": pincode * 4 + courier,
        "origin_district": district * 2 + origin,
        "network": np.zeros(n, np.int64),
        "net_state": district % STATES,
        "net_district": district,
        "net_pincode": pincode,
    }
    return [values[kind] for kind in WHERE_KINDS]


def _zipf(rng: np.random.Generator, n: int, most: int) -> Integers:
    """Values below ``most``, the first ones far more often than the last."""
    weight = 1 / np.arange(1, most + 1) ** 0.8
    return rng.choice(most, n, p=weight / weight.sum())


def _some(rng: np.random.Generator, values: NDArray[np.generic], share: float) -> Integers:
    return np.where(rng.random(len(values)) < share, values.astype(np.int64), -1)


def _key(merchant: Integers, value: Integers, space: int) -> Integers:
    """A key like a hash: one merchant's apart from another's, spread over all 64 bits."""
    joined = (merchant.astype(np.uint64) << np.uint64(44)) | value.astype(np.uint64)
    mixed = (joined * np.uint64(32) + np.uint64(space + 1)) * np.uint64(0x9E3779B97F4A7C15)
    return np.where(value < 0, 0, mixed.view(np.int64))


KINDS = ("phone", "address", "merchant_pincode", "district", "merchant")
_COLUMNS = (
    FIRST_WHO + PHONE,
    FIRST_WHO + ADDRESS,
    FIRST_WHO + MERCHANT_PINCODE,
    FIRST_WHERE + WHERE_KINDS.index("district"),
    FIRST_WHERE + WHERE_KINDS.index("merchant"),
)


class Plain(NamedTuple):
    """The same log as columns, for those who count in other ways.

    ``outcome`` and ``outcome_us`` are of shape (n_orders,), as is each of ``keys``, by name.
    """

    placed_us: Integers
    day: Integers
    outcome: Integers
    outcome_us: Integers
    keys: dict[str, Integers]


def plain(given: Given) -> Plain:
    """Columns of the five keys that all ways count."""
    log = given.log
    told = log.before != ABSENT
    outcome, outcome_us = np.empty((2, len(log.facts)), np.int64)
    outcome[log.order[told]], outcome_us[log.order[told]] = log.after[told], given.known_us[told]
    keys = {kind: log.facts[:, at].copy() for kind, at in zip(KINDS, _COLUMNS, strict=True)}
    return Plain(
        log.facts[:, PLACED_US].copy(), log.facts[:, DAY].copy(), outcome, outcome_us, keys
    )


def five_keys(given: Given) -> Given:
    """The log with the five keys alone, and a fold as new as the who-records.

    With one clock instead of two the counts can be written in plain SQL.
    """
    log, asks = given.log, given.asks
    facts = log.facts.copy()
    others = [at for at in range(FIRST_WHO, FACT_SIZE) if at not in _COLUMNS]
    facts[:, others] = 0
    return Given(replace(log, facts=facts), replace(asks, fold=asks.read), given.known_us)
