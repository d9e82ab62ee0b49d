"""The words of the contract for what became of orders and what was done about them."""

from __future__ import annotations

OUTCOMES = ("delivered", "rto", "cancelled", "lost")
INTERVENTIONS = ("none", "verify", "prepaid", "hold", "block")
RESPONSES = ("confirmed", "corrected", "paid", "refused", "silent")
REASONS_OF_OUTCOME = (
    "refused", "unreachable", "wrong_address", "not_attempted", "damaged", "wrong_item",
    "not_as_described", "changed_mind", "no_cash", "late", "packaging", "other",
)  # fmt: skip
