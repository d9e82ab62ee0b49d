"""Points are booked by all who ask, and never more than the shop gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from features.days import SECOND_US
from serving.shops.allowance import SPARED, Allowance
from serving.store.connection import Connection, connect
from serving.store.opening import make_ready
from tests.serving import shop
from tests.serving.shop import NOON, run

T = TypeVar("T")


class Till:
    """A shop that counts points, on a clock that passes by being waited for."""

    def __init__(self, home: Path, most: float, rate: float) -> None:
        self.connection = connect(shop.settings_in(home).store_url)
        make_ready(self.connection, shop.KEYRING.hashing.keys)
        self.most, self.rate, self.left, self.us, self.refused = most, rate, most, NOON, 0

    async def ledger(self, work: Callable[[Connection], T]) -> T:
        """As a process has it."""
        return work(self.connection)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        self.us += int(seconds * SECOND_US) + 1
        self.left = min(self.most, self.left + seconds * self.rate)

    def process(self) -> Allowance:
        """One that asks."""
        return Allowance("kurtas", self.ledger, lambda: self.us, self.sleep)

    async def ask(self, one: Allowance, cost: float, actual: float) -> None:
        """One request."""
        await one.reserve(cost)
        fits = cost <= self.left
        self.refused += not fits
        self.left -= actual if fits else 0.0
        status = {"maximumAvailable": self.most, "currentlyAvailable": self.left,
                  "restoreRate": self.rate}  # fmt: skip
        told: dict[str, Any] = {"requestedQueryCost": cost, "throttleStatus": status}
        told |= {"actualQueryCost": actual} if fits else {}
        await one.settle(cost, {"extensions": {"cost": told}})


@pytest.mark.parametrize("most", [2_000.0, 20_000.0])
def test_processes_side_by_side_never_spend_the_same_points(tmp_path: Path, most: float) -> None:
    async def scene() -> None:
        till, pick = Till(tmp_path, most, most / 20), random.Random(3)
        reading, writing = till.process(), till.process()
        begun, spent = till.us, 0.0
        for _ in range(600):
            if pick.random() < 0.2:
                cost = pick.choice((300.0, 900.0))
                actual = pick.choice((cost, cost / 3))
                await till.ask(reading, cost, actual)
            else:
                actual = pick.choice((10.0, 40.0))
                await till.ask(writing, actual, actual)
            spent += actual
        assert till.refused == 0
        came = most + (till.us - begun) / SECOND_US * till.rate
        assert spent > 0.8 * (came - SPARED), "and hardly any is left lying"
        till.connection.close()

    run(scene())


def test_points_that_somebody_else_spent_are_heeded(tmp_path: Path) -> None:
    async def scene() -> None:
        till = Till(tmp_path, 1_000.0, 50.0)
        one = till.process()
        await till.ask(one, 10.0, 10.0)
        till.left = 0.0
        await till.ask(one, 10.0, 10.0)
        assert till.refused == 1
        for _ in range(50):
            await till.ask(one, 40.0, 40.0)
        assert till.refused == 1
        till.connection.close()

    run(scene())


def test_a_clock_that_was_set_back_stops_nobody_for_long(tmp_path: Path) -> None:
    async def scene() -> None:
        till = Till(tmp_path, 1_000.0, 50.0)
        one = till.process()
        await till.ask(one, 10.0, 10.0)
        till.us -= 3_600 * SECOND_US
        begun = till.us
        await till.ask(one, 10.0, 10.0)
        assert till.us - begun < 120 * SECOND_US
        till.connection.close()

    run(scene())
