"""An order that nobody placed: scored at start, so that the first real one finds machine code."""

from __future__ import annotations

from features.history.fact import Fact
from features.history.reader import NO_RECORD, Reader
from features.history.where import WindowTable
from features.keys import WHO_SLOTS
from features.order import Order
from models.scorer import Scorer
from serving.ledger import Ledger, warm_up_records
from serving.overlay import warm_up_overlay
from serving.rows import Rows

_NOBODYS = Order(
    merchant_id="", order_id="", created_us=0, payment_mode="cod", amount_paise=1, sku="-",
    coupons=("-",), customer_id="-", customer_name="A B", phone="+91 90000 00000",
    email="a@example.com", ship_name="A B", address_line1="1 A Road", landmark="near B",
    city="Delhi", state="Delhi", pincode="110001", ip="203.0.113.1", device_id="-",
    user_agent="-", origin_pincode="560001", courier="-", promised_us=1,
)  # fmt: skip


def warm_up(rows: Rows, ledger: Ledger, windows: WindowTable, scorer: Scorer, now_us: int) -> float:
    """Score and explain it, and change a record; what was not compiled yet is compiled.

    Returns
    -------
    float
        Its probability.
    """
    order = _NOBODYS._replace(created_us=now_us)
    identity = rows.identity(order)
    row = rows.row(order, identity, rows.past(identity, ledger, windows, now_us))
    _read_near(identity.fact, windows, now_us)
    risk = scorer.score(row, {})
    scorer.explain(row, {}, risk)
    warm_up_records()
    warm_up_overlay()
    return risk.probability


def _read_near(fact: Fact, windows: WindowTable, now_us: int) -> None:
    """As of an order with somebody near it, whom nobody's order has."""
    reader = Reader()
    reader.linked(fact, [NO_RECORD] * len(WHO_SLOTS), windows, now_us)
    reader.read([NO_RECORD])
