"""Every route of the interface, over the application itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.store.lists import drop_entries
from tests.serving import shop
from tests.serving.client import Shop, played
from tests.serving.shop import NOON, order, outcome

LATER = "2026-11-20T11:59:00+05:30"


def test_a_checkout_weighs_a_basket_and_remembers_nothing(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        basket = order(order_id=None, created_at=None, payment_mode=None)
        told = await ask("POST", "/v1/checkout", basket)
        assert told["probability"] == 0.4
        assert told["offer"] == {"cod": True, "partial_cod": True, "cod_fee": 0}
        assert told["advised"]["cod"] is False
        assert told["advised"]["cod_fee"] > 0
        assert await ask("POST", "/v1/checkout", basket) == told
        assert (await ask("GET", "/v1/events"))["events"] == []
        unknown = await ask("POST", "/v1/checkout", {})
        assert unknown["advised"]["cod_fee"] == 0

    played(tmp_path, scene)


def test_past_orders_become_history_and_nothing_else(tmp_path: Path) -> None:
    past = [
        order(order_id=f"p{i}", created_at="2026-10-01T10:00:00+05:30", promised_at=None)
        | {"outcome": "rto", "outcome_at": "2026-10-12T10:00:00+05:30", "reason": "refused"}
        for i in range(3)
    ]

    async def scene(ask: Shop) -> None:
        told = await ask("POST", "/v1/orders/backfill", [*past, {"order_id": "x"}, past[0]])
        assert [r["result"] for r in told["results"]] == [
            "recorded", "recorded", "recorded", "invalid", "unchanged",
        ]  # fmt: skip
        assert told["recorded"] == 3
        again = await ask("POST", "/v1/orders/backfill", past)
        assert {r["result"] for r in again["results"]} == {"unchanged"}
        story = await ask("GET", "/v1/orders/p0")
        assert (story["state"], story["decision"]) == ("rto", None)
        assert [e["known_at"][:10] for e in story["events"]] == ["2026-10-01", "2026-10-12"]
        answer = await ask("POST", "/v1/score", order())
        assert answer["evidence"]["phone_orders"] == 3
        live = await ask("POST", "/v1/orders/backfill", [past[0] | {"order_id": "1001"}])
        assert live["results"][0]["result"] == "decided_live"
        early = past[0] | {"order_id": "e", "outcome_at": "2026-09-30T10:00:00+05:30"}
        late = past[0] | {"order_id": "l", "outcome_at": None}
        wrong = await ask("POST", "/v1/orders/backfill", [early, late])
        assert {r["result"] for r in wrong["results"]} == {"invalid"}
        await ask("POST", "/v1/score", past[0], 409)

    played(tmp_path, scene)


def test_a_shipment_counts_once_by_its_waybill(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        for order_id in ("1001", "1002"):
            await ask("POST", "/v1/score", order(order_id=order_id))
        parcel = {"order_id": "1001", "awb": "A1", "courier": "delhivery", "shipped_at": LATER}
        told = await ask(
            "POST", "/v1/shipments",
            [parcel, parcel, parcel | {"order_id": "1002"}, parcel | {"order_id": "?"}, {}],
        )  # fmt: skip
        assert [r["result"] for r in told["results"]] == [
            "recorded", "unchanged", "refused", "unknown_order", "invalid",
        ]  # fmt: skip
        assert (await ask("POST", "/v1/shipments", parcel))["recorded"] == 0
        story = await ask("GET", "/v1/orders/1001")
        assert story["events"][-1]["detail"] == {"awb": "A1", "courier": "delhivery"}

    played(tmp_path, scene)


@pytest.mark.parametrize(
    ("done", "dispatch", "state"),
    [
        ([("override", {"action": "hold"})], "wait", "pending"),
        ([("override", {"action": "hold"}), ("override", {"action": "approve"})], "go", "pending"),
        ([("override", {"action": "cancel"})], "stop", "cancelled"),
        ([("contact", {"response": "refused"})], "stop", "cancelled"),
        ([("override", {"action": "hold"}), ("reply", {"response": "confirmed"})], "go", "pending"),
        (
            [("override", {"action": "hold"}), ("contact", {"response": "silent"})],
            "wait",
            "pending",
        ),
    ],
)
def test_what_people_do_counts_from_then_on(
    tmp_path: Path, done: list[tuple[str, dict[str, str]]], dispatch: str, state: str
) -> None:
    async def scene(ask: Shop) -> None:
        first = await ask("POST", "/v1/score", order())
        for what, body in done:
            stands = await ask("POST", f"/v1/orders/1001/{what}", body | {"note": "Asha said so"})
        assert (stands["dispatch"], stands["state"]) == (dispatch, state)
        again = await ask("POST", "/v1/score", order())
        assert again == first | {"dispatch": dispatch, "wait_until": None}
        story = await ask("GET", "/v1/orders/1001")
        notes = [event["detail"].get("note") for event in story["events"]]
        assert notes.count("Asha said so") == len(done)
        assert story["treated"] == any(what == "contact" for what, _ in done)
        log = ask.service.connection.execute("SELECT body FROM event").fetchall()
        assert not any(b"Asha" in bytes(body) for (body,) in log)
        await ask("POST", "/v1/orders/unheard/override", {"action": "hold"}, 404)
        await ask("POST", "/v1/orders/1001/override", {"action": "burn"}, 422)

    played(tmp_path, scene)


def test_what_people_do_counts_once_however_often_it_is_said(tmp_path: Path) -> None:
    asked = [
        ("override", {"action": "hold", "by": "Ravi"}),
        ("contact", {"response": "silent", "note": "no answer"}),
        ("reply", {"response": "confirmed", "at": "2026-11-20T11:58:00+05:30"}),
        ("contact", {"response": "refused"}),
    ]

    async def scene(ask: Shop) -> None:
        await ask("POST", "/v1/score", order())
        for what, body in asked:
            told = [await ask("POST", f"/v1/orders/1001/{what}", body) for _ in range(3)]
            assert told[0] == told[1] == told[2]
        await ask("POST", "/v1/orders/1001/contact", {"response": "refused", "note": "angry"})
        story = await ask("GET", "/v1/orders/1001")
        assert [event["event"] for event in story["events"]] == [
            "placed", "decided", "overridden", "contacted", "replied", "contacted", "cancelled",
            "contacted",
        ]  # fmt: skip

    played(tmp_path, scene)


def test_a_decision_on_a_new_revision_outdates_an_approval(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        await ask("POST", "/v1/score", order())
        await ask("POST", "/v1/orders/1001/override", {"action": "hold"})
        changed = await ask("PUT", "/v1/orders/1001", order(amount=5), If_Match='"0"')
        assert changed["dispatch"] == "go"
        assert (await ask("GET", "/v1/orders/1001"))["decision"] == changed
        await ask("PUT", "/v1/orders/1001", order(amount=6), 412, If_Match='"0"')
        await ask("PUT", "/v1/orders/1001", order(amount=6), 428)

    played(tmp_path, scene)


def test_orders_are_listed_by_their_last_change(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        for i in range(5):
            await ask("POST", "/v1/score", order(order_id=f"o{i}"))
        await ask("POST", "/v1/outcomes", [outcome("o1", "rto"), outcome("o3", "delivered")])
        seen, cursor = [], 0
        while cursor is not None:
            page = await ask("GET", f"/v1/orders?limit=2&cursor={cursor}")
            seen += [line["order_id"] for line in page["orders"]]
            cursor = page["next_cursor"]
        assert seen == ["o0", "o2", "o4", "o1", "o3"]
        rto = await ask("GET", "/v1/orders?state=rto")
        assert [line["order_id"] for line in rto["orders"]] == ["o1"]
        assert rto["orders"][0]["decision"]["order_id"] == "o1"
        after = "/v1/orders?updated_after="
        assert (await ask("GET", after + "2026-11-20T11:00:00%2B05:30"))["orders"]
        assert (await ask("GET", after + "2026-11-20T12:00:00%2B05:30"))["orders"] == []
        for wrong in ("state=x", "cursor=-1", "limit=1001", "updated_after=now"):
            await ask("GET", f"/v1/orders?{wrong}", status=422)

    played(tmp_path, scene)


def test_the_feed_holds_every_event_once_and_no_personal_data(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        for i in range(3):
            await ask("POST", "/v1/score", order(order_id=f"o{i}"))
        test = await ask.with_key("kurtas", "test")
        await test("POST", "/v1/score", order(order_id="t"))
        after, kinds = 0, []
        while (page := await ask("GET", f"/v1/events?limit=4&after={after}"))["next_after"] > after:
            assert "98765" not in str(page)
            kinds += [(e["order_id"], e["event"]) for e in page["events"]]
            after = page["next_after"]
        assert kinds == [(f"o{i}", kind) for i in range(3) for kind in ("placed", "decided")]
        own = await test("GET", "/v1/events")
        assert [e["order_id"] for e in own["events"]] == ["t", "t"]

    played(tmp_path, scene)


def test_lists_come_before_the_model_and_block_before_allow(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        policy = await ask("GET", "/v1/policy")
        await ask("PUT", "/v1/policy", policy | {"mode": "act"}, If_Match='"0"')
        told = await ask(
            "POST", "/v1/lists",
            [
                {"list": "allow", "field": "pincode", "value": "560034", "reason": "ours"},
                {"list": "block", "field": "phone", "value": "98765 43210"},
                {"list": "block", "field": "email", "value": "no mail"},
                {"list": "block", "field": "pincode", "value": "12"},
                {"list": "never", "field": "phone", "value": "1"},
            ],
        )  # fmt: skip
        assert [r["result"] for r in told["results"]] == ["added", "added", *["invalid"] * 3]
        allow, block = (r["entry_id"] for r in told["results"][:2])
        blocked = await ask("POST", "/v1/score", order(order_id="a"))
        assert (blocked["action"], blocked["dispatch"]) == ("block", "stop")
        assert (blocked["rule"], blocked["arm"]) == ("block list: phone", None)
        test = await ask.with_key("kurtas", "test")
        assert (await test("POST", "/v1/score", order()))["rule"] == "block list: phone"
        shown = await ask("GET", "/v1/lists")
        assert [entry["hint"] for entry in shown["entries"]] == ["560034", "…3210"]
        await ask("DELETE", f"/v1/lists?entry_id={block}", status=204)
        await ask("DELETE", f"/v1/lists?entry_id={block}", status=404)
        allowed = await ask("POST", "/v1/score", order(order_id="b"))
        assert (allowed["action"], allowed["rule"]) == ("ship", "allow list: pincode")
        versions = ask.service.connection.execute(
            "SELECT body FROM event WHERE kind='decided' ORDER BY seq"
        ).fetchall()
        assert b'"list_version":0' not in bytes(versions[0][0])
        await ask("DELETE", f"/v1/lists?entry_id={allow}", status=204)
        assert (await ask("POST", "/v1/score", order(order_id="c")))["rule"] is None

    played(tmp_path, scene)


def test_an_entry_ends_when_it_says_and_is_replaced_by_one_of_the_same_value(
    tmp_path: Path,
) -> None:
    clock = shop.Clock()

    async def scene(ask: Shop) -> None:
        entry = {"list": "block", "field": "ip", "value": "203.0.113.9"}
        ends = {"expires_at": "2026-11-20T12:00:01+05:30"}
        await ask("POST", "/v1/lists", [entry])
        told = await ask("POST", "/v1/lists", entry | ends)
        assert told["results"][0]["result"] == "replaced"
        assert (await ask("POST", "/v1/score", order(order_id="a")))["rule"] == "block list: ip"
        clock.us += 1_000_000
        assert (await ask("POST", "/v1/score", order(order_id="b")))["rule"] is None

    played(tmp_path, scene, clock=clock)


def test_a_platform_creates_merchants_and_speaks_for_them_alone(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        platform = await ask.with_key("mall", "platform")
        policy = {"mode": "act", "tiers": [0.1, 0.2]}
        told = await platform(
            "POST", "/v1/merchants",
            [
                {"merchant_id": "shoes", "name": "Shoes", "policy": policy},
                {"merchant_id": "shoes"},
                {"merchant_id": "kurtas"},
                {"merchant_id": "hats", "policy": {"tiers": 1}},
                {"merchant_id": 5},
            ],
        )  # fmt: skip
        assert [r["result"] for r in told["results"]] == [
            "added", "unchanged", "refused", "invalid", "invalid",
        ]  # fmt: skip
        await platform("POST", "/v1/score", order(), 422)
        answer = await platform("POST", "/v1/score", order(merchant_id="shoes"))
        assert (answer["policy"], answer["tier"]) == (1, "high")
        await platform("POST", "/v1/score", order(merchant_id="kurtas"), 404)
        await platform("POST", "/v1/score", order(merchant_id="nobody"), 404)
        await ask("POST", "/v1/score", order(merchant_id="shoes"), 404)
        assert (await platform("GET", "/v1/orders/1001?merchant_id=shoes"))["order_id"] == "1001"
        await platform("GET", "/v1/orders/1001?merchant_id=kurtas", status=404)
        await platform("GET", "/v1/orders/1001", status=422)
        both = [order(order_id="b", merchant_id=m) for m in ("shoes", "kurtas", "mall")]
        results = (await platform("POST", "/v1/score/batch", both))["results"]
        assert ["problem" in result for result in results] == [False, True, False]
        reports = [outcome() | {"merchant_id": m} for m in ("shoes", "kurtas")]
        done = await platform("POST", "/v1/outcomes", reports)
        assert [r["result"] for r in done["results"]] == ["recorded", "unknown_order"]
        await ask("POST", "/v1/merchants", [{"merchant_id": "x"}], 403)

    played(tmp_path, scene)


def test_a_key_does_what_its_scopes_say(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        score = await ask.with_key("kurtas", "live", "score")
        read = await ask.with_key("kurtas", "live", "read", "report")
        await score("POST", "/v1/score", order())
        await score("GET", "/v1/orders/1001", status=403)
        await read("GET", "/v1/orders/1001")
        await read("POST", "/v1/score", order(order_id="2"), 403)
        assert (await read("POST", "/v1/outcomes", outcome()))["recorded"] == 1
        await read("POST", "/v1/lists", [], 403)

    played(tmp_path, scene)


def test_an_entry_of_an_erased_person_counts_no_more(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        entry = {"list": "block", "field": "ip", "value": "203.0.113.9"}
        await ask("POST", "/v1/lists", [entry, entry | {"field": "device", "value": "d-1"}])
        blocked = await ask("POST", "/v1/score", order(order_id="a", device={"device_id": "d-1"}))
        assert blocked["rule"] == "block list: device"
        key = ask.service.lists.key_of("kurtas", "device", "d-1")
        assert key is not None
        dropped = await ask.service.writer.submit(lambda log: drop_entries(log, [key], now_us=NOON))
        assert dropped == 1
        ask.service.lists.forget("kurtas")  # or a second later
        after = await ask("POST", "/v1/score", order(order_id="b", device={"device_id": "d-1"}))
        assert after["rule"] is None
        by_ip = await ask("POST", "/v1/score", order(order_id="c"))
        assert by_ip["rule"] == "block list: ip"

    played(tmp_path, scene)
