"""What to do about a finding, in a sentence for each; English here, other languages by it."""

from __future__ import annotations

from serving.board.findings import Finding

CAUSES = {
    "refused": "Refused at the door",
    "unreachable": "Customer not reached",
    "wrong_address": "Wrong address",
    "not_attempted": "No delivery attempt",
    "damaged": "Damaged",
    "wrong_item": "Wrong item",
    "not_as_described": "Not as described",
    "changed_mind": "Changed their mind",
    "no_cash": "No cash",
    "late": "Too late",
    "packaging": "Packaging",
    "other": "Other",
    "": "Not told",
}

_BY_CAUSE = {
    "refused": "Ask these customers to confirm on WhatsApp before you ship.",
    "unreachable": "Ask for a second phone number, and confirm before you ship.",
    "wrong_address": "Ask for the house number and a landmark before you ship.",
    "not_attempted": "Show these parcels to the courier and ask for proof of the attempt.",
    "damaged": "Pack it better; the damage is not the customer's fault.",
    "wrong_item": "Check picking and labels; the mistake is made before it ships.",
    "not_as_described": "Correct the pictures and the description.",
    "changed_mind": "Ship sooner, and remind the customer on the day of delivery.",
    "no_cash": "Offer to pay by UPI before or at delivery.",
    "late": "Promise a later day, or choose a faster courier.",
    "packaging": "Change the packaging.",
}

_BY_DIMENSION = {
    "pincode": "Add a rule: orders to this pincode → Ask customer.",
    "sku": "Add a rule: COD orders with this product → Ask customer.",
    "coupon": "Give this coupon for prepaid orders only.",
    "campaign": "Move budget away from it, or ask its customers before you ship.",
    "courier": "Try another courier where this one returns most.",
    "payment_mode": "Offer a small discount for paying in advance.",
    "package_type": "Pack these orders in another way and compare.",
}

# A cause that is about how these things are sold or sent says more than what they are.
_TELLING = frozenset(
    {"damaged", "wrong_item", "not_as_described", "not_attempted", "late", "packaging"}
)


def advice(dimension: str, finding: Finding) -> str:
    """What to do; nothing where nothing stands out."""
    if finding.verdict == "less":
        return "Leave these orders alone; they arrive."
    if finding.verdict != "more":
        return ""
    if dimension == "cause":
        return advice_on_cause(finding.value)
    if finding.cause in _TELLING or dimension in ("pincode", "sku"):
        return _BY_CAUSE.get(finding.cause, _BY_DIMENSION[dimension])
    return _BY_DIMENSION[dimension]


def advice_on_cause(cause: str) -> str:
    """What to do about a reason that couriers name."""
    return _BY_CAUSE.get(cause, "Ask your courier to name the reason.")
