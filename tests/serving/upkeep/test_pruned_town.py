"""Orders scored live around two prunings, and what batch, recheck and folds make of the rest."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import N_SIGNALS
from features.days import HOUR_US
from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.keys import Hasher
from features.tables import Folder, read_folder
from serving.catching_up import catch_up, store_changed
from serving.folds import newest_fold, open_fold
from serving.home import Home
from serving.ledger import Ledger
from serving.store.carried import carried_in, replayed_between
from serving.store.contacts import Contacts
from serving.store.who import read_records, stored_seq
from serving.upkeep.export import export_log
from serving.upkeep.load import Loader
from serving.upkeep.order_pruning import prune_orders
from serving.upkeep.recheck import windows_at
from tests.serving import shop
from tests.serving.town import (
    SHOPS,
    Town,
    buy,
    door,
    erase_phone,
    export,
    fold_now,
    logged_rows,
    open_home,
    recheck,
    share,
)
from training.carried import carried_of, history_only
from training.matrix import Matrix, build

ORDERS = 300
FIRST_PRUNED, SECOND_PRUNED = 60, 150
PHONES = ("00001", "00010")


async def _live(home: Path, town: Town) -> None:
    """Score the orders; prune with the server down and while it runs; erase who was pruned."""
    keys: list[str] = []
    moments: list[int] = []
    for part in range(3):
        async with shop.serving(home, clock=town.clock) as service, door(service) as client:
            if not keys:
                keys += [await shop.add_shop(service, merchant) for merchant in SHOPS]
                await share(service, SHOPS[:3])
            for number in range(part * ORDERS // 3, (part + 1) * ORDERS // 3):
                moments.append(town.clock())
                await buy(client, town, number, keys[number % len(keys)], back=6)
                if number % 25 == 20:
                    fold_now(home, town.clock())
                    await service.tick()
                if number == SECOND_PRUNED + 35:
                    await service.history.checkpoint(service.writer)
                    _prune(home, moments[SECOND_PRUNED])
                if number == SECOND_PRUNED + 45:
                    _erase(home, town, PHONES[0])
                    await service.tick()
        if part == 0:
            _prune(home, moments[FIRST_PRUNED])
        if part == 1:
            _erase(home, town, PHONES[1])


def _prune(home: Path, before_us: int) -> None:
    with open_home(home) as held:
        assert prune_orders(held, before_us, now_us=before_us).orders > 10


def _erase(home: Path, town: Town, digits: str) -> None:
    assert _named(home, digits) > 0, "nobody pruned is erased"
    erase_phone(home, town.clock, f"+91 90000 {digits}")
    assert _named(home, digits) == 0


def _named(home: Path, digits: str) -> int:
    """How many carried facts have a phone."""
    hasher = Hasher(list(shop.KEYRING.hashing.keys.values()))
    phones = [hasher("phone", name, f"+9190000{digits}") for name in SHOPS]
    with open_home(home) as held:
        facts = carried_in(held.connection).facts
    return int(np.isin(facts[:, FIRST_WHO:FIRST_WHERE], phones).any(axis=1).sum())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after three hundred live orders, many of them pruned."""
    home = tmp_path_factory.mktemp("pruned")
    shop.run(_live(home, Town(seed=11)))
    return home


@pytest.fixture(scope="module")
def exported(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Its log as a data folder."""
    return export(lived, tmp_path_factory.mktemp("out"), with_contacts=False)


def _wrong(lived: Path, folder: Folder, early: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """How many features differ between live and batch, of orders that read late enough."""
    live, batch = logged_rows(lived, folder).astype(np.float32), build(folder, threads=1).values
    wrong = (live != batch) & ~(np.isnan(live) & np.isnan(batch))
    return int(wrong[~early].any(axis=0).sum())


def test_later_orders_have_the_features_of_batch(lived: Path, exported: Folder) -> None:
    matrix = build(exported, threads=1)
    early = history_only(exported, carried_of(exported), matrix.orders["created_us"].to_numpy())
    assert matrix.history_only == early.sum() > 20
    assert (~early).sum() > 80
    assert _wrong(lived, exported, early) == 0
    known = np.nan_to_num(matrix.values[~early, N_SIGNALS:]).max(axis=0) > 0
    assert known.mean() > 0.7
    # Without the carried facts many would be others, and so they are for who read before.
    assert _wrong(lived, replace(exported, carried=None), early) > 20
    assert _wrong(lived, exported, ~early) > 0


def test_what_read_before_has_no_label(exported: Folder) -> None:
    orders = build(exported, threads=1).orders
    early = history_only(exported, carried_of(exported), orders["created_us"].to_numpy())
    assert set(orders["outcome"][early]) == {""}
    assert (orders["outcome_us"][early] == -1).all()
    assert {"delivered", "rto"} < set(orders["outcome"][~early])


def test_a_recheck_finds_every_later_decision_bit_for_bit(lived: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(lived, copy)
    folds = sorted(shop.settings_in(copy).folds_dir.iterdir(), key=lambda path: int(path.name))
    for fold in folds[1::2]:  # counted again, but for the last one before the pruned orders' end
        shutil.rmtree(fold)
    found = recheck(copy)
    assert found.differences == []
    assert found.equal > 80
    assert 0 < recheck(lived).pruned < found.pruned - 10


def test_folds_and_records_counted_again_are_those_in_use(lived: Path) -> None:
    with open_home(lived) as home:
        fold = newest_fold(home.connection)
        table = open_fold(home.settings.folds_dir, fold)
        again = windows_at(home.connection, fold.boundary)
        for name in ("keys", "starts", "days", "sums", "merchants"):
            assert getattr(table, name).tolist() == getattr(again, name).tolist(), name
        keys = [key for (key,) in home.connection.execute("SELECT key FROM who").fetchall()]
        stored = {key: record for key, record, _ in read_records(home.connection, keys)}
        ledger, end = Ledger.from_nothing(home.connection), stored_seq(home.connection)
        ledger.apply(replayed_between(home.connection, 0, end), end)
        assert len(keys) > 500
        for key, record in zip(keys, ledger.read(keys), strict=True):
            assert record.tobytes() == stored[key]


def test_of_pruned_orders_only_facts_are_left(lived: Path) -> None:
    with open_home(lived) as home:
        facts, _ = carried_in(home.connection).newest()
        left = home.connection.execute("SELECT count(*) FROM orders").fetchone()[0]
        assert (len(facts) > 60, len(facts) + left) == (True, ORDERS)
        for query in (
            "number IS NOT NULL AND number NOT IN (SELECT number FROM orders)",
            f"number IN ({', '.join(str(n) for n in facts[:, 0])})",
        ):
            found = home.connection.execute(f"SELECT count(*) FROM event WHERE {query}").fetchone()
            assert found[0] == 0
        lost = "NOT IN (SELECT seq FROM event)"
        for table, column in (("decision", "seq"), ("contact", "number")):
            query = f"SELECT count(*) FROM {table} WHERE {column} {lost}"
            assert home.connection.execute(query).fetchone()[0] == 0


def test_orders_of_an_import_keep_their_features_too(lived: Path, tmp_path: Path) -> None:
    past = export(lived, tmp_path / "past")
    with Home.open(shop.settings_in(tmp_path / "home")) as home:
        Loader(home, replace(past, events=None, revisions=None, carried=None), shop.NOON * 2).run()
        ledger = Ledger(home.connection)
        catch_up(ledger, home.connection)
        store_changed(ledger, home.connection)
        whole = _matrix(home, tmp_path / "whole")
        middle = int(whole.orders["created_us"].quantile(0.4))
        assert prune_orders(home, middle, now_us=middle).orders > 20
        rest = _matrix(home, tmp_path / "rest")
    kept = whole.orders["order_id"].isin(rest.orders["order_id"]).to_numpy()
    early = rest.orders["created_us"].to_numpy() < middle
    assert early.sum() < rest.history_only < len(early) - 60
    late = rest.orders["created_us"].to_numpy() > middle + HOUR_US
    assert late.sum() > 60
    np.testing.assert_array_equal(whole.values[kept][late], rest.values[late])
    known = np.nan_to_num(rest.values[late, N_SIGNALS:]).max(axis=0) > 0
    assert known.mean() > 0.4


def _matrix(home: Home, out: Path) -> Matrix:
    contacts = Contacts(home.keyring.sealing)
    export_log(home.connection, contacts, out, with_contacts=False)
    return build(read_folder(out), threads=1)
