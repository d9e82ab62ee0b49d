"""The demo's invented year: whose orders they are, and past ones placed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_DOUBTFUL = 60


class Invented:
    """Orders of a data folder.

    Parameters
    ----------
    folder : Path
        Need not be there before it is asked about.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def merchant(self) -> str:
        """The one with most orders, whose pages are shown."""
        counts = pc.value_counts(self._orders().column("merchant_id")).to_pylist()
        return str(max(counts, key=lambda pair: (pair["counts"], pair["values"]))["values"])

    def recent(self, most: int) -> pa.Table:
        """The merchant's latest orders, newest first."""
        return self._newest(pc.field("merchant_id") == self.merchant, most)

    def doubtful(self) -> Iterator[dict[str, Any]]:
        """Orders like those of the merchant's that came back, unpaid."""
        back = (
            (pc.field("merchant_id") == self.merchant)
            & (pc.field("outcome") == "rto")
            & (pc.field("payment_mode") == "cod")
        )
        for row in self._newest(back, _DOUBTFUL).to_pylist():
            yield request_of(row, "-", datetime.now(UTC))

    def _newest(self, which: pc.Expression, most: int) -> pa.Table:
        found = self._orders().filter(which)
        return found.sort_by([("created_at", "descending")]).slice(0, most)

    def _orders(self) -> pa.Table:
        return pq.read_table(self._folder / "orders.parquet")


def request_of(row: Mapping[str, Any], order_id: str, created: datetime) -> dict[str, Any]:
    """A past order's row as a new order's body."""
    return {
        "order_id": order_id,
        "created_at": created.isoformat(),
        **_some(row, "payment_mode", "amount", "discount", "shipping_fee", "cod_fee", "channel",
                "origin_pincode", "courier"),
        "coupons": row["coupons"].split("|") if row["coupons"] else [],
        "items": [_some(row, "sku", "category", "quantity") | {"price": _plain(row["amount"])}],
        "customer": {"id": row["customer_id"], "name": row["customer_name"],
                     **_some(row, "phone", "email", "language")},
        "shipping_address": {"name": row["ship_name"], "phone": row["ship_phone"],
                             "line1": row["address_line1"], "line2": row["address_line2"],
                             **_some(row, "landmark", "city", "state", "pincode")},
        "device": _some(row, "ip", "device_id", "user_agent"),
    }  # fmt: skip


def _some(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: _plain(row[name]) for name in names}


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
