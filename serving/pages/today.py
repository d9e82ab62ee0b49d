"""Today: what came in since midnight, what waits for somebody, and what is stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from features.days import DAY_US, HOUR_US, IST_SHIFT_US, ist_day
from models.actions import ACTIONS
from serving.board.today import today as numbers
from serving.orders import Listed, decided_since
from serving.pages.queue import VIEWS
from serving.pages.rendering import show, table_file
from serving.pages.visit import house_of, visit_of
from serving.store.outbox import messages_since
from serving.store.policies import newest_revision

_SENT = ("sent", "delivered", "read")

router = APIRouter()


@router.get("/today")
async def today(request: Request) -> Response:
    """Orders by action, the queue, messages, and whatever does not move."""
    house, visit = house_of(request), visit_of(request)
    now = house.clock()
    midnight = midnight_before(now)
    decided = decided_since(house.connection, visit.merchant_id, midnight)
    watched = house.watch.of(house.connection, visit.merchant_id, now)
    waiting = {name: len(list(watched.at(*stages))) for name, (_, stages) in VIEWS.items()}
    messages = messages_since(house.connection, visit.merchant_id, midnight)
    policy = house.policies.now(visit.merchant_id)
    counts = Counter(one.answer["policy_action"] for one in decided)
    summary = house.shelf.of(visit.merchant_id)
    counted = None if summary is None else numbers(summary, visit.merchant_id, int(ist_day(now)))
    return show(
        request, "today.html", title=visit.say("Today"), orders=len(decided), policy=policy,
        counts=[(action, counts[action]) for action in ACTIONS], midnight=midnight,
        hours=_hours(decided), waiting=waiting, sent=sum(messages[state] for state in _SENT),
        failed=messages["failed"] + messages["unknown"], late=watched.late(now),
        shipped=counts["ship"], first=newest_revision(house.connection, visit.merchant_id) == 0,
        holdout=sum(one.answer["arm"] == "holdout" for one in decided), counted=counted,
    )  # fmt: skip


@router.get("/today.csv")
async def table(request: Request) -> Response:
    """Today's orders by hour and action."""
    house, visit = house_of(request), visit_of(request)
    decided = decided_since(house.connection, visit.merchant_id, midnight_before(house.clock()))
    lines = [f"hour,{','.join(ACTIONS)}"]
    lines += [
        f"{h},{','.join(str(by[a]) for a in ACTIONS)}" for h, by in enumerate(_by_hour(decided))
    ]
    return table_file("today", "\n".join(lines) + "\n")


def midnight_before(now_us: int) -> int:
    """The last midnight in India."""
    return (now_us + IST_SHIFT_US) // DAY_US * DAY_US - IST_SHIFT_US


def _by_hour(decided: Sequence[Listed]) -> list[Counter[str]]:
    found: list[Counter[str]] = [Counter() for _ in range(24)]
    for one in decided:
        found[(one.decided_us + IST_SHIFT_US) // HOUR_US % 24][one.answer["policy_action"]] += 1
    return found


def _hours(decided: Sequence[Listed]) -> list[dict[str, Any]]:
    """For each hour the parts of its bar, bottom first, as shares of the fullest hour."""
    hours = _by_hour(decided)
    most = max(1, *(by.total() for by in hours))
    drawn = []
    for hour, by in enumerate(hours):
        below, parts = 0, []
        for action in ACTIONS:
            if by[action]:
                parts.append((action, below / most, by[action] / most))
                below += by[action]
        drawn.append({"hour": hour, "parts": parts, "total": by.total()})
    return drawn
