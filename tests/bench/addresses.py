"""What the address signals find in real Indian addresses: ``python -m tests.bench addresses``.

Bank-branch addresses (RBI/NPCI list, public domain) with the pincode, city and state they came
with: how often these agree, and how often a slip of the finger put into the pincode is found and
mended.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from features.address import FEATURES, read_address, signals_of
from features.address_findings import findings_of
from features.directory import Directory
from features.order import Order
from tests.bench.report import say, table

SHARED = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL = SHARED / "addresses_in" / "bank_branches.parquet"
SAMPLE = 8_000
SLIPS = 2_000
_PINCODE = re.compile(r"\d{3}\s?\d{3}\b")

Slip = Callable[[random.Random, str], str]


class Rate(NamedTuple):
    """How often something was found, among how many."""

    name: str
    share: float


def addresses() -> None:
    """Print hit rates on the real addresses, where they are at hand."""
    if not REAL.is_file():
        say(f"addresses: skipped, {REAL} is not there")
        return
    directory, orders = Directory.open(), real_orders()
    say(f"addresses: {len(orders):,} real ones with a pincode")
    table(
        ("found in them", "share"), [(r.name, f"{r.share:.1%}") for r in rates(directory, orders)]
    )
    right = [order for order in orders if _agrees(directory, order)]
    random.Random(2).shuffle(right)
    rows = [(kind, *slip_rates(directory, right[:SLIPS], kind)) for kind in SLIPPED]
    say(f"  a slip put into {min(SLIPS, len(right)):,} pincodes that agree with city and state:")
    table(("slip", "told as wrong", "one suggested", "suggestion right"), rows)


def real_orders() -> list[Order]:
    """A sample of the addresses that hold a pincode, as orders."""
    rows = pq.read_table(REAL).to_pylist()
    held = [row for row in rows if row["address"] and row["pincode_from_address"]]
    return [
        Order(
            merchant_id="m", order_id="1", created_us=0, address_line1=row["address"],
            city=row["city"], state=row["state"], pincode=str(int(row["pincode_from_address"])),
        )
        for row in random.Random(1).sample(held, SAMPLE)
    ]  # fmt: skip


def rates(directory: Directory, orders: list[Order]) -> Iterator[Rate]:
    """Shares of orders that agree with the directory, and of those with each finding."""
    read = [read_address(order, directory, directory.place(order.pincode)) for order in orders]
    values = dict(
        zip((f.name for f in FEATURES), np.array([*map(signals_of, read)]).T, strict=True)
    )
    for name, fits in (
        ("pincode_known", 1.0), ("pincode_state_fit", 0.5), ("pincode_city_fit", 0.8),
        ("address_locality", 0.8), ("address_has_house_number", 1.0), ("address_has_street", 1.0),
    ):  # fmt: skip
        yield Rate(f"{name} at least {fits:g}", float((values[name] >= fits).mean()))
    middle = float(np.nanmedian(values["address_completeness"]))
    yield Rate("address_completeness, the median", middle)
    told = [finding.code for address in read for finding in findings_of(address)]
    for code in sorted(set(told), key=told.count, reverse=True):
        yield Rate(code, told.count(code) / len(orders))


def slip_rates(directory: Directory, orders: list[Order], kind: str) -> tuple[str, str, str]:
    """With one kind of slip: told as wrong, one pincode suggested, and that one right."""
    rng, slip = random.Random(3), SLIPPED[kind]
    told = suggested = right = n = 0
    for order in orders:
        pincode = order.pincode or ""
        typed = slip(rng, pincode)
        if typed == pincode:
            continue
        n += 1
        text = _PINCODE.sub("", order.address_line1 or "")
        wrong = order._replace(pincode=typed, address_line1=text)
        address = read_address(wrong, directory, directory.place(typed))
        told += any("pincode" in finding.code for finding in findings_of(address))
        suggested += address.slip.suggestion is not None
        right += address.slip.suggestion == pincode
    return f"{told / n:.1%}", f"{suggested / n:.1%}", f"{right / max(suggested, 1):.1%}"


def _agrees(directory: Directory, order: Order) -> bool:
    address = read_address(order, directory, directory.place(order.pincode))
    return address.state == 1.0 and address.city.score >= 0.8


def _swapped(rng: random.Random, pincode: str) -> str:
    i = rng.randrange(5)
    return pincode[:i] + pincode[i + 1] + pincode[i] + pincode[i + 2 :]


def _wrong(rng: random.Random, pincode: str) -> str:
    i = rng.randrange(6)
    return pincode[:i] + rng.choice("0123456789") + pincode[i + 1 :]


def _missing(rng: random.Random, pincode: str) -> str:
    i = rng.randrange(6)
    return pincode[:i] + pincode[i + 1 :]


def _additional(rng: random.Random, pincode: str) -> str:
    i = rng.randrange(7)
    return pincode[:i] + rng.choice("0123456789") + pincode[i:]


SLIPPED: dict[str, Slip] = {
    "two digits swapped": _swapped,
    "one digit wrong": _wrong,
    "one digit missing": _missing,
    "one digit too many": _additional,
}
