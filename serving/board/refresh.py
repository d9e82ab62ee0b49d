"""What takes longer than a page may: worked out of the summary beforehand, merchant by merchant."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from features.days import HOUR_US, SECOND_US, ist_day
from models.policy import Policy
from models.replay import asked
from serving.board.campaigns import customer_values
from serving.board.findings import DIMENSIONS, keep, work_out
from serving.board.maturity import WINDOWS, Settled, settled
from serving.board.summary import Summary
from serving.policy.policies import revisions
from serving.simulating.effects import effects
from serving.simulating.others import Others
from serving.simulating.past import Past
from serving.simulating.simulation import saved
from serving.store.connection import Connection
from serving.store.meta import arm_secret
from serving.weeks import iso_day

LEAST_US = 600 * SECOND_US
"""No merchant's findings are worked out more often; only settled weeks are in them."""

_SAVED_US = 24 * HOUR_US


def refresh_next(
    summary: Summary, log: Connection, *, now_us: int, others: Others | None = None
) -> str | None:
    """Work out anew what has changed for one merchant; whose that was, or None."""
    merchant_id = _next(summary, now_us)
    if merchant_id is not None:
        refresh(summary, log, merchant_id, now_us=now_us, others=others)
    return merchant_id


def refresh(
    summary: Summary, log: Connection, merchant_id: str, *, now_us: int,
    others: Others | None = None,
) -> None:  # fmt: skip
    """Findings and customers now, savings when weeks have settled or the policy has changed.

    Parameters
    ----------
    others : Others, optional
        Remembers what other merchants have measured from one merchant to the next.
    """
    policies = revisions(log, merchant_id)
    today, policy = int(ist_day(now_us)), policies[max(policies)]
    costs = policy.model.costs
    measured = _measured(
        summary, log, merchant_id, policies, today, now_us, others or Others()
    )  # fmt: skip
    with summary.transaction():
        for days in WINDOWS:
            window = settled(summary, merchant_id, days, today)
            for dimension in DIMENSIONS:
                found = work_out(summary, merchant_id, dimension, window, costs)
                keep(summary, merchant_id, days, dimension, found)
            values = customer_values(summary, merchant_id, window, costs)
            told = {"until": _day(window), "customers": [asdict(value) for value in values]}
            summary.keep_report(merchant_id, f"customers {days}", told, now_us=now_us)
        if measured is not None:
            summary.keep_report(merchant_id, "saved", measured, now_us=now_us)
        summary.keep_report(merchant_id, "findings", {"revision": policy.revision}, now_us=now_us)
        summary.connection.execute("DELETE FROM changed WHERE merchant_id=?", (merchant_id,))


def _next(summary: Summary, now_us: int) -> str | None:
    found = summary.connection.execute(
        """SELECT c.merchant_id FROM changed c
           LEFT JOIN report r ON r.merchant_id = c.merchant_id AND r.name = 'findings'
           WHERE coalesce(r.at_us, 0) <= ? ORDER BY coalesce(r.at_us, 0), c.merchant_id LIMIT 1""",
        (now_us - LEAST_US,),
    ).fetchone()
    return None if found is None else str(found[0])


def _measured(
    summary: Summary, log: Connection, merchant_id: str, policies: dict[int, Policy], today: int,
    now_us: int, others: Others,
) -> dict[str, Any] | None:  # fmt: skip
    """Savings and each action's effects by window, if what was measured last is out of date."""
    until = _day(settled(summary, merchant_id, WINDOWS[0], today))
    last = summary.report(merchant_id, "saved")
    basis = {"until": until, "revision": max(policies)}
    if last is not None and last["basis"] == basis and now_us - last["at_us"] < _SAVED_US:
        return None
    past = Past(merchant_id, arm_secret(log))
    for policy in policies.values():
        past.ask(asked(policy))
    past.follow(log)
    prior = others.known(log, merchant_id, policies[max(policies)], now_us)
    return {
        "basis": basis,
        "windows": {str(d): saved(past, policies, days=d, now_us=now_us) for d in WINDOWS},
        "effects": {
            str(d): effects(past, policies, days=d, now_us=now_us, prior=prior) for d in WINDOWS
        },
    }


def _day(window: Settled) -> str | None:
    return None if window.until is None else iso_day(window.until)
