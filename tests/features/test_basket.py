"""Payment, money, items, promise and channel of an order."""

from __future__ import annotations

from math import inf, isnan, log1p, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.basket import FEATURES, signals
from features.days import DAY_US, HOUR_US
from features.order import PAYMENT_MODES, Line, Order

NOW = 1_790_000_000_000_000
ORDER = Order(merchant_id="m", order_id="1", created_us=NOW)


def seen(**fields: Any) -> dict[str, float]:
    values = signals(ORDER._replace(**fields))
    return dict(zip((feature.name for feature in FEATURES), values, strict=True))


def known(found: dict[str, float]) -> set[str]:
    return {name for name, value in found.items() if not isnan(value)}


def test_more_due_than_the_amount_is_the_whole_amount() -> None:
    found = seen(payment_mode="cod", amount_paise=1_000_00, amount_due_paise=1_500_00)
    assert found["amount_due_share"] == 1.0


def test_an_order_of_which_nothing_is_known_is_unknown_and_not_zero() -> None:
    assert known(seen()) == {"channel_named", "campaign_named"}


@pytest.mark.parametrize(
    ("mode", "cod", "prepaid", "partial"),
    [("cod", 1, 0, 0), ("prepaid", 0, 1, 0), ("partial_cod", 0, 0, 1), ("unknown", nan, nan, nan)],
)
def test_payment_modes_are_flags(mode: str, cod: float, prepaid: float, partial: float) -> None:
    found = seen(payment_mode=mode)
    values = [found[f"payment_{name}"] for name in ("cod", "prepaid", "partial_cod")]
    assert values == pytest.approx([cod, prepaid, partial], nan_ok=True)


@pytest.mark.parametrize(
    ("mode", "amount", "due", "share", "rupees"),
    [
        ("cod", 100_000, None, 1.0, 1000.0),
        ("prepaid", 100_000, None, 0.0, 0.0),
        ("partial_cod", 100_000, None, nan, nan),
        ("unknown", 100_000, None, nan, nan),
        ("partial_cod", 100_000, 75_000, 0.75, 750.0),
        ("cod", 100_000, 0, 0.0, 0.0),
        ("cod", 100_000, 120_000, 1.0, 1200.0),
        ("cod", 100_000, -1, nan, nan),
        ("cod", 0, None, nan, 0.0),
        ("prepaid", None, None, nan, 0.0),
        ("cod", None, 50_000, nan, 500.0),
    ],
)
def test_what_is_due_at_the_door(
    mode: str, amount: int | None, due: int | None, share: float, rupees: float
) -> None:
    found = seen(payment_mode=mode, amount_paise=amount, amount_due_paise=due)
    assert found["amount_due_share"] == pytest.approx(share, nan_ok=True)
    assert found["amount_due_log"] == pytest.approx(log1p(rupees), nan_ok=True)


@pytest.mark.parametrize(
    ("amount", "units", "log_amount", "log_price"),
    [
        (129_900, 1, log1p(1299), log1p(1299)),
        (129_900, 3, log1p(1299), log1p(433)),
        (0, 1, 0.0, 0.0),
        (129_900, 0, log1p(1299), nan),
        (129_900, None, log1p(1299), nan),
        (-1, 1, nan, nan),
        (None, 1, nan, nan),
    ],
)
def test_amounts_are_logarithms_of_rupees(
    amount: int | None, units: int | None, log_amount: float, log_price: float
) -> None:
    found = seen(amount_paise=amount, quantity=units)
    assert found["amount_log"] == pytest.approx(log_amount, nan_ok=True)
    assert found["unit_price_log"] == pytest.approx(log_price, nan_ok=True)


def test_discount_and_fees_are_shares_of_the_amount() -> None:
    found = seen(
        amount_paise=80_000, discount_paise=20_000, shipping_fee_paise=0, cod_fee_paise=4_000
    )
    assert found["discount_share"] == 0.2
    assert found["fee_share"] == 0.05
    assert found["shipping_fee_log"] == 0.0
    assert found["cod_fee_log"] == log1p(40)


def test_an_unknown_fee_leaves_the_known_one() -> None:
    assert seen(amount_paise=80_000, cod_fee_paise=4_000)["fee_share"] == 0.05
    assert isnan(seen(amount_paise=80_000)["fee_share"])
    assert isnan(seen(amount_paise=0, cod_fee_paise=4_000)["fee_share"])


@pytest.mark.parametrize(
    ("coupons", "count"), [(None, nan), ((), 0.0), (("DIWALI10",), 1.0), (("A", "B"), 2.0)]
)
def test_no_coupon_differs_from_unknown_coupons(
    coupons: tuple[str, ...] | None, count: float
) -> None:
    assert seen(coupons=coupons)["coupon_count"] == pytest.approx(count, nan_ok=True)


def test_lines_speak_where_the_order_does_not() -> None:
    lines = (Line(category="kurta", quantity=2), Line(category="kurta", quantity=1), Line())
    assert seen(lines=lines[:2])["line_count"] == 2.0
    assert seen(lines=lines[:2])["unit_count"] == 3.0
    assert seen(lines=lines[:2])["same_category_lines"] == 1.0
    assert seen(lines=lines[:1])["same_category_lines"] == 0.0
    assert isnan(seen(lines=lines)["unit_count"])
    assert isnan(seen(lines=lines)["same_category_lines"])
    assert seen(lines=lines, item_count=7, quantity=9)["line_count"] == 7.0
    assert seen(lines=lines, item_count=7, quantity=9)["unit_count"] == 9.0


@pytest.mark.parametrize(
    ("wait_us", "days"),
    [(0, 0.0), (36 * HOUR_US, 1.5), (90 * DAY_US, 90.0), (400 * DAY_US, 90.0), (-1, nan)],
)
def test_a_promise_is_days_from_the_order(wait_us: int, days: float) -> None:
    found = seen(promised_us=NOW + wait_us)["promised_days"]
    assert found == pytest.approx(days, nan_ok=True)


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        (None, [nan, nan, nan]),
        ("Instagram", [1, 0, 0]),
        (" meta ", [1, 0, 0]),
        ("google", [0, 1, 0]),
        ("whatsapp", [0, 0, 1]),
        ("a-partner", [0, 0, 0]),
    ],
)
def test_traffic_sources_are_kinds(source: str | None, flags: list[float]) -> None:
    found = seen(utm_source=source)
    values = [found[f"source_{kind}"] for kind in ("social", "search", "message")]
    assert values == pytest.approx(flags, nan_ok=True)


@pytest.mark.parametrize(
    ("fields", "channel", "campaign"),
    [
        ({"channel": "shopify"}, 1.0, 0.0),
        ({"utm_campaign": "diwali"}, 0.0, 1.0),
        ({"utm_source": "meta"}, 0.0, 0.0),
    ],
)
def test_a_named_channel_and_a_named_campaign_are_flags(
    fields: dict[str, str], channel: float, campaign: float
) -> None:
    found = seen(**fields)
    assert (found["channel_named"], found["campaign_named"]) == (channel, campaign)


MONEY = st.none() | st.integers(-(10**400), 10**400)
COUNTS = st.none() | st.integers(-(10**400), 10**400)


@given(
    st.fixed_dictionaries(
        {
            "payment_mode": st.sampled_from(PAYMENT_MODES),
            "amount_paise": MONEY,
            "amount_due_paise": MONEY,
            "discount_paise": MONEY,
            "shipping_fee_paise": MONEY,
            "cod_fee_paise": MONEY,
            "quantity": COUNTS,
            "item_count": COUNTS,
            "promised_us": COUNTS,
            "utm_source": st.none() | st.text(max_size=100),
            "lines": st.lists(
                st.builds(Line, quantity=COUNTS, category=st.none() | st.text(max_size=3)),
                max_size=4,
            ).map(tuple),
        }
    )
)
def test_any_order_gives_finite_numbers_within_their_units(fields: dict[str, Any]) -> None:
    found = seen(**fields)
    for feature in FEATURES:
        value = found[feature.name]
        highest = {"flag": 1.0, "share": 1.0, "days": 90.0}.get(feature.unit, inf)
        assert isnan(value) or (0.0 <= value <= highest and value != inf), feature.name
