"""Parameters and bodies of routes, as the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, get_args

from models.policy import default_policy
from serving.parcels.outcomes import CLASS_NAMES
from serving.store.deliveries import DeliveryState

REF = "#/components/schemas/{model}"

_EXAMPLE = {
    "order_id": "1001",
    "created_at": "2026-11-20T10:15:00+05:30",
    "payment_mode": "cod",
    "amount": 1299.00,
    "discount": 200,
    "coupons": ["DIWALI10"],
    "items": [{"sku": "KRT-01-M", "name": "Cotton kurta", "quantity": 1, "price": 1450}],
    "customer": {"name": "Asha Rao", "phone": "+91 98765 43210", "email": "asha@example.com"},
    "shipping_address": {
        "line1": "Flat 12B, Lake View Apts",
        "line2": "80 Feet Road",
        "city": "Bengaluru",
        "state": "Karnataka",
        "pincode": "560034",
    },
}

Parameter: TypeAlias = dict[str, Any]


def _parameter(where: str, name: str, says: str, schema: dict[str, Any], **more: Any) -> Parameter:
    return {"name": name, "in": where, "required": False, "schema": schema,
            "description": says} | more  # fmt: skip


IF_MATCH = _parameter(
    "header", "If-Match", "The revision that was changed, as GET gave it in ETag.",
    {"type": "string", "pattern": "^\"[0-9]{1,9}\"$"}, required=True,
)  # fmt: skip
DEADLINE = _parameter(
    "header", "RTO-Deadline-Ms", "Milliseconds that the caller waits.",
    {"type": "integer", "minimum": 1, "maximum": 60_000},
)  # fmt: skip
MERCHANT = _parameter(
    "query", "merchant_id", "The merchant that a platform key speaks for.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)  # fmt: skip
REASONS = _parameter(
    "query", "reasons", "Which orders get reasons: all, those that would be acted on, or none.",
    {"type": "string", "enum": ["all", "acted", "none"], "default": "all"},
)  # fmt: skip

ORDER_ID = _parameter("query", "order_id", "One order, whatever characters its id holds.",
                      {"type": "string", "minLength": 1, "maxLength": 255})  # fmt: skip
STATE = _parameter(
    "query", "state", "Only orders in this state.",
    {"type": "string", "enum": list(dict.fromkeys(CLASS_NAMES))},
)  # fmt: skip
UPDATED_AFTER = _parameter("query", "updated_after", "Only orders changed later.",
                           {"type": "string", "format": "date-time"})  # fmt: skip
_POSITION = {"type": "integer", "minimum": 0, "maximum": 2**62}
CURSOR = _parameter("query", "cursor", "Go on from here: `next_cursor` as answered.", _POSITION)
AFTER = _parameter("query", "after", "Go on from here: `next_after` as answered.", _POSITION)
LIMIT = _parameter("query", "limit", "Most lines of one answer.",
                   {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100})  # fmt: skip
BEFORE = _parameter("query", "before", "Go on from here: `next_before` as answered.", _POSITION)
DELIVERY_STATE = _parameter("query", "state", "Only deliveries in this state.",
                            {"type": "string", "enum": list(get_args(DeliveryState))})  # fmt: skip
REVISION = _parameter("query", "revision", "An earlier revision; left out, the newest.",
                      {"type": "integer", "minimum": 0, "maximum": 2**31 - 2})  # fmt: skip
EFFECTS_DAYS = _parameter("query", "days", "Orders decided in so many last days.",
                          {"type": "integer", "enum": [30, 90, 365], "default": 365})  # fmt: skip
LIST_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "phone,list,reason,expires_at\n9876543210,block,refused,2027-03-31\n",
            }
        },
    },
    "parameters": [
        _parameter("query", "list", "For lines that name none.",
                   {"type": "string", "enum": ["block", "allow"]}),
        _parameter("query", "field", "For lines that name none.",
                   {"type": "string", "enum": ["phone", "email", "ip", "device", "pincode"]}),
        _parameter("query", "reason", "For lines that give none.",
                   {"type": "string", "maxLength": 255}),
        _parameter("query", "by", "Who imports.", {"type": "string", "maxLength": 255}),
        MERCHANT,
    ],
}  # fmt: skip
ENTRY_CURSOR = _parameter("query", "cursor", "Go on from here: `next_cursor` as answered.",
                          {"type": "string", "maxLength": 255})  # fmt: skip
ENTRY_ID = _parameter("query", "entry_id", "The entry, as GET /v1/lists names it.",
                      {"type": "string", "minLength": 1, "maxLength": 255},
                      required=True)  # fmt: skip

POLICY_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": default_policy().to_json() | {"note": "why", "by": "Meera"},
            }
        },
    },
    "parameters": [IF_MATCH, MERCHANT],
}

SIMULATION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "policy": {
                            "type": "object",
                            "description": "The draft, as GET /v1/policy shows it; "
                            "left out, the policy in force.",
                        },
                        "days": {"type": "integer", "enum": [30, 90, 365], "default": 90},
                    },
                },
                "example": {"days": 90, "policy": default_policy().to_json()},
            }
        },
    },
    "parameters": [MERCHANT],
}


def body(
    schema: str, *, most: int | None = None, parameters: Sequence[Parameter] = ()
) -> dict[str, Any]:
    """The request body of a route whose bytes the route itself parses.

    Parameters
    ----------
    schema : str
        Name of a model of ``serving.schemas``.
    most : int, optional
        The body is a list of at most so many.
    parameters : sequence
        Of header and query.
    """
    one: dict[str, Any] = {"$ref": REF.format(model=schema)}
    whole = one if most is None else {"type": "array", "items": one, "maxItems": most}
    content: dict[str, Any] = {"schema": whole}
    if schema == "ScoreRequest":
        content["example"] = _EXAMPLE if most is None else [_EXAMPLE]
    return {
        "requestBody": {"required": True, "content": {"application/json": content}},
        "parameters": list(parameters),
    }
