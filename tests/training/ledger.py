"""A small matrix made of numbers, so that tests of training need no text, directory or history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.days import DAY_US
from features.feature import Feature
from training.matrix import Matrix, Words

START_US = 1_750_000_000_000_000
FEATURES = (
    Feature("payment_cod", "flag", "cod_order", "1 for cash on delivery.", group="payment"),
    Feature("amount_log", "log rupees", "high_order_amount", "Log of the amount.", group="amount"),
    Feature("coupon_count", "count", "order_discount", "Codes used.", group="discount"),
    Feature("coupon_rto_rate_90d", "share", "rto_prone_coupon", "Share.", group="coupon"),
    Feature("phone_rto_ever", "count", "rto_prone_phone", "Unknown without one.", group="phone"),
    Feature("phone_orders_ever", "count", "rto_prone_phone", "Earlier orders.", group="phone"),
    Feature("phone_pending", "count", "rto_prone_phone", "Those not known yet.", group="phone"),
    Feature("always_unknown", "count", "order_items", "NaN always.", group="items"),
)


def make_matrix(
    orders: int = 2_000,
    *,
    seed: int = 3,
    days: float = 120.0,
    rate: float = 0.25,
    fixed_delay_days: float | None = None,
    treated_share: float = 0.02,
) -> Matrix:
    """Orders whose return depends on payment, amount, coupon and sku; returns travel longer."""
    rng = np.random.default_rng(seed)
    created = np.sort(START_US + (rng.random(orders) * days * DAY_US).astype(np.int64))
    cod = rng.random(orders) < 0.6
    amount = rng.normal(7.0, 0.6, orders)
    coupon = rng.integers(0, 4, orders)
    sku = rng.integers(0, 12, orders)
    base = np.log(rate / (1 - rate)) - 0.7
    z = base + 1.5 * cod + 0.5 * (amount - 7.0) + 0.7 * (coupon == 3) + 0.4 * np.sin(sku)
    returned = rng.random(orders) < 1.0 / (1.0 + np.exp(-z))
    outcome = np.where(returned, "rto", "delivered").astype(object)
    outcome[rng.random(orders) < 0.04] = "cancelled"
    delay = np.where(returned, rng.gamma(12, 1.0, orders), rng.gamma(6, 1.0, orders))
    if fixed_delay_days is not None:
        delay = np.full(orders, fixed_delay_days)
    unknown = rng.random(orders) < 0.3
    values = np.column_stack(
        [cod, amount, coupon > 0, 0.2 + 0.1 * (coupon == 3),
         np.where(unknown, np.nan, rng.poisson(0.3, orders)),
         np.zeros(orders), np.zeros(orders), np.full(orders, np.nan)]
    ).astype(np.float32)  # fmt: skip
    treated = rng.random(orders) < treated_share
    frame = pd.DataFrame(
        {
            "merchant_id": "shop",
            "order_id": [f"o{i}" for i in range(orders)],
            "created_us": created,
            "payment_mode": np.where(cod, "cod", "prepaid"),
            "pincode": [f"5600{i % 40:02d}" for i in range(orders)],
            "amount_paise": np.round(np.exp(amount) * 100).astype(np.int64),
            "outcome": outcome,
            "outcome_us": created + (delay * DAY_US).astype(np.int64),
            "treated": treated,
            "person": rng.integers(0, orders, orders),
        }
    )
    lists: list[tuple[str, ...]] = [
        (f"sku=K{sku[i]}", f"coupon=C{coupon[i]}", f"x:size={'SML'[i % 3]}", f"order=o{i}")
        for i in range(orders)
    ]
    extras: dict[str, np.ndarray] = {
        "minutes": rng.normal(5.0, 2.0, orders),
        "size": np.array(["SML"[i % 3] for i in range(orders)], dtype=object),
        "fee_after": np.where(returned, 0.0, 40.0) + rng.normal(0, 1e-3, orders),
    }
    return Matrix(values, make_words(lists), extras, frame, FEATURES, invented=True)


def make_words(lists: list[tuple[str, ...]]) -> Words:
    """Tokens in the form a matrix holds them."""
    at: dict[str, int] = {}
    codes = [at.setdefault(word, len(at)) for words in lists for word in words]
    ends = np.cumsum([0, *(len(words) for words in lists)]).astype(np.int64)
    return Words(list(at), np.array(codes, np.int32), ends)


def end_of(matrix: Matrix) -> int:
    """The instant by which every order was placed."""
    return int(matrix.orders["created_us"].max()) + 1
