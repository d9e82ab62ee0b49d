"""The row of one live order, its history given: ``python -m tests.bench live-row``.

Orders of an invented year, every one different and timed when it is seen for the first time: the
whole path on one half of them, its parts one by one on the other. Processor time of this thread.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from features import address, basket, calendar, contact, device
from features.history.fact import fact_of
from features.keys import keys_of
from features.order import Order
from features.place import Place
from features.tokens import tokens_of
from serving.ledger import Ledger
from serving.rows import Rows
from tests.bench.report import machine, say, table
from tests.bench.shop import HASHER, Shop, open_shop

BAR_US = 120
WARM = 5_000

Result = TypeVar("Result")


class Stopwatch:
    """Processor time per order of each piece of work, in microseconds."""

    def __init__(self) -> None:
        self.us: dict[str, float] = {}

    def time(
        self, name: str, work: Callable[..., Result], *columns: Iterable[object]
    ) -> list[Result]:
        """Do ``work`` on every row of ``columns``."""
        rows = list(zip(*columns, strict=True))
        start = time.thread_time()
        done = [work(*row) for row in rows]
        self.us[name] = (time.thread_time() - start) / len(rows) * 1e6
        return done


def live_row(past: int = 20_000, orders: int = 5_000) -> None:
    """Print what a live row costs, whole and by part."""
    shop = open_shop(past, WARM + 2 * orders)
    gc.collect()
    gc.freeze()  # a server does not hold a whole year's orders for the collector to walk through
    given, read = whole_us(shop, orders)
    parts = parts_us(shop, shop.next_orders[WARM + orders :])
    gc.unfreeze()
    say(f"live row: {orders:,} different orders after {past:,}, history given; {machine()}")
    table(("part", "mean µs"), [(name, f"{us:.1f}") for name, us in parts.items()])
    say(f"  sum of the parts, each by itself: {sum(parts.values()):.1f} µs")
    say(f"  the row as serving makes it, history given: {_told(given)} (bar {BAR_US} µs)")
    say(f"  reading history from records and fold: {_told(read)}")


def _told(took: NDArray[np.float64]) -> str:
    tenth, median = (float(us) for us in np.percentile(took, [10, 50]))
    return f"mean {took.mean():.1f} µs, median {median:.1f} µs, fastest tenth below {tenth:.1f} µs"


def whole_us(shop: Shop, orders: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Microseconds of the path that serving takes, per order, after some orders to warm up.

    Returns
    -------
    ndarray of float64, shape (orders,)
        From the order to its row, without reading history.
    ndarray of float64, shape (orders,)
        Reading history.
    """
    rows, ledger = Rows(shop.directory, HASHER), cast(Ledger, shop.records)
    now, took = time.thread_time_ns, []
    for order in shop.next_orders[: WARM + orders]:
        start = now()
        identity = rows.identity(order)
        identified = now()
        past = rows.past(identity, ledger, shop.windows, order.created_us)
        known = now()
        rows.row(order, identity, past)
        took.append((now() - known + identified - start, known - identified))
    given, read = np.array(took[WARM:]).T / 1e3
    return given, read


def parts_us(shop: Shop, orders: list[Order]) -> dict[str, float]:
    """Microseconds of each part of the path by itself."""
    watch, directory = Stopwatch(), shop.directory
    rows, ledger = Rows(directory, HASHER), cast(Ledger, shop.records)

    def of_address(order: Order, place: Place) -> tuple[float, ...]:
        return address.signals(order, directory, place)

    places = watch.time("place", lambda order: directory.place(order.pincode), orders)
    keys = watch.time("keys", lambda o, place: keys_of(o, place, HASHER), orders, places)
    watch.time("fact", lambda order, of: fact_of(order, of, 0), orders, keys)
    for module in (basket, calendar, contact, device):
        watch.time(module.__name__.removeprefix("features."), module.signals, orders)
    watch.time("address", of_address, orders, places)
    identities = [rows.identity(order) for order in orders]
    watch.time(
        "history",
        lambda order, identity: rows.past(identity, ledger, shop.windows, order.created_us),
        orders,
        identities,
    )
    watch.time("tokens", tokens_of, orders, places)
    return watch.us
