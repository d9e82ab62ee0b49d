"""Razorpay's RTO Intelligence as others call it: its orders, reviews and fulfilments as ours.

Fields, shapes and reason keys follow its public documentation and client (read 2026-11-23).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from features.errors import RtoError
from serving.decisions import Answer
from serving.moments import rfc3339
from serving.parcels.outcomes import KINDS

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LETTERS = 14
ORDER_ID = re.compile(rf"order_[0-9A-Za-z]{{{_ID_LETTERS}}}")
_MOST_REASONS, _MOST_NOTES, _LONGEST_NOTE = 5, 15, 255
_ITEMS = {"sku": "sku", "name": "name", "image_url": "image_url", "product_url": "url"}
_ADDRESS = {
    "name": "name", "contact": "phone", "line1": "line1", "line2": "line2", "landmark": "landmark",
    "city": "city", "state": "state", "zipcode": "pincode",
}  # fmt: skip
# ``created`` names a parcel and no outcome; who took a part of it did not send it back.
STATUSES = {name: name for name in KINDS} | {"partially_delivered": "delivered", "created": ""}


class AskedWrongError(RtoError):
    """A request that Razorpay's interface would refuse.

    Parameters
    ----------
    name : str, optional
        The field at fault.
    """

    def __init__(self, says: str, name: str | None = None) -> None:
        super().__init__(says)
        self.name = name


def read_object(body: bytes) -> dict[str, Any]:
    """A body, which may be empty.

    Raises
    ------
    AskedWrongError
        If it is no JSON object.
    """
    try:
        plain = from_json(body or b"{}", allow_inf_nan=False)
    except ValueError:
        plain = None
    if not isinstance(plain, dict):
        raise AskedWrongError("The request body must be a JSON object")
    return plain


def order_id_of(merchant_id: str, receipt: object, body: bytes, key: bytes) -> str:
    """The id of a new order; the same body under the same receipt is the same order."""
    if not isinstance(receipt, str) or not receipt:
        return "order_" + "".join(secrets.choice(_LETTERS) for _ in range(_ID_LETTERS))
    whole = f"{merchant_id}\0{receipt}\0".encode("utf-8", "surrogatepass") + body
    number = int.from_bytes(hmac.digest(key, whole, hashlib.sha256), "big")
    digits = []
    for _ in range(_ID_LETTERS):
        number, digit = divmod(number, len(_LETTERS))
        digits.append(_LETTERS[digit])
    return "order_" + "".join(digits)


def checked(asked: Mapping[str, Any]) -> None:
    """See that this is an order to be reviewed.

    Raises
    ------
    AskedWrongError
        If it is not.
    """
    amount = asked.get("amount")
    if type(amount) is not int or amount < 100:
        raise AskedWrongError("The amount must be an integer of at least 100 paise.", "amount")
    if asked.get("currency") != "INR":
        raise AskedWrongError("The currency must be INR.", "currency")
    if asked.get("rto_review") is not True:
        raise AskedWrongError(
            "This server reviews orders and takes no payments: set rto_review to true.",
            "rto_review",
        )


def score_body(
    order_id: str, asked: Mapping[str, Any], *, now_us: int, merchant_id: str | None
) -> bytes:
    """The order as ``POST /v1/score`` takes it: reviewed as one that is paid at the door.

    Parameters
    ----------
    merchant_id : str or None
        The merchant that a platform key speaks for.
    """
    customer, address = _part(asked, "customer_details"), {}
    if shipping := _part(customer, "shipping_address"):
        address = _taken(shipping, _ADDRESS)
    codes = [_text(one.get("code")) for one in _objects(asked, "promotions")]
    whole = {
        "order_id": order_id,
        "created_at": rfc3339(now_us),
        "merchant_id": merchant_id,
        "payment_mode": "cod",
        "amount": _rupees(asked.get("amount")),
        "discount": _discount(asked),
        "shipping_fee": _rupees(asked.get("shipping_fee")),
        "cod_fee": _rupees(asked.get("cod_fee")),
        "coupons": [code for code in codes if code],
        "items": [_item(one) for one in _objects(asked, "line_items")],
        "customer": _taken(customer, {"name": "name", "contact": "phone", "email": "email"}),
        "shipping_address": address,
        "device": _taken(_part(asked, "device_details"), {"ip": "ip", "user_agent": "user_agent"}),
        "channel": "razorpay",
        "extra": _notes(asked),
    }
    return to_json({name: value for name, value in whole.items() if value not in (None, {}, [])})


def order_entity(order_id: str, asked: Mapping[str, Any], created_s: int) -> dict[str, Any]:
    """The order as it is answered."""
    notes = asked.get("notes")
    return {
        "id": order_id, "entity": "order", "amount": asked["amount"], "amount_paid": 0,
        "amount_due": asked["amount"], "currency": "INR", "receipt": asked.get("receipt"),
        "offer_id": None, "status": "created", "attempts": 0,
        "notes": notes if isinstance(notes, dict) else [], "created_at": created_s,
    }  # fmt: skip


def review(answer: Answer) -> dict[str, Any]:
    """A decision as a review: its tier, and what raises the risk, weightiest first."""
    raising = [reason for reason in answer["reasons"] if reason["impact"] > 0]
    raising.sort(key=lambda reason: -reason["impact"])
    return {
        "risk_tier": answer["tier"],
        "rto_reasons": [
            {"reason": r["code"], "description": r["text"], "bucket": r["bucket"]}
            for r in raising[:_MOST_REASONS]
        ],
    }


def error_body(says: str, *, code: str, name: str | None = None) -> dict[str, Any]:
    """An error in its shape."""
    error: dict[str, Any] = {
        "code": code, "description": says, "source": "business", "step": "payment_initiation",
        "reason": "input_validation_failed" if code == "BAD_REQUEST_ERROR" else "server_error",
        "metadata": {},
    }  # fmt: skip
    return {"error": error if name is None else error | {"field": name}}


def _item(one: Mapping[str, Any]) -> dict[str, Any]:
    price = one.get("offer_price", one.get("price"))
    counts = {"quantity": _count(one.get("quantity")), "weight_g": _count(one.get("weight"))}
    whole = _taken(one, _ITEMS) | {"price": _rupees(price)} | counts
    return {name: value for name, value in whole.items() if value is not None}


def _discount(asked: Mapping[str, Any]) -> str | None:
    """What promotions took off: the lines and fees less the amount."""
    total, amount = asked.get("line_items_total"), asked["amount"]
    if type(total) is not int:
        return None
    fees = (asked.get(name) for name in ("shipping_fee", "cod_fee"))
    return _rupees(max(0, total + sum(fee for fee in fees if type(fee) is int) - amount))


def _notes(asked: Mapping[str, Any]) -> dict[str, str | float]:
    """Notes and the receipt, as columns of the merchant's own."""
    notes = {k: v for k, v in _part(asked, "notes").items() if isinstance(v, str | int | float)}
    kept: dict[str, str | float] = {
        k[:_LONGEST_NOTE]: v[:_LONGEST_NOTE] if isinstance(v, str) else v
        for k, v in list(notes.items())[:_MOST_NOTES]
    }
    receipt = _text(asked.get("receipt"))
    return kept | {"receipt": receipt[:_LONGEST_NOTE]} if receipt else kept


def _rupees(paise: object) -> str | None:
    if type(paise) is not int or paise < 0:
        return None
    return f"{paise // 100}.{paise % 100:02d}"


def _count(value: object) -> int | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _taken(source: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    found = ((ours, _text(source.get(theirs))) for theirs, ours in names.items())
    return {name: value for name, value in found if value}


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # pincodes and phones come as numbers too
    return value if isinstance(value, str) and value.strip() else None


def _part(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = source.get(name)
    return found if isinstance(found, dict) else {}


def _objects(source: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = source.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
