"""Policies over the interface: numbered, told apart, live at once, and refused with reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from features.days import HOUR_US
from models.policy import default_policy
from serving.conversation.sending_hours import after_quiet
from serving.policy.policies import Policies
from serving.service import Service
from serving.store.channels import Delegate
from tests.serving import shop
from tests.serving.client import Shop, played
from tests.serving.shop import order

LIVE = default_policy().to_json() | {
    "mode": "act",
    "thresholds": {"hold": 0.3},
    "shares": {"holdout": 0.0, "explore": 0.0},
}
LARGE = {"name": "large and new", "when": "amount > 1000 and new customer", "action": "block"}


async def save(ask: Shop, revision: int, **changes: Any) -> dict[str, Any]:
    """Save the live policy with some changes."""
    saved: dict[str, Any] = await ask("PUT", "/v1/policy", LIVE | changes, If_Match=f'"{revision}"')
    return saved


def test_every_revision_says_who_saved_it_when_and_why(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        first = await ask("GET", "/v1/policy")
        assert (first["revision"], first["saved"]) == (0, None)
        await save(ask, 0, note="Try it", by="Meera")
        again = await ask("GET", "/v1/policy")
        assert again["saved"] == {
            "at": "2026-11-20T12:00:00+05:30",
            "by": "Meera",
            "note": "Try it",
        }
        # What was read can be sent back as it is.
        await ask("PUT", "/v1/policy", again | {"mode": "observe"}, If_Match='"1"')
        told = (await ask("GET", "/v1/policy/revisions"))["revisions"]
        assert [(one["revision"], one["mode"], one["note"]) for one in told] == [
            (2, "observe", ""), (1, "act", "Try it"),
        ]  # fmt: skip
        assert told[0]["by"].startswith("key ")
        page = await ask("GET", "/v1/policy/revisions?limit=1")
        assert (page["revisions"][0]["revision"], page["next_before"]) == (2, 2)
        page = await ask("GET", "/v1/policy/revisions?before=2")
        assert [one["revision"] for one in page["revisions"]] == [1]
        assert (await ask("GET", "/v1/policy?revision=1"))["mode"] == "act"
        assert (await ask("GET", "/v1/policy?revision=0")) == first
        missing = await ask("GET", "/v1/policy?revision=7", status=404)
        assert "there is no revision 7" in missing["detail"]

    played(tmp_path, scene)


def test_two_people_cannot_overwrite_each_other(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        await save(ask, 0, note="one")
        late = await ask("PUT", "/v1/policy", LIVE, 412, If_Match='"0"')
        assert "at revision 1, not 0; read it again" in late["detail"]
        assert (await ask("GET", "/v1/policy"))["saved"]["note"] == "one"

    played(tmp_path, scene)


def test_an_invalid_policy_is_refused_with_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        for change, says in (
            ({"thresholds": {"verify": 0.5, "hold": 0.4}}, "raise hold or lower verify"),
            ({"rules": [LARGE | {"when": "price > 3"}]}, 'there is no field "price"'),
            ({"note": 7}, "note must be a text"),
        ):
            refused = await ask("PUT", "/v1/policy", LIVE | change, 422, If_Match='"0"')
            assert says in refused["detail"]
        assert (await ask("GET", "/v1/policy"))["revision"] == 0

    played(tmp_path, scene)


def test_a_saved_policy_decides_the_next_order_and_names_what_did(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        segment = {"name": "kurtas", "when": "category = kurta", "thresholds": {"verify": 0.3}}
        await save(ask, 0, segments=[segment])
        one = await ask("POST", "/v1/score", order(order_id="1"))
        assert (one["action"], one["segment"], one["rule"]) == ("verify", "kurtas", None)
        await save(ask, 1, rules=[LARGE])
        other = {"phone": "+91 90000 11111", "id": "c-9", "email": "new@example.com"}
        two = await ask("POST", "/v1/score", order(order_id="2", customer=other))
        assert (two["action"], two["rule"]) == ("block", "rule: large and new")
        # The same customer again is not new any more.
        three = await ask("POST", "/v1/score", order(order_id="3", customer=other))
        assert (three["action"], three["rule"]) == ("hold", None)
        entry = {"list": "allow", "field": "phone", "value": "+91 90000 22222"}
        await ask("POST", "/v1/lists", entry)
        four = await ask(
            "POST", "/v1/score", order(order_id="4", customer={"phone": "+91 90000 22222"})
        )
        assert (four["action"], four["rule"]) == ("ship", "allow list: phone")

    played(tmp_path, scene)


def test_no_more_orders_are_held_than_people_have_time_for(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        await save(ask, 0, reviews_per_day=2)
        done = [
            (await ask("POST", "/v1/score", order(order_id=f"{i}")))["action"] for i in range(4)
        ]
        assert done == ["hold", "hold", "ship", "ship"]
        basket = {"customer": {"phone": "+91 98765 43210"}, "amount": 900}
        await ask("POST", "/v1/checkout", basket)
        await save(ask, 1, reviews_per_day=3)
        batch = await ask("POST", "/v1/score/batch", [order(order_id=f"b{i}") for i in range(3)])
        assert [one["action"] for one in batch["results"]] == ["hold", "ship", "ship"]

    played(tmp_path, scene)


def test_reviews_are_counted_across_a_restart(tmp_path: Path) -> None:
    async def first(ask: Shop) -> None:
        await save(ask, 0, reviews_per_day=1)
        assert (await ask("POST", "/v1/score", order(order_id="1")))["action"] == "hold"

    played(tmp_path, first)

    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            policy = service.policies.now("kurtas")
            reviews = service.judge.reviews
            assert policy.reviews_per_day == 1
            assert reviews.left("kurtas", policy, shop.NOON) == 0
            assert reviews.left("kurtas", policy, shop.NOON + 86_400_000_000) == 1

    shop.run(scene())


def test_fields_and_parts_are_told_with_a_sentence_each(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        told = await ask("GET", "/v1/policy/fields")
        names = {field["name"] for field in told["conditions"]}
        assert {"amount", "new_customer", "zone", "probability", "phone_rto_ever"} <= names
        assert "costs.margin_share" in told["policy"]

    played(tmp_path, scene)


def test_a_policy_of_before_there_were_rules_is_still_read(tmp_path: Path) -> None:
    async def scene(service: Service) -> None:
        old = {
            name: value
            for name, value in default_policy(mode="act").to_json().items()
            if name not in ("segments", "rules", "quiet_hours", "sale", "reviews_per_day")
        }

        def work(log: Any) -> None:
            log.connection.execute(
                "INSERT INTO policy (merchant_id, revision, seq, body) VALUES (?,?,?,?)",
                ("kurtas", 1, 1, json.dumps(old | {"revision": 1}).encode()),
            )

        await service.writer.submit(work)
        found = Policies(service.connection).now("kurtas")
        assert (found.mode, found.rules, found.revision) == ("act", (), 1)

    async def whole() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            await scene(service)

    shop.run(whole())


def test_messages_wait_for_the_end_of_both_quiet_hours(tmp_path: Path) -> None:
    awake, night = Delegate(quiet_from=0, quiet_until=0), Delegate(quiet_from=12, quiet_until=14)

    async def scene(ask: Shop) -> None:
        connection = ask.service.connection

        def waits(account: Delegate) -> float:
            return (after_quiet(connection, "kurtas", account, shop.NOON) - shop.NOON) / HOUR_US

        assert (waits(awake), waits(night)) == (0, 2)
        await save(ask, 0, quiet_hours={"from": "13:30", "until": "15:30"})
        assert (waits(awake), waits(night)) == (0, 3.5)
        await save(ask, 1, quiet_hours={"from": "11:00", "until": "12:30"})
        assert (waits(awake), waits(night)) == (0.5, 2)

    played(tmp_path, scene)
