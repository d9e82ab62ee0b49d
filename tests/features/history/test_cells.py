"""Where-keys are counted some at a time, and come out as if all were counted at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from features.history.counts import ORDERS
from features.history.fact import DAY, FACT_SIZE, FIRST_WHERE, MERCHANT
from features.history.states import PENDING
from features.history.where import WindowTable
from features.keys import ABSENT, FIRST_NET_KIND, WHERE_KINDS

N, DISTINCT = 300, 40


def _facts() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    rng = np.random.default_rng(7)
    keys = rng.integers(-(2**63), 2**63 - 1, (DISTINCT, len(WHERE_KINDS)))
    facts = np.zeros((N, FACT_SIZE), np.int64)
    facts[:, DAY] = rng.integers(20_000, 20_004, N)
    facts[:, MERCHANT] = rng.integers(1, 5, N)
    for kind in range(len(WHERE_KINDS)):
        facts[:, FIRST_WHERE + kind] = keys[rng.integers(0, DISTINCT, N), kind]
    facts[::7, FIRST_WHERE] = ABSENT
    return facts


def test_orders_and_merchants_of_every_key_are_those_of_a_dictionary(tmp_path: Path) -> None:
    facts = _facts()
    WindowTable.build_at(tmp_path / "9", facts, np.full(N, PENDING, np.int64), 9)
    table = WindowTable.open(tmp_path / "9")
    days: dict[tuple[int, int], int] = {}
    merchants: dict[int, set[int]] = {}
    for fact in facts.tolist():
        for kind, key in enumerate(fact[FIRST_WHERE : FIRST_WHERE + len(WHERE_KINDS)]):
            if key != ABSENT:
                days[key, fact[DAY]] = days.get((key, fact[DAY]), 0) + 1
                met = merchants.setdefault(key, set())
                if kind >= FIRST_NET_KIND:
                    met.add(fact[MERCHANT])
    assert table.keys.tolist() == sorted(merchants)
    assert table.merchants.tolist() == [len(merchants[key]) for key in sorted(merchants)]
    found = {}
    for i, key in enumerate(table.keys.tolist()):
        before = 0
        for row in range(table.starts[i], table.starts[i + 1]):
            found[key, int(table.days[row])] = int(table.sums[row, ORDERS]) - before
            before = int(table.sums[row, ORDERS])
    assert found == days


def test_what_is_written_piece_by_piece_is_what_is_built_whole(tmp_path: Path) -> None:
    facts, states = _facts(), np.full(N, PENDING, np.int64)
    whole = WindowTable.build(facts, states, 9)
    WindowTable.build_at(tmp_path / "9", facts, states, 9)
    for name in ("keys", "starts", "days", "sums", "merchants"):
        written = np.load(tmp_path / "9" / f"{name}.npy")
        assert written.tolist() == getattr(whole, name).tolist()
