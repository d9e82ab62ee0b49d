"""What each action was worth is found again from the comparison group, where it is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.days import SECOND_US
from models.arms import Shares
from models.policy import Policy
from models.thresholds import Thresholds
from serving.simulating.effects import effects
from serving.simulating.past import Past
from serving.store.meta import arm_secret
from tests.bench.simulation import NOW_US, PAYS, RETURN, Invented
from tests.serving import shop
from tests.serving.town import door

POLICY = Policy(
    revision=1, mode="act", thresholds=Thresholds(verify=0.15, prepaid=0.4),
    shares=Shares(holdout=0.15),
)  # fmt: skip


def found(n: int) -> dict[str, dict[str, Any]]:
    """The effects of a shop's year, by action."""
    told = effects(Invented(n, POLICY), {1: POLICY}, days=365, now_us=NOW_US)
    return {one["action"]: one for one in told["effects"]}


def test_what_was_avoided_and_who_paid_is_found_again() -> None:
    told = found(60_000)
    for action in ("verify", "prepaid"):
        one = told[action]
        assert one["enough"]
        share = one["rto_avoided_share"]
        assert share["low"] < 1 - RETURN < share["high"]
        assert share["point"] == pytest.approx(1 - RETURN, abs=0.1)
        assert one["saved_rupees"]["low"] < one["saved_rupees"]["point"]
        # Whatever does not come back arrives here, so no order is lost and many are won.
        assert one["orders_lost"]["high"] < 0
    asked = told["prepaid"]
    assert asked["conversion"]["low"] < PAYS < asked["conversion"]["high"]
    assert asked["answers"]["median_minutes"] == asked["answers"]["slowest_tenth_minutes"] == 10
    assert asked["answers"]["answered"] == asked["conversion"]["paid"]
    assert told["verify"]["conversion"]["paid"] == 0


def test_what_nobody_was_given_has_no_number() -> None:
    hold = found(2_000)["hold"]
    assert (hold["orders"], hold["enough"]) == (0, False)
    assert hold["rto_avoided"] == {"point": None, "low": None, "high": None}
    assert hold["why"] == "no order could have had this action or none"


def test_few_orders_give_an_interval_and_no_point() -> None:
    verify = found(2_000)["verify"]
    assert not verify["enough"]
    assert verify["saved_rupees"]["point"] is None
    assert verify["saved_rupees"]["low"] < verify["saved_rupees"]["high"]
    assert "are needed" in verify["why"]


def test_answers_and_payments_are_read_from_the_log_and_silence_is_none(tmp_path: Path) -> None:
    said = {"o0": "confirmed", "o1": "paid", "o2": "unreachable", "o3": None}

    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock) as service:
            key = await shop.add_shop(service)
            headers = {"Authorization": f"Bearer {key}"}
            async with door(service) as client:
                for order_id, response in said.items():
                    await service.desk.score(shop.LIVE, shop.body(order_id=order_id))
                    clock.us += 600 * SECOND_US
                    if response:
                        route = f"/v1/orders/{order_id}/contact"
                        told = await client.post(
                            route, json={"response": response}, headers=headers
                        )
                        assert told.status_code == 200, told.text
            past = Past("kurtas", arm_secret(service.connection))
            assert past.follow(service.connection)
            took = past.column("answered_us") - past.column("now_us")
            assert (took > 0).tolist() == [True, True, False, False]
            assert took[:2].tolist() == [600 * SECOND_US] * 2
            assert past.column("paid").tolist() == [False, True, False, False]

    shop.run(scene())


def test_effects_are_asked_for_by_days_that_are_offered(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                headers = {"Authorization": f"Bearer {key}"}
                answer = await client.get("/v1/effects", headers=headers)
                assert answer.status_code == 200
                assert [one["action"] for one in answer.json()["effects"]] == [
                    "verify", "prepaid", "hold",
                ]  # fmt: skip
                wrong = await client.get("/v1/effects?days=7", headers=headers)
                assert wrong.status_code == 422
                assert "days: must be one of 30, 90, 365" in wrong.text

    shop.run(scene())
