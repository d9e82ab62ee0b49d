"""A person who is erased: texts gone, keys changed, counts as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from features.errors import RefusedError
from features.history.fact import FIRST_WHO
from features.keys import DEVICE, PHONE, Hasher
from serving.catching_up import catch_up
from serving.home import Home
from serving.ledger import Ledger
from serving.store.carried import carried_in
from serving.store.connection import connect
from serving.store.renames import waiting_renames
from serving.upkeep.erasure import Erased, Person, erase
from serving.upkeep.order_pruning import prune_orders
from serving.upkeep.tombstones import bury, find_late, find_named
from tests.serving import shop

HASHER = Hasher(list(shop.KEYRING.hashing.keys.values()))
PHONE_TEXT, OTHER_PHONE = "+91 98765 43210", "+91 90000 00009"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Two orders of one person and one of another on the same device."""

    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            for order_id in ("a", "b"):
                await service.desk.score(shop.LIVE, shop.body(order_id=order_id))
            stranger = {"id": "c-9", "phone": OTHER_PHONE, "email": "ravi@example.com"}
            other = shop.body(order_id="c", customer=stranger, shipping_address=None)
            await service.desk.score(shop.LIVE, other)

    asyncio.run(scene())
    settings = shop.settings_in(tmp_path)
    with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
        yield opened


def facts(home: Home) -> dict[int, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    found = home.connection.execute("SELECT seq, data FROM event WHERE kind='placed' ORDER BY seq")
    return {seq: np.frombuffer(data, np.int64) for seq, data in found.fetchall()}


def erased(home: Home, phone: str = PHONE_TEXT) -> Erased:
    return erase(home, Person(phone), now_us=shop.NOON + 1)


def test_texts_go_and_keys_become_tombstones(home: Home) -> None:
    phone = HASHER("phone", "kurtas", "+919876543210")
    before = facts(home)
    done = erased(home)
    assert (done.orders, done.sealed) == (2, 2)
    after = facts(home)
    first, second, other = after.values()
    assert phone in before[min(before)]
    assert not any(phone in fact for fact in after.values())
    assert first[FIRST_WHO + PHONE] == second[FIRST_WHO + PHONE] != 0
    # The device is the other person's too; nothing of theirs has changed.
    assert first[FIRST_WHO + DEVICE] == other[FIRST_WHO + DEVICE]
    assert done.shared >= 1
    np.testing.assert_array_equal(other, before[max(before)])
    left = home.connection.execute("SELECT count(*) FROM contact").fetchone()
    assert left[0] == 1


def test_nothing_counted_changes_and_old_names_are_forgotten(home: Home) -> None:
    phone = HASHER("phone", "kurtas", "+919876543210")
    ledger = Ledger(home.connection)
    (record,) = ledger.read([phone])
    assert len(record) > 0
    erased(home)
    (tombstone,) = {int(fact[FIRST_WHO + PHONE]) for fact in list(facts(home).values())[:2]}
    assert waiting_renames(home.connection) > 0
    catch_up(Ledger(home.connection), home.connection)
    assert waiting_renames(home.connection) == 0
    fresh = Ledger(home.connection)
    gone, kept = fresh.read([phone, tombstone])
    assert len(gone) == 0
    assert kept[0] == record[0] == 2
    stored = home.connection.execute("SELECT count(*) FROM who WHERE key=?", (phone,)).fetchone()
    assert stored[0] == 0


def test_a_second_time_there_is_nothing_left_to_erase(home: Home) -> None:
    erased(home)
    again = erased(home)
    assert (again.orders, again.sealed, again.keys) == (0, 0, 0)


def test_an_order_that_is_pruned_meanwhile_is_erased_where_it_went(home: Home) -> None:
    keys = Person(PHONE_TEXT).keys(["kurtas"], HASHER)
    named = find_named(home.connection, keys, lambda _: None)
    assert len(named.orders) == 2
    assert prune_orders(home, shop.NOON + 1, now_us=shop.NOON + 1).orders == 3
    with home.transaction() as log:
        find_late(log.connection, named, keys)
        assert (named.orders, len(named.pruned_orders)) == ([], 2)
        bury(log.connection, named)
    carried = carried_in(home.connection).facts
    assert len(carried) == 3
    assert not np.isin(carried, list(keys)).any()
    assert (erased(home).orders, erased(home, OTHER_PHONE).orders) == (0, 1)


def test_a_test_order_is_erased_too(home: Home, tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await service.desk.score(shop.TEST, shop.body(order_id="t"))

    asyncio.run(scene())
    assert erased(home).orders == 3


def test_nobody_in_particular_is_refused(home: Home) -> None:
    with pytest.raises(RefusedError, match="whole phone number"):
        erased(home, "asha")
