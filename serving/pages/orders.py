"""Orders: the latest ones, one found by its number, and the whole story of one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from features.errors import RefusedError
from serving.conversation.life import UNDISPATCHED
from serving.orders import latest, story
from serving.pages.queue import CALLS
from serving.pages.rendering import show, turn_to
from serving.pages.rules import FIELDS_OF_LISTS, LISTS
from serving.pages.thresholds import names_of
from serving.pages.visit import form_of, house_of, visit_of
from serving.standing import life_of
from serving.store.orders import find_order

LISTED = 100
LISTABLE: dict[str, str] = {"phone": FIELDS_OF_LISTS["phone"], "email": FIELDS_OF_LISTS["email"]}

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
        raise HTTPException(404, visit.say("There is no such order."))
    stage = life_of(house.connection, held.number).stage
    watched = house.watch.of(house.connection, visit.merchant_id, house.clock())
    assignee = watched.assignees.get(held.number)
    names = names_of(house.connection, visit)
    return show(
        request, "order.html", title=f"{visit.say('Order')} {order_id}", stage=stage, names=names,
        story=found | {
            "order": _lenient(found["order"]),
            "events": [one | {"detail": _lenient(one["detail"])} for one in found["events"]],
        },
        assignee=names.get(f"user {assignee}") if assignee else None, calls=CALLS,
        open=stage in UNDISPATCHED, lists=LISTS, listable=LISTABLE,
    )  # fmt: skip


@router.post("/orders/list")
async def put_on_list(request: Request) -> Response:
    """Put this order's own phone number or e-mail address on a list, whoever works with it.

    Lists are an owner's; of an order's own values an operator may say so too, and is named by it.
    """
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    order_id, chosen = str(form.get("order", "")), str(form.get("field", ""))
    found = story(house.connection, house.contacts, visit.merchant_id, order_id)
    value = found["order"].get(chosen) if found and chosen in LISTABLE else None
    if not value:
        raise RefusedError(visit.say("The order does not say that."))
    entry = {"list": str(form.get("list", "")), "field": chosen, "value": str(value),
             "reason": str(form.get("reason", "")).strip() or f"order {order_id}",
             "by": f"user {visit.account_id}"}  # fmt: skip
    asking = replace(visit.member, role="owner")
    answer = await house.inside.ask(asking, "POST", "/v1/lists", {"entries": [entry]})
    if answer["results"][0]["result"] == "invalid":
        raise RefusedError(answer["results"][0]["detail"])
    back = f"/orders/{quote(order_id, safe='')}"
    return turn_to(request, back, visit.say("It is on the list."))


def _lenient(plain: dict[str, Any]) -> dict[str, Any]:
    """The same, with None for whatever it does not say."""
    return defaultdict(lambda: None, plain)
