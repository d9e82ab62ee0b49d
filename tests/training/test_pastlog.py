"""A data folder becomes a log in which everything counts from when it was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.days import to_us
from features.errors import DataError
from features.history.states import DELIVERED, PENDING, RTO
from features.schema import EVENT_COLUMNS, ORDER_COLUMNS
from features.tables import Folder
from training.pastlog import changes_of, events_of, imported_asks

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def table(columns: dict[str, pa.DataType], rows: list[dict[str, object]]) -> pa.Table:
    return pa.table({c: pa.array([row.get(c) for row in rows], t) for c, t in columns.items()})


def order(order_id: str, after_hours: float = 0, **more: object) -> dict[str, object]:
    created = NOON + timedelta(hours=after_hours)
    return {"order_id": order_id, "merchant_id": "m", "created_at": created} | more


def orders(*rows: dict[str, object]) -> pa.Table:
    return table(ORDER_COLUMNS, list(rows))


def event(order_id: str, kind: str, known: datetime, **more: object) -> dict[str, object]:
    row = {"order_id": order_id, "merchant_id": "m", "event": kind, "at": NOON, "known_at": known}
    return row | more


def events(*rows: dict[str, object]) -> pa.Table:
    return table(EVENT_COLUMNS, list(rows))


def changes(folder: Folder) -> list[tuple[int, int, int, int]]:
    found = events_of(folder)
    log, at = changes_of(found, folder.orders.num_rows)
    known = found.known_us[at]
    return list(zip(log.order.tolist(), log.before.tolist(), log.after.tolist(), known.tolist(),
                    strict=True))  # fmt: skip


def test_columns_stand_for_events_where_there_are_none() -> None:
    back = NOON + timedelta(days=12)
    folder = Folder(orders(order("a", outcome="rto", outcome_at=back, outcome_reason="refused")))
    assert changes(folder) == [(0, -1, PENDING, to_us(NOON)), (0, PENDING, RTO, to_us(back))]


def test_an_outcome_nobody_dated_is_never_known() -> None:
    folder = Folder(orders(order("a", outcome="rto")))
    assert changes(folder) == [(0, -1, PENDING, to_us(NOON))]
    assert (events_of(folder).known_us == to_us(NOON)).all()


def test_events_count_from_when_they_were_known_not_from_when_they_happened() -> None:
    late = NOON + timedelta(days=30)
    folder = Folder(orders(order("a")), events=events(event("a", "delivered", late)))
    assert changes(folder)[-1] == (0, PENDING, DELIVERED, to_us(late))


def test_among_events_of_one_instant_the_contracts_order_decides() -> None:
    late = NOON + timedelta(days=3)
    both = events(event("a", "lost", late), event("a", "delivered", late))
    assert changes(Folder(orders(order("a")), events=both))[-1][2] == DELIVERED


def test_kinds_a_reader_does_not_know_are_passed_over() -> None:
    folder = Folder(orders(order("a")), events=events(event("a", "teleported", NOON)))
    assert len(changes(folder)) == 1


def test_an_event_of_an_unknown_order_names_its_row() -> None:
    folder = Folder(orders(order("a")), events=events(event("b", "delivered", NOON)))
    with pytest.raises(DataError, match='events row 1 column order_id: order "b"'):
        events_of(folder)


def test_an_event_without_known_time_names_its_row() -> None:
    row = event("a", "delivered", NOON) | {"known_at": None}
    with pytest.raises(DataError, match="events row 1 column known_at"):
        events_of(Folder(orders(order("a")), events=events(row)))


def asks_at(minutes: float, known: list[float]) -> tuple[int, int]:
    """What an order placed ``minutes`` after noon has read, given when changes were known."""
    base = to_us(NOON)
    known_us = np.array([base + int(m * 60e6) for m in known], np.int64)
    asks = imported_asks(np.array([0]), np.array([base + int(minutes * 60e6)]), known_us)
    return int(asks.read[0]), int(asks.fold[0])


def test_an_order_sees_what_was_known_strictly_before_it() -> None:
    assert asks_at(0, [0])[0] == 0
    assert asks_at(0.001, [0])[0] == 1


def test_the_fold_of_an_hour_is_in_force_five_minutes_after_it() -> None:
    assert asks_at(64.9, [-0.001, 30])[1] == 1
    assert asks_at(65, [-0.001, 30])[1] == 2


def test_a_fold_holds_what_was_known_strictly_before_its_hour() -> None:
    assert asks_at(70, [60])[1] == 0
    assert asks_at(70, [59.999])[1] == 1
