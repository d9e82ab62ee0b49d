"""Today: what was decided since midnight."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, Request, Response

from features.days import DAY_US, IST_SHIFT_US
from models.actions import ACTIONS
from serving.orders import decided_since
from serving.pages.rendering import show
from serving.pages.visit import house_of, visit_of

router = APIRouter()


@router.get("/today")
async def today(request: Request) -> Response:
    """Orders by action, and what waits for somebody."""
    house, visit = house_of(request), visit_of(request)
    midnight = midnight_before(house.clock())
    decided = decided_since(house.connection, visit.merchant_id, midnight)
    counts = Counter(one.answer["policy_action"] for one in decided)
    return show(
        request, "today.html", title=visit.say("Today"), orders=len(decided),
        counts=[(action, counts[action]) for action in ACTIONS], midnight=midnight,
        policy=house.policies.now(visit.merchant_id),
    )  # fmt: skip


def midnight_before(now_us: int) -> int:
    """The last midnight in India."""
    return (now_us + IST_SHIFT_US) // DAY_US * DAY_US - IST_SHIFT_US
