"""Orders read through Shopify's Admin API, in the words of its webhooks (read 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from features.days import from_us
from serving.shops.admin import Admin, CostlyError, ShopFaultError

_LINES_COST = 250.0
_QUERY = """query($first: Int!, $after: String, $query: String!, $by: OrderSortKeys!) {
  orders(first: $first, after: $after, query: $query, sortKey: $by) {
    pageInfo { hasNextPage endCursor }
    nodes { legacyResourceId name createdAt updatedAt cancelledAt cancelReason test currencyCode
      displayFinancialStatus displayFulfillmentStatus paymentGatewayNames phone email
      customerLocale clientIp discountCodes tags
      totalPriceSet { shopMoney { amount } } totalDiscountsSet { shopMoney { amount } }
      totalOutstandingSet { shopMoney { amount } } totalShippingPriceSet { shopMoney { amount } }
      customAttributes { key value }
      customer { legacyResourceId firstName lastName phone email }
      shippingAddress { name phone address1 address2 city province zip }
      lineItems(first: 10) { pageInfo { hasNextPage endCursor } nodes {
        sku title quantity originalUnitPriceSet { shopMoney { amount } } } }
      fulfillments(first: 5) { displayStatus deliveredAt trackingInfo(first: 2) { number company } }
    } } }"""
_MORE_LINES = """query($id: ID!, $after: String) { order(id: $id) {
  lineItems(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes {
    sku title quantity originalUnitPriceSet { shopMoney { amount } } } } } }"""

_SAME = {
    "name": "name", "createdAt": "created_at", "updatedAt": "updated_at",
    "cancelledAt": "cancelled_at", "test": "test", "currencyCode": "currency", "phone": "phone",
    "email": "email", "customerLocale": "customer_locale", "clientIp": "browser_ip",
    "paymentGatewayNames": "payment_gateway_names", "shippingAddress": "shipping_address",
}  # fmt: skip
_MONEY = {
    "totalPriceSet": "total_price", "totalDiscountsSet": "total_discounts",
    "totalOutstandingSet": "total_outstanding",
}  # fmt: skip
_LEFT = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, those changed longest ago first.

    Parameters
    ----------
    orders : tuple of mapping
        As a webhook would tell them, with their ``parcels``.
    after : str or None
        Where the next page begins; None after the last.
    """

    orders: tuple[Mapping[str, Any], ...]
    after: str | None


async def read_page(admin: Admin, since_us: int, after: str | None, *, by: str = "UPDATED") -> Page:
    """A page of the orders that were changed, or placed, since an instant.

    Parameters
    ----------
    by : {"UPDATED", "CREATED"}

    Raises
    ------
    RevokedError, ShopFaultError
        If the shop does not give it.
    """
    since = from_us(since_us).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"after": after, "by": f"{by}_AT", "query": f"{by.lower()}_at:>='{since}'"}
    found = await _asked(admin, given)
    try:
        nodes, info = found["nodes"], found["pageInfo"]  # type: ignore[index]
        for node in nodes:
            await _complete(admin, node)
        orders = tuple(as_told(node) for node in nodes)
        return Page(orders, info["endCursor"] if info["hasNextPage"] else None)
    except (KeyError, TypeError, ValueError):
        raise ShopFaultError("the answer holds no orders") from None


async def _asked(admin: Admin, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A page as large as the shop allows, which says itself what an order costs."""
    allowance = admin.allowance
    while True:
        first = allowance.page
        try:
            told = await admin.ask(_QUERY, {"first": first, **given}, first * allowance.an_order)
        except CostlyError as error:
            if first == 1:
                raise
            allowance.an_order = max(error.cost / first, 2 * allowance.an_order)
            continue
        if allowance.asked:
            allowance.an_order = allowance.asked / first
        return told.get("orders")


async def _complete(admin: Admin, node: dict[str, Any]) -> None:
    """Read the lines of an order that has more than come with it."""
    lines = node.get("lineItems") or {}
    info = lines.get("pageInfo") or {}
    while info.get("hasNextPage"):
        given = {"id": f"gid://shopify/Order/{node['legacyResourceId']}",
                 "after": info["endCursor"]}  # fmt: skip
        order = (await admin.ask(_MORE_LINES, given, _LINES_COST)).get("order") or {}
        more = order.get("lineItems") or {}
        lines["nodes"].extend(more.get("nodes") or ())
        info = more.get("pageInfo") or {}


def as_told(node: Mapping[str, Any]) -> dict[str, Any]:
    """An order of the Admin API as a webhook tells it."""
    said: dict[str, Any] = {theirs: node.get(ours) for ours, theirs in _SAME.items()}
    said |= {theirs: _amount(node.get(ours)) for ours, theirs in _MONEY.items()}
    shipping, customer = _amount(node.get("totalShippingPriceSet")), node.get("customer")
    return said | {
        "id": int(node["legacyResourceId"]),
        "cancel_reason": str(node.get("cancelReason") or "").lower() or None,
        "financial_status": str(node.get("displayFinancialStatus") or "").lower() or None,
        "fulfillment_status": _LEFT.get(str(node.get("displayFulfillmentStatus"))),
        "total_shipping_price_set": {"shop_money": {"amount": shipping}},
        "tags": ", ".join(node.get("tags") or ()),
        "discount_codes": [{"code": code} for code in node.get("discountCodes") or ()],
        "note_attributes": [
            {"name": one.get("key"), "value": one.get("value")}
            for one in node.get("customAttributes") or ()
        ],
        "customer": customer and {
            "id": int(customer["legacyResourceId"]), "first_name": customer.get("firstName"),
            "last_name": customer.get("lastName"), "phone": customer.get("phone"),
            "email": customer.get("email"),
        },
        "line_items": [_line(one) for one in (node.get("lineItems") or {}).get("nodes", ())],
        "parcels": list(_parcels(node)),
    }  # fmt: skip


def since_of(said: Mapping[str, Any]) -> int:
    """The position after an order that was read, in microseconds."""
    return _second_us(said["updated_at"])


def placed_us(said: Mapping[str, Any]) -> int:
    """The second in which an order was placed."""
    return _second_us(said["created_at"])


def _second_us(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp()) * 1_000_000


def _line(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sku": one.get("sku"), "title": one.get("title"), "quantity": one.get("quantity"),
        "price": _amount(one.get("originalUnitPriceSet")),
    }  # fmt: skip


def _parcels(node: Mapping[str, Any]) -> Any:
    for fulfilment in node.get("fulfillments") or ():
        for tracking in fulfilment.get("trackingInfo") or ():
            yield {
                "order_id": int(node["legacyResourceId"]),
                "tracking_number": tracking.get("number"),
                "tracking_company": tracking.get("company"),
                "delivered_at": fulfilment.get("deliveredAt"),
                "status": fulfilment.get("displayStatus"),
            }


def _amount(money: Mapping[str, Any] | None) -> str | None:
    return ((money or {}).get("shopMoney") or {}).get("amount")
