"""Orders of a shop at Shopify come in signed, doubled, late and in any order, and are read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from click.testing import CliRunner

from features.errors import RefusedError
from serving.commands.shop import shop as shop_command
from serving.home import Home
from serving.orders import content_held
from serving.shops.shopify import payment_mode
from serving.standing import life_of
from serving.store.merchants import Access, add_merchant
from serving.store.shops import SHOPIFY, CodSigns, Shopify
from tests.serving import shop
from tests.serving.client import Shop, open_shop
from tests.serving.shop import LIVE, NOON, TEST, run

SECRET = "secret of the shop's webhooks"
DOMAIN = "kurtas.myshopify.com"
ORDER: dict[str, Any] = {
    "id": 5123456789012,
    "name": "#1001",
    "created_at": "2026-11-20T11:15:00+05:30",
    "updated_at": "2026-11-20T11:15:02+05:30",
    "currency": "INR",
    "total_price": "1299.00",
    "total_discounts": "200.00",
    "total_outstanding": "1299.00",
    "total_shipping_price_set": {"shop_money": {"amount": "49.00", "currency_code": "INR"}},
    "financial_status": "pending",
    "gateway": "manual",
    "payment_gateway_names": ["manual"],
    "phone": None,
    "email": "asha@example.com",
    "customer": {"id": 77, "first_name": "Asha", "last_name": "Rao", "phone": None, "email": None,
                 "orders_count": 3},
    "customer_locale": "hi-IN",
    "shipping_address": {
        "name": "Asha Rao", "phone": "+919876543210", "address1": "Flat 12B, Lake View Apts",
        "address2": "80 Feet Road", "city": "Bengaluru", "province": "Karnataka", "zip": "560034",
        "country": "India", "latitude": None, "longitude": None,
    },
    "line_items": [{"sku": "KRT-01", "title": "Cotton kurta", "quantity": 1, "price": "1450.00",
                    "grams": 300, "product_id": 1, "variant_id": 2}],
    "discount_codes": [{"code": "DIWALI10", "amount": "200.00", "type": "fixed_amount"}],
    "browser_ip": "203.0.113.9",
    "client_details": {"user_agent": "Mozilla/5.0"},
    "landing_site": "/?utm_source=meta&utm_campaign=diwali",
    "tags": "COD, festive",
    "note_attributes": [],
    "source_name": "web",
    "test": False,
    "cancelled_at": None,
}  # fmt: skip


class Storefront:
    """A shop at Shopify whose webhooks come to us."""

    def __init__(self, ask: Shop, endpoint: str) -> None:
        self.ask, self.endpoint, self.service = ask, endpoint, ask.service

    async def tell(
        self,
        topic: str,
        said: Any,
        changes: Mapping[str, Any] = MappingProxyType({}),
        *,
        secret: str = SECRET,
        status: int = 200,
    ) -> None:
        """Post one webhook as Shopify does."""
        body = said if isinstance(said, bytes) else json.dumps(said | dict(changes)).encode()
        mac = hmac.digest(secret.encode(), body, hashlib.sha256)
        headers = {
            "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": DOMAIN,
            "X-Shopify-Hmac-Sha256": base64.b64encode(mac).decode(),
        }  # fmt: skip
        client = self.ask._client
        url = f"/v1/hooks/{self.endpoint}"
        answer = await client.post(url, content=body, headers=headers)
        assert answer.status_code == status, answer.text

    def kinds(self) -> list[str]:
        """The whole log of orders."""
        found = self.service.connection.execute(
            "SELECT kind FROM event WHERE number IS NOT NULL ORDER BY seq"
        )
        return [kind for (kind,) in found.fetchall()]

    def content(self, access: Access = LIVE) -> dict[str, Any]:
        """What the order says now."""
        held = self.service.desk.find(access, "#1001")
        assert held is not None
        connection, contacts = self.service.connection, self.service.contacts
        return content_held(connection, contacts, held.fact_seq)

    def stage(self) -> str:
        """Of the order."""
        held = self.service.desk.find(LIVE, "#1001")
        assert held is not None
        return life_of(self.service.connection, held.number).stage


def played(tmp_path: Path, scene: Any, **account: Any) -> None:
    async def play() -> None:
        async with open_shop(tmp_path) as ask:
            one = Shopify(domain=DOMAIN, secret=SECRET, **account)
            contacts = ask.service.contacts
            endpoint = await ask.service.writer.submit(
                lambda log: SHOPIFY.keep(log.connection, contacts, "kurtas", one)
            )
            await scene(Storefront(ask, endpoint))

    run(play())


def test_an_order_placed_at_the_shop_is_scored_by_everything_it_says(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        await front.tell("orders/create", ORDER)
        wanted = {
            "payment_mode": "cod", "amount_paise": 129900, "discount_paise": 20000,
            "shipping_fee_paise": 4900, "coupons": ["DIWALI10"], "phone": "+919876543210",
            "email": "asha@example.com", "customer_name": "Asha Rao", "customer_id": "77",
            "language": "hi", "ship_name": "Asha Rao", "ship_phone": "+919876543210",
            "address_line1": "Flat 12B, Lake View Apts", "address_line2": "80 Feet Road",
            "city": "Bengaluru", "state": "Karnataka", "pincode": "560034", "ip": "203.0.113.9",
            "user_agent": "Mozilla/5.0", "channel": "shopify", "utm_source": "meta",
            "utm_campaign": "diwali",
        }  # fmt: skip
        said = front.content()
        assert {name: said.get(name) for name in wanted} == wanted
        assert said["items"] == [{"sku": "KRT-01", "name": "Cotton kurta", "quantity": 1,
                                  "weight_g": 300, "price_paise": 145000}]  # fmt: skip
        assert front.kinds() == ["placed", "decided"]

    played(tmp_path, scene)


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ({}, "cod"),
        ({"tags": "festive"}, "unknown"),
        ({"tags": "", "payment_gateway_names": ["Cash on Delivery (COD)"]}, "cod"),
        ({"tags": "", "financial_status": "paid"}, "prepaid"),
        ({"tags": "", "financial_status": "partially_paid"}, "partial_cod"),
        ({"financial_status": "paid"}, "cod"),  # the courier has handed the money over
        ({"financial_status": "paid", "payment_gateway_names": ["cod", "Razorpay"]}, "prepaid"),
        ({"financial_status": "partially_paid", "payment_gateway_names": ["cod", "Razorpay"]},
         "partial_cod"),
        ({"tags": "", "note_attributes": [{"name": "Payment", "value": "Pay at door"}]}, "cod"),
        ({"tags": None, "payment_gateway_names": None, "note_attributes": None}, "unknown"),
    ],
)  # fmt: skip
def test_what_pays_at_the_door_is_the_merchants_to_say(said: dict[str, Any], mode: str) -> None:
    signs = CodSigns(note_attributes={"payment": ("pay at door",)})
    assert payment_mode(signs, ORDER | said) == mode


def test_only_what_the_shop_has_signed_is_taken(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        await front.tell("orders/create", ORDER, secret="another shop's secret", status=403)
        body = json.dumps(ORDER).encode()
        mac = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
        url, client = f"/v1/hooks/{front.endpoint}", front.ask._client
        for content, signature in (
            (body + b" ", mac), (body, mac[:-2]), (body, ""), (body, "=?"), (b"", mac),
            (json.dumps(ORDER, indent=1).encode(), mac),
        ):  # fmt: skip
            headers = {
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Hmac-Sha256": signature.encode("utf-8").decode("latin-1"),
            }
            answer = await client.post(url, content=content, headers=headers)
            assert answer.status_code == 403
        headers = {
            "X-Shopify-Topic": "orders/create",
            "X-Shopify-Hmac-Sha256": mac,
            "X-Shopify-Shop-Domain": "sarees.myshopify.com",
        }
        assert (await client.post(url, content=body, headers=headers)).status_code == 403
        assert front.kinds() == []

    played(tmp_path, scene)


def test_the_secret_before_still_signs(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        changed = Shopify(domain=DOMAIN, secret="the shop's next secret")
        contacts = front.service.contacts
        endpoint = await front.service.writer.submit(
            lambda log: SHOPIFY.keep(log.connection, contacts, "kurtas", changed)
        )
        assert endpoint == front.endpoint
        await front.tell("orders/create", ORDER)
        await front.tell("orders/create", ORDER, secret="the shop's next secret")
        assert front.kinds() == ["placed", "decided"]

    played(tmp_path, scene)


def test_a_change_is_a_revision_and_an_older_one_changes_nothing(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        newer = {"updated_at": "2026-11-20T11:20:00+05:30", "total_price": "999.00"}
        older = {"updated_at": "2026-11-20T11:18:00+05:30", "total_price": "1500.00"}
        await front.tell("orders/create", ORDER)
        await front.tell("orders/updated", ORDER, newer)
        await front.tell("orders/updated", ORDER, newer)
        await front.tell("orders/updated", ORDER, older)
        await front.tell("orders/create", ORDER)
        tagged = {"updated_at": "2026-11-20T11:30:00+05:30", "tags": "cod, rto-high"}
        await front.tell("orders/updated", ORDER, newer | tagged)
        assert front.content()["amount_paise"] == 99900
        assert front.kinds() == ["placed", "decided", "revised", "decided"]

    played(tmp_path, scene)


def test_webhooks_in_any_order_and_number_end_in_the_same_order(tmp_path: Path) -> None:
    changed = ORDER | {"updated_at": "2026-11-20T11:20:00+05:30", "total_price": "999.00"}
    cancelled = changed | {
        "updated_at": "2026-11-20T11:40:00+05:30", "cancelled_at": "2026-11-20T11:40:00+05:30",
        "cancel_reason": "customer",
    }  # fmt: skip
    told = [("orders/create", ORDER), ("orders/updated", changed), ("orders/cancelled", cancelled)]

    async def scene(front: Storefront) -> None:
        pick = random.Random(7)
        for number, order in enumerate(itertools.permutations(told)):
            again = [*order, *pick.choices(told, k=4)]
            for topic, said in again:
                await front.tell(topic, said, {"id": number, "name": f"#{number}"})
            held = front.service.desk.find(LIVE, f"#{number}")
            assert held is not None
            assert life_of(front.service.connection, held.number).stage == "cancelled"
            found = content_held(front.service.connection, front.service.contacts, held.fact_seq)
            assert found["amount_paise"] == 99900

    played(tmp_path, scene)


def test_what_has_left_is_changed_no_more(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        await front.tell("orders/create", ORDER)
        parcel = {"order_id": ORDER["id"], "tracking_number": "A1", "tracking_company": "Delhivery"}
        for _ in range(3):
            await front.tell("fulfillments/create", parcel)
        await front.tell("fulfillments/update", parcel, {"tracking_number": None})
        await front.tell("fulfillments/create", parcel, {"order_id": 1})
        later = {"updated_at": "2026-11-21T11:20:00+05:30", "total_price": "999.00"}
        await front.tell("orders/updated", ORDER, later)
        assert front.kinds() == ["placed", "decided", "shipped"]
        assert front.stage() == "in_transit"

    played(tmp_path, scene)


def test_a_test_order_of_the_shop_is_one_here(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        await front.tell("orders/create", ORDER, {"test": True})
        assert front.service.desk.find(LIVE, "#1001") is None
        assert front.content(TEST)["payment_mode"] == "cod"

    played(tmp_path, scene)


def test_what_is_signed_and_useless_is_taken_and_passed_over(tmp_path: Path) -> None:
    async def scene(front: Storefront) -> None:
        for topic, said in (
            ("orders/create", b"{"), ("orders/create", b"[]"), ("orders/create", b"{}"),
            ("orders/create", json.dumps(ORDER | {"currency": "USD"}).encode()),
            ("orders/create", json.dumps(ORDER | {"id": "x"}).encode()),
            ("orders/create", json.dumps(ORDER | {"created_at": "yesterday"}).encode()),
            ("fulfillments/create", b"{}"), ("app/uninstalled", b"{}"),
        ):  # fmt: skip
            await front.tell(topic, said)
        odd = {
            "line_items": [None, {"price": [], "quantity": "x"}],
            "shipping_address": "x",
            "customer": 1,
            "landing_site": "//[",
            "tags": 5,
            "discount_codes": {},
            "payment_gateway_names": [None, 1],
            "client_details": [],
        }
        assert front.kinds() == []
        await front.tell("orders/create", ORDER, odd)
        assert front.kinds() == ["placed", "decided"]

    played(tmp_path, scene)


def test_a_shop_is_connected_at_the_command_line(tmp_path: Path) -> None:
    def rto(*arguments: str, said: Any = None) -> str:
        given = None if said is None else json.dumps(said)
        env = {"RTO_HOME": str(tmp_path)}
        done = CliRunner().invoke(shop_command, arguments, env=env, input=given)
        if done.exception is not None:
            raise done.exception
        return done.output

    with Home.open(shop.settings_in(tmp_path)) as home, home.transaction() as log:
        add_merchant(log.connection, "kurtas", "K", invented=True, now_us=NOON)
    account = {"domain": DOMAIN, "secret": SECRET, "cod": {"tags": ["cash"]}}
    first, again = (rto("set", "kurtas", "-", said=account) for _ in range(2))
    assert "/v1/hooks/" in first
    assert first == again
    with pytest.raises(RefusedError, match="domain"):
        rto("set", "kurtas", "-", said=account | {"domain": "https://kurtas"})
    assert rto("remove", "kurtas") == "removed\n"
    with pytest.raises(RefusedError, match="no shop"):
        rto("remove", "kurtas")
