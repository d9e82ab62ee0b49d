"""Invented exports of a shop and its courier: what a merchant would upload."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAYS = 170
UNTIL = datetime(2025, 10, 1, tzinfo=UTC)
_SHOP = (
    "Name", "Created at", "Payment Method", "Total", "Phone", "Email", "Billing Name",
    "Shipping Name", "Shipping Address1", "Shipping City", "Shipping Zip", "Shipping Province",
    "Lineitem sku", "Lineitem name", "Lineitem quantity", "Lineitem price", "Currency",
    "Discount Amount", "Shipping", "Discount Code", "Financial Status", "Fulfillment Status",
)  # fmt: skip
_COURIER = ("Order ID", "Status", "Order Delivered Date", "RTO Initiated Date", "AWB Code")
_PLACES = (
    ("560034", "Bengaluru", "Karnataka", 0.0), ("110001", "New Delhi", "Delhi", 0.0),
    ("400001", "Mumbai", "Maharashtra", 0.0), ("800001", "Patna", "Bihar", 0.15),
)  # fmt: skip


def write_exports(folder: Path, orders: int) -> tuple[Path, Path]:
    """Write ``shop.csv`` as Shopify exports it and ``courier.csv`` as Shiprocket does.

    Cash on delivery, large amounts and one city come back more often, so there is something to
    learn. The newest orders have no end yet.
    """
    pick, start = random.Random(4), UNTIL - timedelta(days=DAYS)
    sold: list[Sequence[object]] = []
    carried: list[Sequence[object]] = []
    for number in range(orders):
        placed = start + timedelta(days=DAYS * number / orders)
        pincode, city, state, more = pick.choice(_PLACES)
        cod, amount = pick.random() < 0.7, pick.randrange(300, 3000)
        risk = 0.05 + (0.1 + 0.5 * (amount - 300) / 2700 if cod else 0.0) + more
        back = pick.random() < risk
        buyer = number if pick.random() < 0.8 else pick.randrange(number + 1)
        sold.append((
            f"#{1001 + number}", f"{placed:%Y-%m-%d %H:%M:%S} +0000",
            "Cash on Delivery (COD)" if cod else "Razorpay", amount, f"+9198{buyer:08}",
            f"buyer{buyer}@example.com", f"Buyer {buyer}", f"Buyer {buyer}",
            f"{buyer} Lake View Road", city, f"'{pincode}", state, f"K{number % 7}", "Kurta", 1,
            amount, "INR", 0, 0, "", "paid", "fulfilled",
        ))  # fmt: skip
        ended = placed + timedelta(days=(9 if back else 4) + 3 * pick.random())
        if ended < UNTIL:
            told = f"{ended:%d-%m-%Y %H:%M:%S}"
            status = "RTO DELIVERED" if back else "DELIVERED"
            carried.append((1001 + number, status, "" if back else told, told if back else "",
                            f"AWB{number}"))  # fmt: skip
    shop, courier = folder / "shop.csv", folder / "courier.csv"
    _write(shop, _SHOP, sold)
    _write(courier, _COURIER, carried)
    return shop, courier


def _write(path: Path, head: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(lines)
