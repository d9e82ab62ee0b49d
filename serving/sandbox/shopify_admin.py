"""The stand-in's Admin API: what each query and mutation does to the shop, and what it costs."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serving.sandbox.shopify import Storefront

Told = dict[str, Any]

_STATUSES = {"pending": "PENDING", "paid": "PAID", "partially_paid": "PARTIALLY_PAID"}
_SINCE = re.compile(r"(updated|created)_at:>='([^']+)'")


def do(shop: Storefront, query: str, variables: Mapping[str, Any]) -> Told:
    """One query or mutation."""
    name = name_of(query)
    shop.asked.append(name)
    if name == "orders":
        return {"orders": _orders(shop, variables)}
    given = variables.get("input", variables)
    number = int(str(given.get("id") or given["orderId"]).rpartition("/")[2])
    if name == "order":
        if number not in shop.orders:
            return {"order": None}
        if "lineItems(" in query:
            return {"order": {"lineItems": _lines(shop.said(number), 100, variables["after"])}}
        return {"order": _order(shop, number)}
    if number not in shop.orders:
        return {name: {_errors(name): [{"message": "Order does not exist"}]}}
    says = _MUTATIONS[name](shop, number, given)
    return {name: {_errors(name): [{"message": says}] if says else []}}


def name_of(query: str) -> str:
    """Of the query or mutation."""
    return next(name for name in _NAMES if f"{name}(" in query)


def cost_of(shop: Storefront, query: str, variables: Mapping[str, Any]) -> float:
    """Points that a request may cost at most."""
    name = name_of(query)
    if name == "orders":
        return 2.0 + shop.an_order * int(variables["first"])
    return 32.0 if name == "order" else 10.0


def paid_for(shop: Storefront, cost: float, data: Told) -> float:
    """Points that it did cost: what a page did not bring is given back."""
    page = data.get("orders")
    return cost if page is None else 2.0 + shop.an_order * len(page["nodes"])


def _errors(name: str) -> str:
    return "orderCancelUserErrors" if name == "orderCancel" else "userErrors"


def _hold(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    if shop.parcels[number]:
        return "The fulfillment order is not in a holdable state."
    if given["hold"]["handle"] in shop.holds[number]:
        return "The handle is in use."
    shop.holds[number].add(given["hold"]["handle"])
    return ""


def _release(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    shop.holds[number] -= set(given["holds"])
    return ""


def _tag(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    shop.tags[number] |= set(given["tags"])
    shop.changed(number, {})
    return ""


def _untag(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    shop.tags[number] -= set(given["tags"])
    shop.changed(number, {})
    return ""


def _update(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    new = dict(given["shippingAddress"])
    if not str(new.get("zip", "")).isdigit():
        return "Shipping address zip is invalid"
    name = f"{new.pop('firstName', '')} {new.pop('lastName', '')}".strip()
    code = {name: new.pop(name, None) for name in ("provinceCode", "countryCode")}
    old = shop.orders[number].get("shipping_address") or {}
    address = old | new | {"name": name, "province_code": code["provinceCode"]}
    shop.changed(number, {"shipping_address": address})
    return ""


def _paid(shop: Storefront, number: int, _: Mapping[str, Any]) -> str:
    if shop.orders[number].get("financial_status") == "paid":
        return "Order cannot be marked as paid."
    shop.changed(number, {"financial_status": "paid", "total_outstanding": "0.00"}, "orders/paid")
    return ""


def _cancel(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    if shop.orders[number].get("cancelled_at") or shop.parcels[number]:
        return "The order cannot be cancelled."
    said = {"cancelled_at": shop.now(), "cancel_reason": str(given["reason"]).lower()}
    shop.changed(number, said, "orders/cancelled")
    return ""


def _assess(shop: Storefront, number: int, given: Mapping[str, Any]) -> str:
    kept = {name: given[name] for name in ("riskLevel", "facts")}
    shop.assessments[number].append(kept)
    return ""


_MUTATIONS = {
    "fulfillmentOrderHold": _hold, "fulfillmentOrderReleaseHold": _release, "tagsAdd": _tag,
    "tagsRemove": _untag, "orderUpdate": _update, "orderMarkAsPaid": _paid,
    "orderCancel": _cancel, "orderRiskAssessmentCreate": _assess,
}  # fmt: skip
_NAMES = (*_MUTATIONS, "orders", "order")


def _order(shop: Storefront, number: int) -> Told:
    """One order, with what is asked for before it is written to."""
    said, holds = shop.orders[number], sorted(shop.holds[number])
    held = [{"id": h, "handle": h, "heldByRequestingApp": h == "rto"} for h in holds]
    status = "CLOSED" if shop.parcels[number] else "ON_HOLD" if held else "OPEN"
    part = {"id": f"gid://shopify/FulfillmentOrder/{number}", "status": status,
            "fulfillmentHolds": held}  # fmt: skip
    return {
        "id": f"gid://shopify/Order/{number}", "tags": sorted(shop.tags[number]),
        "cancelledAt": said.get("cancelled_at"),
        "displayFinancialStatus": _STATUSES[said.get("financial_status") or "pending"],
        "shippingAddress": said.get("shipping_address"),
        "risk": {"assessments": shop.assessments[number]},
        "fulfillmentOrders": {"nodes": [part]},
    }  # fmt: skip


def _orders(shop: Storefront, variables: Mapping[str, Any]) -> Told:
    """A page of orders, those changed longest ago first."""
    given = _SINCE.search(str(variables["query"]))
    assert given is not None
    field, since = f"{given[1]}_at", _seconds(given[2])
    *after, passed = _cursor_read(variables.get("after"))
    places = sorted(
        ((_seconds(said[field]), n) for n, said in shop.orders.items())
    )  # fmt: skip
    found = [place for place in places if place[0] >= since and place > tuple(after)]
    page = found[: min(int(variables["first"]), shop.longest - passed)]
    passed += len(page)
    more = len(found) > len(page) and passed < shop.longest
    return {
        "nodes": [_node(shop, number) for _, number in page],
        "pageInfo": {
            "hasNextPage": more,
            "endCursor": _cursor(*page[-1], passed) if page else None,
        },
    }


def _node(shop: Storefront, number: int) -> Told:
    """An order as polling reads it."""
    said = shop.said(number)
    customer = said.get("customer")
    return {
        "legacyResourceId": str(number), "name": said["name"],
        "createdAt": _utc(said["created_at"]), "updatedAt": _utc(said["updated_at"]),
        "cancelledAt": said.get("cancelled_at") and _utc(said["cancelled_at"]),
        "cancelReason": str(said.get("cancel_reason") or "").upper() or None,
        "test": said.get("test", False), "currencyCode": said.get("currency", "INR"),
        "displayFinancialStatus": _STATUSES[said.get("financial_status") or "pending"],
        "displayFulfillmentStatus": "FULFILLED" if shop.parcels[number] else "UNFULFILLED",
        "paymentGatewayNames": said.get("payment_gateway_names") or [],
        "totalPriceSet": _money(said, "total_price"),
        "totalDiscountsSet": _money(said, "total_discounts"),
        "totalOutstandingSet": _money(said, "total_outstanding"),
        "totalShippingPriceSet": _shipping(said),
        "phone": said.get("phone"), "email": said.get("email"),
        "customer": customer and {
            "legacyResourceId": str(customer["id"]), "firstName": customer.get("first_name"),
            "lastName": customer.get("last_name"), "phone": customer.get("phone"),
            "email": customer.get("email"),
        },
        "customerLocale": said.get("customer_locale"), "clientIp": said.get("browser_ip"),
        "shippingAddress": said.get("shipping_address"),
        "lineItems": _lines(said, 10),
        "discountCodes": [one["code"] for one in said.get("discount_codes") or []],
        "tags": sorted(shop.tags[number]),
        "customAttributes": [{"key": n["name"], "value": n["value"]}
                             for n in said.get("note_attributes") or []],
        "fulfillments": [_fulfilment(parcel) for parcel in shop.parcels[number]],
    }  # fmt: skip


def _lines(said: Mapping[str, Any], first: int, after: str | None = None) -> Told:
    """A page of an order's lines."""
    lines, begin = said.get("line_items") or [], int(after or 0)
    end = begin + first
    return {
        "nodes": [_line(one) for one in lines[begin:end]],
        "pageInfo": {"hasNextPage": end < len(lines), "endCursor": str(end)},
    }


def _line(one: Mapping[str, Any]) -> Told:
    return {
        "sku": one.get("sku"), "title": one.get("title"), "quantity": one.get("quantity"),
        "originalUnitPriceSet": _money(one, "price"),
    }  # fmt: skip


def _fulfilment(parcel: Mapping[str, Any]) -> Told:
    tracking = {"number": parcel["tracking_number"], "company": parcel["tracking_company"]}
    return {"displayStatus": parcel.get("shipment_status"),
            "deliveredAt": parcel.get("delivered_at"),
            "trackingInfo": [tracking]}  # fmt: skip


def _money(said: Mapping[str, Any], name: str) -> Told | None:
    amount = said.get(name)
    return None if amount is None else {"shopMoney": {"amount": amount}}


def _shipping(said: Mapping[str, Any]) -> Told | None:
    found = (said.get("total_shipping_price_set") or {}).get("shop_money")
    return None if found is None else {"shopMoney": {"amount": found["amount"]}}


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _utc(moment: str) -> str:
    return datetime.fromtimestamp(_seconds(moment), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cursor(*place: int) -> str:
    return base64.b64encode(" ".join(map(str, place)).encode()).decode()


def _cursor_read(cursor: str | None) -> tuple[int, ...]:
    """Instant and number of the last order of a page, and how many came by then."""
    if not cursor:
        return -1, -1, 0
    return tuple(map(int, base64.b64decode(cursor).decode().split()))
