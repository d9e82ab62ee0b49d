"""A key that has a stored record is never taken for one that has none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.history.reader import NO_RECORD
from serving import seen_keys
from serving.catching_up import store_changed
from serving.home import Home
from serving.ledger import Ledger
from serving.seen_keys import SeenKeys
from serving.store.changes import changes_between
from serving.store.who import stored_keys
from tests.serving import shop
from tests.serving.test_ledger import place

KEY = st.integers(-(2**63), 2**63 - 1)
RNG = np.random.default_rng(0)


def _random(n: int) -> NDArray[np.int64]:
    return np.unique(RNG.integers(-(2**63), 2**63 - 1, n, np.int64))


class _Table:
    def __init__(self, keys: NDArray[np.int64]) -> None:
        self.keys = np.sort(keys)

    def stored(self, lowest: int, most: int) -> NDArray[np.int64]:
        return self.keys[self.keys >= lowest][:most]


@given(st.lists(KEY, unique=True), st.lists(KEY))
def test_before_and_after_the_table_is_known_every_stored_key_is_seen(
    stored: list[int], added: list[int]
) -> None:
    seen = SeenKeys(0)
    seen.add(added)
    assert seen.among([*stored, *added, 7]) == [*stored, *added, 7]
    asyncio.run(seen.learn(_Table(np.array(stored, np.int64)).stored))
    assert seen.among([*stored, *added]) == [*stored, *added]


def test_nearly_all_others_are_told_apart_once_the_table_is_known() -> None:
    table, strangers = _random(12_000), _random(20_000)
    seen = SeenKeys(0)
    asyncio.run(seen.learn(_Table(table).stored))
    assert len(seen.among(strangers.tolist())) < 20
    assert seen.among(table.tolist()) == table.tolist()


def test_while_the_table_is_read_keys_beyond_may_all_be_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seen_keys, "_AT_ONCE", 10)
    table, asked = _random(100), _random(1_000).tolist()
    begun: list[int] = []

    def stored(lowest: int, most: int) -> NDArray[np.int64]:
        begun.append(lowest)
        if len(begun) == 4:
            beyond = [key for key in asked if key >= lowest]
            assert seen.among(beyond) == beyond
            assert len(seen.among(asked)) < len(beyond) + 5
        return _Table(table).stored(lowest, most)

    seen = SeenKeys(0)
    asyncio.run(seen.learn(stored))
    assert begun[1:4] == (table[[9, 19, 29]] + 1).tolist()


def test_a_ledger_finds_again_what_it_stored_and_forgot(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    with Home.open(settings) as home:
        with home.transaction() as log:
            place(log, "old", [3, 4])
        store_changed(_followed(Ledger(home.connection), home), home.connection)
        ledger = Ledger(home.connection, cached=1)
        url = settings.store_url
        asyncio.run(ledger.seen.learn(lambda lowest, most: stored_keys(url, lowest, most)))
        with home.transaction() as log:
            place(log, "new", [5, 6, 7])
        store_changed(_followed(ledger, home), home.connection)
        held = [3, 4, 5, 6, 7]
        assert stored_keys(url, -(2**63), 9).tolist() == [key << 56 for key in held]
        assert not any(packed is NO_RECORD for packed in ledger.read([key << 56 for key in held]))
        assert ledger.read([9 << 56]) == [NO_RECORD]


def _followed(ledger: Ledger, home: Home) -> Ledger:
    with home.transaction() as log:
        ledger.apply(changes_between(home.connection, ledger.seq, log.seq), log.seq)
    return ledger
