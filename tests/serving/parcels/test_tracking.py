"""Couriers' scans: shipments and outcomes by themselves, and what follows a failed delivery."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from features.days import DAY_US, HOUR_US, SECOND_US
from serving.moments import rfc3339
from serving.orders import story
from serving.parcels.couriers import read_scans
from serving.parcels.outcomes import name_of_state
from serving.sandbox.graph import Graph
from serving.store.couriers import COURIERS, Courier
from tests.serving import shop
from tests.serving.conversation.test_talking import asked
from tests.serving.played import Played, play

TOKEN = "token-of-the-courier"


async def scan(played: Played, status: str, *, token: str = TOKEN, **more: Any) -> int:
    """One scan of a courier's; the answer's status."""
    if not hasattr(played, "courier"):
        account = Courier(courier="generic", token=TOKEN)
        contacts = played.service.contacts
        played.courier = await played.service.writer.submit(  # type: ignore[attr-defined]
            lambda log: COURIERS[account.courier].keep(log.connection, contacts, "kurtas", account)
        )
    body = {"awb": "AWB1", "order_id": "1001", "status": status, "courier": "fast",
            "at": rfc3339(played.clock())} | more  # fmt: skip
    answer = await played.client.post(
        f"/v1/hooks/{played.courier}",  # type: ignore[attr-defined]
        content=json.dumps(body).encode(), headers={"X-Api-Key": token},
    )  # fmt: skip
    return answer.status_code


def events(played: Played) -> list[tuple[str, dict[str, Any]]]:
    """Kind and detail of the order's events."""
    found = story(played.service.connection, played.service.contacts, "kurtas", "1001")
    assert found is not None
    return [(event["event"], event["detail"]) for event in found["events"]]


async def confirmed_and_shipped(played: Played) -> None:
    """An order that was confirmed and left."""
    await asked(played)
    await played.tap("confirm")
    assert await scan(played, "shipped") == 200
    assert played.stage() == "in_transit"
    played.clock.us += DAY_US


async def order_failed(played: Played, **more: Any) -> None:
    """A failed delivery that the customer is asked about."""
    await confirmed_and_shipped(played)
    assert await scan(played, "ndr", remark="Customer not available", **more) == 200
    played.send()
    assert graph_names(played)[-1] == "delivery_failed"


def graph_names(played: Played) -> list[str]:
    """Templates sent so far."""
    return [sent["template"]["name"] for sent in played.graph.sent if sent["type"] == "template"]


def test_a_failed_delivery_is_asked_about_and_a_new_day_passed_on(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await order_failed(played)
        sent = graph.sent[-1]["template"]["components"][0]["parameters"]
        assert sent[3]["text"] == "nobody could be reached"
        await played.tap("retry")
        await played.tap("on-2026-11-24")
        replied = [detail for kind, detail in events(played) if kind == "replied"][-1]
        assert (replied["response"], replied["ship_after"], replied["attempt"]) == (
            "confirmed", "2026-11-24", 1,
        )  # fmt: skip
        assert (played.stage(), played.tasks()) == ("ndr", [])
        played.clock.us += DAY_US
        assert await scan(played, "out_for_delivery") == 200
        assert played.stage() == "in_transit"
        assert await scan(played, "delivered") == 200
        held = played.service.desk.find(shop.LIVE, "1001")
        assert held is not None
        assert (played.stage(), name_of_state(held.state)) == ("delivered", "delivered")

    play(tmp_path, graph, scene)


def test_that_nobody_came_is_a_dispute(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await order_failed(played)
        await played.tap("nobody")
        assert played.tasks() == ["dispute"]
        assert "From which day on" in played.heard()

    play(tmp_path, graph, scene)


def test_a_new_address_goes_to_the_courier_and_leaves_the_order_as_shipped(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await order_failed(played)
        await played.tap("address")
        await played.say("Gate 2, Lake View Apts, near post office, Bengaluru 560034")
        await played.tap("yes")
        replied = [detail for kind, detail in events(played) if kind == "replied"][-1]
        assert replied["response"] == "corrected"
        assert replied["changes"]["address_line1"] == "Gate 2"
        held = played.service.desk.find(shop.LIVE, "1001")
        assert held is not None
        assert held.revision == 0

    play(tmp_path, graph, scene)


def test_silence_after_a_failed_delivery_is_called_about(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await order_failed(played)
        played.clock.us += DAY_US + SECOND_US
        await played.service.acting.tick()
        assert played.tasks() == ["call"]

    play(tmp_path, graph, scene)


def test_who_is_not_asked_after_a_failed_delivery(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await confirmed_and_shipped(played)
        await scan(played, "ndr", again=False)
        played.clock.us += HOUR_US
        await scan(played, "ndr")
        played.clock.us += HOUR_US
        await scan(played, "ndr")
        played.send()
        assert graph_names(played).count("delivery_failed") == 1, "not where none is taken, or left"

    play(tmp_path, graph, scene)


def test_scans_in_any_order_and_repeated_end_the_same(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        at = [rfc3339(played.clock() + i * SECOND_US) for i in range(4)]
        said = [("shipped", at[0]), ("out_for_delivery", at[1]), ("ndr", at[2]),
                ("rto_initiated", at[3])] * 3  # fmt: skip
        random.Random(5).shuffle(said)
        for status, when in said:
            assert await scan(played, status, at=when) == 200
        assert played.stage() == "rto"
        kinds = [kind for kind, _ in events(played)]
        assert kinds.count("shipped") == kinds.count("rto_initiated") == 1

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("token", ["", "another-token-of-them", TOKEN[:-1]])
def test_another_token_opens_nothing(tmp_path: Path, graph: Graph, token: str) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        assert await scan(played, "delivered", token=token) == 403
        assert played.stage() == "awaiting"

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("number", "kind"),
    [(6, "shipped"), (7, "delivered"), (8, "cancelled"), (9, "rto_initiated"),
     (10, "rto_delivered"), (12, "lost"), (14, "rto_initiated"), (17, "out_for_delivery"),
     (18, "shipped"), (21, "ndr")],
)  # fmt: skip
def test_shiprocket_is_mapped_on_its_number(number: int, kind: str) -> None:
    said = {
        "awb": 19041424751540, "courier_name": "Delhivery Surface", "current_status": "whatever",
        "shipment_status_id": number, "order_id": "1001",
        "current_timestamp": "23 05 2023 11:43:52",
        "scans": [{"activity": "Refused by consignee", "date": "x"}], "is_return": 0,
    }  # fmt: skip
    (found,) = read_scans("shiprocket", json.dumps(said).encode())
    assert (found.kind, found.awb, found.order_id) == (kind, "19041424751540", "1001")
    assert rfc3339(found.at_us) == "2023-05-23T11:43:52+05:30"
    assert found.reason == ("refused" if kind in ("ndr", "rto_initiated") else None)
    assert read_scans("shiprocket", json.dumps(said | {"is_return": 1}).encode()) == []


@pytest.mark.parametrize(
    ("pair", "kind"),
    [(("UD", "Dispatched"), "out_for_delivery"), (("DL", "Delivered"), "delivered"),
     (("DL", "RTO"), "rto_delivered"), (("DL", "DTO"), "returned"),
     (("RT", "In Transit"), "rto_initiated"), (("UD", "Pending"), "ndr")],
)  # fmt: skip
def test_delhivery_is_mapped_on_the_pair(pair: tuple[str, str], kind: str) -> None:
    said = {
        "Shipment": {
            "AWB": "1234", "ReferenceNo": "1001", "NSLCode": "EOD-104",
            "Status": {"StatusType": pair[0], "Status": pair[1], "Instructions": "Door locked",
                       "StatusDateTime": "2026-11-20T09:15:00.123", "StatusLocation": "X"},
        }
    }  # fmt: skip
    (found,) = read_scans("delhivery", json.dumps(said).encode())
    assert (found.kind, found.order_id, found.again) == (kind, "1001", True)
    assert rfc3339(found.at_us).startswith("2026-11-20T09:15:00.123")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"Shipment": 1}', b'[1, "x", {}]'])
def test_what_is_no_scan_is_passed_over(body: bytes) -> None:
    for courier in ("generic", "shiprocket", "delhivery"):
        assert read_scans(courier, body) == []
