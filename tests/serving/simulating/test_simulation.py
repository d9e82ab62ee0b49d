"""The simulator knows what happened, and says what it cannot know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from features.days import DAY_US
from features.row import Row
from models.actions import ACTIONS
from models.condition_text import parse
from models.curves import DEGREE, KINDS
from models.evidence import MOMENTS, Evidence
from models.policy import Policy, default_policy
from models.replay import asked, replay
from models.risk import Risk
from models.rules import Rule, Segment
from models.thresholds import Thresholds
from serving.board.refresh import refresh
from serving.board.summary import Summary
from serving.moments import rfc3339
from serving.policy.policies import revisions
from serving.service import Service
from serving.simulating import past as past_module
from serving.simulating import process as process_module
from serving.simulating.others import Others, sharing_merchants
from serving.simulating.past import Past
from serving.simulating.process import Room
from serving.simulating.simulation import chances_then, simulate, window_of
from serving.store.log import Log
from serving.store.meta import arm_secret
from serving.store.policies import save_policy
from tests.serving import shop
from tests.serving.town import door

POLICY = Policy(
    mode="act",
    thresholds=Thresholds(verify=0.2, prepaid=0.5, hold=0.8),
    prepaid_thresholds=Thresholds(hold=0.7),
    segments=(
        Segment(
            name="regulars", when=parse("phone_orders_ever > 0"), thresholds=Thresholds(hold=0.5)
        ),
    ),
    rules=(Rule(name="far", when=parse("zone = far or amount > 4000"), action="verify"),),
    reviews_per_day=1,
)
ORDERS = 60


def nothing_seen() -> Evidence:
    """Of a merchant whose orders say nothing."""
    shape = len(ACTIONS), KINDS, MOMENTS
    return Evidence(np.zeros(shape), np.zeros((*shape, DEGREE + 1)), np.zeros((0, 0)),
                    np.zeros((0, 0)), np.zeros(len(ACTIONS), np.int64))  # fmt: skip


class Varied(shop.Steady):
    """A model that knows nothing and says something else each time."""

    def __init__(self) -> None:
        super().__init__()
        self._luck = np.random.default_rng(7)

    def score(self, row: Row, extra: Any) -> Risk:
        """Another probability."""
        return Risk(float(self._luck.uniform(0.01, 0.99)), 0.0, 0.2, -1.4)


async def ask(
    client: httpx2.AsyncClient, key: str, what: dict[str, Any] | None = None
) -> httpx2.Response:
    """Simulate."""
    headers = {"Authorization": f"Bearer {key}"}
    return await client.post("/v1/policy/simulate", content=json.dumps(what or {}), headers=headers)


async def trade(client: httpx2.AsyncClient, key: str, clock: shop.Clock) -> None:
    """A month of orders, most of which have ended by its end."""
    headers = {"Authorization": f"Bearer {key}"}
    for number in range(ORDERS):
        clock.us += DAY_US // 2
        body = shop.body(
            order_id=f"o{number}",
            created_at=rfc3339(clock.us - (DAY_US if number % 9 == 8 else 0)),
            payment_mode=("cod", "cod", "prepaid")[number % 3],
            customer={"phone": f"+91 90000 {number % 40:05d}"},
            amount=5000 if number % 13 == 0 else 1299,
            dispatch_cutoff=None,
            promised_at=None,
        )
        answer = await client.post("/v1/score", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    told = [
        shop.outcome(f"o{n}", ("delivered", "rto")[n % 2], outcome_at=rfc3339(clock.us))
        for n in range(ORDERS - 10)
    ]
    answer = await client.post("/v1/outcomes", content=json.dumps(told), headers=headers)
    assert answer.status_code == 200, answer.text


async def save(client: httpx2.AsyncClient, key: str, policy: Policy, revision: int) -> None:
    """Put a policy in force."""
    headers = {"Authorization": f"Bearer {key}", "If-Match": f'"{revision}"'}
    body = json.dumps(policy.to_json())
    answer = await client.put("/v1/policy", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


def past_of(service: Service) -> tuple[Past, dict[int, Policy]]:
    """The shop's past, read from the log."""
    past = Past("kurtas", arm_secret(service.connection))
    policies = revisions(service.connection, "kurtas")
    for policy in (POLICY, *policies.values()):
        past.ask(asked(policy))
    past.follow(service.connection)
    return past, policies


def test_the_policy_that_was_in_force_did_what_really_happened(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                await save(client, key, POLICY, 0)
                await trade(client, key, clock)
                await save(client, key, replace(POLICY, thresholds=Thresholds(hold=0.4)), 1)
                past, policies = past_of(service)
                window = window_of(past, 90, clock())
                assert len(past) == ORDERS
                again = replay(policies[1], window.orders)
                assert again.action.tolist() == window.action.tolist()
                assert len(set(window.action.tolist())) >= 4
                assert window.orders.full.any()
                logged = chances_then(window, policies)[np.arange(ORDERS), window.action]
                assert logged.tolist() == past.column("propensity").tolist()
                found = simulate(past, policies[1], {1: policies[1]}, days=90, now_us=clock())
                assert found["today"]["actions"] == found["happened"]
                assert found["against_today"] is None
                assert sum(found["happened"].values()) == found["orders"] == ORDERS

    shop.run(scene())


def test_a_draft_asks_about_what_no_policy_asked_before(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                await trade(client, key, clock)
            room, none = Room(), replace(POLICY, thresholds=Thresholds(), segments=(), rules=())
            asking = {"store_url": service.settings.store_url, "merchant_id": "kurtas",
                      "days": 365, "now_us": clock(), "what": "simulation"}  # fmt: skip
            quiet = room.answer(asking | {"policy": none.to_json()})["found"]
            assert quiet["draft"]["actions"]["block"] == 0
            rule = Rule(name="large", when=parse("amount > 4000"), action="block")
            ruled = replace(none, rules=(rule,)).to_json()
            found = room.answer(asking | {"policy": ruled})["found"]
            # The 26th came too late for anything to be done.
            assert found["draft"]["actions"]["block"] == len(range(0, ORDERS, 13)) - 1

    shop.run(scene())


def test_weeks_whose_ends_are_not_known_are_left_out_and_named(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                await trade(client, key, clock)
            past, policies = past_of(service)
            found = simulate(past, POLICY, policies, days=90, now_us=clock())
            assert found["weeks_left_out"] == ["2026-12-14"]
            # Some orders of the week that is left out have ended.
            assert 0 < found["judged_orders"] < ORDERS - 10
            assert found["against_none"]["enough"] is False
            assert found["against_none"]["saved_rupees"]["point"] is None

    shop.run(scene())


def test_the_route_asks_another_process_and_refuses_what_is_wrong(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                await trade(client, key, clock)
                draft = POLICY.to_json()
                answer = await ask(client, key, {"policy": draft, "days": 30})
                assert answer.status_code == 200, answer.text
                found = answer.json()
                assert found["orders"] == ORDERS
                assert set(found["draft"]["actions"]) == set(ACTIONS)
                assert found["today"]["mode"] == "observe"
                wrong = await ask(client, key, {"policy": {"mode": "live"}})
                assert wrong.status_code == 422
                assert 'mode must be "observe" or "act"' in wrong.json()["detail"]
                days = await ask(client, key, {"days": 31})
                assert days.json()["errors"][0]["message"] == "must be one of 30, 90, 365"
                held = await client.get("/v1/policy", headers={"Authorization": f"Bearer {key}"})
                assert held.json()["revision"] == 0

    shop.run(scene())


def test_a_suggestion_is_a_draft_that_can_be_saved_and_says_what_it_rests_on(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                await save(client, key, POLICY, 0)
                await trade(client, key, clock)
                headers = {"Authorization": f"Bearer {key}"}
                answer = await client.get("/v1/policy/suggestion", headers=headers)
                assert answer.status_code == 200, answer.text
                found = answer.json()
                assert found["enough"] is False
                assert "are needed" in found["why"]
                assert found["other_merchants"] == 0
                assert sum(one["orders"] for one in found["effects"].values()) > 0
                await save(client, key, Policy.from_json(found["policy"]), 1)

    shop.run(scene())


def test_others_are_pooled_only_from_three_on_and_only_among_those_who_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            sharing = replace(POLICY, share_with_network=True)
            names = ("kurtas", "a", "b", "c", "d")
            for name in names:
                await shop.add_shop(service, name)
                body = (POLICY if name == "d" else sharing).to_json()

                def work(log: Log, name: str = name, body: dict[str, object] = body) -> int:
                    return save_policy(log, name, body, expected=0, now_us=shop.NOON)

                await service.writer.submit(work)
            assert sharing_merchants(service.connection, 9) == ["a", "b", "c", "kurtas"]
            told = nothing_seen()
            asking: dict[str, Any] = {
                "store_url": service.settings.store_url, "what": "suggestion", "policy": {},
                "now_us": shop.NOON,
            }  # fmt: skip
            for known, counted in (({"a", "b", "c"}, 3), ({"a", "b"}, 0)):
                room = Room()

                def measure(_: object, name: str, __: int, known: set[str] = known) -> Any:
                    return told if name in known else None

                monkeypatch.setattr(Others, "_measure", staticmethod(measure))
                found = room.answer(asking | {"merchant_id": "kurtas"})["found"]
                assert found["other_merchants"] == counted
                alone = room.answer(asking | {"merchant_id": "d"})["found"]
                assert alone["other_merchants"] == 0
                effects = {"what": "effects", "merchant_id": "kurtas", "days": 365}
                shown = on_the_page(service, tmp_path / f"{counted}.db")
                assert shown == room.answer(asking | effects)["found"]
                assert shown["other_merchants"] == counted

    shop.run(scene())


def on_the_page(service: Service, board: Path) -> dict[str, Any]:
    """The effects of the year as the page of the first merchant tells them."""
    with Summary.open(board) as summary:
        refresh(summary, service.connection, "kurtas", now_us=shop.NOON)
        report = summary.report("kurtas", "saved")
        assert report is not None
        found: dict[str, Any] = report["effects"]["365"]
        return found


def test_a_past_follows_the_log_and_says_so_when_asked_wrongly(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                past, _ = past_of(service)
                await trade(client, key, clock)
                past.follow(service.connection)
                fresh, _ = past_of(service)
                for name in ("number", "state", "action", "person", "draw"):
                    assert past.column(name).tolist() == fresh.column(name).tolist()
            asked = {"store_url": service.settings.store_url, "merchant_id": "kurtas",
                     "policy": {}, "days": 7, "now_us": clock(), "what": "simulation"}  # fmt: skip
            assert "must be one of 30, 90, 365" in Room().answer(asked)["refused"]

    shop.run(scene())


def test_a_shop_without_orders_gets_an_empty_answer(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            asked = {"store_url": service.settings.store_url, "merchant_id": "kurtas",
                     "policy": default_policy().to_json(), "days": 365, "what": "simulation",
                     "now_us": shop.NOON}  # fmt: skip
            found = Room().answer(asked)["found"]
            assert found["orders"] == 0
            assert found["against_none"]["saved_rupees"]["point"] == 0.0

    shop.run(scene())


def test_a_log_too_long_for_one_question_is_read_in_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_module, "_AT_ONCE", 40)
    monkeypatch.setattr(process_module, "MOST_EVENTS", 80)

    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                await save(client, key, POLICY, 0)
                await trade(client, key, clock)
            room = Room()
            asking = {
                "store_url": service.settings.store_url, "merchant_id": "kurtas",
                "what": "simulation", "policy": {}, "days": 365, "now_us": clock(),
            }  # fmt: skip
            answers = [room.answer(asking) for _ in range(4)]
            assert "being read for the first time" in answers[0]["failed"]
            assert answers[-1]["found"]["orders"] == ORDERS

    shop.run(scene())
