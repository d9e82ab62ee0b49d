"""The hour and the day before an order are open at their far end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features.catalogue import CATALOGUE
from features.tables import read_folder, write_folder
from training.matrix import build

AT = {feature.name: i for i, feature in enumerate(CATALOGUE)}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("feature", "span"),
    [("phone_orders_1h", timedelta(hours=1)), ("phone_orders_1d", timedelta(days=1))],
)
def test_an_order_placed_exactly_a_span_before_is_outside_it(
    tmp_path: Path, feature: str, span: timedelta
) -> None:
    placed = [NOON, NOON + span, NOON, NOON + span - INSTANT]
    orders = pa.table(
        {
            "order_id": ["a", "b", "c", "d"],
            "created_at": pa.array(placed, pa.timestamp("us", tz="UTC")),
            "phone": ["9876043217", "9876043217", "9812305678", "9812305678"],
        }
    )
    write_folder(tmp_path, orders)
    folder = read_folder(tmp_path)
    counted = build(folder, threads=1).values[:, AT[feature]]
    by_id = dict(zip(folder.orders.column("order_id").to_pylist(), counted, strict=True))
    assert (by_id["b"], by_id["d"]) == (0.0, 1.0)
