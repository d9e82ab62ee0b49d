"""A log to summarise: orders said in a few words, and a random year of them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import to_json

from features.days import DAY_US, HOUR_US, ist_day
from features.history.fact import AMOUNT_PAISE, COD, DAY, FACT_SIZE, FIRST_WHO, MERCHANT, PLACED_US
from features.history.states import EVENT_CODES, PENDING, event_detail, next_state
from features.keys import PHONE, plain_key
from serving.home import Home
from serving.store.log import Decision, Kind, Log
from serving.store.merchants import add_merchant
from serving.store.orders import Held
from serving.store.stories import placed_at
from tests.serving import shop

MERCHANTS = ("kurtas", "sarees")
START = shop.NOON - 200 * DAY_US


def home_with_shops(folder: Path) -> Home:
    """A log with two merchants and no order."""
    home = Home.open(shop.settings_in(folder))
    with home.transaction() as log:
        for merchant_id in MERCHANTS:
            add_merchant(log.connection, merchant_id, merchant_id, invented=True, now_us=START)
    return home


def fact_for(merchant_id: str, at_us: int, phone: int, said: dict[str, Any]) -> bytes:
    """What history would keep of an order."""
    fact = np.zeros(FACT_SIZE, np.int64)
    fact[PLACED_US], fact[DAY] = at_us, ist_day(at_us)
    fact[COD] = said.get("payment_mode") == "cod"
    fact[AMOUNT_PAISE] = said.get("amount_paise", -1)
    fact[MERCHANT] = plain_key("merchant", merchant_id, merchant_id)
    fact[FIRST_WHO + PHONE] = phone
    return fact.tobytes()


def place(
    log: Log, order_id: str, at_us: int, *, merchant_id: str = "kurtas", phone: int = 7,
    test: bool = False, **said: Any,
) -> Held:  # fmt: skip
    """An order."""
    return log.place(
        merchant_id, order_id, to_json({"created_us": at_us, **said}),
        fact=fact_for(merchant_id, at_us, phone, said), state=PENDING, digest=b"",
        at_us=at_us, known_us=at_us, test=test,
    )  # fmt: skip


def decide(
    log: Log, held: Held, at_us: int, *, probability: float = 0.2, action: str = "ship",
    advice: str | None = None, arm: str | None = None, **more: Any,
) -> None:  # fmt: skip
    """Its decision."""
    body = {
        "probability": probability, "action": action, "policy_action": advice or action,
        "arm": arm, "model": "m-1", "policy": 0, "propensity": 1.0, "degraded": False,
        "record_only": False, "rule": None, "as_of_us": at_us, **more,
    }  # fmt: skip
    detail = event_detail("decided", reason=None, outcome=None, action=action)
    becomes = next_state(held.state, EVENT_CODES["decided"], detail)
    name = log.seq.to_bytes(16, "big")
    log.decide(held, Decision(name, to_json(body), None, becomes, at_us))


def happen(log: Log, order_id: str, kind: Kind, at_us: int, *, merchant_id: str = "kurtas",
           **said: Any) -> bool:  # fmt: skip
    """Something that happened to it; whether it changed anything."""
    held = log.find(merchant_id, order_id)
    assert held is not None
    detail = event_detail(kind, reason=said.get("reason"), outcome=said.get("outcome"), action=None)
    becomes = next_state(held.state, EVENT_CODES[kind], detail)
    if becomes == held.state:
        return False
    log.append(kind, said, at_us=at_us, known_us=at_us, order=held, becomes=becomes)
    return True


def said_at_random(pick: random.Random) -> dict[str, Any]:
    """What an order might say."""
    skus = pick.sample(["kurta", "saree", "shirt", "bag"], pick.choice((0, 1, 1, 2)))
    said: dict[str, Any] = {
        "payment_mode": pick.choice(("cod", "cod", "prepaid")),
        "pincode": pick.choice(("560034", "110001", "400050", None)),
        "amount_paise": pick.choice((None, 49900, 129950)),
        "courier": pick.choice((None, "delhivery", "bluedart")),
        "utm_campaign": pick.choice((None, "diwali", "retarget")),
        "coupons": pick.choice((None, ["DIWALI10"], ["A", "B"])),
        "items": [{"sku": sku, "quantity": pick.choice((1, 2, None)),
                   "unit_cost_paise": pick.choice((None, 20000))} for sku in skus],
        "shipping_cost_paise": pick.choice((None, 6000)),
        "rto_cost_paise": pick.choice((None, 7000)),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def write_year(home: Home, orders: int, seed: int) -> int:
    """Orders of two merchants, revised, decided, shipped and ended at random; the last instant."""
    pick, at_us = random.Random(seed), START
    for number in range(orders):
        at_us += pick.choice((HOUR_US, 6 * HOUR_US, DAY_US // 3))
        merchant_id, order_id = pick.choice(MERCHANTS), f"o{number}"
        with home.transaction() as log:
            held = place(log, order_id, at_us, merchant_id=merchant_id, phone=pick.randrange(9),
                         test=pick.random() < 0.1, **said_at_random(pick))  # fmt: skip
            if pick.random() < 0.8:
                action = pick.choice(("ship", "ship", "verify", "block"))
                decide(log, held, at_us, probability=pick.random(), action=action)
            _something(log, pick, max(0, number - pick.randrange(30)), at_us)
    return at_us


def _something(log: Log, pick: random.Random, number: int, at_us: int) -> None:
    for merchant_id in MERCHANTS:
        held = log.find(merchant_id, f"o{number}")
        if held is None:
            continue
        kind: Kind = pick.choice(("delivered", "rto_initiated", "cancelled", "correction", "lost"))
        said = {"reason": pick.choice(("refused", "unreachable", "damaged"))}
        if kind == "correction":
            said["outcome"] = pick.choice(("delivered", "rto", "returned", "pending"))
        happen(log, f"o{number}", kind, at_us, merchant_id=merchant_id, **said)
        if pick.random() < 0.3:
            held = log.find(merchant_id, f"o{number}")
            assert held is not None
            new = said_at_random(pick)
            fact = fact_for(merchant_id, placed_at(log.connection, held), pick.randrange(9), new)
            log.revise(held, to_json(new), fact=fact, digest=b"", at_us=at_us, known_us=at_us)
