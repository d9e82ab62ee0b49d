"""What was ordered, for how much, how it is paid, and where the customer came from."""

from __future__ import annotations

from functools import lru_cache
from math import log1p, nan

from features.days import DAY_US
from features.feature import Feature
from features.order import Order

_DEAREST_PAISE = 10**14
_MOST = 10**6
_LONGEST_PROMISE_DAYS = 90.0
_LONGEST_SOURCE = 40
_PAYMENT_FLAGS = {
    "unknown": (nan, nan, nan),
    "cod": (1.0, 0.0, 0.0),
    "prepaid": (0.0, 1.0, 0.0),
    "partial_cod": (0.0, 0.0, 1.0),
}
_LOG = "the natural logarithm of one plus it, so 0 stays 0"
_SOCIAL = frozenset(
    {"meta", "facebook", "fb", "instagram", "ig", "youtube", "snapchat", "sharechat", "moj"}
    | {"threads", "x", "twitter", "pinterest", "telegram", "reels", "messenger"}
)
_SEARCH = frozenset({"google", "bing", "adwords", "googleads", "google_ads", "gads", "duckduckgo"})
_DIRECT = frozenset(
    {"whatsapp", "sms", "email", "newsletter", "push", "rcs", "klaviyo", "moengage"}
)


def _payment(name: str, unit: str, says: str) -> Feature:
    return Feature(name, unit, "cod_order", says, "payment")


def _discount(name: str, unit: str, says: str) -> Feature:
    return Feature(name, unit, "order_discount", says, "discount")


def _channel(name: str, says: str) -> Feature:
    return Feature(name, "flag", "rto_prone_channel", says, "channel")


FEATURES: tuple[Feature, ...] = (
    _payment(
        "payment_cod", "flag", "1 for cash on delivery, else 0; NaN when the mode is unknown."
    ),
    _payment("payment_prepaid", "flag", "1 when paid in advance, else 0; NaN when unknown."),
    _payment(
        "payment_partial_cod",
        "flag",
        "1 when a part is paid in advance and the rest at the door, else 0; NaN when unknown.",
    ),
    _payment(
        "amount_due_share",
        "share",
        "Share of the amount still due at the door, 0 to 1; where the amount due is unknown, 1 for "
        "cod and 0 for prepaid; NaN otherwise and for an amount of 0 or less.",
    ),
    _payment(
        "amount_due_log",
        "log rupees",
        f"Amount due at the door as {_LOG}; where it is unknown, the amount for cod and 0 for "
        "prepaid; NaN otherwise and when negative.",
    ),
    Feature(
        "amount_log",
        "log rupees",
        "high_order_amount",
        f"Amount of the order as {_LOG}; NaN when unknown or negative.",
        "amount",
    ),
    Feature(
        "unit_price_log",
        "log rupees",
        "high_order_amount",
        f"Amount per unit ordered as {_LOG}; NaN when amount or units are unknown, negative or no "
        "units.",
        "amount",
    ),
    _discount(
        "discount_share",
        "share",
        "Discount as a share of discount and amount together, 0 to 1; NaN when either is unknown "
        "or negative or both are 0.",
    ),
    _discount(
        "shipping_fee_log", "log rupees", f"Shipping fee as {_LOG}; NaN when unknown or negative."
    ),
    _discount(
        "cod_fee_log",
        "log rupees",
        f"Fee for paying at the door as {_LOG}; NaN when unknown or negative.",
    ),
    _discount(
        "fee_share",
        "share",
        "Shipping and COD fee, those known, as a share of the amount, at most 1; NaN when both or "
        "the amount are unknown or the amount is 0 or less.",
    ),
    _discount(
        "coupon_count", "count", "Coupons used, 0 when none; NaN when coupons are not recorded."
    ),
    Feature(
        "line_count",
        "count",
        "order_items",
        "Lines of the order, counted where not stated; NaN when unknown or negative.",
        "items",
    ),
    Feature(
        "unit_count",
        "count",
        "order_items",
        "Units ordered, added up from the lines where not stated; NaN when unknown or negative.",
        "items",
    ),
    Feature(
        "same_category_lines",
        "count",
        "order_items",
        "Lines beyond the first of each category, such as one dress in two sizes; 0 for a single "
        "line; NaN without lines or with a line of unknown category among several.",
        "items",
    ),
    Feature(
        "promised_days",
        "days",
        "delivery_promise",
        f"Days from order to promised delivery, at most {_LONGEST_PROMISE_DAYS:.0f}; NaN without a "
        "promise or with one before the order.",
        "delivery",
    ),
    _channel("channel_named", "1 when the order names its sales channel, else 0; always known."),
    _channel("campaign_named", "1 when the order names a campaign, else 0; always known."),
    _channel(
        "source_social",
        "1 when the traffic source is a social network such as Instagram, else 0; NaN without a "
        "source.",
    ),
    _channel(
        "source_search",
        "1 when the traffic source is a search engine, else 0; NaN without a source.",
    ),
    _channel(
        "source_message",
        "1 when the traffic source is a message from the shop (WhatsApp, SMS, email, push), else "
        "0; NaN without a source.",
    ),
)
"""In the order of ``signals``."""


def signals(order: Order) -> tuple[float, ...]:
    """Payment, money, items, promise and channel of an order, as numbers.

    Parameters
    ----------
    order : Order
        Money in paise, times in microseconds.

    Returns
    -------
    tuple of float, shape (len(FEATURES),)
        NaN is unknown.
    """
    amount = _rupees(order.amount_paise)
    units = _units(order)
    return (
        *_PAYMENT_FLAGS[order.payment_mode],
        *_due(order, amount),
        log1p(amount),
        log1p(amount / units) if units > 0 else nan,
        *_discounts(order, amount),
        _lines(order),
        units,
        _same_category_lines(order),
        _promised_days(order),
        float(order.channel is not None),
        float(order.utm_campaign is not None),
        *_source(order.utm_source and order.utm_source[:_LONGEST_SOURCE]),
    )


def _rupees(paise: int | None) -> float:
    if paise is None or paise < 0:
        return nan
    return (paise if paise < _DEAREST_PAISE else _DEAREST_PAISE) / 100


def _count(number: int | None) -> float:
    if number is None or number < 0:
        return nan
    return float(number if number < _MOST else _MOST)


def _due(order: Order, amount: float) -> tuple[float, float]:
    """Share and logarithm of what is to be collected at the door."""
    due = _rupees(order.amount_due_paise)
    if order.amount_due_paise is None:
        due = amount if order.payment_mode == "cod" else due
        due = 0.0 if order.payment_mode == "prepaid" else due
    share = min(due / amount, 1.0) if amount > 0 else nan
    return share, log1p(due)


def _discounts(order: Order, amount: float) -> tuple[float, float, float, float, float]:
    discount = _rupees(order.discount_paise)
    shipping, cod = _rupees(order.shipping_fee_paise), _rupees(order.cod_fee_paise)
    before = discount + amount
    fees = (shipping if shipping >= 0 else 0.0) + (cod if cod >= 0 else 0.0)
    unknown = shipping != shipping and cod != cod
    return (
        discount / before if before > 0 else nan,
        log1p(shipping),
        log1p(cod),
        min(fees / amount, 1.0) if amount > 0 and not unknown else nan,
        nan if order.coupons is None else float(len(order.coupons)),
    )


def _lines(order: Order) -> float:
    if order.item_count is None and order.lines:
        return float(len(order.lines))
    return _count(order.item_count)


def _units(order: Order) -> float:
    if order.quantity is None and order.lines:
        return sum(_count(line.quantity) for line in order.lines)
    return _count(order.quantity)


def _same_category_lines(order: Order) -> float:
    lines = order.lines
    if len(lines) < 2:
        return 0.0 if lines else nan
    kinds = {line.category for line in lines}
    return nan if None in kinds else float(len(lines) - len(kinds))


def _promised_days(order: Order) -> float:
    if order.promised_us is None or order.promised_us < order.created_us:
        return nan
    wait_us = min(order.promised_us - order.created_us, int(_LONGEST_PROMISE_DAYS) * DAY_US)
    return wait_us / DAY_US


@lru_cache(1024)
def _source(text: str | None) -> tuple[float, float, float]:
    if text is None:
        return nan, nan, nan
    source = text.strip().lower()
    return float(source in _SOCIAL), float(source in _SEARCH), float(source in _DIRECT)
