"""A checked request becomes an order, in two parts: what may lie in the log, and what is sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic_core import to_json

from features.coupons import split_coupons
from features.days import to_us
from features.order import Line, Order
from serving.schemas import ScoreRequest

_CUSTOMER = {
    "id": "customer_id",
    "name": "customer_name",
    "phone": "phone",
    "alt_phone": "alt_phone",
    "email": "email",
    "whatsapp_opt_in": "whatsapp_opt_in",
}
_ADDRESS = {
    "name": "ship_name",
    "phone": "ship_phone",
    "line1": "address_line1",
    "line2": "address_line2",
    "landmark": "landmark",
}
_PLACE = ("city", "state", "pincode")
_DEVICE = ("ip", "device_id", "user_agent")
_MONEY = ("amount", "amount_due", "discount", "shipping_fee", "cod_fee")
_PLAIN = ("payment_mode", "channel", "origin_pincode", "courier", "package_type")
_LINE = ("sku", "name", "category", "quantity", "weight_g", "image_url", "url")

# What a field of a request is called where an order is kept, in the order in which it is digested.
Names: TypeAlias = tuple[tuple[str, str], ...]
_OF_ORDER: Names = (*zip(_PLAIN, _PLAIN, strict=True), *((m, f"{m}_paise") for m in _MONEY))
_OF_CUSTOMER: Names = tuple(_CUSTOMER.items())
_OF_LANGUAGE: Names = (("language", "language"),)
_OF_ADDRESS: Names = tuple(_ADDRESS.items())
_OF_PLACE: Names = tuple(zip(_PLACE, _PLACE, strict=True))
_OF_DEVICE: Names = tuple(zip(_DEVICE, _DEVICE, strict=True))
_OF_UTM: Names = (("source", "utm_source"), ("campaign", "utm_campaign"))
_OF_ITEM: Names = (
    *zip(_LINE, _LINE, strict=True), ("price", "price_paise"), ("unit_cost", "unit_cost_paise")
)  # fmt: skip

_KEPT_PERSONAL = (
    *(name for name in _CUSTOMER.values() if name != "whatsapp_opt_in"),
    *_ADDRESS.values(),
    *_DEVICE,
)
_KEPT_PUBLIC = (
    *_PLAIN,
    *(f"{name}_paise" for name in (*_MONEY, "shipping_cost", "rto_cost")),
    "promised_us",
    "language",
    *_PLACE,
    "utm_source",
    "utm_campaign",
)

_BASKET = ("sku", "category", "quantity", "item_count")

# Of an order's content, what no feature reads.
_NO_FEATURE = frozenset({"dispatch_cutoff_us", "whatsapp_opt_in", "items", "coupons", "past"})


@dataclass(frozen=True)
class Content:
    """What an order said.

    Parameters
    ----------
    public : mapping
        Goods, money, times and the place down to the pincode: kept in the log.
    personal : mapping
        Names, contacts, the address, device and whatever the merchant added: sealed.
    """

    public: Mapping[str, Any]
    personal: Mapping[str, Any]

    @cached_property
    def public_json(self) -> bytes:
        """As the log keeps it."""
        return to_json(self.public)

    @cached_property
    def personal_json(self) -> bytes:
        """As it is sealed."""
        return to_json(self.personal)


def content_of(request: ScoreRequest) -> Content:
    """Everything recognised in a request; unknown and empty values are left out."""
    public: dict[str, Any] = {"created_us": to_us(request.created_at)}
    personal: dict[str, Any] = {}
    public |= _known(request, _OF_ORDER)
    if request.promised_at is not None:
        public["promised_us"] = to_us(request.promised_at)
    if request.dispatch_cutoff is not None:
        public["dispatch_cutoff_us"] = to_us(request.dispatch_cutoff)
    if request.coupons:  # in a table no coupon and an unknown one look alike; so they do here
        public["coupons"] = request.coupons
    if request.items:
        public["items"] = [_known(item, _OF_ITEM) for item in request.items]
    if request.customer is not None:
        personal |= _known(request.customer, _OF_CUSTOMER)
        public |= _known(request.customer, _OF_LANGUAGE)
    if request.shipping_address is not None:
        personal |= _known(request.shipping_address, _OF_ADDRESS)
        public |= _known(request.shipping_address, _OF_PLACE)
    if request.device is not None:
        personal |= _known(request.device, _OF_DEVICE)
    if request.utm is not None:
        public |= _known(request.utm, _OF_UTM)
    if request.extra:
        personal["extra"] = dict(sorted(request.extra.items()))
    return Content(public, personal)


def content_held_of(order: Order, past: Mapping[str, object]) -> Content:
    """What a past order said, in the form in which a posted one is kept.

    Parameters
    ----------
    past : mapping
        What had been decided about it elsewhere; kept for exports, read by no feature.
    """
    public: dict[str, Any] = {"created_us": order.created_us}
    personal: dict[str, Any] = {}
    _take_slots(public, order, _KEPT_PUBLIC)
    _take_slots(personal, order, _KEPT_PERSONAL)
    if order.coupons is not None:
        public["coupons"] = list(order.coupons)
    if order.lines:
        public["items"] = [_line(line) for line in order.lines]
    _take_slots(public, order, _BASKET)
    if order.extra:
        personal["extra"] = dict(sorted(order.extra.items()))
    if past:
        public["past"] = dict(past)
    return Content(public, personal)


def digest_of(content: Content, key: bytes) -> bytes:
    """A keyed digest under which two equal contents are equal and nothing can be guessed."""
    keyed = hashlib.blake2b(key=key, digest_size=16)
    public = content.public_json
    keyed.update(len(public).to_bytes(8, "big"))
    keyed.update(public)
    keyed.update(content.personal_json)
    return keyed.digest()


def order_of(merchant_id: str, order_id: str, content: Content) -> Order:
    """The order that features are computed from; the same live and in a recheck."""
    public, personal = content.public, content.personal
    fields = {**public, **personal}
    for name in _NO_FEATURE:
        fields.pop(name, None)
    fields.setdefault("payment_mode", "unknown")
    if (coupons := public.get("coupons")) is not None:
        fields["coupons"] = split_coupons("|".join(coupons))
    if items := public.get("items"):
        basket = _basket(items)
        # A past order names its chief line itself, unknown parts included.
        fields |= {"lines": basket["lines"]} if "item_count" in fields else basket
    return Order(merchant_id=merchant_id, order_id=order_id, **fields)


def chief_line(lines: Sequence[Line]) -> Line:
    """The line with the largest line total, the first on a tie; unknown totals come last."""

    def total(line: Line) -> int:
        if line.price_paise is None:
            return -1
        return line.price_paise * (1 if line.quantity is None else line.quantity)

    return max(lines, key=total)


def _basket(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    lines = tuple(Line(**item) for item in items)
    chief = chief_line(lines)
    known = [line.quantity for line in lines if line.quantity is not None]
    return {
        "lines": lines,
        "sku": chief.sku,
        "category": chief.category,
        "quantity": sum(known) if known else None,
        "item_count": len(lines),
    }


def _line(line: Line) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    _take_slots(plain, line, Line._fields)
    return plain


def _take_slots(into: dict[str, Any], source: object, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(source, name)
        if value is not None and value != "":
            into[name] = value


def _known(model: BaseModel, names: Names) -> dict[str, Any]:
    """What is known, under the names it is kept by; an empty text says nothing."""
    values = model.__dict__
    return {
        kept: value for field, kept in names if (value := values[field]) is not None and value != ""
    }
