"""Orders for the benchmark of serving: a past year's placed anew, by old and new customers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.history.who import LATEST

RETURNING, CAPPED = 0.40, 0.01
FRESH = "#########"  # nine digits that no order had before, put in as it is sent
_REGULARS, _OFTEN = 20, 80  # more orders each than a record tells apart
_WHO = ("customer_id", "phone", "email", "device_id", "ip")

Row = Mapping[str, Any]


def make_regulars(data: Path) -> None:
    """Give some orders of the largest merchant to a few customers, whose keys are then capped."""
    path = data / "orders.parquet"
    orders = pq.read_table(path)
    mine = pc.indices_nonzero(pc.equal(orders["merchant_id"], largest_merchant(orders))).to_pylist()
    chosen = random.Random(1).sample(mine, min(len(mine) // 2, _REGULARS * _OFTEN))
    for name in _WHO:
        values = orders[name].to_pylist()
        for at, row in enumerate(chosen):
            values[row] = values[chosen[at % _REGULARS]]
        column = pa.array(values, orders.schema.field(name).type)
        orders = orders.set_column(orders.schema.get_field_index(name), name, column)
    pq.write_table(orders, path)


def bodies(data: Path, count: int) -> Iterator[str]:
    """Different orders of the largest merchant as JSON without an id, of some forty fields."""
    table, rng = pq.read_table(data / "orders.parquet"), random.Random(2)
    mine = table.filter(pc.equal(table["merchant_id"], largest_merchant(table)))
    newest = mine.sort_by([("created_at", "descending")]).to_pylist()
    often = regulars_of(mine)
    regulars = [row for row in newest if row["phone"] in often]
    rows = [row for row in newest if row["phone"] not in often][:count]
    for i in range(count):
        row, kind = rows[i % len(rows)], rng.random()
        if kind < CAPPED and regulars:
            row = rng.choice(regulars)
        elif kind >= RETURNING:
            row = _somebody_new(row, rng)
        yield json.dumps(_request(row, rng))[1:]


def regulars_of(orders: pa.Table) -> set[str]:
    """Phones of so many orders that their records do not tell all of them apart."""
    phones = pc.value_counts(orders["phone"]).to_pylist()
    return {pair["values"] for pair in phones if pair["counts"] >= LATEST} - {None}


def largest_merchant(orders: pa.Table) -> str:
    """Who has most orders."""
    counts = pc.value_counts(orders["merchant_id"]).to_pylist()
    return str(max(counts, key=lambda pair: (pair["counts"], pair["values"]))["values"])


def _somebody_new(row: Row, rng: random.Random) -> Row:
    subnet, host = rng.randrange(2**16), rng.randrange(2**16)
    return dict(row) | {
        "customer_id": f"n-{FRESH}", "phone": f"+919{FRESH}", "ship_phone": f"+919{FRESH}",
        "email": f"n{FRESH}@example.com", "device_id": f"d-{FRESH}",
        "ip": f"2001:db8:{rng.randrange(64):x}:{subnet:x}::{host:x}",
        "address_line1": f"{FRESH} {row['address_line1'] or ''}",
    }  # fmt: skip


def _request(row: Row, rng: random.Random) -> dict[str, Any]:
    price = _plain(row["amount"])
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **_some(row, "payment_mode", "amount", "discount", "shipping_fee", "cod_fee", "channel"),
        **_some(row, "origin_pincode", "courier"),
        "coupons": row["coupons"].split("|") if row["coupons"] else [],
        "items": [_some(row, "sku", "category", "quantity") | {"name": row["sku"], "price": price}],
        "customer": {"id": row["customer_id"], "name": row["customer_name"],
                     "whatsapp_opt_in": True, **_some(row, "phone", "email", "language")},
        "shipping_address": {"name": row["ship_name"], "phone": row["ship_phone"],
                             "line1": row["address_line1"], "line2": row["address_line2"],
                             **_some(row, "landmark", "city", "state", "pincode")},
        "device": _some(row, "ip", "device_id", "user_agent"),
        "utm": {"source": "meta", "campaign": f"c{rng.randrange(20)}"},
    }  # fmt: skip


def _some(row: Row, *names: str) -> dict[str, Any]:
    return {name: _plain(row[name]) for name in names}


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
