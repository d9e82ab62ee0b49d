"""The log is counted once, however it is read, and stays counted when orders leave it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json

from features.days import DAY_US, ist_day
from features.history.states import CLASSES
from features.keys import Hasher
from serving.board.entry import Counts
from serving.board.reading import catch_up, follow
from serving.board.summary import Summary
from serving.catching_up import catch_up as catch_up_records
from serving.catching_up import store_changed
from serving.home import Home
from serving.ledger import Ledger
from serving.store.log import last_seq
from serving.upkeep.erasure import Person, erase
from serving.upkeep.order_pruning import prune_orders
from tests.serving import shop
from tests.serving.board.logbook import decide, happen, home_with_shops, place, write_year

ALWAYS = (-(10**6), 10**6)
WEEK = 7 * DAY_US


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_with_shops(tmp_path) as opened:
        yield opened


@pytest.fixture
def summary(tmp_path: Path) -> Iterator[Summary]:
    with Summary.open(tmp_path / "pages" / "board.sqlite3") as opened:
        yield opened


def cells(summary: Summary) -> dict[tuple[Any, ...], tuple[int, ...]]:
    found = summary.connection.execute("SELECT * FROM cell").fetchall()
    return {row[:4]: row[4:] for row in found}


def total(summary: Summary, dimension: str = "all", value: str = "", who: str = "kurtas") -> Counts:
    return summary.totals(who, dimension, *ALWAYS).get(value, Counts())


def counted_anew(home: Home, path: Path) -> dict[tuple[Any, ...], tuple[int, ...]]:
    with Summary.open(path / "anew.sqlite3") as fresh:
        catch_up(fresh, home.connection)
        return cells(fresh)


@pytest.mark.parametrize("seed", range(3))
def test_however_the_log_is_cut_the_counts_are_those_of_reading_it_at_once(
    home: Home, summary: Summary, tmp_path: Path, seed: int
) -> None:
    pick = random.Random(seed)
    write_year(home, 60, seed)
    while follow(summary, home.connection, at_once=pick.randrange(1, 30)):
        pass
    assert cells(summary) == counted_anew(home, tmp_path)
    standing = Counter(
        (merchant_id, state % CLASSES)
        for merchant_id, state in home.connection.execute(
            "SELECT merchant_id, state FROM orders WHERE test = 0"
        ).fetchall()
    )
    for merchant_id in ("kurtas", "sarees"):
        counts = total(summary, who=merchant_id)
        assert counts[:CLASSES] == tuple(standing[merchant_id, i] for i in range(CLASSES))


def test_events_are_counted_as_they_come(home: Home, summary: Summary) -> None:
    at = shop.NOON - 3 * WEEK
    with home.transaction() as log:
        held = place(
            log, "a", at, pincode="560034", payment_mode="cod", amount_paise=129900,
            items=[{"sku": "kurta", "quantity": 2, "unit_cost_paise": 30000},
                   {"sku": "bag", "quantity": 1, "unit_cost_paise": 10000}],
            coupons=["DIWALI10"], utm_campaign="diwali",
        )  # fmt: skip
        decide(log, held, at, probability=0.25)
    catch_up(summary, home.connection)
    assert total(summary, "sku", "kurta").expected_micro == 500_000
    assert total(summary, "sku", "bag").expected_micro == 250_000
    assert total(summary).units_open == 3
    with home.transaction() as log:
        happen(log, "a", "rto_initiated", at + 9 * DAY_US, reason="refused")
    catch_up(summary, home.connection)
    kurta = total(summary, "sku", "kurta")
    assert (kurta.rto, kurta.pending, kurta.expected_micro) == (1, 0, 0)
    assert total(summary, "cause", "refused").back_paise == 129900
    assert total(summary, "sku cause", "kurta\x1frefused").rto == 1
    assert total(summary, "delay", "back\x1f9").rto == 1
    with home.transaction() as log:
        happen(log, "a", "correction", at + 10 * DAY_US, outcome="delivered")
    catch_up(summary, home.connection)
    assert total(summary, "cause", "refused").orders == 0
    assert total(summary).goods_paise == 70000
    assert total(summary).delivered_paise == 129900


def test_the_first_decision_says_what_was_done_and_the_newest_what_is_expected(
    home: Home, summary: Summary
) -> None:
    with home.transaction() as log:
        held = place(log, "a", shop.NOON, items=[{"sku": "kurta"}])
        decide(log, held, shop.NOON, probability=0.2, action="verify")
        decide(log, held, shop.NOON + 1, probability=0.5, action="ship")
    catch_up(summary, home.connection)
    assert total(summary, "action", "verify").orders == 1
    assert total(summary, "action", "ship").orders == 0
    assert total(summary).expected_micro == 500_000


def test_test_orders_count_nowhere(home: Home, summary: Summary) -> None:
    with home.transaction() as log:
        place(log, "t", shop.NOON, test=True, pincode="560034")
    assert catch_up(summary, home.connection)
    assert not cells(summary)


def test_a_shipment_says_the_courier(home: Home, summary: Summary) -> None:
    with home.transaction() as log:
        held = place(log, "a", shop.NOON, courier="delhivery")
        log.append("shipped", {"awb": "1", "courier": "bluedart"}, at_us=shop.NOON,
                   known_us=shop.NOON, order=held)  # fmt: skip
    catch_up(summary, home.connection)
    assert set(summary.totals("kurtas", "courier", *ALWAYS)) == {"bluedart"}


def test_pruned_orders_stay_counted_whether_they_had_been_read_or_not(
    home: Home, summary: Summary, tmp_path: Path
) -> None:
    end = write_year(home, 60, 5)
    follow(summary, home.connection, at_once=70)
    before = counted_anew(home, tmp_path)
    _store_records(home)
    done = prune_orders(home, end - 3 * DAY_US, now_us=end)
    assert done.orders > 20
    catch_up(summary, home.connection)
    again = counted_anew(home, tmp_path / "after")
    for found in (cells(summary), again):
        assert _of_all(found) == _of_all(before)
    held = summary.connection.execute("SELECT count(*) FROM entry").fetchone()[0]
    orders = home.connection.execute("SELECT count(*) FROM orders WHERE test=0").fetchone()[0]
    assert held == orders


def _store_records(home: Home) -> None:
    ledger = Ledger(home.connection)
    catch_up_records(ledger, home.connection)
    store_changed(ledger, home.connection)


def _of_all(found: dict[tuple[Any, ...], tuple[int, ...]]) -> dict[tuple[Any, ...], Any]:
    return {key: counts[:CLASSES] for key, counts in found.items() if key[1] == "all"}


def test_an_erased_person_leaves_no_mark_and_every_count(
    home: Home, summary: Summary, tmp_path: Path
) -> None:
    hasher = Hasher(list(home.keyring.hashing.keys.values()))
    phone = hasher("phone", "kurtas", "+919876543210")
    with home.transaction() as log:
        place(log, "a", shop.NOON, phone=phone, pincode="560034")
        place(log, "b", shop.NOON, phone=8, pincode="560034")
    catch_up(summary, home.connection)
    assert phone in {entry.person for entry in summary.entries_of("kurtas")}
    before = cells(summary)
    erase(home, Person("+91 98765 43210"), now_us=shop.NOON)
    catch_up(summary, home.connection)
    persons = [entry.person for entry in summary.entries_of("kurtas")]
    assert phone not in persons
    assert len(set(persons)) == 2
    assert cells(summary) == before
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "pages").iterdir())
    assert str(phone).encode() not in on_disk


def test_ad_spend_told_again_takes_the_place_of_what_was_told(home: Home, summary: Summary) -> None:
    day = int(ist_day(shop.NOON))
    for paise in (500_00, 700_00):
        with home.transaction() as log:
            log.append("spend", {"rows": [["diwali", day, paise]]}, at_us=shop.NOON,
                       known_us=shop.NOON, merchant_id="kurtas")  # fmt: skip
    catch_up(summary, home.connection)
    assert summary.connection.execute("SELECT * FROM spend").fetchall() == [
        ("kurtas", "diwali", day, 700_00)
    ]


def test_a_restored_log_is_counted_anew(home: Home, summary: Summary, tmp_path: Path) -> None:
    write_year(home, 20, 1)
    catch_up(summary, home.connection)
    with summary.transaction():
        summary.move_to(last_seq(home.connection) + 50, "another log")
    catch_up(summary, home.connection)
    assert cells(summary) == counted_anew(home, tmp_path)


def test_a_reader_that_comes_second_adds_nothing(
    home: Home, summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_year(home, 20, 2)
    path = tmp_path / "pages" / "board.sqlite3"
    with Summary.open(path) as other:
        keep = other.transaction

        def late() -> Any:
            catch_up(summary, home.connection)
            return keep()

        monkeypatch.setattr(other, "transaction", late)
        follow(other, home.connection)
    assert cells(summary) == counted_anew(home, tmp_path)


def test_an_unreadable_older_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "board.sqlite3"
    with Summary.open(path) as summary:
        summary.move_to(7, "x")
        summary.connection.execute("PRAGMA user_version=99")
    assert Summary.read(path) is None
    with Summary.open(path) as summary:
        assert summary.seq == 0


def test_there_is_nothing_to_read_before_the_first_fold(tmp_path: Path) -> None:
    assert Summary.read(tmp_path / "none.sqlite3") is None


def test_no_text_of_a_customer_reaches_the_summary(home: Home, summary: Summary) -> None:
    with home.transaction() as log:
        place(log, "a", shop.NOON, city="Bengaluru", extra={"note": "x"})
    catch_up(summary, home.connection)
    (body,) = summary.connection.execute("SELECT body FROM entry").fetchone()
    assert b"Bengaluru" not in body
    assert to_json("note") not in body
