"""Many orders that wait for a courier which lets us call it only so often: ``python -m`` this.

The test plays a few; the command plays 10,000, with faults in between. Time passes by being waited
for, for us and for the courier's stand-in alike, which counts the calls of every minute.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from serving.sandbox.graph import Graph
from serving.sandbox.shiprocket import Shiprocket
from tests.serving import played as stage
from tests.serving.parcels.couriered import ACCOUNT, EMAIL, PASSWORD, TOKEN, Couriered, play

_FAULTS = ("429", "500", "502", "reset")
_SHIPS: dict[str, float | None] = {"verify": None, "prepaid": None, "hold": None, "block": None}


@dataclass(frozen=True)
class Counted:
    """What the courier's side saw.

    Parameters
    ----------
    made, shipped : int
        Orders made there, and those with a waybill.
    twice : int
        Orders made or given a waybill more than once.
    busiest : int
        Calls in the busiest minute.
    refused : int
        Calls that it refused as too many.
    """

    made: int
    shipped: int
    twice: int
    calls: int
    busiest: int
    refused: int
    minutes: float


async def some(played: Couriered, courier: Shiprocket) -> None:
    """A hundred looks of the worker; where there is nothing to do, time passes."""
    for _ in range(100):
        before = len(courier.asked)
        await played.work(1)
        if len(courier.asked) == before:
            await played.sleep(10.0)


def backlog(home: Path, orders: int, calls_a_minute: int, faults: float) -> Counted:
    """Orders that may all go at once, passed on until nothing is left."""
    courier = Shiprocket(EMAIL, PASSWORD, TOKEN, calls_a_minute=calls_a_minute)
    graph = Graph("123456", "token-of-the-shop", stage.SECRET)
    graph.url = graph.start()  # type: ignore[attr-defined]
    account = ACCOUNT.model_copy(update={
        "orders": "create", "pickup_location": "Home", "calls_a_minute": calls_a_minute,
    })  # fmt: skip
    pick, minutes = random.Random(7), []

    async def scene(played: Couriered) -> None:
        await played.aim(_SHIPS)
        await played.connect(account)
        for number in range(orders):
            await played.score(f"b{number}", amount=100 + number)
        begun = played.clock()
        courier.faults.extend(
            pick.choice(_FAULTS) if pick.random() < faults else "" for _ in range(3 * orders)
        )
        while sum(bool(o["awb"]) for o in courier.orders.values()) < orders:
            await some(played, courier)
        minutes.append((played.clock() - begun) / 60e6)

    try:
        play(home, graph, courier, scene)
    finally:
        graph.stop()
    twice = [
        o for o in courier.orders.values()
        if o["activities"] != ["ORDER_CREATED", "AWB_ASSIGNED"]
    ]  # fmt: skip
    named = {o["channel_order_id"] for o in courier.orders.values()}
    shipped = sum(bool(o["awb"]) for o in courier.orders.values())
    return Counted(
        len(named), shipped, len(twice) + len(courier.orders) - len(named), len(courier.asked),
        courier.busiest, courier.refused, minutes[0],
    )  # fmt: skip


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--calls-a-minute", type=int, default=150)
    parser.add_argument("--faults", type=float, default=0.02, help="share of calls that fail")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        print(backlog(Path(home), given.orders, given.calls_a_minute, given.faults))  # noqa: T201


if __name__ == "__main__":
    main()
