"""Past orders of a shop become a data folder, page by page, whatever comes between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from features.errors import RefusedError
from features.tables import read_folder
from serving.commands.shop import shop as shop_command
from serving.home import Home
from serving.moments import rfc3339
from serving.sandbox.shopify import Storefront
from serving.shops import past
from serving.store.merchants import add_merchant
from tests.serving import shop
from tests.serving.shop import NOON
from tests.serving.shops.test_shopify import DOMAIN, ORDER, SECRET

SAID = {n: v for n, v in ORDER.items() if n not in ("id", "name", "created_at", "updated_at")}
TOKEN = "shpat_of_the_shop"


@pytest.fixture
def front() -> Iterator[Storefront]:
    """A shop with a past."""
    one = Storefront(TOKEN, SECRET, bucket=100_000, restore=100_000)
    one.url = one.start()  # type: ignore[attr-defined]
    for number in range(45):
        one.place(number, "COD", **SAID)
    one.changed(7, {"cancelled_at": one.now(), "cancel_reason": "customer"})
    one.changed(8, {"currency": "USD"})
    one.ship(9, "AWB9")
    one.parcels[9][0] |= {"shipment_status": "DELIVERED", "delivered_at": one.now()}
    yield one
    one.stop()


def rto(home: Path, front: Storefront, *arguments: str, said: Any = None) -> str:
    """One ``rto shop`` command."""
    env = {"RTO_HOME": str(home), "RTO_SHOPIFY_URL": front.url}  # type: ignore[attr-defined]
    given = None if said is None else json.dumps(said)
    done = CliRunner().invoke(shop_command, arguments, env=env, input=given)
    if done.exception is not None:
        raise done.exception
    return done.output


def connected(home: Path, front: Storefront, token: str = TOKEN) -> None:
    """A merchant with a shop."""
    with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
        add_merchant(log.connection, "kurtas", "K", invented=True, now_us=NOON)
    account = {"domain": DOMAIN, "secret": SECRET, "token": token}
    rto(home, front, "set", "kurtas", "-", said=account)


def test_the_past_is_read_on_from_where_it_was_left(tmp_path: Path, front: Storefront) -> None:
    connected(tmp_path, front)
    out = tmp_path / "past"
    arguments = ("history", "kurtas", "--out", str(out))
    front.an_order = 90.0
    for fault in ("500", "reset"):
        front.faults.extend(["", fault])
        with pytest.raises(RefusedError, match="what was read stays"):
            rto(tmp_path, front, *arguments)
    told = rto(tmp_path, front, *arguments)
    assert "44 orders in " in told
    assert "2 with an outcome, 1 refused" in told
    pages = front.asked.count("orders")
    assert pages == 7, "no page is asked for twice"
    folder = read_folder(out)
    orders = {row["order_id"]: row for row in folder.orders.to_pylist()}
    assert len(orders) == 44
    assert (orders["#7"]["outcome"], orders["#9"]["outcome"]) == ("cancelled", "delivered")
    one = orders["#1"]
    assert (one["payment_mode"], one["phone"], one["pincode"]) == ("cod", "+919876543210", "560034")
    assert folder.items is not None
    assert folder.items.num_rows == 44
    assert sorted(path.name for path in out.iterdir()) == ["items.csv", "orders.csv"]


def test_a_past_longer_than_one_search_gives_is_read_in_several(
    tmp_path: Path, front: Storefront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST_IN_A_ROW", 20)
    front.longest, front.an_order = 25, 90.0
    begun = front.clock()
    for number in range(45):
        front.orders[number]["created_at"] = rfc3339(int((begun - 900 + number) * 1e6))
    connected(tmp_path, front)
    told = rto(tmp_path, front, "history", "kurtas", "--out", str(tmp_path / "past"))
    assert "44 orders in " in told


def test_a_shop_without_a_token_says_so(tmp_path: Path, front: Storefront) -> None:
    connected(tmp_path, front, token="")
    with pytest.raises(RefusedError, match="no shop with a token"):
        rto(tmp_path, front, "history", "kurtas", "--out", str(tmp_path / "past"))
