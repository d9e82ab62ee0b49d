"""Orders such as nobody should send and somebody will: every field holds whatever fits in it."""

from __future__ import annotations

from typing import get_type_hints

from hypothesis import strategies as st

from features.days import DAY_US
from features.order import PAYMENT_MODES, Line, Order

FAR_US = 366 * 9_000 * DAY_US  # some nine thousand years, to either side of 1970

any_text = st.text(st.characters(exclude_categories=()), max_size=40)
long_text = st.builds(str.__mul__, any_text, st.sampled_from([1, 1, 1, 1_000])).map(
    lambda text: text[:10_000]
)
NEAR_MISSES = (
    "+91 98765x43210", "98765 43210 / 90000 00001", "00919876543210", "9.87654E+09", "12345",
    "56003", "5600 34", "IN-560034", "५६००३४", "560034.0", "012345", "-1", "ᏣᎳᎩ", "\u0000", "  ",
    "नई दिल्ली", "Bengaluru / Mysuru", "u.p.", "🏠🏠🏠", "a@b@c", "\ud800@x.in", "ab@\ud800.in", "@",
    "test", "\u200d\u200c", "::ffff:10.0.0.1", "[2001:db8::1]:443", "999.1.1.1", "nan", "inf", "İ",
    "ﷺ" * 500, "street " * 1_500, "1" * 10_000, "\ud800", "a@" + "b" * 400 + ".in", "ß" * 300,
)  # fmt: skip
odd_text = st.none() | st.sampled_from(NEAR_MISSES) | long_text
odd_money = st.none() | st.integers(-(10**15), 10**15)
odd_count = st.none() | st.integers(-(2**31), 2**31 - 1)
odd_time = st.sampled_from([-FAR_US, 0, FAR_US]) | st.integers(-FAR_US, FAR_US)
odd_lines = st.lists(
    st.builds(
        Line, sku=odd_text, name=odd_text, category=odd_text, quantity=odd_count,
        price_paise=odd_money,
    ),
    max_size=3,
).map(tuple)  # fmt: skip
odd_extra = st.dictionaries(any_text, st.floats() | any_text, max_size=3)

TEXTS = [name for name, kind in get_type_hints(Order).items() if kind == str | None]
_MONEY = [name for name in Order._fields if name.endswith("_paise")]

odd_orders = st.builds(
    Order,
    merchant_id=any_text,
    order_id=any_text,
    created_us=odd_time,
    payment_mode=st.sampled_from(PAYMENT_MODES),
    promised_us=st.none() | odd_time,
    quantity=odd_count,
    item_count=odd_count,
    coupons=st.none() | st.lists(any_text, max_size=5).map(tuple),
    lines=odd_lines,
    extra=odd_extra,
    **dict.fromkeys(TEXTS, odd_text),
    **dict.fromkeys(_MONEY, odd_money),
)
