"""A change of an order: decided anew in the same arm, and only by whom has read what it changes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from serving.appending import StaleOrderError
from serving.desk import Desk, OtherContentError, UnknownOrderError
from serving.orders import story
from serving.parsing import FieldsError
from serving.service import Service
from serving.store.policies import save_policy
from tests.serving import shop
from tests.serving.shop import LIVE, body, run, serving


async def _revise(service: Service, revision: int, **changes: Any) -> dict[str, Any]:
    return await service.desk.revise(LIVE, "1001", body(**changes), revision)


def _kinds(service: Service) -> list[str]:
    found = service.connection.execute(
        "SELECT kind FROM event WHERE number IS NOT NULL ORDER BY seq"
    )
    return [kind for (kind,) in found.fetchall()]


async def _act(service: Service, **more: object) -> None:
    policy = service.policies.now("kurtas").to_json() | {"mode": "act"} | more
    await service.writer.submit(
        lambda log: save_policy(log, "kurtas", policy, expected=0, now_us=shop.NOON)
    )
    service.policies.forget("kurtas")


def test_a_change_is_a_new_revision_decided_anew(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            first = await service.desk.score(LIVE, body())
            changed = await _revise(service, 0, amount=99, customer={"phone": "+91 90000 00001"})
            assert changed["revision"] == 1
            assert changed["decision_id"] != first["decision_id"]
            assert changed["expected_cost"] != first["expected_cost"]
            assert _kinds(service) == ["placed", "decided", "revised", "decided"]
            told = story(service.connection, service.contacts, "kurtas", "1001")
            assert told is not None
            assert told["order"]["amount"] == 99
            assert told["order"]["phone"] == "+91 90000 00001"
            assert told["decision"] == changed
            # It counts under its newest keys.
            seen = [
                (await service.desk.score(LIVE, body(order_id=i, customer={"phone": phone})))
                for i, phone in (("a", "+91 98765 43210"), ("b", "+91 90000 00001"))
            ]
            receiver = 1  # the first one's receiver still has the old number
            assert seen[0]["evidence"]["phone_orders"] == receiver
            assert seen[1]["evidence"]["phone_orders"] == 1

    run(scene())


def test_a_change_does_not_see_the_order_itself(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            changed = await _revise(service, 0, amount=99)
            assert changed["evidence"]["phone_orders"] == 0

    run(scene())


def test_equal_content_changes_nothing_whatever_revision_is_named(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            first = await service.desk.score(LIVE, body())
            assert await _revise(service, 0) == first
            changed = await _revise(service, 0, amount=99)
            # The answer was lost, and the change comes again.
            assert await _revise(service, 0, amount=99) == changed
            assert len(_kinds(service)) == 4
            # The order's newest content is what a repeated post is compared with.
            assert await service.desk.score(LIVE, body(amount=99)) == changed
            with pytest.raises(OtherContentError):
                await service.desk.score(LIVE, body())

    run(scene())


def test_a_change_of_an_outdated_revision_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            changed = await _revise(service, 0, amount=99)
            with pytest.raises(StaleOrderError, match="at revision 1") as stale:
                await _revise(service, 0, amount=98)
            assert stale.value.decision == changed
            assert len(_kinds(service)) == 4

    run(scene())


def test_of_two_changes_at_once_one_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            results = await asyncio.gather(
                *(_revise(service, 0, amount=i) for i in range(1, 6)), return_exceptions=True
            )
            assert sorted(type(r).__name__ for r in results) == ["StaleOrderError"] * 4 + ["dict"]
            assert _kinds(service).count("revised") == 1
            (done,) = (r for r in results if isinstance(r, dict))
            refused = [r for r in results if isinstance(r, StaleOrderError)]
            assert all(r.decision == done for r in refused)

    run(scene())


def test_a_change_that_another_process_overtakes_is_refused_by_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if each came through a process of its own: none knows what is under way.
    monkeypatch.setattr(Desk, "keep_under_way", lambda *_: None)

    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            changes = (_revise(service, 0, amount=i) for i in range(1, 4))
            results = await asyncio.gather(*changes, return_exceptions=True)
            assert sorted(type(r).__name__ for r in results) == ["StaleOrderError"] * 2 + ["dict"]
            assert _kinds(service).count("revised") == 1

    run(scene())


def test_a_change_stays_in_the_arm_of_the_first_revision(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with serving(tmp_path, clock=clock) as service:
            await _act(service, shares={"holdout": 0.5, "explore": 0.0})
            for i in range(40):
                order = shop.order(order_id=f"o{i}", customer={"phone": f"+91 90000 {i:05d}"})
                first = await service.desk.score(LIVE, json.dumps(order).encode())
                order["customer"] = {"phone": f"+91 91000 {i:05d}"}
                second = await service.desk.revise(LIVE, f"o{i}", json.dumps(order).encode(), 0)
                assert second["arm"] == first["arm"]
            arms = service.connection.execute("SELECT body FROM event WHERE kind='decided'")
            assert len({json.loads(b)["arm"] for (b,) in arms.fetchall()}) > 1

    run(scene())


def test_a_change_names_no_other_order_and_no_other_time(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            await service.desk.score(LIVE, body())
            for wrong in ({"order_id": "2"}, {"created_at": "2026-11-20T11:16:00+05:30"}):
                with pytest.raises(FieldsError, match="leave it out"):
                    await _revise(service, 0, **wrong)
            left_out = await _revise(service, 0, order_id=None, created_at=None, amount=5)
            assert left_out["revision"] == 1
            with pytest.raises(UnknownOrderError):
                await service.desk.revise(LIVE, "unheard", body(), 0)

    run(scene())
