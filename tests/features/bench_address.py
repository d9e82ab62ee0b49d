"""How long the signals of one address take: ``python -m tests.features.bench_address``.

The orders are invented (offices of the directory with invented house numbers, streets and slips);
every row differs, a tenth of the places are wrong.
"""

from __future__ import annotations

import random
import time
from typing import NamedTuple

from features.address import signals
from features.directory import Directory
from features.order import Order

STREETS = ("Main Road", "MG Road", "Station Road", "80 Feet Road", "Gandhi Nagar", "Ward No 4")
LANDMARKS = ("near SBI ATM", "opp Govt School", "behind Hanuman Mandir", None)


class Speed(NamedTuple):
    """Microseconds of processor time per order: mean of the first pass, median of the second."""

    first_pass_us: float
    seen_again_us: float


def invent_orders(directory: Directory, count: int, seed: int) -> list[Order]:
    """Orders to ``count`` / 5 places, since places repeat in any shop."""
    rng = random.Random(seed)
    homes = [directory.office(rng.randrange(directory.n_offices)) for _ in range(count // 5)]
    orders = []
    for number in range(count):
        home, named = rng.choice(homes), rng.choice(homes)
        city = named if rng.random() < 0.1 else home
        orders.append(
            Order(
                merchant_id="m",
                order_id=str(number),
                created_us=0,
                address_line1=f"H No {rng.randrange(900)}, {home.name}",
                address_line2=f"{rng.choice(STREETS)} {rng.randrange(40)}",
                landmark=rng.choice(LANDMARKS),
                city=city.district,
                state=city.state,
                pincode=str(home.pincode),
                origin_pincode="110037",
            )
        )
    return orders


def address_speed(orders: int = 5_000, seed: int = 1) -> Speed:
    """Measure ``features.address.signals`` with its look-up of the place, on this thread."""
    directory = Directory.open()
    invented = invent_orders(directory, orders, seed)
    signals(invented[0], directory, directory.place(None))
    first = [_once_us(order, directory) for order in invented]
    again = sorted(_once_us(order, directory) for order in invented)
    return Speed(sum(first) / len(first), again[len(again) // 2])


def _once_us(order: Order, directory: Directory) -> float:
    start = time.thread_time_ns()
    signals(order, directory, directory.place(order.pincode))
    return (time.thread_time_ns() - start) / 1_000.0


if __name__ == "__main__":
    print(address_speed())  # noqa: T201
