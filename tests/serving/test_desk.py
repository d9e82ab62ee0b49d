"""The desk decides once, remembers, and says what stands now."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.history.fact import FIRST_WHO
from serving.deadline import Deadline, DeadlineError, LateError
from serving.desk import OtherContentError
from serving.parcels.outcomes import Report, read_outcomes
from serving.parsing import FieldsError
from serving.service import Service
from serving.store.log import Log
from serving.store.log import body_of as read_body
from serving.wish import Wish
from tests.serving import shop
from tests.serving.shop import LIVE, body, run, serving


def _events(service: Service) -> list[tuple[str, int | None]]:
    return service.connection.execute("SELECT kind, number FROM event ORDER BY seq").fetchall()


async def _report(service: Service, *items: dict[str, Any]) -> list[str]:
    work = Report(LIVE, read_outcomes(items), shop.NOON, service.doorkeeper.speaking)
    return [result.result for result in await service.writer.submit(work)]


def test_an_order_gets_a_durable_decision(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            answer = await service.desk.score(LIVE, body())
            assert answer["probability"] == 0.4
            assert answer["action"] == "ship"
            assert answer["policy_action"] in ("verify", "prepaid", "hold")
            assert answer["arm"] is None
            assert answer["model"] == "steady-1"
            assert [kind for kind, _ in _events(service)] == ["placed", "decided"]
            (row,) = service.connection.execute(
                "SELECT data FROM event WHERE kind='decided'"
            ).fetchone()
            assert len(np.frombuffer(row)) == len(CATALOGUE)

    run(scene())


def test_a_decision_says_how_sure_its_score_is(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            answer = await service.desk.score(LIVE, body())
            assert (answer["probability_low"], answer["probability_high"]) == (0.2, 0.7)
            assert (await service.desk.score(LIVE, body())) == answer

    run(scene())


def test_the_same_content_again_gives_the_first_decision(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with serving(tmp_path, clock=clock) as service:
            first = await service.desk.score(LIVE, body())
            clock.us += 3_600_000_000
            assert await service.desk.score(LIVE, body()) == first
            # The same content, written otherwise.
            same = body(amount="1299.0", created_at="2026-11-20T05:45:00Z", unknown_field=1)
            assert await service.desk.score(LIVE, same) == first
            assert len(_events(service)) == 2

    run(scene())


def test_other_content_is_refused_and_shows_the_decision(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            first = await service.desk.score(LIVE, body())
            with pytest.raises(OtherContentError) as refused:
                await service.desk.score(LIVE, body(amount=1300))
            assert refused.value.decision == first
            assert len(_events(service)) == 2

    run(scene())


def test_fifty_repeats_in_flight_write_one_decision(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            answers = await asyncio.gather(*(service.desk.score(LIVE, body()) for _ in range(50)))
            assert all(answer == answers[0] for answer in answers)
            assert len(_events(service)) == 2

    run(scene())


def test_a_repeat_in_flight_of_a_write_that_fails_is_decided_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            faults = [sqlite3.OperationalError("disk I/O error")]

            def fail_once(*_: Any) -> None:
                if faults:
                    raise faults.pop()

            monkeypatch.setattr(service.desk.contacts, "keep", fail_once)
            answers = await asyncio.gather(
                *(service.desk.score(LIVE, body()) for _ in range(2)), return_exceptions=True
            )
            kinds = sorted(type(answer).__name__ for answer in answers)
            assert kinds == ["LogDownError", "dict"]
            assert len(_events(service)) == 2

    run(scene())


def test_a_decision_sees_the_log_up_to_its_recorded_position(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            evidence = []
            for i in range(3):
                answer = await service.desk.score(LIVE, body(order_id=f"o{i}"))
                evidence.append(answer["evidence"]["phone_orders"])
            assert evidence == [0, 1, 2]
            bodies = service.connection.execute(
                "SELECT body FROM event WHERE kind='decided' ORDER BY seq"
            ).fetchall()
            assert [read_body(held)["read_seq"] for (held,) in bodies] == [0, 2, 4]

    run(scene())


def test_test_orders_are_decided_and_count_nowhere(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(shop.TEST, body())
            answer = await service.desk.score(LIVE, body())
            assert answer["evidence"]["phone_orders"] == 0
            assert sum(service.metrics.decisions.values()) == 1


def test_a_test_order_sees_neither_live_orders_nor_other_test_orders(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            for i in range(3):
                await service.desk.score(LIVE, body(order_id=f"o{i}"))
            for i in range(2):
                answer = await service.desk.score(shop.TEST, body(order_id=f"o{i}"))
                assert answer["evidence"]["phone_orders"] == 0
            rows = service.connection.execute(
                """SELECT e.data FROM orders o JOIN event e ON e.seq = o.decided_seq
                   WHERE o.test = 1"""
            ).fetchall()
            assert rows[0] == rows[1]
            facts = service.connection.execute(
                "SELECT e.data FROM orders o JOIN event e ON e.seq = o.number ORDER BY o.number"
            ).fetchall()
            keys = [set(np.frombuffer(fact[FIRST_WHO * 8 :], np.int64)) - {0} for (fact,) in facts]
            live, *tests = keys[0] | keys[1] | keys[2], keys[3], keys[4]
            assert not live & tests[0]
            assert not tests[0] & tests[1]

    run(scene())


def test_an_order_from_the_future_is_refused_beyond_five_minutes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body(created_at="2026-11-20T12:05:00+05:30"))
            early = body(order_id="2", created_at="2026-11-20T12:05:01+05:30")
            with pytest.raises(FieldsError, match="created_at: lies in the future"):
                await service.desk.score(LIVE, early)

    run(scene())


def test_a_cancelled_order_stops_when_asked_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            await _report(service, shop.outcome(what="cancelled"))
            again = await service.desk.score(LIVE, body())
            assert (again["dispatch"], again["wait_until"]) == ("stop", None)

    run(scene())


def test_an_outcome_before_its_order_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            early = shop.outcome(outcome_at="2026-11-20T11:09:59+05:30")
            assert await _report(service, early) == ["invalid"]
            just = shop.outcome(outcome_at="2026-11-20T11:10:00+05:30")
            assert await _report(service, just) == ["recorded"]

    run(scene())


def test_a_decision_that_comes_too_late_names_the_fallback_and_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through, commit = threading.Event(), Log.commit

    def slowly(log: Log) -> None:
        assert through.wait(30)
        commit(log)

    async def scene() -> None:
        seconds = [0.0]
        async with serving(tmp_path) as service:
            past = Deadline.read("5", clock=lambda: seconds[0])
            seconds[0] = 1.0
            with pytest.raises(LateError, match="your own default") as late:
                await service.desk.score(LIVE, body(), Wish(past))
            assert late.value.fallback == "ship"
            assert _events(service) == []
            # The disk takes longer than the caller waits.
            tight = Deadline(0.0, clock=iter([-1.0, 0.0]).__next__)
            monkeypatch.setattr(Log, "commit", slowly)
            with pytest.raises(LateError):
                await service.desk.score(LIVE, body(), Wish(tight))
            through.set()
            again = await service.desk.score(LIVE, body(record_only=True))
            assert again["dispatch"] == "go"
            assert [kind for kind, _ in _events(service)] == ["placed", "decided", "overridden"]

    run(scene())


@pytest.mark.parametrize("header", ["", "0", "-1", "1.5", "60001", "999999999999", "١٢", "soon"])
def test_a_deadline_is_a_number_of_milliseconds(header: str) -> None:
    with pytest.raises(DeadlineError, match="RTO-Deadline-Ms"):
        Deadline.read(header)
    assert Deadline.read(None) is None


def test_record_only_marks_an_order_not_acted_on_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            for _ in range(2):
                again = await service.desk.score(LIVE, body(record_only=True))
                assert again["dispatch"] == "go"
            kinds = [kind for kind, _ in _events(service)]
            assert kinds == ["placed", "decided", "overridden"]

    run(scene())


@pytest.mark.only_sqlite
def test_no_personal_detail_lies_open_in_the_database(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())

    run(scene())
    held = b"".join(file.read_bytes() for file in (tmp_path / "store").iterdir())
    for secret in (b"98765", b"Asha", b"asha@example", b"Lake View", b"203.0.113", b'd-1"'):
        assert secret not in held
    assert b"Bengaluru" in held
