"""The process that keeps the summary waits for its log and works out what has changed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from features.days import DAY_US
from serving.board import reader, refresh
from serving.board.reader import keep_reading
from serving.board.reading import follow
from serving.board.refresh import LEAST_US, refresh_next
from serving.board.shelf import Shelf
from serving.board.summary import Summary
from serving.home import Home
from serving.simulating import simulation
from tests.serving import shop
from tests.serving.board.invented import write_year
from tests.serving.board.logbook import home_with_shops, place

NOW = shop.NOON + 3 * DAY_US


def test_it_reads_and_works_out_until_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, worked = threading.Event(), []

    def once(*given: object, now_us: int, others: object) -> str | None:
        found = refresh_next(*given, now_us=now_us)  # type: ignore[arg-type]
        worked.append(found)
        stop.set()
        return found

    monkeypatch.setattr(reader, "refresh_next", once)
    with home_with_shops(tmp_path) as home:
        with home.transaction() as log:
            place(log, "a", shop.NOON)
        keep_reading(home.settings, stop, clock=lambda: NOW)
        assert worked == ["kurtas"]
        shelf = Shelf(home.settings.board)
        assert shelf.of("kurtas") is not None
        assert shelf.of("sarees") is None
        shelf.close()


def test_a_log_that_is_away_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    waits: list[float | None] = []

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds)
        stop.set()
        return True

    monkeypatch.setattr(stop, "wait", wait)
    keep_reading(shop.settings_in(tmp_path), stop)
    assert waits


def test_a_merchant_is_worked_out_at_most_every_ten_minutes(tmp_path: Path) -> None:
    with home_with_shops(tmp_path) as home, Summary.open(home.settings.board) as summary:
        for merchant_id in ("kurtas", "sarees"):
            summary.mark_changed([merchant_id])
        log = home.connection
        found = [refresh_next(summary, log, now_us=NOW + late) for late in (0, 1, 2)]
        assert found == ["kurtas", "sarees", None]
        summary.mark_changed(["kurtas"])
        assert refresh_next(summary, log, now_us=NOW + LEAST_US - 1) is None
        assert refresh_next(summary, log, now_us=NOW + LEAST_US) == "kurtas"


def test_savings_are_measured_again_when_a_week_has_settled_or_the_policy_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []

    def saved(*given: object, **more: int) -> object:
        measured.append(more["days"])
        return simulation.saved(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(refresh, "saved", saved)
    with Home.open(shop.settings_in(tmp_path)) as home:
        write_year(home, 400, now_us=NOW)
        with Summary.open(home.settings.board) as summary:
            follow(summary, home.connection, at_once=10**6)
            for late in (0, 1, DAY_US + 1):
                refresh.refresh(summary, home.connection, "kurtas", now_us=NOW + late)
            found = summary.report("kurtas", "saved")
    assert measured == [90, 365] * 2
    assert found is not None
    assert found["windows"]["365"]["acted"]
    assert not found["windows"]["365"]["saved"]["enough"]
