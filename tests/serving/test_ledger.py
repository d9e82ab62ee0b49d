"""The ledger is the fold of the log at every moment, however it is cached, stored and restarted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.history.fact import AMOUNT_PAISE, DAY, FACT_SIZE, FIRST_WHO, PLACED_US
from features.history.reader import NO_RECORD
from features.history.states import DELIVERED, PENDING, RTO
from features.keys import WHO_SLOTS
from serving.catching_up import catch_up, store_changed
from serving.folds import newest_fold, open_fold, publish_fold
from serving.home import Home
from serving.ledger import Ledger
from serving.store.census import standing_orders
from serving.store.changes import changes_between
from serving.store.connection import Connection, connect
from serving.store.faults import LockedError, LogDownError
from serving.store.log import Log, last_seq
from serving.store.orders import find_order
from serving.store.renames import Renamed
from serving.store.who import read_records, stored_seq, write_records
from serving.upkeep.first_count import first_count
from serving.upkeep.folding import fold_if_due
from serving.upkeep.recheck import windows_at
from tests.serving import shop

HOUR_US = 3_600_000_000
KEYS = 6
APART = 1 << 56  # keys so far apart are no neighbours in the store


def _fact(number: int, keys: list[int], apart: int) -> bytes:
    fact = np.zeros(FACT_SIZE, np.int64)
    fact[PLACED_US] = number * 1_000_000
    fact[DAY] = number // 5
    fact[AMOUNT_PAISE] = 100 * number
    fact[FIRST_WHO : FIRST_WHO + len(keys)] = [key * apart for key in keys]
    return fact.tobytes()


def place(log: Log, order_id: str, keys: list[int], *, apart: int = APART) -> None:
    fact = _fact(log.seq + 1, keys, apart)
    log.place("m", order_id, b"{}", fact=fact, state=PENDING, digest=None, at_us=0, known_us=0)


def _finish(log: Log, order_id: str, becomes: int) -> None:
    held = log.find("m", order_id)
    if held is not None and held.state != becomes:
        log.append("correction", {}, at_us=0, known_us=0, order=held, becomes=becomes)


ENDS = (DELIVERED, RTO)

# An order on some of six keys, a new state of an earlier order, a checkpoint of all records or of
# the one changed longest ago, or a restart.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.lists(st.integers(0, KEYS), max_size=len(WHO_SLOTS))),
        st.tuples(st.just("finish"), st.tuples(st.integers(0, 30), st.sampled_from(ENDS))),
        st.tuples(st.sampled_from(["checkpoint", "some", "restart", "follow"]), st.none()),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_it_is_the_fold_of_the_log_whatever_happened(
    tmp_path_factory: object, steps: list[tuple[str, object]]
) -> None:
    home = Home.open(shop.settings_in(tmp_path_factory.mktemp("ledger")))  # type: ignore[attr-defined]
    with home:
        connection = home.connection
        ledger = Ledger(connection, cached=2)
        for number, (step, what) in enumerate(steps):
            with home.transaction() as log:
                if step == "place":
                    place(log, f"o{number}", sorted(set(what)))  # type: ignore[call-overload]
                elif step == "finish":
                    _finish(log, f"o{what[0]}", what[1])  # type: ignore[index]
            if step != "restart":
                end = last_seq(connection)
                ledger.apply(changes_between(connection, ledger.seq, end), end)
            else:
                ledger = Ledger(connection, cached=2)
                catch_up(ledger, connection)
            if step == "checkpoint":
                store_changed(ledger, connection)
            if step == "some":
                _store_one(ledger, connection)
            truth = Ledger.from_nothing(connection)
            truth.apply(changes_between(connection, 0, ledger.seq), ledger.seq)
            wanted = [key * APART for key in range(1, KEYS + 1)]
            for mine, theirs in zip(ledger.read(wanted), truth.read(wanted), strict=True):
                assert mine.tolist() == theirs.tolist()


def _store_one(ledger: Ledger, connection: Connection) -> None:
    with mock.patch("serving.ledger._AT_ONCE", 1):
        records, seq = ledger.begin_checkpoint(some=True)
    assert len(records) <= 1
    connection.begin()
    write_records(connection, records, seq)
    connection.commit()
    ledger.end_checkpoint(stored=True)


def test_records_wait_to_be_stored_in_the_order_in_which_they_changed(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            for order, keys in (("a", [1, 2]), ("b", [3]), ("c", [1])):
                place(log, order, keys)
        ledger = Ledger(home.connection)
        ledger.apply(changes_between(home.connection, 0, 3), 3)
        assert (ledger.waits_since(0), ledger.waits_since(1)) == (False, True)
        stored = []
        for known in (0, 1, 3):
            _store_one(ledger, home.connection)
            stored.append(stored_seq(home.connection))
            assert stored[-1] == known
        assert not ledger.waits_since(3)


def test_after_an_erasure_all_changed_records_are_stored_together(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            for key in range(1, 6):
                place(log, f"o{key}", [key])
        ledger = Ledger(home.connection)
        ledger.apply(changes_between(home.connection, 0, 5), 5)
        ledger.apply([Renamed(6, {5 * APART: 9 * APART})], 6)
        assert ledger.wants_checkpoint
        with mock.patch("serving.ledger._AT_ONCE", 1):
            records, seq = ledger.begin_checkpoint(some=True)
        keys = [key * APART for key in (1, 2, 3, 4, 5, 9)]
        assert (sorted(stored.key for stored in records), seq) == (keys, 6)
        assert not ledger.wants_checkpoint
        ledger.end_checkpoint(stored=False)
        assert ledger.wants_checkpoint
        with mock.patch("serving.ledger._AT_ONCE", 1):
            again, _ = ledger.begin_checkpoint(some=True)
        assert again == records


def test_an_absent_key_has_no_record(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        assert Ledger(home.connection).read([0, 5]) == [NO_RECORD, NO_RECORD]


def test_a_read_that_fails_is_made_again(tmp_path: Path) -> None:
    with _stored_orders(tmp_path) as home:
        ledger = Ledger(home.connection)
        gone = mock.patch("serving.ledger.read_records", side_effect=LogDownError("gone"))
        with gone, pytest.raises(LogDownError):
            ledger.read([APART])
        assert ledger.read([APART])[0].size > 0


def test_records_that_are_wanted_soon_are_read_together(tmp_path: Path) -> None:
    with _stored_orders(tmp_path) as home:
        ledger = Ledger(home.connection)
        with mock.patch("serving.ledger.read_records", wraps=read_records) as reading:
            for key in (1, 2):
                ledger.want(np.array([key * APART, 0]))
            both = [ledger.read([key * APART])[0] for key in (1, 2)]
        assert [len(record) > 0 for record in both] == [True, True]
        assert reading.call_count == 1


@contextmanager
def _stored_orders(tmp_path: Path) -> Iterator[Home]:
    """A log of one order on two keys, whose records are stored."""
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            place(log, "o", [1, 2])
        catch_up(Ledger(home.connection), home.connection)
        yield home


def test_a_checkpoint_that_fails_is_made_again(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            place(log, "o", [1, 2])
        ledger = Ledger(home.connection)
        ledger.apply(changes_between(home.connection, 0, 1), 1)
        ledger.begin_checkpoint()
        ledger.end_checkpoint(stored=False)
        records, seq = ledger.begin_checkpoint()
        assert (sorted(stored.key for stored in records), seq) == ([APART, 2 * APART], 1)


def test_records_that_lie_side_by_side_are_stored_together(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            for order, keys in (("a", [2]), ("b", [APART]), ("c", [1])):
                place(log, order, keys, apart=1)
        ledger = Ledger(home.connection)
        ledger.apply(changes_between(home.connection, 0, 3), 3)
        for stored in (False, True):
            assert (ledger.waits_since(0), ledger.waits_since(1)) == (False, True)
            with mock.patch("serving.ledger._AT_ONCE", 1):
                records, seq = ledger.begin_checkpoint(some=True)
            assert ([one.key for one in records], seq) == ([1, 2], 1)
            ledger.end_checkpoint(stored=stored)
        assert (ledger.waits_since(1), ledger.waits_since(2)) == (False, True)


@pytest.mark.only_sqlite
def test_a_store_that_another_process_writes_to_is_caught_up_with_all_the_same(
    tmp_path: Path,
) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        with home.transaction() as log:
            place(log, "o", [1])
        impatient = connect(home.settings.store_url, patient=False)
        ledger = Ledger(impatient)
        home.connection.begin()
        with pytest.raises(LockedError):
            catch_up(Ledger(impatient), impatient)
        catch_up(ledger, impatient, must_store=False)
        assert (ledger.seq, ledger.dirty, stored_seq(impatient)) == (1, 1, 0)
        home.connection.rollback()
        store_changed(ledger, impatient)
        assert stored_seq(impatient) == 1
        impatient.close()


def _stored(connection: Connection) -> list[tuple[int, bytes, int]]:
    return connection.execute("SELECT key, record, seq FROM who ORDER BY key").fetchall()


@given(STEPS, st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_log_that_was_never_counted_is_counted_key_by_key_to_the_same_records(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, object]], cut_off: bool
) -> None:
    with Home.open(shop.settings_in(tmp_path_factory.mktemp("first"))) as home:
        connection = home.connection
        for number, (step, what) in enumerate(steps):
            with home.transaction() as log:
                if step == "place":
                    place(log, f"o{number}", [_spread(key) for key in sorted(set(what))], apart=1)  # type: ignore[call-overload]
                elif step == "finish":
                    _finish(log, f"o{what[0]}", what[1])  # type: ignore[index]
        end = last_seq(connection)
        if cut_off:  # the records of the first part are stored, and then nothing more
            connection.begin()
            write_records(connection, next(first_count(connection, end) or iter(()), []), 0)
            connection.commit()
        with mock.patch("serving.catching_up._REPLAY_STEP", 1):
            catch_up(Ledger(connection), connection)
        assert stored_seq(connection) == end
        found = {key: record for key, record, _ in _stored(connection)}
        truth = Ledger.from_nothing(connection)
        truth.apply(changes_between(connection, 0, end), end)
        keys = [_spread(key) for key in range(1, KEYS + 1)]
        wanted = {k: r.tobytes() for k, r in zip(keys, truth.read(keys), strict=True) if len(r)}
        assert found == wanted


def _spread(key: int) -> int:
    """The same key somewhere in the 64 bits, as hashes are; none stays none."""
    return key and (key * 0x9E3779B97F4A7C15 + 2**63) % 2**64 - 2**63


def test_a_fold_counts_up_to_its_boundary_and_is_the_log_counted_again(tmp_path: Path) -> None:
    settings_ = shop.settings_in(tmp_path)
    with Home.open(settings_) as home:
        with home.transaction() as log:
            for i in range(5):
                place(log, f"o{i}", [1])
            _finish(log, "o2", RTO)
        fold = publish_fold(home.connection, settings_.folds_dir, now_us=9)
        assert (fold.boundary, newest_fold(home.connection)) == (6, fold)
        with home.transaction() as log:
            _finish(log, "o3", RTO)
        facts, states = standing_orders(home.connection)
        assert (len(facts), states.tolist()) == (5, [0, 0, RTO, RTO, 0])
        table, again = open_fold(settings_.folds_dir, fold), windows_at(home.connection, 6)
        for name in ("keys", "starts", "days", "sums", "merchants"):
            assert getattr(table, name).tolist() == getattr(again, name).tolist()
        held = find_order(home.connection, "m", "o3")
        assert held is not None
        assert held.state == RTO


def test_of_folds_as_many_are_kept_as_fit_and_a_few_in_any_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop.settings_in(tmp_path).folds_dir
    monkeypatch.setattr("serving.folds._KEPT", 5)

    def kept(home: Home, orders: range) -> list[int]:
        for i in orders:
            with home.transaction() as log:
                place(log, f"o{i}", [1])
            publish_fold(home.connection, folder, now_us=i)
        return sorted(int(path.name) for path in folder.iterdir())

    with Home.open(shop.settings_in(tmp_path)) as home:
        assert len(kept(home, range(7))) == 5
        monkeypatch.setattr("serving.folds._KEPT_BYTES", 1)
        last = kept(home, range(7, 8))
        assert len(last) == 3
        assert last[-1] == newest_fold(home.connection).boundary


def test_the_worker_folds_when_the_last_fold_is_an_hour_old(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        assert not fold_if_due(home, 5 * HOUR_US)  # no orders, nothing to fold
        with home.transaction() as log:
            place(log, "o", [1])
        assert fold_if_due(home, 5 * HOUR_US)
        assert not fold_if_due(home, 6 * HOUR_US - 1)
        assert fold_if_due(home, 6 * HOUR_US)
        # Nothing changed: the new fold stands for the same orders.
        assert newest_fold(home.connection).boundary == 1


def test_records_are_stored_as_soon_as_enough_have_changed_not_at_the_next_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.ledger._DIRTY", 1)
    monkeypatch.setattr("serving.service._TICK_S", 3_600)

    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await service.desk.score(shop.LIVE, shop.body())
            for _ in range(3):  # whatever was handed to the writer before is on disk then
                await service.writer.submit(lambda _: None)
            assert stored_seq(service.connection) == service.history.seq

    shop.run(scene())
