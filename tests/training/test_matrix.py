"""The matrix: every order as it looked when it was placed, whatever became known later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.catalogue import CATALOGUE
from features.days import to_us
from features.tables import About, Folder
from tests.training.test_pastlog import NOON, event, events, order, orders
from training.matrix import Matrix, build

NAMES = [feature.name for feature in CATALOGUE]
PHONE: dict[str, Any] = {"phone": "+919000000001", "payment_mode": "cod", "amount": None}


def value(matrix: Matrix, row: int, name: str) -> float:
    return float(matrix.values[row, NAMES.index(name)])


def test_a_return_counts_for_the_next_order_once_it_is_known() -> None:
    back = NOON + timedelta(days=12)
    folder = Folder(
        orders(
            order("a", **PHONE, outcome="rto", outcome_at=back),
            order("b", 24 * 11, **PHONE),
            order("c", 24 * 13, **PHONE),
        )
    )
    matrix = build(folder)
    assert [value(matrix, row, "phone_orders_ever") for row in range(3)] == [0, 1, 2]
    assert [value(matrix, row, "phone_rto_ever") for row in range(3)] == [0, 0, 1]
    assert value(matrix, 1, "phone_pending") == 1


def test_a_corrected_outcome_is_learned_when_it_is_corrected() -> None:
    first, corrected = NOON + timedelta(days=5), NOON + timedelta(days=9)
    told = events(
        event("a", "delivered", first), event("a", "correction", corrected, outcome="rto")
    )
    row = build(Folder(orders(order("a")), events=told)).orders.iloc[0]
    assert (row["outcome"], row["outcome_us"]) == ("rto", to_us(corrected))


def test_an_open_order_has_no_outcome() -> None:
    row = build(Folder(orders(order("a")))).orders.iloc[0]
    assert (row["outcome"], row["outcome_us"], bool(row["treated"])) == ("", -1, False)


def test_a_call_before_dispatch_marks_the_order_treated() -> None:
    called = NOON + timedelta(hours=1)
    folder = Folder(orders(order("a", intervention="verify", intervention_at=called)))
    row = build(folder).orders.iloc[0]
    assert bool(row["treated"])
    assert row["treated_us"] == to_us(called)


def test_a_column_known_only_afterwards_is_no_input() -> None:
    table = orders(order("a"), order("b", 1))
    table = table.append_column("fee_after", pa.array([1.0, 2.0]))
    table = table.append_column("style", pa.array(["x", "y"]))
    folder = Folder(table, extras=("fee_after", "style"), about=About(after_outcome=("fee_after",)))
    matrix = build(folder)
    assert set(matrix.extras) == {"style"}
    assert "x:style=x" in matrix.tokens[0]
    assert not [word for words in matrix.tokens for word in words if "fee_after" in word]


def test_an_order_field_known_only_afterwards_is_read_as_unknown() -> None:
    table = orders(order("a", city="Pune", sku="S1"))
    folder = Folder(table, about=About(after_outcome=("sku",)))
    assert not [word for word in build(folder).tokens[0] if word.startswith("sku=")]


def test_tokens_are_those_of_each_order() -> None:
    matrix = build(Folder(orders(order("a", sku="S1"), order("b", 1, sku="S2"), order("c", 2))))
    assert [[w for w in words if w.startswith("sku=")] for words in matrix.tokens] == [
        ["sku=S1"],
        ["sku=S2"],
        [],
    ]
    with pytest.raises(IndexError):
        matrix.tokens[3]


def test_outcomes_known_later_change_no_row_before(small_world: Folder) -> None:
    truth, events_known = build(small_world), small_world.events
    assert events_known is not None
    created = truth.orders["created_us"].to_numpy()
    instant = int(np.quantile(created, 0.6))
    known = events_known.column("known_at").cast(pa.int64()).to_numpy()
    kinds = np.array(events_known.column("event").to_pylist(), dtype=object)
    late = (known >= instant) & (kinds != "placed")
    assert late.sum() > 50
    rng = np.random.default_rng(1)
    kinds[late] = rng.choice(["delivered", "rto_initiated", "lost", "cancelled"], late.sum())
    at = events_known.schema.get_field_index("event")
    nonsense = events_known.set_column(at, "event", pa.array(kinds.tolist()))
    lied = build(replace(small_world, events=nonsense))
    before = created <= instant
    np.testing.assert_array_equal(truth.values[before], lied.values[before])
    assert not np.array_equal(truth.values[~before], lied.values[~before], equal_nan=True)
