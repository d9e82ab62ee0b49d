"""Whole orders are taken out of the log, and nothing that is counted changes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.history.fact import AMOUNT_PAISE, DAY, FACT_SIZE, FIRST_WHERE, FIRST_WHO, PLACED_US
from features.history.states import DELIVERED, PENDING, RTO
from features.history.where import WindowTable
from features.history.who import LATEST
from serving.catching_up import catch_up, store_changed
from serving.home import Home
from serving.ledger import Ledger
from serving.parcels.outcomes import Report, read_outcomes
from serving.parcels.shipments import Ship
from serving.store.carried import carried_in, replayed_between, settled_seq
from serving.store.census import standing_orders
from serving.store.log import Log, last_seq
from serving.store.removal import remove_orders
from serving.store.who import stored_seq
from serving.upkeep import order_pruning
from serving.upkeep.order_pruning import PrunedOrders, prune_orders
from serving.upkeep.recheck import windows_at
from tests.serving import shop
from tests.serving.town import open_home

ORDERS = 4 * LATEST
KEYS = 6


def _fact(pick: random.Random, number: int) -> bytes:
    fact = np.zeros(FACT_SIZE, np.int64)
    fact[PLACED_US] = number * 3_600_000_000
    fact[DAY] = number // 24
    fact[AMOUNT_PAISE] = pick.choice((-1, 100 * number))
    fact[FIRST_WHO : FIRST_WHO + 3] = pick.sample(range(KEYS), 3)
    fact[FIRST_WHERE] = 1_000 + pick.randrange(3)
    return fact.tobytes()


def _live(home: Home, seed: int) -> None:
    """Orders, each known at its own number; keys go over 64 orders and revisions leave them."""
    pick = random.Random(seed)
    with home.transaction() as log:
        for now in range(ORDERS):
            log.place("m", f"o{now}", b"{}", fact=_fact(pick, now), state=PENDING, digest=None,
                      at_us=now, known_us=now)  # fmt: skip
            _happen(log, pick, now)
    _follow(home)


def _happen(log: Log, pick: random.Random, now: int) -> None:
    held = log.find("m", f"o{max(0, now - pick.randrange(40))}")
    if held is not None and pick.random() < 0.6:
        becomes = pick.choice((DELIVERED, RTO))
        log.append("correction", {}, at_us=now, known_us=now, order=held, becomes=becomes)
    held = log.find("m", f"o{max(0, now - pick.randrange(90))}")
    if held is not None and pick.random() < 0.4:
        fact = _fact(pick, now)
        log.revise(held, b"{}", fact=fact, digest=b"", at_us=now, known_us=now)


def _follow(home: Home) -> None:
    ledger = Ledger(home.connection)
    catch_up(ledger, home.connection)
    store_changed(ledger, home.connection)


def _stored(home: Home) -> dict[int, bytes]:
    found = home.connection.execute("SELECT key, record FROM who").fetchall()
    return {key: bytes(record) for key, record in found}


def _counted_again(home: Home) -> dict[int, bytes]:
    """The who-records from the first event on."""
    ledger, end = Ledger.from_nothing(home.connection), stored_seq(home.connection)
    for until in (end // 3, end // 2, end):
        ledger.apply(replayed_between(home.connection, ledger.seq, until), until)
    keys = list(_stored(home))
    return {key: r.tobytes() for key, r in zip(keys, ledger.read(keys), strict=True)}


def _windows(home: Home) -> list[list[Any]]:
    table = WindowTable.build(*standing_orders(home.connection), 0)
    return [getattr(table, name).tolist() for name in ("keys", "starts", "days", "sums")]


def _orders(home: Home) -> int:
    return int(home.connection.execute("SELECT count(*) FROM orders").fetchone()[0])


def test_records_and_folds_counted_again_are_what_they_were(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        _live(home, seed=3)
        records, windows = _stored(home), _windows(home)
        for before in (ORDERS // 2, ORDERS - 20, ORDERS):
            done = prune_orders(home, before, now_us=ORDERS)
            assert done.orders > 10
            assert _stored(home) == records == _counted_again(home)
            assert _windows(home) == windows
        table = windows_at(home.connection, last_seq(home.connection))
        assert table.sums.tolist() == windows[3]
        assert _orders(home) == 0
        _live_on(home)
        assert _stored(home) == _counted_again(home)


def _live_on(home: Home) -> None:
    """Orders after everything before them was taken out."""
    pick = random.Random(5)
    with home.transaction() as log:
        for now in range(ORDERS, ORDERS + 20):
            log.place("m", f"o{now}", b"{}", fact=_fact(pick, now), state=PENDING, digest=None,
                      at_us=now, known_us=now)  # fmt: skip
    _follow(home)


def test_an_order_of_which_something_was_heard_since_stays(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        _live(home, seed=4)
        young = home.connection.execute(
            "SELECT min(seq) FROM event WHERE known_us >= ?", (ORDERS // 2,)
        ).fetchone()[0]
        heard = home.connection.execute(
            "SELECT count(DISTINCT number) FROM event WHERE seq >= ?", (young,)
        ).fetchone()[0]
        done = prune_orders(home, ORDERS // 2, now_us=ORDERS)
        assert (_orders(home), done.orders) == (heard, ORDERS - heard)
        assert 0 < done.pending < done.orders
        assert settled_seq(home.connection) < young
        assert prune_orders(home, ORDERS // 2, now_us=ORDERS) == PrunedOrders()


def test_what_the_stored_records_have_not_counted_stays(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            log.place("m", "o", b"{}", fact=bytes(8 * FACT_SIZE), state=PENDING, digest=None,
                      at_us=0, known_us=0)  # fmt: skip
        assert prune_orders(home, 9, now_us=9).orders == 0
        _follow(home)
        assert prune_orders(home, 9, now_us=9).orders == 1


def test_an_interruption_between_chunks_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_pruning, "_CHUNK", 7)
    times = 0

    def dies(connection: Any, numbers: list[int]) -> None:
        nonlocal times
        times += 1
        remove_orders(connection, numbers)
        if times == 4:
            raise KeyboardInterrupt

    with Home.open(shop.settings_in(tmp_path)) as home:
        _live(home, seed=6)
        records, windows = _stored(home), _windows(home)
        monkeypatch.setattr(order_pruning, "remove_orders", dies)
        with pytest.raises(KeyboardInterrupt):
            prune_orders(home, ORDERS // 2, now_us=ORDERS)
        assert _orders(home) == ORDERS - 3 * 7
        assert (_counted_again(home), _windows(home)) == (records, windows)
        rest = prune_orders(home, ORDERS // 2, now_us=ORDERS)
        assert (rest.orders > 20, _counted_again(home), _windows(home)) == (True, records, windows)


def test_only_facts_are_left_of_an_order(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock) as service:
            speaks = service.doorkeeper.speaking
            await shop.add_shop(service)
            for order_id in ("a", "b"):
                await service.desk.score(shop.LIVE, shop.body(order_id=order_id))
                parcel = {"order_id": order_id, "awb": f"W{order_id}",
                          "shipped_at": "2026-11-20T12:00:00+05:30"}  # fmt: skip
                await service.writer.submit(Ship(shop.LIVE, [parcel], clock(), speaks))
            clock.us += 2
            report = read_outcomes([shop.outcome("b")])
            await service.writer.submit(Report(shop.LIVE, report, clock(), speaks))

    shop.run(scene())
    with open_home(tmp_path) as home:
        assert prune_orders(home, shop.NOON + 1, now_us=shop.NOON + 9) == PrunedOrders(1, 1)
        carried = carried_in(home.connection)
        assert len(carried.rows) == 1
        for query in (
            "SELECT count(*) FROM orders", "SELECT count(DISTINCT number) FROM event",
            "SELECT count(*) FROM decision", "SELECT count(*) FROM contact",
            "SELECT count(*) FROM shipment",
        ):  # fmt: skip
            assert home.connection.execute(query).fetchone()[0] == 1, query
