"""How much CPU a simulation over a million past orders takes once they are in memory."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import click
import numpy as np

from features.days import DAY_US, SECOND_US
from features.history.states import DELIVERED, RTO
from models.actions import SEVERITY
from models.policy import Policy, default_policy
from models.replay import NO_OVERRULE, replay
from serving.simulating.past import Past
from serving.simulating.simulation import simulate

NOW_US = 400 * DAY_US

RETURN, PAYS, ANSWER_US = 0.6, 0.3, 600 * SECOND_US
"""What is done leaves so many returns, so many pay who are asked to, after ten minutes."""


class Invented(Past):
    """A past that was drawn and not read."""

    def __init__(self, n: int, policy: Policy) -> None:
        super().__init__("kurtas", bytes(32))
        rng = np.random.default_rng(1)
        when = np.sort(rng.integers(40 * DAY_US, NOW_US, n))
        self._n = n
        self._room = {
            "number": np.arange(n), "probability": rng.beta(2, 5, n), "draw": rng.random(n),
            "amount_paise": rng.integers(300_00, 3_000_00, n), "prepaid": rng.random(n) < 0.4,
            "degraded": np.zeros(n, bool), "late": np.zeros(n, bool), "created_us": when,
            "now_us": when, "overrule": np.full(n, NO_OVERRULE, np.int8),
            "person": rng.integers(0, n // 2, n), "policy": np.full(n, policy.revision),
            "full": np.zeros(n, bool),
        }  # fmt: skip
        done = replay(policy, self.orders())
        treated, p = done.action > SEVERITY["ship"], self._room["probability"]
        back = rng.random(n) < np.where(treated, RETURN, 1.0) * p
        paid = (done.action == SEVERITY["prepaid"]) & (rng.random(n) < PAYS)
        self._room |= {
            "action": done.action, "state": np.where(back, RTO, DELIVERED), "paid": paid,
            "answered_us": np.where(paid, when + ANSWER_US, 0),
        }  # fmt: skip


@click.command()
@click.option("--orders", default=1_000_000, show_default=True)
def main(orders: int) -> None:
    """Simulate a draft against a year, and say how much CPU it took."""
    running = default_policy(revision=1, mode="act")
    past = Invented(orders, running)
    draft = replace(running, thresholds=replace(running.thresholds, verify=0.2))
    took = []
    for _ in range(3):
        began = process_time()
        found = simulate(past, draft, {1: running}, days=365, now_us=NOW_US)
        took.append(process_time() - began)
    click.echo(
        f"{found['orders']:,} orders: {min(took):.2f} s of CPU at best, {max(took):.2f} s at worst"
    )


if __name__ == "__main__":
    main()
