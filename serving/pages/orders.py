"""Orders: the latest ones, one found by its number, and the whole story of one."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from serving.desk import UnknownOrderError
from serving.orders import latest, story
from serving.pages.rendering import show, turn_to
from serving.pages.visit import house_of, visit_of
from serving.standing import life_of
from serving.store.log import find_order

LISTED = 100

router = APIRouter()


@router.get("/orders")
async def orders(request: Request, q: str = "") -> Response:
    """The orders decided last, or the one that is looked for."""
    house, visit, wanted = house_of(request), visit_of(request), q.strip()
    if wanted and find_order(house.connection, visit.merchant_id, wanted) is not None:
        return turn_to(request, f"/orders/{quote(wanted, safe='')}")
    found = latest(house.connection, visit.merchant_id, LISTED)
    return show(request, "orders.html", title=visit.say("Orders"), orders=found, wanted=wanted)


@router.get("/orders/{order_id:path}")
async def order(request: Request, order_id: str) -> Response:
    """One order: what it said, what was decided and why, and all that happened."""
    house, visit = house_of(request), visit_of(request)
    found = story(house.connection, house.contacts, visit.merchant_id, order_id)
    held = find_order(house.connection, visit.merchant_id, order_id)
    if found is None or held is None:
        raise UnknownOrderError
    return show(
        request, "order.html", title=f"{visit.say('Order')} {order_id}", story=found,
        stage=life_of(house.connection, held.number).stage,
    )  # fmt: skip
