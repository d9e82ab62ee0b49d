"""Shopify's events: their signature, and its orders as ours (fields read 2026-11-23)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic_core import from_json, to_json

from features.days import SECOND_US, to_us
from features.errors import RtoError
from features.order import PaymentMode
from serving.store.shops import CodSigns, Shopify

_ADDRESS = {
    "name": "name", "phone": "phone", "address1": "line1", "address2": "line2", "city": "city",
    "province": "state", "zip": "pincode",
}  # fmt: skip
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")
PLACED = "orders/create"
CHANGED = ("orders/updated", "orders/edited", "orders/paid", "orders/partially_paid")
CANCELLED = "orders/cancelled"
PARCELS = ("fulfillments/create", "fulfillments/update")
_PAID = ("paid", "partially_refunded", "refunded")


class NotAnOrderError(RtoError):
    """A signed event that says nothing we can use."""


@dataclass(frozen=True, slots=True)
class Told:
    """One order as the shop tells it.

    Parameters
    ----------
    number : int
        The shop's own.
    updated_us : int
        When the shop last changed it. The shop counts seconds: a webhook adds when in the second it
        was made, and what was read goes for the whole second.
    content : mapping
        As ``POST /v1/score`` takes it.
    address : mapping
        Where it goes, in the shop's fields.
    placed : bool
        Told because it was placed.
    whole : bool
        Told by a webhook; what is read lacks what the Admin API does not say.
    left : bool
        Handed over already, at least a part of it.
    cancelled_by : str or None
        Who cancelled it.
    """

    number: int
    order_id: str
    test: bool
    created_us: int
    updated_us: int
    content: Mapping[str, Any]
    address: Mapping[str, Any]
    placed: bool
    whole: bool
    left: bool
    cancelled_at: str | None
    cancelled_by: str | None

    def newer_than(self, known_us: int) -> bool:
        """Whether it may say more than what was known of such an instant."""
        return self.updated_us > known_us or (not self.whole and self.updated_us == known_us)

    def body(self, *, record_only: bool = False) -> bytes:
        """To be scored; ``record_only`` where nothing is to be done about it any more."""
        more = {"record_only": True} if record_only else {}
        return to_json(dict(self.content) | more)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel of an order, with its waybill."""

    order_number: int
    awb: str
    courier: str | None


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


def read_order(
    account: Shopify, said: Mapping[str, Any], topic: str = "", made: str | None = None
) -> Told:
    """An order of the shop's.

    Parameters
    ----------
    topic : str
        Of the webhook; empty for one that was read.
    made : str, optional
        When the webhook was made, which Shopify says to the microsecond.

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
    cancelled_at, updated_us = (
        _text(said, "cancelled_at"),
        _us(_text(said, "updated_at") or created),
    )
    reason = _text(said, "cancel_reason")
    return Told(
        number=number, order_id=order_id, test=said.get("test") is True,
        created_us=_us(created), updated_us=updated_us + _within_second(updated_us, topic, made),
        content=_content(account, said, order_id, created),
        address=_part(said, "shipping_address"), placed=topic == PLACED, whole=bool(topic),
        left=_text(said, "fulfillment_status") in ("fulfilled", "partial", "restocked"),
        cancelled_at=cancelled_at,
        cancelled_by=None if cancelled_at is None
        else "customer" if reason == "customer" else "merchant",
    )  # fmt: skip


def read_parcel(said: Mapping[str, Any]) -> Parcel | None:
    """A parcel; None without a waybill, where there is nothing to follow yet.

    Raises
    ------
    NotAnOrderError
        If it names no order.
    """
    number, awb = said.get("order_id"), _text(said, "tracking_number")
    if type(number) is not int:
        raise NotAnOrderError("the parcel names no order")
    return None if awb is None else Parcel(number, awb, _text(said, "tracking_company"))


def _within_second(updated_us: int, topic: str, made: str | None) -> int:
    """Microseconds by which webhooks of one second are told apart, the last one for a reading."""
    if not topic:
        return SECOND_US - 1
    return min(max(0, _us(made) - updated_us), SECOND_US - 2) if made else 0


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
        read = datetime.fromisoformat(_NANOSECONDS.sub(r"\1", moment))
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
