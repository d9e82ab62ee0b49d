"""A year of one merchant's orders, written straight into a log: decided, sent, ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic_core import to_json

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.history.states import CLASSES, DELIVERED, PENDING, RTO
from models.actions import SEVERITY, Action
from models.arms import Shares, draw
from models.policy import Policy, default_policy
from serving.home import Home
from serving.store.log import Log
from serving.store.merchants import add_merchant
from serving.store.meta import arm_secret
from serving.store.policies import save_policy
from tests.serving.board.logbook import fact_for

ACTS = replace(default_policy(mode="act"), shares=Shares(holdout=0.05, explore=0.0))
MODEL = "rto-2026-11-01.1"

_CAUSES = ("refused", "unreachable", "wrong_address", "not_attempted", "damaged", None)
_COURIERS = ("delhivery", "bluedart", "ekart", "xpressbees")
_CAMPAIGNS = (None, None, "diwali-sale", "meta-retarget", "influencer-oct", "search-brand")
_COUPONS = (None, None, None, "DIWALI10", "FIRST50", "FREESHIP")
_PACKS = ("polybag", "box", "tube")
# What an answer holds beside, all of which pages may show.
_PLAIN: dict[str, Any] = {
    "order_id": "", "decision_id": "", "revision": 0, "scored_at": "2026-11-20T12:00:00+05:30",
    "base_probability": 0.18, "tier": "medium", "dispatch": "go", "wait_until": None,
    "expected_cost": {}, "evidence": {}, "degraded": False, "warnings": [],
    "reasons": [{"code": "cod_order", "text": "Cash on delivery", "bucket": "order",
                 "impact": 0.05, "advice": ""}],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Event:
    at_us: int
    order: int
    rank: int
    kind: str
    body: bytes
    state: int | None
    data: bytes | None = None


def write_year(
    home: Home, orders: int, *, now_us: int, merchant_id: str = "kurtas", seed: int = 1
) -> None:
    """Orders of the 300 days before ``now_us``, one policy acting from the first."""
    with home.transaction() as log:
        add_merchant(log.connection, merchant_id, "Kurtas of Jaipur", invented=True, now_us=0)
        save_policy(log, merchant_id, ACTS.to_json(), expected=0, now_us=now_us - 301 * DAY_US)
        _spend(log, merchant_id, now_us)
        events = [*_events(home, merchant_id, orders, now_us, seed), *_folds(now_us)]
        _write(log, merchant_id, sorted(events, key=lambda e: (e.at_us, e.order, e.rank)))


def _folds(now_us: int) -> Iterator[_Event]:
    """One at every hour, as a worker leaves them; they hold nothing that pages read."""
    for hour in range(300 * 24):
        yield _Event(now_us - hour * HOUR_US, -1, 0, "fold", to_json({"boundary": 0}), None)


def _spend(log: Log, merchant_id: str, now_us: int) -> None:
    today = (now_us + IST_SHIFT_US) // DAY_US
    rows: list[list[Any]] = [[c, today - back, 2_500_00 + 400_00 * i]
            for i, c in enumerate(_CAMPAIGNS) if c for back in range(120)]  # fmt: skip
    log.append("spend", {"rows": rows}, at_us=now_us, known_us=now_us, merchant_id=merchant_id)


def _events(home: Home, merchant_id: str, orders: int, now_us: int, seed: int) -> Iterator[_Event]:
    rng, secret, policy = np.random.default_rng(seed), arm_secret(home.connection), ACTS
    pincodes = 110_001 + 37 * np.minimum(rng.zipf(1.35, orders), 3_000)
    bad = {110_001 + 37 * rank for rank in (3, 6, 11)}
    for number in range(orders):
        at_us = now_us - 300 * DAY_US + int(300 * DAY_US * (number + rng.random()) / orders)
        said = _said(rng, int(pincodes[number]))
        odds = _log_odds(rng, said, bad)
        chance = 1 / (1 + np.exp(-odds))
        probability = float(1 / (1 + np.exp(-odds + rng.normal(0, 0.15))))
        person = int(rng.integers(1, 1 + orders * 2 // 3))
        luck = draw(secret, merchant_id=merchant_id, person=person, as_of_us=at_us)
        decided = _decided(policy, said, probability, luck)
        fact = fact_for(merchant_id, at_us, person, said)
        body = to_json({"created_us": at_us, **said})
        yield _Event(at_us, number, 0, "placed", body, PENDING, fact)
        treated = decided["action"] in ("hold", "block")
        state = PENDING + CLASSES if treated else None
        record = to_json(decided | {"as_of_us": at_us, "order_id": f"o{number}"})
        yield _Event(at_us, number, 1, "decided", record, state)
        if decided["action"] != "block":
            yield from _end(rng, number, at_us, now_us, chance, decided["action"], treated)


def _said(rng: np.random.Generator, pincode: int) -> dict[str, Any]:
    sku = int(min(rng.zipf(1.4), 400))
    amount = int(rng.lognormal(7.0, 0.5)) * 100
    said: dict[str, Any] = {
        "payment_mode": "cod" if rng.random() < 0.65 else "prepaid",
        "pincode": str(pincode), "amount_paise": amount,
        "courier": _COURIERS[rng.integers(4)], "package_type": _PACKS[rng.integers(3)],
        "utm_campaign": _CAMPAIGNS[rng.integers(6)],
        "items": [{"sku": f"KRT-{sku:03d}", "quantity": int(rng.integers(1, 3)),
                   "unit_cost_paise": amount * 45 // 100}],
    }  # fmt: skip
    coupon = _COUPONS[rng.integers(6)]
    if coupon:
        said["coupons"] = [coupon]
    return {name: value for name, value in said.items() if value is not None}


def _log_odds(rng: np.random.Generator, said: dict[str, Any], bad: set[int]) -> float:
    odds = -1.75 if said["payment_mode"] == "cod" else -4.0
    odds += 0.9 * (int(said["pincode"]) in bad) + 0.5 * (said.get("utm_campaign") == _CAMPAIGNS[4])
    odds += 0.3 * (said["courier"] == "ekart") + 0.4 * (said.get("coupons") == ["FIRST50"])
    odds += 0.8 * (said["items"][0]["sku"] in ("KRT-003", "KRT-007"))
    return float(odds + rng.normal(0, 0.8))


def _decided(
    policy: Policy, said: dict[str, Any], probability: float, luck: float
) -> dict[str, Any]:
    prepaid = said["payment_mode"] == "prepaid"
    thresholds = policy.prepaid_thresholds if prepaid else policy.thresholds
    open_to: tuple[Action, ...] = ("ship", "hold") if prepaid else tuple(SEVERITY)
    advice: Action = "ship"
    for action in open_to[1:]:
        least = thresholds.of(action)
        if least is not None and probability >= least:
            advice = action
    arm = None if advice == "ship" else policy.shares.arm(luck)
    action = "ship" if arm == "holdout" else advice
    propensity = 1.0 if arm is None else policy.shares.of(arm)
    return _PLAIN | {
        "probability": probability, "action": action, "policy_action": advice, "arm": arm,
        "model": MODEL, "policy": 1, "propensity": propensity, "degraded": False,
        "record_only": False, "rule": None,
    }  # fmt: skip


def _end(
    rng: np.random.Generator, number: int, at_us: int, now_us: int, chance: float, action: str,
    treated: bool,
) -> Iterator[_Event]:  # fmt: skip
    if action in ("verify", "prepaid") and not treated:
        asked = to_json({"purpose": "confirm"})
        yield _Event(at_us + 1, number, 2, "message_sent", asked, PENDING + CLASSES)
        treated = True
    chance *= {"verify": 0.6, "prepaid": 0.4, "hold": 0.3}.get(action, 1.0)
    back = rng.random() < chance
    took = int(rng.normal(13, 3) if back else rng.normal(5, 1.5))
    end_us = at_us + max(2, took) * DAY_US
    if end_us < now_us:
        cause = _CAUSES[rng.choice(6, p=(0.42, 0.2, 0.12, 0.08, 0.06, 0.12))]
        body = to_json({"reason": cause} if back and cause else {})
        state = (RTO if back else DELIVERED) + CLASSES * treated
        yield _Event(end_us, number, 3, "rto_initiated" if back else "delivered", body, state)


def _write(log: Log, merchant_id: str, events: list[_Event]) -> None:
    numbers: dict[int, int] = {}
    states: dict[int, int] = {}
    decided: dict[int, int] = {}
    rows: list[tuple[Any, ...]] = []
    for seq, event in enumerate(events, log.seq + 1):
        if event.kind == "fold":
            told = (event.at_us, event.at_us, None, None, event.body, None)
            rows.append((seq, None, None, "fold", 0, *told))
            continue
        number = numbers.setdefault(event.order, seq)
        was = states.get(event.order)
        if event.state is not None:
            states[event.order] = event.state
        if event.kind == "decided":
            decided[event.order] = seq
        data = event.data
        if data is not None:
            data = number.to_bytes(8, "little", signed=True) + data[8:]
        was = was if event.state is not None else None
        rows.append(
            (seq, number, merchant_id, event.kind, 0, event.at_us, event.at_us, was, event.state,
             event.body, data)
        )  # fmt: skip
    columns = ("seq", "number", "merchant_id", "kind", "revision", "at_us", "known_us", "was",
               "becomes", "body", "data")  # fmt: skip
    log.connection.insert_many("event", columns, rows)
    log.connection.insert_many(
        "orders",
        ("number", "merchant_id", "test", "order_id", "revision", "state", "digest", "fact_seq",
         "decided_seq"),
        [(n, merchant_id, 0, f"o{order}", 0, states[order], b"", n, decided.get(order))
         for order, n in numbers.items()],
    )  # fmt: skip
    log.connection.insert_many(
        "decision", ("decision_id", "seq"), [(s.to_bytes(16, "big"), s) for s in decided.values()]
    )
    log.seq = rows[-1][0]
