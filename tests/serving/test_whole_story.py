"""Whole stories over HTTP, between a real server and stand-ins, on both engines: the long one of an
order from its score to its label, and the ways in which others end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from features.tables import read_folder
from models.linear import Term
from rto import cli
from serving.home import Home
from serving.sandbox.graph import Graph, buttons_of
from serving.sandbox.razorpay import Razorpay
from serving.sandbox.setting import Setting, connect_sandbox
from serving.store.channels import Delegate, keep_delegate
from serving.store.contacts import Contacts
from serving.store.couriers import COURIERS, Courier
from serving.store.merchants import add_merchant, new_key
from tests.serving import postgres, shop
from tests.serving.process import Server, environment, served
from tests.serving.receiver import Receiver
from tests.training.small_bundle import TERMS, make_bundle

POOR = shop.ORDER["shipping_address"] | {"line1": "Koramangala", "line2": None, "landmark": None}
WHOLE = "Flat 7A, Rose Garden Apartments, 2nd Cross, near water tank, Koramangala, Bengaluru 560095"
TOKEN = "token-of-the-courier"
_PATIENCE_S = 60.0
_NUMBERS = count(1)
# The shorter the address, the riskier the order.
_SHORT = Term("address_length", median=40.0, mean=40.0, scale=20.0, weight=-0.8)


@dataclass
class Street:
    """A server, the outside systems it talks to, and what customers do."""

    server: Server
    graph: Graph
    razorpay: Razorpay
    receiver: Receiver
    client: httpx2.Client
    courier: str = ""
    _orders: dict[str, str] = field(default_factory=dict)

    def place(self, key: str | None = None, **changes: Any) -> dict[str, Any]:
        """A doubtful order of a customer of its own; the decision on it."""
        number = next(_NUMBERS)
        customer = shop.ORDER["customer"] | {"phone": f"+9190000{number:05d}", "id": f"w{number}",
                                             "language": "en"}  # fmt: skip
        customer |= changes.pop("customer", {})
        order = shop.order(
            order_id=f"w{number}", created_at=datetime.now(UTC).isoformat(), customer=customer,
            shipping_address=POOR, dispatch_cutoff=None, promised_at=None, **changes,
        )  # fmt: skip
        self._orders[order["order_id"]] = customer["phone"].removeprefix("+")
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        answer = self.client.post("/v1/score", json=order, headers=headers)
        decision: dict[str, Any] = answer.raise_for_status().json()
        assert (decision["action"], decision["dispatch"]) == ("verify", "wait")
        return decision

    def story(self, order_id: str) -> dict[str, Any]:
        """All that is known of an order."""
        answer = self.client.get("/v1/orders", params={"order_id": order_id})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def until(self, found: Callable[[], Any]) -> Any:
        """What is looked for, once it is there."""
        end = time.monotonic() + _PATIENCE_S
        while not (seen := found()):
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.05)
        return seen

    def at_stage(self, order_id: str, stage: str) -> dict[str, Any]:
        """The order's story, once it is there."""
        found: dict[str, Any] = self.until(
            lambda: (story := self.story(order_id))["stage"] == stage and story
        )
        return found

    def sent(self, order_id: str, messages: int) -> dict[str, Any]:
        """The last of so many messages to the order's customer, once it is there.

        News of the parcel does not count: how much of it goes out depends on how fast scans come.
        """
        phone = self._orders[order_id]

        def last() -> Any:
            found = [one for one in self.graph.sent if one["to"] == phone and not _news(one)]
            return len(found) >= messages and found[-1]

        found: dict[str, Any] = self.until(last)
        return found

    def tap(self, order_id: str, messages: int, answer: str) -> None:
        """Press a button of the customer's last message, by what it answers."""
        sent = self.sent(order_id, messages)
        payloads = [payload for payload, _ in buttons_of(sent)]
        place = next(i for i, payload in enumerate(payloads) if payload.startswith(answer))
        assert self.graph.press(sent, place) == 200

    def scan(self, order_id: str, status: str, **more: Any) -> None:
        """A courier's scan."""
        body = {"awb": f"AWB-{order_id}", "order_id": order_id, "status": status, "courier": "fast",
                "at": datetime.now(UTC).isoformat()} | more  # fmt: skip
        answer = self.client.post(
            f"/v1/hooks/{self.courier}", json=body, headers={"X-Api-Key": TOKEN}
        )
        assert answer.status_code == 200

    def let_time_pass(self, order_id: str, timer: str) -> None:
        """The wait of an order is over."""
        with Home.open(shop.settings_in(self.server.home)) as home, home.transaction() as log:
            log.connection.execute(
                """UPDATE timer SET due_us=1 WHERE kind=? AND number IN
                   (SELECT number FROM orders WHERE order_id=?)""",
                (timer, order_id),
            )

    def rto(self, *arguments: str) -> str:
        """Run a command."""
        done = CliRunner().invoke(cli, arguments, env=environment(self.server.home))
        assert done.exit_code == 0, done.output
        return done.output


def _news(sent: dict[str, Any]) -> bool:
    return sent["type"] == "template" and str(sent["template"]["name"]).startswith("parcel_")


@contextmanager
def street(home: Path) -> Iterator[Street]:
    """Everything, connected and live."""
    make_bundle(home / "bundle", "rto-street", terms=(*TERMS, _SHORT))
    graph, razorpay = Graph("1", "-", "-", lively=True), Razorpay("-", "-", "-", lively=True)
    receiver = Receiver()
    urls = {"RTO_WHATSAPP_URL": graph.start(), "RTO_RAZORPAY_URL": razorpay.start()}
    receiver.start()
    try:
        with (
            served(home, urls, "--bundle", str(home / "bundle")) as server,
            server.client() as client,
        ):
            one = Street(server, graph, razorpay, receiver, client)
            _connect(one)
            yield one
    finally:
        for standing_in in (graph, razorpay, receiver):
            standing_in.stop()


def _connect(one: Street) -> None:
    server, graph, razorpay = one.server, one.graph, one.razorpay
    with Home.open(shop.settings_in(server.home)) as home:
        setting: Setting = connect_sandbox(home, "kurtas", server.home)
        contacts = Contacts(home.keyring.sealing)
        with home.transaction() as log:
            courier = Courier(courier="generic", token=TOKEN)
            one.courier = COURIERS["generic"].keep(log.connection, contacts, "kurtas", courier)
    graph.phone_number_id, graph.token = setting.phone_number_id, setting.token
    graph.app_secret = setting.app_secret
    graph.hook = f"{server.url}/v1/hooks/{setting.endpoint}"
    razorpay.key_id, razorpay.key_secret = setting.key_id, setting.key_secret
    razorpay.webhook_secret = setting.webhook_secret
    razorpay.hook = f"{server.url}/v1/hooks/{setting.payments_endpoint}"
    go_live(one.client)


def go_live(client: httpx2.Client) -> None:
    """Ask about every order."""
    policy = client.get("/v1/policy")
    body = policy.json() | {
        "mode": "act", "shares": {"holdout": 0.0, "explore": 0.0},
        "thresholds": {"verify": 0.01, "prepaid": None, "hold": None, "block": None},
    }  # fmt: skip
    del body["revision"]
    answer = client.put("/v1/policy", json=body, headers={"If-Match": policy.headers["ETag"]})
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Street]:
    """One server for all stories."""
    home = tmp_path_factory.mktemp("street")
    if request.param == "postgresql":
        postgres.need_binaries()
        (home / shop.DATABASE_URL).write_text(postgres.shared().database())
    with street(home) as one:
        yield one


def test_asked_corrected_rescored_released_failed_redelivered_and_a_label(
    town: Street, tmp_path: Path
) -> None:
    decision = town.place()
    order_id = decision["order_id"]
    assert decision["tier"] == "high"
    town.tap(order_id, 1, "change")
    town.tap(order_id, 2, "address")
    town.graph.write(town.sent(order_id, 3), WHOLE)
    shown = town.sent(order_id, 4)
    assert "560095" in shown["interactive"]["body"]["text"]
    town.tap(order_id, 4, "yes")
    found = town.at_stage(order_id, "released")
    assert found["order"]["pincode"] == "560095"
    assert (found["revision"], found["decision"]["dispatch"]) == (1, "go")
    assert found["decision"]["probability"] < decision["probability"] - 0.05
    assert "confirmed" in town.sent(order_id, 5)["text"]["body"]
    for status in ("shipped", "out_for_delivery"):
        town.scan(order_id, status)
    town.scan(order_id, "ndr", remark="Customer not available")
    town.at_stage(order_id, "ndr")
    town.tap(order_id, 6, "retry")
    town.tap(order_id, 7, "on-")
    replied = [e["detail"] for e in town.story(order_id)["events"] if e["event"] == "replied"]
    assert [r["response"] for r in replied] == ["corrected", "confirmed", "confirmed"]
    assert replied[-1]["ship_after"] == replied[-1]["day"]
    for status in ("out_for_delivery", "delivered"):
        town.scan(order_id, status)
    town.at_stage(order_id, "delivered")
    town.rto("export", "--out", str(tmp_path / "out"))
    rows = read_folder(tmp_path / "out").orders.to_pylist()
    (row,) = (row for row in rows if row["order_id"] == order_id)
    assert (row["outcome"], row["intervention"], row["response"]) == (
        "delivered", "verify", "corrected",
    )  # fmt: skip
    assert row["scored_probability"] is not None


def test_who_pays_is_prepaid_and_released(town: Street) -> None:
    order_id = town.place()["order_id"]
    town.tap(order_id, 1, "change")
    town.tap(order_id, 2, "pay")
    said = town.sent(order_id, 3)["interactive"]["body"]["text"]
    (link,) = (one for one in town.razorpay.links.values() if one["short_url"] in said)
    assert link["amount"] == 124_900, "₹50 less than at the door"
    assert town.razorpay.pay(link["id"]) == 200
    found = town.at_stage(order_id, "released")
    assert found["order"]["payment_mode"] == "prepaid"
    assert [e["event"] for e in found["events"]].count("paid") == 1
    town.sent(order_id, 4)


def test_who_cancels_gets_nothing(town: Street) -> None:
    order_id = town.place()["order_id"]
    town.tap(order_id, 1, "cancel")
    found = town.at_stage(order_id, "cancelled")
    assert found["decision"]["dispatch"] == "stop"


def test_silence_is_reminded_of_once_and_ends_without_a_cancellation(town: Street) -> None:
    order_id = town.place()["order_id"]
    town.sent(order_id, 1)
    town.until(lambda: any(e["event"] == "message_sent" for e in town.story(order_id)["events"]))
    town.let_time_pass(order_id, "nudge")
    assert town.sent(order_id, 2)["template"]["name"] == "order_reminder"
    town.let_time_pass(order_id, "silence")
    found = town.until(
        lambda: (story := town.story(order_id))["stage"] in ("released", "held") and story
    )
    (replied,) = [e["detail"] for e in found["events"] if e["event"] == "replied"]
    assert replied["response"] == "silent"


def test_who_says_stop_is_called_and_written_to_no_more(town: Street) -> None:
    order_id = town.place()["order_id"]
    phone = town.sent(order_id, 1)["to"]
    assert town.graph.write(town.sent(order_id, 1), "STOP") == 200
    town.at_stage(order_id, "held")
    again = town.place(customer={"phone": f"+{phone}"})["order_id"]
    town.until(lambda: _task(town, again, "call"))
    assert sum(one["to"] == phone for one in town.graph.sent) == 1


def test_who_declined_messages_is_called_and_the_call_releases(town: Street) -> None:
    order_id = town.place(customer={"whatsapp_opt_in": False})["order_id"]
    task = town.until(lambda: _task(town, order_id, "call"))
    said = {"response": "confirmed", "channel": "phone", "by": "asha@example.com"}
    answer = town.client.post(f"/v1/orders/{order_id}/contact", json=said)
    assert answer.json()["dispatch"] == "go"
    done = town.client.post(f"/v1/tasks/{task['task_id']}/done", json={"by": said["by"]})
    assert done.status_code == 200
    assert _task(town, order_id, "call") is None
    assert not [one for one in town.graph.sent if one["to"] == town._orders[order_id]]


def test_another_provider_asks_and_passes_the_answer_on(town: Street) -> None:
    home = town.server.home
    with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
        add_merchant(log.connection, "sarees", "Sarees", invented=True, now_us=1)
        key = new_key(log.connection, "sarees", "live", now_us=1)
        awake = Delegate(quiet_from=0, quiet_until=0)
        keep_delegate(log.connection, Contacts(opened.keyring.sealing), "sarees", awake)
    secret = town.rto("hook", "add", "sarees", f"http://127.0.0.1:{town.receiver.port}/hook")
    assert "whsec_" in secret
    with town.server.client(key) as client:
        go_live(client)
        order_id = town.place(key)["order_id"]
        named = f'"order_id":"{order_id}"'.encode()
        asked = town.until(lambda: [body for _, body in town.receiver.taken
                                    if b"message.requested" in body and named in body])  # fmt: skip
        assert len(asked) == 1
        answer = client.post(f"/v1/orders/{order_id}/reply", json={"response": "confirmed"})
        assert answer.json()["dispatch"] == "go"
        town.until(lambda: [body for _, body in town.receiver.taken
                            if b"order.released" in body and named in body])  # fmt: skip
    assert not [one for one in town.graph.sent if one["to"] == town._orders[order_id]]


def _task(town: Street, order_id: str, kind: str) -> dict[str, Any] | None:
    tasks = town.client.get("/v1/tasks", params={"kind": kind}).raise_for_status().json()["tasks"]
    return next((task for task in tasks if task["order_id"] == order_id), None)
