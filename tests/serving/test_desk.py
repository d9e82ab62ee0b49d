"""The desk decides once, remembers, and says what stands now."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from serving.desk import OtherContentError
from serving.outcomes import Report, read_outcomes
from serving.parsing import FieldsError
from serving.service import Service
from serving.store.log import body_of as read_body
from tests.serving import shop
from tests.serving.shop import LIVE, body, run, serving


def _events(service: Service) -> list[tuple[str, int | None]]:
    return service.connection.execute("SELECT kind, number FROM event ORDER BY seq").fetchall()


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
            items = read_outcomes(
                b'{"order_id": "1001", "outcome": "cancelled",'
                b' "outcome_at": "2026-11-20T11:55:00+05:30"}'
            )
            await service.writer.submit(Report(LIVE, items, shop.NOON))
            again = await service.desk.score(LIVE, body())
            assert (again["dispatch"], again["wait_until"]) == ("stop", None)

    run(scene())


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
