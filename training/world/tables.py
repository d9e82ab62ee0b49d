"""The invented year as the contract's tables, and the truth beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.history.states import EVENT_KINDS
from features.schema import EVENT_COLUMNS, ORDER_COLUMNS
from features.vocabulary import INTERVENTIONS
from training.world.actions import ACTIONS, OUTCOMES, RESPONSES
from training.world.address_writing import typed_addresses
from training.world.baskets import MOST_LINES
from training.world.chance import Flags, Floats, Ints, nth_of_its_kind
from training.world.columns import choose, counts, digits, hide, instants, joined, rupees, text
from training.world.couriers import NAMES
from training.world.devices import typed_devices
from training.world.goods import CATEGORIES
from training.world.legacy import ARMS, MODEL
from training.world.merchants import CHANNELS
from training.world.parcels import PACKAGES
from training.world.people_text import (
    person_names,
    phone_numbers,
    typed_emails,
    typed_names,
    typed_phones,
)
from training.world.promotions import SOURCES
from training.world.reports import REASONS
from training.world.timeline import CANCELLED_BY, Endings, Events
from training.world.year import Year

_CATEGORIES = tuple(c.name for c in CATEGORIES)
_PAYMENTS = ("cod", "prepaid", "partial_cod", "unknown")
_LANGUAGES = ("en", "hi", "mr", "gu", "ta", "te", "kn", "ml", "bn", "or", "pa", "as", "ur")


def order_ids(year: Year) -> pa.Array:
    """Each shop numbers its own orders, from a number of its own."""
    shop = year.moments.shop
    begin = 1_000 + 7_919 * np.arange(len(year.merchants.id)) % 90_000
    return joined("#", digits(begin[shop] + nth_of_its_kind(shop)))


def orders_table(year: Year, endings: Endings, ids: pa.Array) -> pa.Table:
    """The orders as the shops have them."""
    columns = (
        {"order_id": ids, "merchant_id": _shop_names(year, year.moments.shop)}
        | _money(year)
        | _people(year)
        | typed_addresses(year)
        | typed_devices(year)
        | _way(year)
        | _ends(year, endings)
    )
    return pa.table({name: columns[name].cast(kind) for name, kind in ORDER_COLUMNS.items()})


def _shop_names(year: Year, shop: Ints) -> pa.Array:
    return text(year.merchants.id, shop)


def _money(year: Year) -> dict[str, pa.Array]:
    rng = year.dice.stream("recording")
    baskets, intents, shelf = year.baskets, year.intents, year.merchants.shelf
    n = len(baskets.main)
    payment = np.where(rng.random(n) < 0.003, 3, intents.payment)
    return {
        "created_at": instants(year.moments.created_us),
        "payment_mode": text(_PAYMENTS, payment),
        "amount": rupees(intents.amount_paise),
        "amount_due": rupees(intents.amount_paise - intents.advance_paise, rng.random(n) < 0.97),
        "discount": rupees(baskets.discount_paise),
        "shipping_fee": rupees(baskets.shipping_fee_paise, rng.random(n) < 0.98),
        "cod_fee": rupees(intents.cod_fee_paise, rng.random(n) < 0.98),
        "sku": text(shelf.sku, baskets.main),
        "category": hide(text(_CATEGORIES, shelf.category[baskets.main]), rng.random(n) < 0.985),
        "quantity": counts(baskets.units()),
        "item_count": counts(baskets.lines),
        "coupons": _coupons(year),
    }  # fmt: skip


def _coupons(year: Year) -> pa.Array:
    """Codes joined by a bar; null where none was used."""
    baskets, codes = year.baskets, year.merchants.promotions.code
    width = len(codes[0])
    first = text([c for shop in codes for c in shop], year.moments.shop * width + baskets.coupon)
    second = text(("", "FREESHIP"), baskets.free_shipping_code.astype(np.int64))
    return joined(first, second, by="|")


def _people(year: Year) -> dict[str, pa.Array]:
    rng = year.dice.stream("accounts")
    person, n = year.moments.person, len(year.moments)
    names = person_names(year)
    phone, alt = typed_phones(year)
    account = year.customers.account[person] & (rng.random(n) > 0.15)
    typed = typed_names(year, names)
    gift = year.papers.gift
    friend = rng.integers(0, len(year.customers), n)
    friend_name = joined(names[0].take(pa.array(friend)), names[1].take(pa.array(friend)), by=" ")
    given = rng.random(n) < 0.8
    friend_phone = joined(
        "+91", digits(phone_numbers(rng, int(year.papers.writing.max()) + 1)[year.papers.writing])
    )
    return {
        "customer_id": hide(joined("c-", digits(person * 31 % 10_000_019)), account),
        "customer_name": typed,
        "phone": phone,
        "alt_phone": alt,
        "email": typed_emails(year, names),
        "language": _language(rng, year),
        "ship_name": hide(choose(gift.astype(np.int64), typed, friend_name), given | gift),
        "ship_phone": hide(choose(gift.astype(np.int64), phone, friend_phone), given | gift),
    }  # fmt: skip


def _language(rng: np.random.Generator, year: Year) -> pa.Array:
    """The shop's page language: English mostly, else the region's; unknown in many shops."""
    person, n = year.moments.person, len(year.moments)
    regional = np.array([_LANGUAGES.index(c) for c in year.ground.language])
    local = regional[year.ground.district[year.customers.place[person]]]
    reads = (year.papers.hindi > 0) | (rng.random(n) < 0.18)
    return hide(text(_LANGUAGES, np.where(reads, local, 0)), rng.random(n) < 0.7)


def _way(year: Year) -> dict[str, pa.Array]:
    rng = year.dice.stream("way")
    parcels, baskets, shop = year.parcels, year.baskets, year.moments.shop
    n = len(shop)
    evening = 21 * HOUR_US - IST_SHIFT_US
    day = (year.moments.created_us + IST_SHIFT_US) // DAY_US + parcels.promised_days.astype(
        np.int64
    )
    return {
        "channel": text(CHANNELS, baskets.channel),
        "utm_source": hide(text(SOURCES, baskets.source), rng.random(n) < 0.9),
        "utm_campaign": hide(_campaign(year), rng.random(n) < 0.9),
        "origin_pincode": digits(year.ground.pincode[parcels.origin]),
        "courier": hide(text(NAMES, parcels.courier), rng.random(n) < 0.95),
        "promised_at": instants(day * DAY_US + evening, rng.random(n) < 0.9),
        "shipping_cost": rupees(parcels.shipping_cost_paise, rng.random(n) < 0.97),
        "rto_cost": rupees(parcels.rto_cost_paise, rng.random(n) < 0.97),
        "package_type": hide(text(PACKAGES, parcels.package), rng.random(n) < 0.9),
    }


def _campaign(year: Year) -> pa.Array:
    pool = [name for source in year.merchants.promotions.campaign[0] for name in source]
    sizes = [len(source) for source in year.merchants.promotions.campaign[0]]
    start = np.r_[0, np.cumsum(sizes)][:-1]
    return text(pool, start[year.baskets.source] + year.baskets.campaign)


def _ends(year: Year, endings: Endings) -> dict[str, pa.Array]:
    told, treated = endings.outcome >= 0, endings.intervention > 0
    decisions = year.decisions
    ruled: Flags = decisions.ruled > 0
    return {
        "outcome": text(OUTCOMES, np.maximum(endings.outcome, 0), told),
        "outcome_at": instants(endings.known, told),
        "outcome_reason": text(REASONS, endings.reason),
        "cancelled_by": text(CANCELLED_BY, endings.cancelled_by),
        "intervention": text(INTERVENTIONS, endings.intervention),
        "intervention_at": instants(endings.intervened, treated),
        "response": text(RESPONSES, endings.response),
        "arm": text(ARMS, decisions.arm),
        "propensity": _number(decisions.propensity, ruled),
        "scored_probability": _number(decisions.score, ruled),
        "model": text(("", MODEL), ruled.astype(np.int64)),
        "policy": text(("", "1"), ruled.astype(np.int64)),
    }


def _number(values: Floats, known: Flags) -> pa.Array:
    return hide(pa.array(np.where(known, values, 0.0), pa.float64()), known)


def items_table(year: Year, ids: pa.Array) -> pa.Table:
    """The lines of the orders."""
    baskets, shelf = year.baskets, year.merchants.shelf
    product = baskets.line_product.ravel()
    rows = np.flatnonzero(product >= 0)
    order, product = rows // MOST_LINES, product[rows]
    shop = year.moments.shop[order]
    sku = text(shelf.sku, product)
    host = joined("https://", _shop_names(year, shop), ".example.com/", sku)
    return pa.table({
        "order_id": ids.take(pa.array(order)),
        "merchant_id": _shop_names(year, shop),
        "sku": sku,
        "name": text(shelf.name, product),
        "category": text(_CATEGORIES, shelf.category[product]),
        "quantity": counts(baskets.line_quantity.ravel()[rows]),
        "price": rupees(shelf.price_paise[product]),
        "unit_cost": rupees(shelf.cost_paise[product]),
        "weight_g": counts(shelf.grams[product]),
        "image_url": joined(host, ".jpg"),
        "url": host,
    })  # fmt: skip


def events_table(year: Year, events: Events, ids: pa.Array) -> pa.Table:
    """The events in the order in which they became known."""
    n = len(events.order)
    carried = np.isin(events.kind, [EVENT_KINDS.index(k) for k in _CARRIED])
    awb = digits(70_000_000_000 + events.order * 13)
    columns = {
        "seq": pa.array(np.arange(1, n + 1), pa.int64()),
        "merchant_id": _shop_names(year, year.moments.shop[events.order]),
        "order_id": ids.take(pa.array(events.order)),
        "revision": counts(np.zeros(n, dtype=np.int64)),
        "awb": hide(awb, carried),
        "event": text(EVENT_KINDS, events.kind),
        "at": instants(events.at),
        "known_at": instants(events.known),
        "reason": text(REASONS, events.reason),
        "outcome": text(OUTCOMES, np.maximum(events.outcome, 0), events.outcome >= 0),
    }
    empty = {name: pa.nulls(n, kind) for name, kind in EVENT_COLUMNS.items() if name not in columns}
    every = columns | empty
    return pa.table({name: every[name].cast(kind) for name, kind in EVENT_COLUMNS.items()})


_CARRIED: Sequence[str] = (
    "shipped", "out_for_delivery", "ndr", "rto_initiated", "rto_delivered", "delivered", "lost",
)  # fmt: skip


def truth_table(year: Year, ids: pa.Array) -> pa.Table:
    """What no shop can know: each order's chances and ends under every action.

    ``p_rto_<action>`` and ``p_delivered_<action>`` are exact given everything latent at order
    time; what is left to one is cancelled or lost. ``outcome_<action>`` is the end drawn with the
    same luck under every action, ``action`` the one taken.
    """
    columns = {"order_id": ids, "merchant_id": _shop_names(year, year.moments.shop)}
    columns["action"] = text(ACTIONS, year.decisions.action)
    for action in ACTIONS:
        columns[f"p_rto_{action}"] = pa.array(year.chances[action].rto)
        columns[f"p_delivered_{action}"] = pa.array(year.chances[action].delivered)
        columns[f"outcome_{action}"] = text(OUTCOMES, year.fates[action].outcome)
    return pa.table(columns)
