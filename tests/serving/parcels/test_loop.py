"""The closed loop with a courier over real HTTP, with its webhooks and with polling alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from features.days import DAY_US, HOUR_US
from serving.orders import story
from serving.sandbox.graph import Graph
from serving.sandbox.shiprocket import Shiprocket
from serving.standing import life_of
from tests.serving.conversation.test_talking import OTHER
from tests.serving.parcels.couriered import EMAIL, PASSWORD, TOKEN, Couriered, play
from tests.serving.shop import LIVE, Steady
from tests.serving.town import export


def fetched(played: Couriered, courier: Shiprocket) -> list[str]:
    """Let the courier fetch what it may; nothing may leave that is to wait."""
    gone = courier.pack()
    for name in gone:
        held = played.service.desk.find(LIVE, name)
        assert held is not None
        assert life_of(played.service.connection, held.number).dispatch == "go"
    return gone


async def told(played: Couriered, courier: Shiprocket, awb: str, *scans: tuple[int, str]) -> None:
    """What happens to the parcel, a day each, as the courier tells it or as it is asked."""
    for status, words in scans:
        played.clock.us += DAY_US
        courier.scan(awb, status, played.clock(), words)


@pytest.mark.parametrize("seed", [1, 2, None], ids=["webhooks-1", "webhooks-2", "polling"])
def test_held_corrected_released_failed_redelivered_and_a_label(
    tmp_path: Path, graph: Graph, seed: int | None
) -> None:
    courier = Shiprocket(EMAIL, PASSWORD, TOKEN)
    pick = random.Random(seed)

    async def heard(played: Couriered) -> None:
        """Every webhook so far again, twice, in any order; or hours in which the worker asks."""
        if seed is None:
            courier.kept.clear()
            await played.pass_time(2 * HOUR_US)
            return
        late.extend(courier.kept)
        courier.kept = list(late)
        await played.hear(courier, pick, times=2)

    late: list[bytes] = []

    async def scene(played: Couriered) -> None:
        await played.connect()
        courier.hook = played.scans_in if seed is not None else ""
        courier.imports("1001")
        answer = await played.score()
        assert answer["dispatch"] == "wait"
        await played.work()
        courier.auto_assign()
        await played.pass_time(HOUR_US)
        assert fetched(played, courier) == []
        await played.press("change")
        await played.press("address")
        await played.write(OTHER)
        played.service.champion.scorer = Steady(0.25)
        await played.press("yes")
        order = courier.named("1001")
        assert order is not None
        assert order["address"]["shipping_pincode"] == "560095"
        assert fetched(played, courier) == ["1001"]
        awb = order["awb"]
        await told(played, courier, awb, (6, ""), (17, ""), (21, "Customer not available"))
        await heard(played)
        assert played.stage() == "ndr"
        await played.press("retry")
        await played.press("on-")
        actions = courier.ndrs[awb]["actions"]
        assert actions[-1]["action"] == "re-attempt"
        assert actions[-1]["deferred_date"] > "2026-11-24"
        await told(played, courier, awb, (17, ""), (7, ""))
        await heard(played)
        assert played.stage() == "delivered"
        connection, contacts = played.service.connection, played.service.contacts
        found = story(connection, contacts, "kurtas", "1001")
        assert found is not None
        kinds = [event["event"] for event in found["events"]]
        assert [kinds.count(kind) for kind in ("shipped", "ndr", "delivered")] == [1, 1, 1]
        assert len(graph.sent) == len({one["id"] for one in graph.sent})

    play(tmp_path, graph, courier, scene)
    (row,) = export(tmp_path, tmp_path / "out").orders.to_pylist()
    assert (row["outcome"], row["intervention"], row["response"]) == (
        "delivered", "verify", "corrected",
    )  # fmt: skip


def test_an_order_that_comes_back_is_a_label_by_itself(tmp_path: Path, graph: Graph) -> None:
    courier = Shiprocket(EMAIL, PASSWORD, TOKEN)

    async def scene(played: Couriered) -> None:
        await played.connect()
        courier.imports("1001")
        await played.score()
        await played.work()
        await played.press("confirm")
        (name,) = fetched(played, courier)
        order = courier.named(name)
        assert order is not None
        await told(played, courier, order["awb"], (6, ""), (21, "Refused by the customer"))
        await played.pass_time(2 * HOUR_US)
        await played.write("Cancel.")
        assert courier.ndrs[order["awb"]]["actions"][-1]["action"] == "return"
        await told(played, courier, order["awb"], (9, "Refused by the customer"), (10, ""))
        await played.pass_time(2 * DAY_US, HOUR_US)
        assert played.stage() == "rto"

    play(tmp_path, graph, courier, scene)
    (row,) = export(tmp_path, tmp_path / "out").orders.to_pylist()
    assert (row["outcome"], row["outcome_reason"]) == ("rto", "refused")
