"""Which column of an unknown file is which of ours, and what its words mean: a guess to confirm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from training.importing.cells import unguarded
from training.importing.profile import Profile

# Header words of each of our columns, the surest first. ``delivered_at`` and ``returned_at`` are
# the two times an outcome_at is drawn from.
EXPORT_NAMES: Mapping[str, Sequence[str]] = {
    "order_id": ("order id", "order no", "order number", "order ref", "order name", "invoice no",
                 "bill no", "order", "bill", "invoice", "name"),
    "created_at": ("order date", "created at", "order created", "placed", "ordered on",
                   "purchase date", "booking date", "date", "created"),
    "payment_mode": ("payment mode", "payment method", "payment type", "pay mode",
                     "mode of payment", "cod prepaid", "payment", "cod"),
    "amount": ("order total", "grand total", "order value", "total amount", "order amount",
               "invoice value", "collectable value", "total", "amount", "value"),
    "pincode": ("shipping pincode", "delivery pincode", "ship pincode", "pincode", "pin code",
                "postal code", "zip code", "zip", "pin", "postcode"),
    "phone": ("customer phone", "customer mobile", "phone", "mobile", "contact number", "contact",
              "whatsapp"),
    "email": ("email", "e mail", "mail"),
    "customer_name": ("customer name", "buyer name", "consignee", "full name", "customer", "buyer",
                      "party"),
    "address_line1": ("shipping address", "delivery address", "address line 1", "address 1",
                      "address1", "street", "address"),
    "address_line2": ("address line 2", "address 2", "address2"),
    "city": ("shipping city", "city", "town"),
    "state": ("shipping state", "state", "province"),
    "discount": ("discount amount", "discount"),
    "coupons": ("coupon code", "coupon", "discount code", "promo code", "voucher"),
    "sku": ("sku", "item code", "product code", "style code", "article"),
    "quantity": ("quantity", "qty", "units", "pieces"),
    "price": ("item price", "unit price", "selling price", "rate", "mrp", "price"),
    "outcome": ("delivery status", "shipment status", "current status", "final status",
                "order status", "status", "outcome", "result"),
    "delivered_at": ("delivered at", "delivered date", "delivered on", "delivery date"),
    "returned_at": ("rto initiated", "rto date", "rto delivered", "returned at", "returned on",
                    "return date"),
    "outcome_reason": ("rto reason", "return reason", "ndr reason", "reason for return", "reason",
                       "remarks", "remark"),
}  # fmt: skip
REPORT_NAMES: Mapping[str, Sequence[str]] = {
    "order_id": ("order id", "order no", "order number", "reference", "ref", "order"),
    **{
        name: EXPORT_NAMES[name]
        for name in ("outcome", "delivered_at", "returned_at", "outcome_reason")
    },
}
_PATTERNS = {
    "pincode": r"[1-9]\d{5}(\.0+)?",
    "phone": r"(\+?91|0)?[\s-]?[6-9]\d{4}[\s-]?\d{5}(\.0+)?",
    "email": r"\S+@\S+\.\w+",
    "quantity": r"\d{1,4}(\.0+)?",
    **dict.fromkeys(("amount", "price", "discount"), r"(₹|rs\.?|inr)?\s*[\d,]+(\.\d*)?"),
}
_SURE = frozenset({"pincode", "phone", "email"})
_TIMES = frozenset({"created_at", "delivered_at", "returned_at"})
_MEANINGS: Mapping[str, Sequence[tuple[str, str]]] = {
    "payment_mode": (
        (r"partial|part paid|advance", "partial_cod"),
        (r"prepaid|pre paid|paid|online|upi|card|wallet|netbanking|razorpay|paytm|phonepe|ppd|gpay",
         "prepaid"),
        (r"cod|cash|c o d|to pay|collect", "cod"),
    ),
    "outcome": (
        (r"rto|undelivered.*return|return(ed|ing)? to (origin|seller|shipper|sender)|came back",
         "rto"),
        (r"lost|damaged|destroyed|disposed", "lost"),
        (r"cancel", "cancelled"),
        (r"return|refund|reverse", "returned"),
        (r"undelivered|not delivered|out for|transit|pending|ndr|attempt|hold", "open"),
        (r"delivered|complete|dlvd|^dl$", "delivered"),
        (r"ship|dispatch|pick|manifest|new|ready|process|packed|placed|booked|confirm|^$", "open"),
    ),
    "outcome_reason": (
        (r"^(n a|na|nil|none)?$", ""),
        (r"not attempted|no attempt|out of delivery area", "not_attempted"),
        (r"address|pincode|pin code|landmark", "wrong_address"),
        (r"cash|cod not ready|no money", "no_cash"),
        (r"unavailable|not available|unreachable|not reach|no response|not respond|switched off|"
         r"not contactable|not picking|not (at )?home|closed", "unreachable"),
        (r"refus|reject|denied|not want|not ordered", "refused"),
        (r"wrong (item|product)", "wrong_item"),
        (r"damage|tamper|broken", "damaged"),
        (r"not as described|looks? different", "not_as_described"),
        (r"changed.* mind", "changed_mind"),
        (r"late|delay|resched|future delivery", "late"),
        (r"packag", "packaging"),
    ),
}  # fmt: skip
WORDED = tuple(_MEANINGS)
"""Those of our columns whose words are told apart."""
_OTHERWISE = {"payment_mode": "unknown", "outcome": "unreported", "outcome_reason": "other"}
_TELLING = {
    "payment_mode": {"cod", "prepaid"},
    "outcome": {"delivered", "rto"},
    "outcome_reason": {"refused", "unreachable"},
}


def guess_columns(
    columns: Sequence[Profile], names: Mapping[str, Sequence[str]]
) -> dict[str, str | None]:
    """Our columns with the file's most plausible one each, or None; no column stands for two.

    Parameters
    ----------
    names : mapping
        ``EXPORT_NAMES`` or ``REPORT_NAMES``.
    """
    ranked = sorted(
        (
            (-score, list(names).index(ours), place, ours)
            for ours in names
            for place, column in enumerate(columns)
            if (score := _score(ours, column, names[ours])) > 0
        )
    )
    found: dict[str, str | None] = dict.fromkeys(names)
    for _, _, place, ours in ranked:
        if found[ours] is None and columns[place].name not in found.values():
            found[ours] = columns[place].name
    return found


def guess_words(field: str, values: Iterable[str]) -> dict[str, str]:
    """What each word of a column most likely means in ours.

    >>> guess_words("payment_mode", ["CoD", "UPI", "?"])
    {'CoD': 'cod', 'UPI': 'prepaid', '?': 'unknown'}
    """
    found = {value: _meaning(field, value) for value in values}
    return {value: _OTHERWISE[field] if word is None else word for value, word in found.items()}


def _meaning(field: str, value: str) -> str | None:
    plain = _plain(value)
    found = (word for pattern, word in _MEANINGS[field] if re.search(pattern, plain))
    return next(found, None)


def _score(ours: str, column: Profile, names: Sequence[str]) -> float:
    """How well a column fits: by its header first, by its cells where they say enough; 0 never."""
    if ours in _TIMES and not column.times:
        return 0
    fits = _fits(ours, column)
    if fits is False:
        return 0
    if ours in _MEANINGS and column.values is None:
        return 0
    header = _plain(column.name)
    if ours in _MEANINGS and header not in names and not _meanings(ours, column):
        return 0  # a financial status is none of a parcel
    said = _by_name(header, names)
    if (fits and ours in _SURE) or (ours in _MEANINGS and _tells(ours, column)):
        return said + 6
    # Every order was placed some day: a column of dates that nothing else claims.
    return said or (0.5 if ours == "created_at" else 0)


def _by_name(header: str, names: Sequence[str]) -> float:
    for place, name in enumerate(names):
        if header == name:
            return 30 - place
    for place, name in enumerate(names):
        if f" {name} " in f" {header} ":
            return 20 - place
    return 0


def _fits(ours: str, column: Profile) -> bool | None:
    """Whether the samples look like it; None where nothing can be said."""
    pattern = _PATTERNS.get(ours)
    if pattern is None or not column.samples:
        return None
    texts = (unguarded(text).strip() for text in column.samples)
    return all(re.fullmatch(pattern, text, re.IGNORECASE) for text in texts)


def _tells(field: str, column: Profile) -> bool:
    """Whether a column's words are those of payment, of outcomes or of their reasons."""
    return _TELLING[field] <= _meanings(field, column)


def _meanings(field: str, column: Profile) -> set[str]:
    """What the filled cells of a column can mean."""
    found = (_meaning(field, value) for value in column.values or () if value)
    return {word for word in found if word}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()
