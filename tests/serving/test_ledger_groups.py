"""Changes taken together leave the records that they leave one by one, long records too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.days import DAY_US, ist_day
from features.history import who
from features.history.fact import (
    AMOUNT_PAISE,
    COD,
    DAY,
    FACT_SIZE,
    FIRST_WHERE,
    FIRST_WHO,
    NUMBER,
    PLACED_US,
)
from features.history.reader import NO_RECORD
from features.history.states import ABSENT, DELIVERED, PENDING, RTO
from features.history.take import take_who
from serving.home import Home
from serving.ledger import Ledger
from serving.overlay import Overlay
from serving.store.changes import Change
from serving.store.log import Log
from tests.serving import shop

Records = dict[int, NDArray[np.int64]]

KEYS = 5
FIRST_US = 20_000 * DAY_US


def _fact(rng: np.random.Generator, number: int, placed_us: int) -> NDArray[np.int64]:
    """An order on some of few keys, which may be one twice; every order is on the first two."""
    fact = np.zeros(FACT_SIZE, np.int64)
    fact[[NUMBER, PLACED_US, DAY]] = number, placed_us, ist_day(placed_us)
    fact[[COD, AMOUNT_PAISE]] = rng.integers(0, 2), rng.integers(-1, 900)
    fact[FIRST_WHO : FIRST_WHO + 4] = 1, rng.integers(1, KEYS + 1), rng.integers(0, KEYS + 1), 2
    return fact


def _changes(rng: np.random.Generator, orders: int) -> list[Change]:
    """Orders of some days placed, moved between states, and moved to other keys by revisions."""
    changes: list[Change] = []
    stand: dict[int, tuple[NDArray[np.int64], int]] = {}
    for number in range(1, orders + 1):
        fact = _fact(rng, number, FIRST_US + number * DAY_US // 25)
        changes.append(Change(len(changes) + 1, ABSENT, PENDING, fact.tobytes()))
        stand[number] = fact, PENDING
        for other in rng.integers(max(1, number - 120), number + 1, 2).tolist():
            fact, state = stand[other]
            seq = len(changes) + 1
            if rng.random() < 0.1:
                revised = _fact(rng, other, int(fact[PLACED_US]))
                changes.append(Change(seq, state, ABSENT, fact.tobytes()))
                changes.append(Change(seq, ABSENT, state, revised.tobytes()))
                stand[other] = revised, state
            else:
                becomes = int(rng.choice([PENDING, DELIVERED, RTO]))
                changes.append(Change(seq, state, becomes, fact.tobytes()))
                stand[other] = fact, becomes
    return changes


def _one_by_one(records: Records, changes: list[Change]) -> None:
    scratch = who.blank()
    for change in changes:
        fact = np.frombuffer(change.fact, np.int64)
        for key in set(fact[FIRST_WHO:FIRST_WHERE].tolist()) - {0}:
            who.unpack(records.get(key, NO_RECORD), scratch)
            take_who(scratch, who.OPEN, fact, change.was, change.becomes)
            records[key] = who.pack(scratch)


def _same(ledger: Ledger, records: Records) -> None:
    keys = list(range(1, KEYS + 1))
    for key, mine in zip(keys, ledger.read(keys), strict=True):
        assert mine.tolist() == records.get(key, NO_RECORD).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_changes_taken_together_are_those_taken_one_by_one(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    changes = _changes(rng, 300)
    records: Records = {}
    with Home.open(shop.settings_in(tmp_path)) as home:
        ledger = Ledger(home.connection)
        at = 0
        while at < len(changes):
            group = changes[at : at + int(rng.integers(1, 100))]
            ledger.apply(group, group[-1].seq)
            _one_by_one(records, group)
            _same(ledger, records)
            at += len(group)
        assert max(map(len, records.values())) > who.FULL


def test_records_that_are_ahead_take_no_change_twice_in_a_group(tmp_path: Path) -> None:
    changes = _changes(np.random.default_rng(7), 120)
    half, records = changes[: len(changes) // 2], Records()
    with Home.open(shop.settings_in(tmp_path)) as home:
        before, ledger = Ledger(home.connection), Ledger(home.connection)
        before.apply(half, half[-1].seq)
        stored, _ = before.begin_checkpoint()
        home.connection.executemany(
            "INSERT INTO who (key, record, seq) VALUES (?,?,?)",
            [one for one in stored if one.key % 2],
        )
        ledger.apply(changes, changes[-1].seq)
        _one_by_one(records, changes)
        _same(ledger, records)
        assert not ledger.waits_since(0)
        assert ledger.waits_since(1)


def test_what_a_transaction_counts_on_top_leaves_the_ledger_as_it_is(tmp_path: Path) -> None:
    changes = _changes(np.random.default_rng(3), 200)
    cut = len(changes) - 9
    records: Records = {}
    with Home.open(shop.settings_in(tmp_path)) as home:
        ledger = Ledger(home.connection)
        ledger.apply(changes[:cut], changes[cut - 1].seq)
        _one_by_one(records, changes[:cut])
        past = Overlay(ledger, Log(home.connection))
        past.apply(changes[cut:], changes[-1].seq)
        _same(ledger, records)
        _one_by_one(records, changes[cut:])
        _same(past, records)
