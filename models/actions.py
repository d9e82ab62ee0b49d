"""What can be done about an order before it is dispatched, from the mildest to the most severe."""

from __future__ import annotations

from typing import Literal, TypeAlias

from features.order import PaymentMode

Action: TypeAlias = Literal["ship", "verify", "prepaid", "hold", "block"]
Dispatch: TypeAlias = Literal["go", "wait", "stop"]

ACTIONS: tuple[Action, ...] = ("ship", "verify", "prepaid", "hold", "block")
SEVERITY: dict[Action, int] = {action: rank for rank, action in enumerate(ACTIONS)}
DISPATCH: dict[Action, Dispatch] = {
    "ship": "go",
    "verify": "wait",
    "prepaid": "wait",
    "hold": "wait",
    "block": "stop",
}
MESSAGES: frozenset[Action] = frozenset({"verify", "prepaid"})

_UNASKED: tuple[Action, ...] = tuple(action for action in ACTIONS if action not in MESSAGES)


def open_to(payment_mode: PaymentMode) -> tuple[Action, ...]:
    """Actions that make sense for a payment mode, mildest first.

    Who has paid is not asked to pay, nor whether the order is meant: a prepaid order is shipped
    unless a person must look or it must not leave.

    >>> open_to("prepaid")
    ('ship', 'hold', 'block')
    """
    return _UNASKED if payment_mode == "prepaid" else ACTIONS
