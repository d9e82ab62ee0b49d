"""Razorpay's own client reviews orders here, with nothing changed but its base URL."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import razorpay
import uvicorn
from razorpay.errors import BadRequestError

from features.reasons import REASONS
from serving.api import create_app
from serving.orders import content_held
from serving.service import Service
from serving.store.merchants import KeyKind, add_merchant, new_key
from tests.serving import shop
from tests.serving.shop import LIVE, NOON, run, serving

ORDER: dict[str, Any] = {
    "amount": 129900,
    "currency": "INR",
    "receipt": "R-1001",
    "notes": {"basket_minutes": "4"},
    "rto_review": True,
    "line_items": [
        {"type": "e-commerce", "sku": "KRT-01", "variant_id": "v1", "price": 155000,
         "offer_price": 145000, "tax_amount": 0, "quantity": 1, "name": "Cotton kurta",
         "description": "A kurta", "weight": 300, "dimensions": {"length": 1},
         "image_url": "https://shop.example.com/k.png", "product_url": "https://shop.example.com/k"}
    ],
    "line_items_total": 145000,
    "shipping_fee": 0,
    "cod_fee": 4900,
    "customer_details": {
        "name": "Asha Rao", "contact": "+919876543210", "email": "asha@example.com",
        "shipping_address": {
            "name": "Asha Rao", "line1": "Flat 12B, Lake View Apts", "line2": "80 Feet Road",
            "zipcode": "560034", "contact": "+919876543210", "city": "Bengaluru",
            "state": "Karnataka", "country": "IN", "tag": "home", "landmark": "near SBI",
        },
    },
    "promotions": [
        {"reference_id": "p1", "code": "DIWALI10", "type": "coupon", "value": 20000,
         "value_type": "fixed_amount", "description": "Diwali"}
    ],
    "device_details": {"ip": "203.0.113.9", "user_agent": "Mozilla/5.0"},
}  # fmt: skip


class Shop:
    """A merchant that uses Razorpay's client against our server."""

    def __init__(self, service: Service, url: str, key: str) -> None:
        self.service, self.url, self.key = service, url, key

    def client(self, key_id: str = "kurtas", key: str = "") -> Any:
        """Razorpay's client, as it comes from PyPI."""
        return razorpay.Client(auth=(key_id, key or self.key), base_url=f"{self.url}/razorpay")

    async def call(self, asked: Callable[..., Any], *given: Any) -> Any:
        """One call of the client, beside the server."""
        return await asyncio.to_thread(asked, *given)

    async def new_key(self, merchant_id: str, kind: KeyKind, platform: str | None = None) -> str:
        """A key of another merchant's."""

        def work(log: Any) -> str:
            add_merchant(
                log.connection, merchant_id, merchant_id, invented=True, now_us=NOON,
                platform=platform,
            )  # fmt: skip
            return new_key(log.connection, merchant_id, kind, now_us=NOON)

        return await self.service.writer.submit(work)

    def kinds(self, order_id: str) -> list[str]:
        """What the log says about an order."""
        found = self.service.connection.execute(
            """SELECT e.kind FROM event e JOIN orders o ON o.number=e.number
               WHERE o.order_id=? ORDER BY e.seq""",
            (order_id,),
        )
        return [kind for (kind,) in found.fetchall()]


def played(home: Path, scene: Any) -> None:
    """Play one scene with a server on loopback."""

    async def whole() -> None:
        clock = shop.Clock()
        async with serving(home, clock=clock) as service:
            key = await shop.add_shop(service)
            listening = socket.create_server(("127.0.0.1", 0))
            config = uvicorn.Config(create_app(service), lifespan="off", log_level="error")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve([listening]))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            try:
                await scene(Shop(service, url, key))
            finally:
                server.should_exit = True
                await task

    run(whole())


def test_an_order_is_created_reviewed_and_fulfilled(tmp_path: Path) -> None:
    async def scene(shop: Shop) -> None:
        client = shop.client()
        made = await shop.call(client.order.create, ORDER)
        assert made["id"].startswith("order_")
        assert len(made["id"]) == 20
        assert made | {"id": ""} == {
            "id": "", "entity": "order", "amount": 129900, "amount_paid": 0, "amount_due": 129900,
            "currency": "INR", "receipt": "R-1001", "offer_id": None, "status": "created",
            "attempts": 0, "notes": {"basket_minutes": "4"}, "created_at": NOON // 1_000_000,
        }  # fmt: skip
        reviewed = await shop.call(client.order.viewRtoReview, made["id"])
        assert reviewed["risk_tier"] == "high"
        (reason,) = reviewed["rto_reasons"]
        assert reason == {
            "reason": "cod_order", "description": reason["description"],
            "bucket": REASONS["cod_order"].bucket,
        }  # fmt: skip
        sent = {
            "payment_method": "cod",
            "shipping": {"waybill": "A1", "status": "created", "provider": "delhivery"},
        }
        done = await shop.call(client.order.editFulfillment, made["id"], sent)
        assert done == {"entity": "order.fulfillment", "order_id": made["id"], **sent}
        for _ in range(2):
            back = {"shipping": {"waybill": "A1", "status": "rto", "provider": "delhivery"}}
            await shop.call(client.order.editFulfillment, made["id"], back)
        assert shop.kinds(made["id"]) == ["placed", "decided", "shipped", "rto_initiated"]

    played(tmp_path, scene)


def test_the_order_is_judged_by_everything_it_says(tmp_path: Path) -> None:
    async def scene(shop: Shop) -> None:
        made = await shop.call(shop.client().order.create, ORDER)
        held = shop.service.desk.find(LIVE, made["id"])
        assert held is not None
        said = content_held(shop.service.connection, shop.service.contacts, held.fact_seq)
        wanted = {
            "payment_mode": "cod", "amount_paise": 129900, "discount_paise": 20000,
            "cod_fee_paise": 4900, "shipping_fee_paise": 0, "coupons": ["DIWALI10"],
            "phone": "+919876543210", "email": "asha@example.com", "customer_name": "Asha Rao",
            "ship_name": "Asha Rao", "address_line1": "Flat 12B, Lake View Apts",
            "address_line2": "80 Feet Road", "landmark": "near SBI", "city": "Bengaluru",
            "state": "Karnataka", "pincode": "560034", "ip": "203.0.113.9",
            "user_agent": "Mozilla/5.0", "extra": {"basket_minutes": "4", "receipt": "R-1001"},
        }  # fmt: skip
        assert {name: said.get(name) for name in wanted} == wanted
        (item,) = said["items"]
        assert (item["sku"], item["price_paise"], item["weight_g"]) == ("KRT-01", 145000, 300)

    played(tmp_path, scene)


def test_the_same_body_under_the_same_receipt_is_the_same_order(tmp_path: Path) -> None:
    async def scene(shop: Shop) -> None:
        create = shop.client().order.create
        once, again = await asyncio.gather(*(shop.call(create, ORDER) for _ in range(2)))
        assert once == again
        other = await shop.call(create, ORDER | {"amount": 99900})
        unnamed = [await shop.call(create, ORDER | {"receipt": None}) for _ in range(2)]
        assert len({once["id"], other["id"], *(one["id"] for one in unnamed)}) == 4

    played(tmp_path, scene)


def test_an_order_paid_at_once_may_go(tmp_path: Path) -> None:
    async def scene(shop: Shop) -> None:
        client = shop.client()
        made = await shop.call(client.order.create, ORDER)
        for _ in range(2):
            await shop.call(client.order.editFulfillment, made["id"], {"payment_method": "upi"})
        kinds = shop.kinds(made["id"])
        assert kinds == ["placed", "decided", "paid", "revised", "decided", "released"]
        held = shop.service.desk.find(LIVE, made["id"])
        assert held is not None
        said = content_held(shop.service.connection, shop.service.contacts, held.fact_seq)
        assert said["payment_mode"] == "prepaid"

    played(tmp_path, scene)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"amount": 99}, "amount"), ({"amount": "100"}, "amount"), ({"amount": True}, "amount"),
        ({"currency": "USD"}, "currency"), ({"rto_review": False}, "rto_review"),
    ],
)  # fmt: skip
def test_what_cannot_be_reviewed_is_refused_in_its_shape(
    tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    async def scene(shop: Shop) -> None:
        with pytest.raises(BadRequestError, match=says):
            await shop.call(shop.client().order.create, ORDER | changed)

    played(tmp_path, scene)


def test_unknown_orders_statuses_and_keys_are_refused_in_its_shape(tmp_path: Path) -> None:
    async def scene(shop: Shop) -> None:
        client = shop.client()
        made = await shop.call(client.order.create, ORDER)
        for unknown in ("order_00000000000000", "order_1", "%2e%2e"):
            with pytest.raises(BadRequestError, match="does not exist"):
                await shop.call(client.order.viewRtoReview, unknown)
        wrong = {"shipping": {"status": "vanished"}}
        with pytest.raises(BadRequestError, match="status must be one of"):
            await shop.call(client.order.editFulfillment, made["id"], wrong)
        with pytest.raises(BadRequestError, match="shipping must be an object"):
            await shop.call(client.order.editFulfillment, made["id"], {"shipping": "A1"})
        for key_id, key in (("kurtas", "rto_live_wrong"), ("sarees", shop.key)):
            with pytest.raises(BadRequestError, match="Authentication failed"):
                await shop.call(shop.client(key_id, key).order.create, ORDER)
        with pytest.raises(BadRequestError, match="not found on the server"):
            await shop.call(client.order.fetch, made["id"])
        other = await shop.new_key("sarees", "live")
        with pytest.raises(BadRequestError, match="does not exist"):
            await shop.call(shop.client("sarees", other).order.viewRtoReview, made["id"])

    played(tmp_path, scene)


def test_a_platform_names_the_merchant_and_a_test_order_counts_nowhere(tmp_path: Path) -> None:
    async def scene(shop: Shop) -> None:
        platform = await shop.new_key("mall", "platform")
        await shop.new_key("toys", "live", "mall")
        made = await shop.call(shop.client("toys", platform).order.create, ORDER)
        assert await shop.call(shop.client("toys", platform).order.viewRtoReview, made["id"])
        test = await shop.new_key("kurtas", "test")
        tried = await shop.call(shop.client("kurtas", test).order.create, ORDER)
        with pytest.raises(BadRequestError, match="does not exist"):
            await shop.call(shop.client().order.viewRtoReview, tried["id"])

    played(tmp_path, scene)


def test_whatever_is_posted_gets_an_answer_in_its_shape(tmp_path: Path) -> None:
    odd: list[Any] = [
        [], None, {"amount": 100, "currency": "INR", "rto_review": True},
        ORDER | {"customer_details": [], "line_items": {}, "promotions": "x", "notes": [1],
                 "device_details": None, "receipt": 7, "line_items_total": "x"},
        ORDER | {"line_items": [{"price": -1, "quantity": "many", "weight": 10**30, "sku": {}}],
                 "notes": {"a" * 999: "b" * 999, "n": 10**400}, "shipping_fee": 10**12},
        ORDER | {"customer_details": {"contact": 9876543210, "shipping_address":
                                      {"zipcode": 560034, "line1": ["x"]}}},
    ]  # fmt: skip

    async def scene(shop: Shop) -> None:
        async with httpx2.AsyncClient(auth=("kurtas", shop.key)) as client:
            for body in [b"", b"{", b"\xff", *(json.dumps(one).encode() for one in odd)]:
                answer = await client.post(f"{shop.url}/razorpay/v1/orders", content=body)
                assert answer.status_code in (200, 400), answer.text
                assert ("error" in answer.json()) == (answer.status_code == 400)

    played(tmp_path, scene)
