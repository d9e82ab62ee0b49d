"""Orders of the past, read from a shop into a data folder page by page."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.shops.admin import Admin
from serving.shops.reading import Page, placed_us, read_page
from serving.shops.shopify import NotAnOrderError, Told, read_order
from serving.store.shops import Shopify

_PLACE, _PAGES = "reading.json", "reading.jsonl"
_PLAIN = (
    "order_id", "created_at", "payment_mode", "amount", "amount_due", "discount", "shipping_fee",
    "channel",
)  # fmt: skip
_PARTS = {
    "customer": {"id": "customer_id", "name": "customer_name", "phone": "phone", "email": "email",
                 "language": "language"},
    "shipping_address": {"name": "ship_name", "phone": "ship_phone", "line1": "address_line1",
                         "line2": "address_line2", "city": "city", "state": "state",
                         "pincode": "pincode"},
    "device": {"ip": "ip"},
}  # fmt: skip
COLUMNS = (
    "merchant_id", *_PLAIN, "coupons",
    *(name for part in _PARTS.values() for name in part.values()),
    "courier", "outcome", "outcome_at", "cancelled_by",
)  # fmt: skip
# Shopify leads through 25,000 orders at most; then the reading begins anew at the last one.
MOST_IN_A_ROW = 20_000
_ITEMS = ("sku", "name", "quantity", "price")


@dataclass
class Read:
    """What came of reading the past.

    Parameters
    ----------
    orders, ended : int
        Orders, and those whose outcome the shop knows.
    refused : int
        Orders that could not be used, such as those not in rupees.
    """

    orders: int = 0
    ended: int = 0
    refused: int = 0


async def read_past(
    admin: Admin, since_us: int, folder: Path, progress: Callable[[int], object]
) -> None:
    """Read every order placed since an instant; what was read before is not asked for again.

    Raises
    ------
    RevokedError, ShopFaultError
        If the shop gives no more; begin again to go on.
    """
    place = folder / _PLACE
    begun: dict[str, Any] = {"since_us": since_us}
    known = json.loads(place.read_text()) if place.exists() else begun
    while not known.get("whole"):
        page = await read_page(admin, known["since_us"], known.get("after"), by="CREATED")
        with (folder / _PAGES).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(said) + "\n" for said in page.orders)
        known = _past(known, page)
        place.write_text(json.dumps(known))
        progress(len(page.orders))


def _past(known: dict[str, Any], page: Page) -> dict[str, Any]:
    """The place after a page."""
    passed = known.get("passed", 0) + len(page.orders)
    if page.after is not None and passed >= MOST_IN_A_ROW:
        return {"since_us": placed_us(page.orders[-1])}
    return known | {"after": page.after, "whole": page.after is None, "passed": passed}


def write_tables(account: Shopify, merchant_id: str, folder: Path) -> Read:
    """Make the tables of a data folder of what was read, and forget the pages."""
    read = Read()
    with (
        (folder / "orders.csv").open("w", newline="", encoding="utf-8") as orders_file,
        (folder / "items.csv").open("w", newline="", encoding="utf-8") as items_file,
    ):
        orders = csv.DictWriter(orders_file, COLUMNS)
        items = csv.DictWriter(items_file, ("merchant_id", "order_id", *_ITEMS))
        orders.writeheader()
        items.writeheader()
        for said in _pages(folder):
            try:
                told = read_order(account, said)
            except NotAnOrderError:
                read.refused += 1
                continue
            row = _row(told, said)
            read.orders += 1
            read.ended += "outcome" in row
            orders.writerow(row | {"merchant_id": merchant_id})
            named = {"merchant_id": merchant_id, "order_id": told.order_id}
            items.writerows(
                named | {n: one[n] for n in _ITEMS if n in one}
                for one in told.content.get("items", ())
            )
    for name in (_PAGES, _PLACE):
        (folder / name).unlink(missing_ok=True)
    return read


def _pages(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Each order once, as it was read last: a page whose place was lost is there twice."""
    latest: dict[int, int] = {}
    with (folder / _PAGES).open(encoding="utf-8") as file:
        for place, line in enumerate(file):
            latest[json.loads(line)["id"]] = place
    with (folder / _PAGES).open(encoding="utf-8") as file:
        for place, line in enumerate(file):
            said = json.loads(line)
            if latest[said["id"]] == place:
                yield said


def _row(told: Told, said: Mapping[str, Any]) -> dict[str, Any]:
    content = told.content
    row = {name: content[name] for name in _PLAIN if name in content}
    for part, names in _PARTS.items():
        found = content.get(part, {})
        row |= {theirs: found[ours] for ours, theirs in names.items() if ours in found}
    if coupons := content.get("coupons"):
        row["coupons"] = "|".join(coupons)
    return row | _outcome(told, said)


def _outcome(told: Told, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the shop knows of the end; returns are the courier's to tell."""
    if told.cancelled_at is not None:
        by = {"cancelled_by": told.cancelled_by}
        return {"outcome": "cancelled", "outcome_at": told.cancelled_at, **by}
    parcels = said["parcels"]
    found = {"courier": parcels[-1]["tracking_company"]} if parcels else {}
    delivered = [p["delivered_at"] for p in parcels if p["status"] == "DELIVERED"]
    if delivered and all(delivered):
        found |= {"outcome": "delivered", "outcome_at": max(delivered)}
    return found
