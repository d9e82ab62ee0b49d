"""One order as it stood when it was placed: the only thing features are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

PaymentMode = Literal["cod", "prepaid", "partial_cod", "unknown"]
PAYMENT_MODES: tuple[PaymentMode, ...] = ("cod", "prepaid", "partial_cod", "unknown")

_NOTHING: Mapping[str, float | str] = MappingProxyType({})


class Line(NamedTuple):
    """One line of an order. Money is whole paise; None is unknown."""

    sku: str | None = None
    name: str | None = None
    category: str | None = None
    quantity: int | None = None
    price_paise: int | None = None
    unit_cost_paise: int | None = None
    weight_g: int | None = None
    image_url: str | None = None
    url: str | None = None


class Order(NamedTuple):
    """An order as the contract's table row says it, cleaned of surrounding blanks, not yet read.

    Money is whole paise, times are microseconds since 1970 in UTC, text is as the customer typed
    it. ``None`` is unknown, never zero; an empty text is stored as None.
    """

    merchant_id: str
    order_id: str
    created_us: int
    payment_mode: PaymentMode = "unknown"
    amount_paise: int | None = None
    amount_due_paise: int | None = None
    discount_paise: int | None = None
    shipping_fee_paise: int | None = None
    cod_fee_paise: int | None = None
    sku: str | None = None
    category: str | None = None
    quantity: int | None = None
    item_count: int | None = None
    coupons: tuple[str, ...] | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    phone: str | None = None
    alt_phone: str | None = None
    email: str | None = None
    language: str | None = None
    ship_name: str | None = None
    ship_phone: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    landmark: str | None = None
    city: str | None = None
    state: str | None = None
    pincode: str | None = None
    ip: str | None = None
    device_id: str | None = None
    user_agent: str | None = None
    channel: str | None = None
    utm_source: str | None = None
    utm_campaign: str | None = None
    origin_pincode: str | None = None
    courier: str | None = None
    promised_us: int | None = None
    shipping_cost_paise: int | None = None
    rto_cost_paise: int | None = None
    package_type: str | None = None
    lines: tuple[Line, ...] = ()
    extra: Mapping[str, float | str] = _NOTHING
