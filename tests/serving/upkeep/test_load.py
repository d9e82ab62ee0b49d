"""Past orders go in as they became known, once, and come out as they went in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from features.days import to_us
from features.history.states import CANCELLED, DELIVERED, RTO
from features.schema import EVENT_COLUMNS, ITEM_COLUMNS, ORDER_COLUMNS
from features.tables import Folder, read_folder, write_folder
from serving.commands.explain import page
from serving.commands.load import _loader
from serving.home import Home
from serving.store.connection import connect, flushed_together
from serving.store.contacts import Contacts
from serving.store.orders import find_order
from serving.upkeep.erasure import Person, erase
from serving.upkeep.export import export_log
from serving.upkeep.load import Loader
from tests.serving import shop

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = to_us(START + 100 * DAY)


def _orders(*rows: dict[str, Any]) -> pa.Table:
    columns = {**ORDER_COLUMNS, "weight": pa.float64()}
    return pa.table(
        {name: pa.array([row.get(name) for row in rows], kind) for name, kind in columns.items()}
    )


def _order(order_id: str, day: int, outcome: str | None = None, after: int = 5) -> dict[str, Any]:
    created = START + day * DAY
    return {
        "order_id": order_id,
        "merchant_id": "kurtas",
        "created_at": created,
        "payment_mode": "cod",
        "amount": Decimal("499.50"),
        "phone": "+91 90000 00001",
        "pincode": "560034",
        "coupons": "A|B",
        "weight": 1.5,
        "outcome": outcome,
        "outcome_at": created + after * DAY if outcome else None,
        "outcome_reason": "refused" if outcome == "rto" else None,
        "cancelled_by": "customer" if outcome == "cancelled" else None,
    }


PAST = (
    _order("a", 0, "delivered"),
    _order("b", 1, "rto", after=20),
    _order("c", 2),
    _order("d", 3, "cancelled", after=0),
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An installation."""
    with Home.open(shop.settings_in(tmp_path / "home")) as home:
        yield home


def _load(home: Home, orders: pa.Table, **tables: pa.Table) -> tuple[int, int, int, int]:
    done = Loader(home, Folder(orders, **tables), NOW).run()
    return done.orders, done.events, done.loaded_already, done.live_already


def _log(home: Home) -> list[tuple[str, int]]:
    return home.connection.execute(
        "SELECT kind, known_us FROM event WHERE number IS NOT NULL ORDER BY seq"
    ).fetchall()


def test_events_enter_in_the_order_in_which_they_became_known(home: Home) -> None:
    assert _load(home, _orders(*PAST)) == (4, 3, 0, 0)
    assert [kind for kind, _ in _log(home)] == [
        "placed", "placed", "placed", "placed", "cancelled", "delivered", "rto_initiated",
    ]  # fmt: skip
    known = [us for _, us in _log(home)]
    assert known == sorted(known)


def test_a_load_is_flushed_together_and_what_comes_after_at_once(home: Home) -> None:
    asked = "SHOW synchronous_commit" if home.connection.remote else "PRAGMA synchronous"
    with flushed_together(home.connection):
        lazy = home.connection.execute(asked).fetchone()[0]
        _load(home, _orders(*PAST))
    assert (lazy, home.connection.execute(asked).fetchone()[0]) in ((1, 2), ("off", "on"))


def test_what_a_line_cost_and_where_it_is_shown_come_out_as_they_went_in(
    home: Home, tmp_path: Path
) -> None:
    line = {
        "order_id": "a", "merchant_id": "kurtas", "sku": "k", "name": "Kurta", "category": "kurta",
        "quantity": 2, "price": Decimal("499.50"), "unit_cost": Decimal("210.25"), "weight_g": 300,
        "image_url": "https://example.com/k.jpg", "url": "https://example.com/k",
    }  # fmt: skip
    items = pa.table({name: pa.array([line[name]], kind) for name, kind in ITEM_COLUMNS.items()})
    _load(home, _orders(PAST[0]), items=items)
    contacts = Contacts(home.keyring.sealing)
    export_log(home.connection, contacts, tmp_path / "out", with_contacts=False)
    found = read_folder(tmp_path / "out").items
    assert found is not None
    assert found.to_pylist() == [line]


def test_nothing_is_known_later_than_the_load(home: Home) -> None:
    _load(home, _orders(_order("late", 99, "delivered", after=30)))
    assert max(us for _, us in _log(home)) == NOW


def test_a_load_brings_nobody_back_who_was_erased_since_the_order_was_placed(home: Home) -> None:
    _load(home, _orders(PAST[0]))
    erase(home, Person(phone="9000000001"), now_us=to_us(START + 50 * DAY))
    assert _load(home, _orders(PAST[0], PAST[1], _order("new", 60))) == (2, 1, 1, 0)
    sealed = home.connection.execute(
        "SELECT o.order_id FROM contact c JOIN orders o ON o.number=c.number"
    ).fetchall()
    assert sealed == [("new",)]
    erased = home.connection.execute(
        """SELECT o.order_id FROM event e JOIN orders o ON o.number=e.number
           WHERE e.kind='erased' ORDER BY e.seq"""
    ).fetchall()
    assert erased == [("a",), ("b",)]
    assert erase(home, Person(phone="9000000001"), now_us=NOW).orders == 1


def test_a_second_load_adds_only_what_is_new(home: Home) -> None:
    _load(home, _orders(*PAST))
    assert _load(home, _orders(*PAST)) == (0, 0, 4, 0)
    newer = [*PAST[:2], _order("c", 2, "rto"), PAST[3], _order("e", 9)]
    assert _load(home, _orders(*newer)) == (1, 1, 4, 0)
    held = find_order(home.connection, "kurtas", "c")
    assert held is not None
    assert held.state == RTO


def _events(*rows: tuple[str, str, int, str | None]) -> pa.Table:
    named = [
        {
            "merchant_id": "kurtas",
            "order_id": order_id,
            "event": event,
            "at": START + day * DAY,
            "known_at": START + day * DAY,
            "outcome": outcome,
        }
        for order_id, event, day, outcome in rows
    ]
    return pa.table(
        {name: pa.array([row.get(name) for row in named], k) for name, k in EVENT_COLUMNS.items()}
    )


def test_events_speak_for_orders_where_they_are_given(home: Home) -> None:
    events = _events(
        ("a", "placed", 0, None),
        ("a", "rto_initiated", 4, None),
        ("a", "correction", 9, "delivered"),
        ("a", "shipped", 1, None),
        ("b", "teleported", 2, None),
        ("d", "cancelled", 4, None),
    )
    assert _load(home, _orders(*PAST), events=events) == (4, 3, 0, 0)
    states = {
        order_id: found.state
        for order_id in "abd"
        if (found := find_order(home.connection, "kurtas", order_id)) is not None
    }
    assert states == {"a": DELIVERED, "b": 0, "d": CANCELLED}
    # Corrections are not made again by a second load.
    assert _load(home, _orders(*PAST), events=events) == (0, 0, 4, 0)


def test_what_is_live_is_skipped(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await service.desk.score(shop.LIVE, shop.body(order_id="a"))

    asyncio.run(scene())
    home = Home(
        shop.settings_in(tmp_path), shop.KEYRING, connect(shop.settings_in(tmp_path).store_url)
    )
    with home:
        assert _load(home, _orders(*PAST)) == (3, 2, 0, 1)
        assert [kind for kind, _ in _log(home)][:2] == ["placed", "decided"]


def test_an_export_gives_back_what_was_loaded(home: Home, tmp_path: Path) -> None:
    write_folder(tmp_path / "in", _orders(*PAST))
    given = read_folder(tmp_path / "in").orders
    _load(home, given)
    contacts = Contacts(home.keyring.sealing)
    assert export_log(home.connection, contacts, tmp_path / "out", with_contacts=True) == 4
    assert read_folder(tmp_path / "out").orders.select(given.column_names).equals(given)


def test_an_export_without_contacts_holds_none_but_their_keys(home: Home, tmp_path: Path) -> None:
    _load(home, _orders(*PAST))
    contacts = Contacts(home.keyring.sealing)
    export_log(home.connection, contacts, tmp_path / "out", with_contacts=False)
    folder = read_folder(tmp_path / "out")
    assert folder.orders.column("phone").null_count == 4
    assert folder.revisions is not None
    assert len(set(folder.revisions.column("phone_key").to_pylist())) == 1
    held = b"".join(file.read_bytes() for file in (tmp_path / "out").iterdir())
    assert b"90000 00001" not in held


def test_an_order_loaded_and_decided_explains_itself(tmp_path: Path) -> None:
    async def scene() -> str:
        async with shop.serving(tmp_path, clock=shop.Clock(NOW)) as service:
            order = shop.body(created_at="2026-04-10T10:00:00+05:30")
            answer = await service.desk.score(shop.LIVE, order)
            return page(service.connection, answer["decision_id"])

    text = asyncio.run(scene())
    for part in ("Decision", "order 1001", "steady-1", "policy advised", "+25.0", "events up to 0"):
        assert part in text
    assert "98765" not in text


def test_the_command_loads_a_folder_whose_files_are_in_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.upkeep.load.BATCH", 2)
    orders = _orders(*reversed(PAST))
    line = {"order_id": "a", "merchant_id": "kurtas", "sku": "k", "quantity": 2}
    lines = [line | {"order_id": order_id} for order_id in "dab"]
    items = pa.table(
        {n: pa.array([one.get(n) for one in lines], kind) for n, kind in ITEM_COLUMNS.items()}
    )
    events = _events(("d", "cancelled", 4, None), ("a", "shipped", 1, None))
    write_folder(tmp_path / "in", orders, items=items, events=events)
    settings = shop.settings_in(tmp_path / "home")
    with Home.open(settings) as home:
        done = _loader(home, tmp_path / "in").run()
        assert (done.orders, done.events) == (4, 1)
        export_log(home.connection, Contacts(home.keyring.sealing), tmp_path / "out",
                   with_contacts=False)  # fmt: skip
    found = read_folder(tmp_path / "out").items
    assert found is not None
    assert found.column("order_id").to_pylist() == ["a", "b", "d"]
