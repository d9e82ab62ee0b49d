"""The contract's tables of past orders: their columns and canonical types.

Rupees are ``decimal128(12, 2)`` in files and whole paise in memory; times are microseconds in UTC.
A column that is absent or empty is unknown (null), never zero.
"""

from __future__ import annotations

import pyarrow as pa

from features.vocabulary import INTERVENTIONS, OUTCOMES, REASONS_OF_OUTCOME, RESPONSES

RUPEES = pa.decimal128(12, 2)
TIME = pa.timestamp("us", tz="UTC")

_TEXT = pa.string()

# Whose the orders are, where a folder of one shop does not say.
ONE_MERCHANT = "merchant"

ORDER_COLUMNS: dict[str, pa.DataType] = {
    "order_id": _TEXT,
    "merchant_id": _TEXT,
    "created_at": TIME,
    "payment_mode": _TEXT,
    "amount": RUPEES,
    "amount_due": RUPEES,
    "discount": RUPEES,
    "shipping_fee": RUPEES,
    "cod_fee": RUPEES,
    "sku": _TEXT,
    "category": _TEXT,
    "quantity": pa.int32(),
    "item_count": pa.int32(),
    "coupons": _TEXT,
    "customer_id": _TEXT,
    "customer_name": _TEXT,
    "phone": _TEXT,
    "alt_phone": _TEXT,
    "email": _TEXT,
    "language": _TEXT,
    "ship_name": _TEXT,
    "ship_phone": _TEXT,
    "address_line1": _TEXT,
    "address_line2": _TEXT,
    "landmark": _TEXT,
    "city": _TEXT,
    "state": _TEXT,
    "pincode": _TEXT,
    "ip": _TEXT,
    "device_id": _TEXT,
    "user_agent": _TEXT,
    "channel": _TEXT,
    "utm_source": _TEXT,
    "utm_campaign": _TEXT,
    "origin_pincode": _TEXT,
    "courier": _TEXT,
    "promised_at": TIME,
    "shipping_cost": RUPEES,
    "rto_cost": RUPEES,
    "package_type": _TEXT,
    "outcome": _TEXT,
    "outcome_at": TIME,
    "outcome_reason": _TEXT,
    "cancelled_by": _TEXT,
    "intervention": _TEXT,
    "intervention_at": TIME,
    "response": _TEXT,
    "arm": _TEXT,
    "propensity": pa.float64(),
    "scored_probability": pa.float64(),
    "model": _TEXT,
    "policy": _TEXT,
}

ITEM_COLUMNS: dict[str, pa.DataType] = {
    "order_id": _TEXT,
    "merchant_id": _TEXT,
    "sku": _TEXT,
    "name": _TEXT,
    "category": _TEXT,
    "quantity": pa.int32(),
    "price": RUPEES,
    "unit_cost": RUPEES,
    "weight_g": pa.int32(),
    "image_url": _TEXT,
    "url": _TEXT,
}

EVENT_COLUMNS: dict[str, pa.DataType] = {
    "seq": pa.int64(),
    "merchant_id": _TEXT,
    "order_id": _TEXT,
    "revision": pa.int32(),
    "awb": _TEXT,
    "event": _TEXT,
    "at": TIME,
    "known_at": TIME,
    "reason": _TEXT,
    "outcome": _TEXT,
    "decision_id": _TEXT,
    "read_seq": pa.int64(),
    "fold": pa.int64(),
    "as_of": TIME,
    "policy": _TEXT,
    "list_version": pa.int64(),
    "model": _TEXT,
    "arm": _TEXT,
    "propensity": pa.float64(),
    "probability": pa.float64(),
    "action": _TEXT,
}

# When each merchant chose to share into the network, or no longer to.
CONSENT_COLUMNS: dict[str, pa.DataType] = {
    "merchant_id": _TEXT,
    "shares": pa.bool_(),
    "known_at": TIME,
}

VOCABULARY: dict[str, tuple[str, ...]] = {
    "payment_mode": ("cod", "prepaid", "partial_cod", "unknown"),
    "outcome": OUTCOMES,
    "outcome_reason": REASONS_OF_OUTCOME,
    "cancelled_by": ("customer", "merchant", "system"),
    "intervention": INTERVENTIONS,
    "response": RESPONSES,
}

# What became of an order or was decided about it: never an input of a score.
AFTER_PLACING = frozenset(
    {
        "outcome", "outcome_at", "outcome_reason", "cancelled_by", "intervention",
        "intervention_at", "response", "arm", "propensity", "scored_probability", "model", "policy",
        "shipping_cost", "rto_cost",
    }
)  # fmt: skip
