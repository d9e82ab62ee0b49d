"""The same recorded inputs give the same decision, and an altered record is noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.arms import Shares
from models.thresholds import Thresholds
from serving.intake import Content, order_of
from serving.store.log import body_of
from serving.upkeep.redeciding import Redeciding
from tests.serving import shop
from tests.serving.simulating.test_simulation import POLICY, Varied, save, trade
from tests.serving.town import door, recheck

BLOCKED = {"list": "block", "field": "phone", "value": "+91 90000 00007", "reason": "returns"}


def test_decisions_of_lists_rules_segments_reviews_and_arms_come_out_again(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock, scorer=Varied()) as service:
            key = await shop.add_shop(service)
            async with door(service) as client:
                headers = {"Authorization": f"Bearer {key}"}
                told = await client.post("/v1/lists", json=[BLOCKED], headers=headers)
                assert told.status_code == 200, told.text
                policy = replace(POLICY, shares=Shares(holdout=0.5))
                await save(client, key, policy, 0)
                await trade(client, key, clock)
                await save(client, key, replace(policy, thresholds=Thresholds()), 1)
            bodies = [
                body_of(body)
                for (body,) in service.connection.execute(
                    "SELECT body FROM event WHERE kind='decided' ORDER BY seq"
                )
            ]
        rules = {body["rule"] for body in bodies}
        assert {"block list: phone", "rule: far", None} <= rules
        assert any(body["segment"] for body in bodies)
        assert len({body["arm"] for body in bodies}) > 2
        found = recheck(tmp_path)
        assert (found.equal, found.differences) == (len(bodies), [])

    shop.run(scene())


def test_a_decision_that_its_inputs_do_not_give_is_named(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            await service.desk.score(shop.LIVE, shop.body(order_id="o1"))
            said, (body, row) = (
                service.connection.execute(
                    f"SELECT body, data FROM event WHERE kind='{kind}'"
                ).fetchone()
                for kind in ("placed", "decided")
            )
            content = Content(body_of(said[0]), {})
            order, values = order_of("kurtas", "o1", content), np.frombuffer(row)
            again, logged = Redeciding(service.connection), body_of(body)
            cutoff = content.public.get("dispatch_cutoff_us")
            assert list(again.differences(order, cutoff, values, logged)) == []
            altered = json.loads(json.dumps(logged)) | {"action": "block", "dispatch": "stop"}
            differing = {name for name, _, _ in again.differences(order, cutoff, values, altered)}
            assert differing == {"action", "dispatch"}
            riskier = logged | {"probability": 0.99}
            assert list(again.differences(order, cutoff, values, riskier))

    shop.run(scene())
