"""Test orders have an identity of their own: they see nobody's past, and nobody sees theirs."""

from __future__ import annotations

from features.order import Order

_BETWEEN = "\x1e"


def space_of(merchant_id: str, order_id: str) -> str:
    """The space of keys that holds one test order and nothing else."""
    return _BETWEEN.join((merchant_id, "test", order_id))


def set_apart(order: Order) -> Order:
    """A test order as its keys are made from."""
    return order._replace(merchant_id=space_of(order.merchant_id, order.order_id))
