"""The sandbox: a doubtful order, its message on the customer's phone, and the answer's effect."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from features.settings import Settings
from serving.conversation.sending import Sender
from serving.home import Home
from serving.sandbox.graph import Graph
from serving.sandbox.razorpay import Razorpay
from serving.sandbox.setting import connect_sandbox
from serving.sandbox.theatre import Theatre
from serving.store.channels import WhatsApp
from serving.store.connection import connect
from serving.store.outbox import messages_of
from tests.serving import shop
from tests.serving.process import served


@contextmanager
def played(home: Path) -> Iterator[tuple[str, Theatre]]:
    """A real server and a sandbox for it, over HTTP; the sandbox's address."""
    graph = Graph("1", "-", "-", lively=True)
    razorpay = Razorpay("-", "-", "-", short="http://127.0.0.1/pay/", lively=True)
    theatre = Theatre("", "", graph, razorpay)
    theatre.doubtful.append(shop.order(dispatch_cutoff=None, created_at=None))
    url = theatre.start()
    try:
        with served(
            home, {"RTO_WHATSAPP_URL": f"{url}/graph/v23.0", "RTO_RAZORPAY_URL": f"{url}/razorpay"}
        ) as server:
            with Home.open(shop.settings_in(home)) as opened:
                setting = connect_sandbox(opened, "kurtas", home)
            theatre.api, theatre.key = server.url, server.key
            graph.phone_number_id = setting.phone_number_id
            graph.token, graph.app_secret = setting.token, setting.app_secret
            razorpay.key_id, razorpay.key_secret = setting.key_id, setting.key_secret
            razorpay.webhook_secret = setting.webhook_secret
            razorpay.hook = f"{server.url}/v1/hooks/{setting.payments_endpoint}"
            graph.hook = f"{server.url}/v1/hooks/{setting.endpoint}"
            theatre.courier.hook = f"{server.url}/v1/hooks/{setting.courier_endpoint}"
            theatre.courier.token = setting.courier_token
            with server.client() as client:
                policy = client.get("/v1/policy")
                body = policy.json() | {
                    "thresholds": {"verify": 0.01, "prepaid": None, "hold": None, "block": None},
                    "shares": {"holdout": 0.0, "explore": 0.0},
                }
                del body["revision"]
                match = {"If-Match": policy.headers["ETag"]}
                assert client.put("/v1/policy", json=body, headers=match).status_code == 200
            yield url, theatre
    finally:
        theatre.stop()


def seen(client: httpx2.Client, found: Any) -> dict[str, Any]:
    """The first phone, once it shows what is looked for."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        phones = client.get("/state").json()["phones"]
        if phones and found(phones[0]):
            phone: dict[str, Any] = phones[0]
            return phone
        time.sleep(0.05)
    raise AssertionError(phones)


def test_a_tap_on_the_phone_releases_the_order(tmp_path: Path) -> None:
    with (
        played(tmp_path) as (url, theatre),
        httpx2.Client(base_url=url, headers={"X-Sandbox": "1"}, timeout=30) as client,
    ):
        client.get("/state").raise_for_status()
        placed = client.post("/order").json()["order_id"]
        phone = seen(client, lambda phone: phone["order"] and phone["lines"])
        assert phone["order"]["order_id"] == placed
        assert phone["order"]["decision"]["dispatch"] == "wait"
        (line,) = phone["lines"]
        assert "Cotton kurta" in line["text"]
        assert len(line["buttons"]) == 3
        assert client.post("/play", json={"message": line["id"], "button": 0}).json() == {
            "status": 200
        }
        phone = seen(client, lambda phone: phone["order"]["decision"]["dispatch"] == "go")
        assert phone["order"]["stage"] == "released"
        assert "customer" in [line["from"] for line in phone["lines"]]
        assert client.get(line["picture"]).headers["content-type"] == "image/svg+xml"
        scan = {"order": placed, "status": "out_for_delivery"}
        assert client.post("/scan", json=scan).json() == {"status": 200}
        phone = seen(client, lambda phone: "आज आएगा" in phone["lines"][-1]["text"])
        assert phone["order"]["stage"] == "in_transit"
        assert client.post("/play", json={"message": "unknown"}).json() == {"status": 404}
        assert client.post("/fault", json={"fault": "131026"}).json() == {"fault": "131026"}
        refused = client.post("/order").json()["order_id"]
        phone = seen(client, lambda phone: any(
            "error 131026" in event["detail"] for event in phone["order"]["events"]
        ))  # fmt: skip
        assert (phone["order"]["order_id"], client.get("/state").json()["fault"]) == (refused, "")
        theatre._orders[phone["phone"]] = "gone"
        phone = seen(client, lambda phone: phone["order"] is None)
        assert phone["lines"], "what was said is still there"


def test_the_page_needs_nothing_from_elsewhere_and_is_marked(tmp_path: Path) -> None:
    theatre = Theatre("http://127.0.0.1:9", "-", Graph("1", "-", "-"), Razorpay("-", "-", "-"))
    url = theatre.start()
    try:
        page = httpx2.get(f"{url}/")
        assert "Sandbox." in page.text
        for part in ("/phone.js", "/phone.css"):
            assert part in page.text
            assert httpx2.get(f"{url}{part}").status_code == 200
        assert "//" not in page.text.replace("<!doctype html>", "")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert httpx2.get(f"{url}/state").status_code == 502
        assert httpx2.post(f"{url}/order").status_code == 404, "without the page's own header"
        elsewhere = {"Host": "evil.example:80"}
        assert httpx2.get(f"{url}/state", headers=elsewhere).status_code == 403
    finally:
        theatre.stop()


def test_a_sandbox_number_is_never_sent_to_elsewhere(tmp_path: Path) -> None:
    async def scene() -> list[tuple[str, str, str | None]]:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            settings = service.settings.model_copy(update={"whatsapp_url": "http://192.0.2.1/v23"})
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as home:
                connect_sandbox(home, "kurtas", tmp_path)
                service.policies.forget("kurtas")
                await service.tick()
                await service.desk.score(shop.LIVE, shop.body())
                sender = Sender(home)
                sender.look(shop.NOON)
                sender.close()
            held = service.desk.find(shop.LIVE, "1001")
            assert held is not None
            return messages_of(service.connection, held.number)

    ((_, state, why),) = shop.run(scene())
    assert state == "call"
    assert why is not None
    assert "sandbox" in why


def test_only_the_flag_makes_a_number_a_sandboxs() -> None:
    with pytest.raises(ValueError, match="phone_number_id"):
        WhatsApp(phone_number_id="x", token="t" * 8, app_secret="s" * 8, verify_token="v" * 8)
    assert Settings().whatsapp_url.startswith("https://graph.facebook.com")


def test_who_pays_on_the_phone_sees_the_order_prepaid_and_released(tmp_path: Path) -> None:
    with (
        played(tmp_path) as (url, _),
        httpx2.Client(base_url=url, headers={"X-Sandbox": "1"}, timeout=30) as client,
    ):
        client.get("/state").raise_for_status()
        client.post("/order").raise_for_status()
        phone = seen(client, lambda phone: phone["lines"])
        client.post("/play", json={"message": phone["lines"][0]["id"], "button": 1})
        phone = seen(client, lambda phone: len(phone["lines"]) == 3)
        menu = phone["lines"][-1]
        client.post("/play", json={"message": menu["id"], "button": 2})
        phone = seen(client, lambda phone: phone["lines"][-1].get("links"))
        (link,) = phone["lines"][-1]["links"]
        assert link["title"] == "Pay ₹1,249", "₹50 less than at the door"
        assert client.post("/pay", json={"link": link["id"]}).json() == {"status": 200}
        phone = seen(client, lambda phone: phone["order"]["decision"]["dispatch"] == "go")
        assert phone["order"]["order"]["payment_mode"] == "prepaid"
        assert phone["order"]["stage"] == "released"
