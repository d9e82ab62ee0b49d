"""The benchmark's shop: a policy that acts on a quarter of its orders, and lists of them."""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path

import numpy as np

from tests.bench.serving_orders import FRESH
from tests.bench.serving_process import Shop, fresh, prefix

ACTED = 0.25
ASKED, BATCHES = 1_000, 8
WARM_UP_S = 4


def act_on_a_quarter(shop: Shop) -> float:
    """Let the policy act on the riskiest quarter of orders, all of them; the threshold found.

    Whoever comes again and again grows riskier, so it is found anew before every load.
    """
    with shop.client() as client:
        answer = client.post("/v1/score/batch?reasons=none", content=batch_of(shop.home))
        risks = [one["probability"] for one in answer.json()["results"]]
        policy = client.get("/v1/policy")
        at = float(np.quantile(risks, 1 - ACTED))
        changed = policy.json() | {
            "mode": "act",
            "shares": {"holdout": 0.0, "explore": 0.0},
            "thresholds": {"verify": at, "prepaid": None, "hold": None, "block": None},
            "prepaid_thresholds": {"hold": at},
        }
        saved = client.put("/v1/policy", json=changed, headers={"If-Match": policy.headers["etag"]})
        saved.raise_for_status()
    return at


def acts(shop: Shop) -> tuple[float, float]:
    """Shares of some orders that are acted on, and that are explained."""
    with shop.client() as client:
        answer = client.post("/v1/score/batch?reasons=acted", content=batch_of(shop.home))
    told = answer.raise_for_status().json()["results"]
    acted = sum(one["action"] != "ship" for one in told)
    return acted / len(told), sum(bool(one["reasons"]) for one in told) / len(told)


def batch_rate(shop: Shop) -> float:
    """Orders a second of lists of a thousand without reasons, the median of some."""
    rates = []
    with shop.client() as client:
        for _ in range(BATCHES):
            content, began = batch_of(shop.home), time.monotonic()
            client.post("/v1/score/batch?reasons=none", content=content).raise_for_status()
            rates.append(ASKED / (time.monotonic() - began))
    return statistics.median(rates)


def batch_of(home: Path) -> bytes:
    """A list of different orders that nobody has posted before."""
    lines = random.sample((home / "bodies").read_text().splitlines(), ASKED)
    begins, number = prefix(), fresh()
    orders = [
        f'{{"order_id":"{begins}{i}",{line.replace(FRESH, f"{number + i:09d}")}'
        for i, line in enumerate(lines)
    ]
    return f"[{','.join(orders)}]".encode()
