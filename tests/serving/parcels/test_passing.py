"""Orders and answers passed on to a courier, whatever goes wrong between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.days import DAY_US, HOUR_US, SECOND_US
from serving.readiness import readiness
from serving.sandbox.delhivery import Delhivery
from serving.sandbox.graph import Graph
from serving.sandbox.shiprocket import Shiprocket
from serving.store.courier_orders import watched_parcels
from serving.store.couriers import Courier, stopped_couriers
from serving.store.subscriptions import subscriptions_of
from serving.store.tasks import tasks_of
from tests.serving.conversation.test_talking import OTHER
from tests.serving.parcels.couriered import ACCOUNT, EMAIL, PASSWORD, TOKEN, Couriered, play

CREATES = ACCOUNT.model_copy(update={"orders": "create", "pickup_location": "Home"})


def stand_in() -> Shiprocket:
    """A seller's account."""
    return Shiprocket(EMAIL, PASSWORD, TOKEN)


def calls(courier: Shiprocket | Delhivery) -> list[str]:
    """What was asked for."""
    return [path for _, path in courier.asked]


def why_of_tasks(played: Couriered) -> list[str]:
    """What people are told to look at."""
    return [task.why for task in tasks_of(played.service.connection, "kurtas", None, 10)]


def test_an_order_made_there_is_made_once_it_may_go_and_given_a_waybill(
    tmp_path: Path, graph: Graph
) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        await played.connect(CREATES)
        await played.score()
        await played.work()
        assert courier.asked == [], "nothing is there while it waits"
        await played.press("confirm")
        order = courier.named("1001")
        assert order is not None
        assert order["awb"]
        assert order["address"]["shipping_phone"] == "9876543210"
        assert calls(courier).count("/courier/assign/awb") == 1

    play(tmp_path, graph, courier, scene)


def test_an_imported_order_waits_without_a_waybill_and_gets_one_when_released(
    tmp_path: Path, graph: Graph
) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        await played.connect()
        courier.imports("1001")
        await played.score()
        await played.work()
        courier.auto_assign()
        await played.pass_time(HOUR_US)
        assert courier.pack() == [], "whoever gave it a waybill, it is taken away again"
        await played.press("change")
        await played.press("address")
        await played.write(OTHER)
        await played.press("yes")
        order = courier.named("1001")
        assert order is not None
        assert order["address"]["shipping_pincode"] == "560095"
        assert courier.pack() == ["1001"]

    play(tmp_path, graph, courier, scene)


def test_a_cancelled_order_is_cancelled_there(tmp_path: Path, graph: Graph) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        await played.connect()
        courier.imports("1001")
        courier.imports("10010")
        await played.score()
        await played.work()
        await played.press("cancel")
        assert [o["status"] for o in courier.orders.values()] == ["CANCELED", "NEW"]

    play(tmp_path, graph, courier, scene)


@pytest.mark.parametrize("fault", ["429", "500", "502", "reset"])
def test_what_fails_or_is_unknown_is_looked_up_and_done_once(
    tmp_path: Path, graph: Graph, fault: str
) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        await played.connect(CREATES)
        await played.score()
        await played.work()
        courier.faults.extend(["", "", fault])  # login, look-up, and then the making itself
        await played.press("confirm")
        for _ in range(3):
            courier.faults.extend(["", fault])
            await played.pass_time(HOUR_US)
        courier.faults.clear()
        await played.pass_time(HOUR_US)
        order = courier.named("1001")
        assert order is not None
        assert order["activities"] == ["ORDER_CREATED", "AWB_ASSIGNED"]

    play(tmp_path, graph, courier, scene)


def test_a_revoked_login_alerts_and_loses_nothing(tmp_path: Path, graph: Graph) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        service = played.service
        await played.connect(CREATES)
        courier.revoke("another password")
        for name in ("1001", "1002"):
            await played.score(name)
            await played.work()
            await played.press("confirm")
        assert stopped_couriers(service.connection)[0][:2] == ("kurtas", "shiprocket")
        service.vitals.look()
        assert any("shiprocket refuses the account" in line for line in readiness(service).warnings)
        assert why_of_tasks(played) == ["shiprocket refuses our credentials: renew them"]
        assert courier.orders == {}
        asked = len(courier.asked)
        await played.pass_time(HOUR_US)
        assert len(courier.asked) == asked, "nothing is tried with what was refused"
        await played.connect(CREATES.model_copy(update={"password": "another password"}))
        await played.pass_time(HOUR_US)
        assert sorted(courier.pack()) == ["1001", "1002"]
        assert stopped_couriers(service.connection) == []

    play(tmp_path, graph, courier, scene)


def test_a_login_that_has_run_out_is_renewed(tmp_path: Path, graph: Graph) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        await played.connect(CREATES)
        for name in ("1001", "1002"):
            await played.score(name)
            await played.work()
            await played.press("confirm")
            courier.revoke()
        assert sorted(courier.pack()) == ["1001", "1002"]
        assert calls(courier).count("/auth/login") == 2

    play(tmp_path, graph, courier, scene)


async def failed(played: Couriered, courier: Shiprocket) -> str:
    """An order whose delivery failed, and the customer asked; its waybill."""
    await played.connect(CREATES)
    await played.score()
    await played.work()
    await played.press("confirm")
    order = courier.named("1001")
    assert order is not None
    courier.hook = played.scans_in
    courier.pack()
    for status, words in ((6, ""), (17, ""), (21, "Customer not available")):
        played.clock.us += DAY_US
        courier.scan(order["awb"], status, played.clock(), words)
    await played.hear(courier)
    assert played.stage() == "ndr"
    await played.connect(CREATES)  # saved once more, it still follows what customers answer
    await played.work()
    awb: str = order["awb"]
    return awb


@pytest.mark.parametrize(
    ("pressed", "action"), [("retry", "re-attempt"), ("nobody", "fake-attempt")]
)
def test_what_the_customer_wants_is_passed_on_once_with_the_day(
    tmp_path: Path, graph: Graph, pressed: str, action: str
) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        awb = await failed(played, courier)
        courier.faults.append("reset")
        await played.press(pressed)
        await played.press("on-")
        await played.pass_time(HOUR_US)
        taken = courier.ndrs[awb]["actions"]
        assert {one["action"] for one in taken} == {action}
        assert taken[-1]["deferred_date"] == "2026-11-25"
        assert len({one["comments"] for one in taken}) == len(taken), "none twice"

    play(tmp_path, graph, courier, scene)


def test_a_corrected_address_and_phone_go_with_the_new_attempt(
    tmp_path: Path, graph: Graph
) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        awb = await failed(played, courier)
        await played.press("address")
        await played.write("Gate 2, Lake View Apts, near post office, Bengaluru 560034")
        await played.press("yes")
        (one,) = courier.ndrs[awb]["actions"]
        assert (one["action"], one["address1"], one["phone"]) == (
            "re-attempt", "Gate 2", "9876543210",
        )  # fmt: skip
        assert "560034" in one["address2"]

    play(tmp_path, graph, courier, scene)


def test_a_fake_attempt_that_wants_a_proof_becomes_another_attempt_and_a_task(
    tmp_path: Path, graph: Graph
) -> None:
    courier = stand_in()
    courier.wants_proof = True

    async def scene(played: Couriered) -> None:
        awb = await failed(played, courier)
        await played.press("nobody")
        assert [one["action"] for one in courier.ndrs[awb]["actions"]] == ["re-attempt"]
        assert any("proof audio" in why for why in why_of_tasks(played))

    play(tmp_path, graph, courier, scene)


def delhivery_account(**changes: Any) -> Courier:
    """An account with Delhivery."""
    said = {"courier": "delhivery", "token": TOKEN, "api_token": "api-token-1",
            "calls_a_minute": 60_000}  # fmt: skip
    return Courier.model_validate(said | changes)


def test_delhivery_is_asked_for_a_day_or_an_attempt_and_what_came_of_it(
    tmp_path: Path, graph: Graph
) -> None:
    courier = Delhivery("api-token-1", TOKEN, slow=1)

    async def scene(played: Couriered) -> None:
        await played.connect(delhivery_account())
        courier.hook = played.scans_in
        await played.score()
        await played.work()
        await played.press("confirm")
        courier.scan("D1", "1001", ("UD", "In Transit"), played.clock())
        await played.hear(courier)  # type: ignore[arg-type]
        played.clock.us += DAY_US
        courier.scan("D1", "1001", ("UD", "Pending"), played.clock(), "EOD-104", "Door locked")
        await played.pass_time(2 * HOUR_US)
        assert played.stage() == "ndr", "asked for, since the push was lost"
        await played.press("retry")
        await played.press("on-")
        await played.pass_time(HOUR_US, 60 * SECOND_US)
        assert [one["act"] for one in courier.done] == ["RE-ATTEMPT"], "a day is refused for 104"
        assert any("DEFER_DLV" in why for why in why_of_tasks(played))

    def tell(*_: Any) -> list[int]:
        return Delhivery.tell(courier)

    courier.tell = tell  # type: ignore[method-assign]
    play(tmp_path, graph, courier, scene)


def test_a_parcel_that_has_arrived_is_not_asked_about_once_the_account_is_saved_again(
    tmp_path: Path, graph: Graph
) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        awb = await failed(played, courier)
        connection = played.service.connection
        assert watched_parcels(connection, "kurtas", "shiprocket") == 1
        courier.scan(awb, 7, played.clock())
        await played.hear(courier)
        await played.connect(CREATES)
        assert watched_parcels(connection, "kurtas", "shiprocket") == 0

    play(tmp_path, graph, courier, scene)


def test_only_who_is_called_follows_the_log(tmp_path: Path, graph: Graph) -> None:
    courier = stand_in()

    async def scene(played: Couriered) -> None:
        service = played.service
        await played.connect(Courier(courier="shiprocket", token=TOKEN))
        assert subscriptions_of(service.connection, service.contacts, "kurtas") == []
        await played.connect()
        await played.connect()
        (one,) = subscriptions_of(service.connection, service.contacts, "kurtas")
        assert one.url == "courier:shiprocket"
        await played.connect(Courier(courier="shiprocket", token=TOKEN))
        assert subscriptions_of(service.connection, service.contacts, "kurtas") == []

    play(tmp_path, graph, courier, scene)
