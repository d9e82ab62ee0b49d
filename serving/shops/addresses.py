"""Addresses as Shopify has them and as we have them: compared, printed, and written there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from features.phone import normal_phone

# Shopify's codes of states and union territories (ISO 3166-2:IN, Shopify's form, 2026-11-23).
_CODES = {
    "andaman and nicobar islands": "AN", "andhra pradesh": "AP", "arunachal pradesh": "AR",
    "assam": "AS", "bihar": "BR", "chandigarh": "CH", "chhattisgarh": "CG",
    "dadra and nagar haveli": "DN", "daman and diu": "DD", "delhi": "DL", "goa": "GA",
    "gujarat": "GJ", "haryana": "HR", "himachal pradesh": "HP", "jammu and kashmir": "JK",
    "jharkhand": "JH", "karnataka": "KA", "kerala": "KL", "ladakh": "LA", "lakshadweep": "LD",
    "madhya pradesh": "MP", "maharashtra": "MH", "manipur": "MN", "meghalaya": "ML",
    "mizoram": "MZ", "nagaland": "NL", "odisha": "OR", "puducherry": "PY", "punjab": "PB",
    "rajasthan": "RJ", "sikkim": "SK", "tamil nadu": "TN", "telangana": "TS", "tripura": "TR",
    "uttar pradesh": "UP", "uttarakhand": "UK", "west bengal": "WB",
}  # fmt: skip
# The state is left out: shops spell it in their own way, and the pincode says it.
_COMPARED = ("name", "phone", "address1", "address2", "city", "zip")
_HELD = {
    "name": "ship_name", "phone": "ship_phone", "line1": "address_line1",
    "line2": "address_line2", "landmark": "landmark", "city": "city", "state": "state",
    "pincode": "pincode",
}  # fmt: skip
_PRINT_BYTES = 16


def in_shop(content: Mapping[str, Any]) -> dict[str, str]:
    """The address of an order's content, in the shop's fields."""
    second = ", ".join(v for n in ("address_line2", "landmark") if (v := content.get(n)))
    found = {
        "name": content.get("ship_name"), "phone": content.get("ship_phone"),
        "address1": content.get("address_line1"), "address2": second,
        "city": content.get("city"), "province": content.get("state"),
        "zip": content.get("pincode"),
    }  # fmt: skip
    return {name: str(value) for name, value in found.items() if value}


def posted(content: Mapping[str, Any]) -> dict[str, Any]:
    """The address of an order's content, as ``POST /v1/score`` takes it."""
    return {ours: content[held] for ours, held in _HELD.items() if content.get(held)}


def plain(address: Mapping[str, Any]) -> dict[str, str]:
    """What of a shop's address counts as its content, in one spelling."""
    found = {name: " ".join(str(address.get(name) or "").split()) for name in _COMPARED}
    found["phone"] = normal_phone(found["phone"]) or found["phone"]
    return {name: value.casefold() for name, value in found.items()}


def print_of(address: Mapping[str, Any], number: int, key: bytes) -> bytes:
    """A keyed print that tells whether one order's address is the same, and nothing else.

    Parameters
    ----------
    number : int
        The order's, so that equal addresses of two orders have different prints.
    """
    keyed = hashlib.blake2b(key=key, digest_size=_PRINT_BYTES, salt=number.to_bytes(16, "big"))
    for name, value in plain(address).items():
        keyed.update(f"{name}\0{value}\0".encode("utf-8", "surrogatepass"))
    return keyed.digest()


def mailing_input(address: Mapping[str, str]) -> dict[str, str]:
    """A shop's address as its mutations take it: the name in two parts, the state as a code."""
    first, _, last = address.get("name", "").rpartition(" ")
    found = {
        "firstName": first, "lastName": last, "phone": address.get("phone"),
        "address1": address.get("address1"), "address2": address.get("address2", ""),
        "city": address.get("city"), "zip": address.get("zip"), "countryCode": "IN",
        "provinceCode": _CODES.get(address.get("province", "").casefold()),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}
