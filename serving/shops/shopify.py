"""Shopify's events: their signature, and its orders as ours (fields read 2026-11-23)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic_core import from_json, to_json

from features.days import to_us
from features.errors import RtoError
from features.order import PaymentMode
from serving.store.shops import CodSigns, Shopify

_ADDRESS = {
    "name": "name", "phone": "phone", "address1": "line1", "address2": "line2", "city": "city",
    "province": "state", "zip": "pincode",
}  # fmt: skip
_PAID = ("paid", "partially_refunded", "refunded")


class NotAnOrderError(RtoError):
    """A signed event that says nothing we can use."""


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """One order as the shop tells it.

    Parameters
    ----------
    number : int
        The shop's own.
    updated_us : int
        When the shop last changed it.
    content : mapping
        As ``POST /v1/score`` takes it.
    cancelled_by : str or None
        Who cancelled it.
    """

    number: int
    order_id: str
    test: bool
    updated_us: int
    content: Mapping[str, Any]
    cancelled_at: str | None
    cancelled_by: str | None

    def body(self, *, record_only: bool = False) -> bytes:
        """To be scored; ``record_only`` where nothing is to be done about it any more."""
        more = {"record_only": True} if record_only else {}
        return to_json(dict(self.content) | more)


def signed(account: Shopify, body: bytes, signature: str | None) -> bool:
    """Whether a body was signed with the shop's secret, or the one before."""
    given = (signature or "").encode("utf-8", "replace")
    secrets = [secret for secret in (account.secret, account.secret_before) if secret]
    macs = [hmac.digest(secret.encode(), body, hashlib.sha256) for secret in secrets]
    return any(hmac.compare_digest(base64.b64encode(mac), given) for mac in macs)


def read_event(body: bytes) -> dict[str, Any]:
    """The object that an event is about.

    Raises
    ------
    NotAnOrderError
        If it is none.
    """
    try:
        plain = from_json(body, allow_inf_nan=False)
    except ValueError:
        plain = None
    if not isinstance(plain, dict):
        raise NotAnOrderError("the event holds no object")
    return plain


def read_order(account: Shopify, said: Mapping[str, Any]) -> ShopOrder:
    """An order of the shop's.

    Raises
    ------
    NotAnOrderError
        If it lacks what no order lacks, or is not in rupees.
    """
    number, created = said.get("id"), _text(said, "created_at")
    order_id = _text(said, "name") if account.order_id == "name" else str(number)
    if type(number) is not int or created is None or order_id is None:
        raise NotAnOrderError("the order lacks its id, name or created_at")
    if said.get("currency") not in (None, "INR"):
        raise NotAnOrderError(f"order {order_id} is not in rupees")
    cancelled_at = _text(said, "cancelled_at")
    reason = _text(said, "cancel_reason")
    return ShopOrder(
        number=number, order_id=order_id, test=said.get("test") is True,
        updated_us=_us(_text(said, "updated_at") or created),
        content=_content(account, said, order_id, created),
        cancelled_at=cancelled_at,
        cancelled_by=None if cancelled_at is None
        else "customer" if reason == "customer" else "merchant",
    )  # fmt: skip


def payment_mode(signs: CodSigns, said: Mapping[str, Any]) -> PaymentMode:
    """How an order is paid; what pays at the door is the merchant's to say.

    Once money has come by another way than the door, an order that began as cash on delivery is
    paid in advance, wholly or in part.
    """
    gateways = {name.lower() for name in said.get("payment_gateway_names") or () if _is(name)}
    at_door = {name.lower() for name in signs.gateways}
    status, others = said.get("financial_status"), gateways - at_door - {"manual", ""}
    if gateways & at_door or _tagged(signs, said) or _noted(signs, said):
        if others and status in (*_PAID, "partially_paid"):
            return "prepaid" if status in _PAID else "partial_cod"
        return "cod"
    if status == "partially_paid":
        return "partial_cod"
    return "prepaid" if status in (*_PAID, "authorized") else "unknown"


def _tagged(signs: CodSigns, said: Mapping[str, Any]) -> bool:
    tags = {tag.strip().lower() for tag in (_text(said, "tags") or "").split(",")}
    return not tags.isdisjoint(tag.lower() for tag in signs.tags)


def _noted(signs: CodSigns, said: Mapping[str, Any]) -> bool:
    notes = {str(n.get("name")).lower(): str(n.get("value")).lower()
             for n in _objects(said, "note_attributes")}  # fmt: skip
    return any(
        notes.get(name.lower()) in {value.lower() for value in values}
        for name, values in signs.note_attributes.items()
    )


def _content(
    account: Shopify, said: Mapping[str, Any], order_id: str, created: str
) -> dict[str, Any]:
    mode, address = payment_mode(account.cod, said), _part(said, "shipping_address")
    shipping = _part(_part(said, "total_shipping_price_set"), "shop_money")
    codes = [_text(one, "code") for one in _objects(said, "discount_codes")]
    whole = {
        "order_id": order_id,
        "created_at": created,
        "payment_mode": mode,
        "amount": _text(said, "total_price"),
        "amount_due": _text(said, "total_outstanding") if mode == "partial_cod" else None,
        "discount": _text(said, "total_discounts"),
        "shipping_fee": _text(shipping, "amount"),
        "coupons": [code for code in codes if code],
        "items": [_item(one) for one in _objects(said, "line_items")],
        "customer": _customer(said, address),
        "shipping_address": _named(address, _ADDRESS),
        "device": {
            name: value
            for name, value in (
                ("ip", _text(said, "browser_ip")),
                ("user_agent", _text(_part(said, "client_details"), "user_agent")),
            )
            if value
        },
        "channel": "shopify",
        "utm": _utm(_text(said, "landing_site")),
    }
    return {name: value for name, value in whole.items() if value not in (None, [], {})}


def _customer(said: Mapping[str, Any], address: Mapping[str, Any]) -> dict[str, Any]:
    customer = _part(said, "customer")
    names = (_text(customer, "first_name"), _text(customer, "last_name"))
    phones = (_text(said, "phone"), _text(customer, "phone"), _text(address, "phone"))
    found = {
        "id": str(customer["id"]) if type(customer.get("id")) is int else None,
        "name": " ".join(name for name in names if name) or _text(address, "name"),
        "phone": next((phone for phone in phones if phone), None),
        "email": _text(said, "email") or _text(customer, "email"),
        "language": (_text(said, "customer_locale") or "")[:2] or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _item(one: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "sku": _text(one, "sku"), "name": _text(one, "title"), "price": _text(one, "price"),
        "quantity": one.get("quantity"), "weight_g": one.get("grams"),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def _utm(landing: str | None) -> dict[str, str]:
    try:
        query = parse_qs(urlsplit(landing or "").query)
    except ValueError:
        return {}
    names = {"utm_source": "source", "utm_campaign": "campaign"}
    return {ours: query[theirs][0][:255] for theirs, ours in names.items() if theirs in query}


def _named(source: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    found = ((ours, _text(source, theirs)) for theirs, ours in names.items())
    return {name: value for name, value in found if value}


def _us(moment: str) -> int:
    try:
        read = datetime.fromisoformat(moment)
        return to_us(read) if read.tzinfo is not None else 0
    except (ValueError, OverflowError):
        return 0


def _is(value: object) -> bool:
    return isinstance(value, str)


def _text(source: Mapping[str, Any], name: str) -> str | None:
    value = source.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _part(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def _objects(source: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = source.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
