"""What a draft policy would have meant on a merchant's past orders, against today's and none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.days import DAY_US, SECOND_US, ist_day
from features.errors import RefusedError
from features.history.states import (
    CLASSES,
    DELIVERED,
    PENDING,
    RETURNED,
    RTO,
    RTO_NOT_CUSTOMER,
)
from models.actions import ACTIONS, MESSAGES, SEVERITY
from models.estimates import Comparison, Estimate, compare, measure
from models.evidence import Ends
from models.policy import Policy
from models.pooling import Prior
from models.replay import Flags, Floats, Integers, Orders, Replayed, replay
from serving.simulating.past import Past
from serving.weeks import SETTLED_SHARE, first_day, iso_day, week_of

_KNOWN = {
    True: "other merchants' measurements, as far apart as they are",
    False: "the draft's effects, assumptions with a wide margin",
}
DAYS = (30, 90, 365)
_STANDS = ("action", "state", "policy", "paid", "answered_us")


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The orders of the last days, what was done with them and how they stand."""

    orders: Orders
    action: Integers
    state: Integers
    policy: Integers
    paid: Flags
    answered_us: Integers


def window_of(past: Past, days: int, now_us: int) -> Window:
    """The orders decided in the last days."""
    chosen = past.column("now_us") > now_us - days * DAY_US
    columns = (past.column(name)[chosen] for name in _STANDS)
    return Window(past.orders().where(chosen), *columns)


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """The orders of weeks that are over: what became of them, and each action's chances.

    Parameters
    ----------
    answer_s : ndarray of shape (n_orders,)
        Seconds from the decision to the customer's first answer; NaN without one.
    weeks_left_out : list of str
        Mondays of the weeks that are not over.
    """

    orders: Orders
    ends: Ends
    logged: Floats
    answer_s: Floats
    weeks_left_out: list[str]


def settled_of(past: Past, policies: Mapping[int, Policy], *, days: int, now_us: int) -> Settled:
    """What can be judged of the last days."""
    window = window_of(past, days, now_us)
    mature, weeks_out = _mature(window)
    logged, orders = chances_then(window, policies)[mature], window.orders.where(mature)
    answered = window.answered_us[mature]
    took = np.where(answered > 0, (answered - orders.now_us) / SECOND_US, np.nan)
    return Settled(orders, _ends(window, mature), logged, took, weeks_out)


def simulate(
    past: Past,
    draft: Policy | None,
    policies: Mapping[int, Policy],
    *,
    days: int,
    now_us: int,
    prior: Prior | None = None,
) -> dict[str, Any]:
    """The answer of ``POST /v1/policy/simulate``.

    The draft is taken to act, whatever its mode; everything is priced by the draft's costs.
    Without one, or with one that treats orders as the policy in force does, there is nothing to
    compare with today: ``against_today`` is None, and ``against_none`` says what today's policy is
    worth.

    Parameters
    ----------
    draft : Policy or None
        None asks about the policy in force.
    policies : mapping of int to Policy
        All revisions by number, 0 included; the last is in force.
    prior : Prior, optional
        What other merchants measured; by default the draft's effects, as assumptions.

    Raises
    ------
    RefusedError
        If ``days`` is none of those offered.
    """
    if days not in DAYS:
        raise RefusedError(f"days is {days}; it must be one of {', '.join(map(str, DAYS))}")
    window = window_of(past, days, now_us)
    today = policies[max(policies)]
    same = draft is None or _decides_as(draft, today)
    draft = draft or today
    acting = replay(replace(draft, mode="act"), window.orders)
    kept = replay(today, window.orders)
    mature, weeks_out = _mature(window)
    orders = window.orders.where(mature)
    ends = _ends(window, mature)
    logged = chances_then(window, policies)[mature]
    measured = measure(orders, ends, logged, draft.model, prior)
    drafted, running = acting.chances[mature], kept.chances[mature]
    return {
        "days": days,
        "orders": len(window.orders),
        "judged_orders": len(orders),
        "weeks_left_out": weeks_out,
        "happened": _counts(window.action.astype(np.int8)),
        "draft": _told(acting, window.orders),
        "today": _told(kept, window.orders) | {"revision": today.revision, "mode": today.mode},
        "against_today": None if same else _comparison(compare(measured, drafted, running)),
        "against_none": _comparison(compare(measured, drafted, measured.nothing)),
        "today_against_none": _comparison(compare(measured, running, measured.nothing)),
        "other_merchants": 0 if prior is None else prior.merchants,
        "assumptions": [
            "the draft acts, even where it is marked observe",
            "lists as they were when each order was decided; messages do not run out",
            "good orders bothered are counted by the model's probability",
            "what was never tried on such orders follows what is known of actions from elsewhere: "
            + _KNOWN[prior is not None],
        ],
    }


def chances_then(window: Window, policies: Mapping[int, Policy]) -> Floats:
    """The chance that each action had for each order, under the revision in force then."""
    found = np.zeros((len(window.orders), len(ACTIONS)))
    for revision in np.unique(window.policy).tolist():
        mine = window.policy == revision
        if revision in policies:
            then = replay(policies[revision], window.orders.where(mine), as_then=True)
            found[mine] = then.chances
        else:
            found[mine, window.action[mine]] = 1.0
    return found


def _decides_as(draft: Policy, today: Policy) -> bool:
    """Whether a draft is the policy in force, but for its number and whether it acts."""
    return replace(draft, revision=today.revision, mode=today.mode) == today


def _mature(window: Window) -> tuple[Flags, list[str]]:
    """Orders of weeks whose ends are nearly all known, and the Mondays of the other weeks."""
    known = (window.state % CLASSES != PENDING) | (window.action == SEVERITY["block"])
    day = np.asarray(ist_day(window.orders.created_us))  # type: ignore[arg-type]
    weeks, at = np.unique(week_of(day), return_inverse=True)
    share = np.bincount(at, known) / np.maximum(np.bincount(at), 1)
    out = [iso_day(first_day(int(number))) for number in weeks[share < SETTLED_SHARE]]
    return (share >= SETTLED_SHARE)[at] & known, out


def _ends(window: Window, mature: Flags) -> Ends:
    ending = window.state[mature] % CLASSES
    return Ends(
        window.action[mature].astype(np.int8),
        np.isin(ending, (DELIVERED, RETURNED)),
        np.isin(ending, (RTO, RTO_NOT_CUSTOMER)),
        window.paid[mature],
    )


def _counts(action: np.ndarray[Any, Any]) -> dict[str, int]:
    counted = np.bincount(action, minlength=len(ACTIONS)).tolist()
    return dict(zip(ACTIONS, counted, strict=True))


def _told(replayed: Replayed, orders: Orders) -> dict[str, Any]:
    asked = np.isin(replayed.action, [SEVERITY[a] for a in MESSAGES])
    bothered = replayed.action != SEVERITY["ship"]
    return {
        "actions": _counts(replayed.action),
        "messages": int(asked.sum()),
        "good_orders_bothered": round(float((1 - orders.probability)[bothered].sum()), 1),
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "enough": found.enough,
        "why": found.why,
        "saved_rupees": _estimate(found.saved_paise, 100.0),
        "rto_avoided": _estimate(found.rto_avoided, 1.0),
        "orders_changed": found.changed,
        "orders_assumed": found.assumed,
        "orders_with": found.for_it,
        "orders_without": found.against_it,
    }


def _estimate(found: Estimate, unit: float) -> dict[str, float | None]:
    """In rupees or orders; below the numbers needed the parts are no points either."""
    named = found.point is not None
    return {
        "point": round(found.point / unit, 2) if found.point is not None else None,
        "low": round(found.low / unit, 2),
        "high": round(found.high / unit, 2),
        "measured": round(found.measured / unit, 2) if named else None,
        "measured_ips": round(found.measured_ips / unit, 2) if named else None,
        "assumed": round(found.assumed / unit, 2) if named else None,
    }


def saved(past: Past, policies: Mapping[int, Policy], *, days: int, now_us: int) -> dict[str, Any]:
    """What the policies in force saved against shipping all, and what the comparison group cost.

    The second is what would have been saved on top, had nobody been left untouched.
    """
    window = window_of(past, days, now_us)
    mature, weeks_out = _mature(window)
    orders, ends = window.orders.where(mature), _ends(window, mature)
    model = policies[max(policies)].model
    whole = {n: replace(p, shares=replace(p.shares, holdout=0.0)) for n, p in policies.items()}
    logged, without = (chances_then(window, ps)[mature] for ps in (policies, whole))
    measured = measure(orders, ends, logged, model)
    gained = compare(measured, logged, measured.nothing)
    forgone = compare(measured, without, logged)
    return {
        "days": days,
        "judged_orders": len(orders),
        "weeks_left_out": weeks_out,
        "acted": bool((logged[:, 0] < 1).any()),
        "saved": _comparison(gained),
        "comparison_group": _comparison(forgone),
    }
