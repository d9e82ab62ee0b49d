"""Webhooks: who is told what happens, what was not taken, and telling it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from features.errors import RefusedError
from serving.pages.rendering import show, turn_to
from serving.pages.settings import TABS
from serving.pages.visit import OWNER, form_of, house_of, visit_of
from serving.store.deliveries import EVENTS, Delivery, count_deliveries, deliveries_of
from serving.store.subscriptions import Subscription, subscriptions_of

SHOWN = 20
_LAST = 2**62

router = APIRouter()


@dataclass(frozen=True)
class Endpoint:
    """One address.

    Parameters
    ----------
    waiting, dead : int
        Deliveries that are not through yet, and that were given up.
    deliveries : list of Delivery
        Newest first; those that were given up where there are any.
    """

    subscription: Subscription
    waiting: int
    dead: int
    deliveries: list[Delivery]


@router.get("/settings/webhooks")
async def webhooks(request: Request) -> Response:
    """Every address, how it stands, and what it was told last."""
    return _show(request)


@router.post("/settings/webhooks", tags=OWNER)
async def add(request: Request) -> Response:
    """A new address; its secret is shown once."""
    visit, form = visit_of(request), form_of(request)
    url = str(form.get("url", "")).strip()
    if not url:
        raise RefusedError(visit.say("Write the address first."))
    events = [str(event) for event in form.getlist("event")]
    made: Any = await house_of(request).inside.ask(
        visit.member, "POST", "/v1/webhooks", {"url": url, "events": events}
    )
    return _show(request, url=made["url"], secret=made["secret"])


@router.post("/settings/webhooks/rotate", tags=OWNER)
async def rotate(request: Request) -> Response:
    """A new secret, shown once; the old one signs beside it for a day."""
    made: Any = await _ask(request, "rotate")
    return _show(request, url=made["url"], secret=made["secret"])


@router.post("/settings/webhooks/resume", tags=OWNER)
async def resume(request: Request) -> Response:
    """Switch it on again; it is told what it missed."""
    await _ask(request, "resume")
    said = visit_of(request).say("It is switched on, and told what it missed.")
    return turn_to(request, "/settings/webhooks", said)


@router.post("/settings/webhooks/replay", tags=OWNER)
async def replay(request: Request) -> Response:
    """Tell one delivery again, or all that were given up."""
    delivery = str(form_of(request).get("delivery", ""))
    told: Any = await _ask(
        request, "replay", {"delivery_id": delivery} if delivery else {"dead": True}
    )
    said = visit_of(request).say("{n} are told again.", n=told["replayed"])
    return turn_to(request, "/settings/webhooks", said)


@router.post("/settings/webhooks/remove", tags=OWNER)
async def remove(request: Request) -> Response:
    """Tell it nothing any more."""
    await _ask(request, "", method="DELETE")
    said = visit_of(request).say("The webhook is removed.")
    return turn_to(request, "/settings/webhooks", said)


async def _ask(request: Request, what: str, body: Any = None, *, method: str = "POST") -> Any:
    name = quote(str(form_of(request).get("webhook", "")), safe="")
    if not name:
        raise RefusedError("choose a webhook")
    path = f"/v1/webhooks/{name}" + (f"/{what}" if what else "")
    return await house_of(request).inside.ask(visit_of(request).member, method, path, body)


def _show(request: Request, *, url: str = "", secret: str = "") -> Response:
    house, visit = house_of(request), visit_of(request)
    found = subscriptions_of(house.connection, house.contacts, visit.merchant_id)
    return show(
        request, "webhooks.html", title=visit.say("Webhooks"), tabs=TABS, url=url, secret=secret,
        endpoints=[_endpoint(request, one) for one in found], events=EVENTS,
    )  # fmt: skip


def _endpoint(request: Request, one: Subscription) -> Endpoint:
    connection = house_of(request).connection
    counts = count_deliveries(connection, one.subscription_id)
    return Endpoint(
        one, counts["waiting"] + counts["sending"], counts["dead"],
        deliveries_of(connection, one.subscription_id, state="dead" if counts["dead"] else None,
                      before=_LAST, limit=SHOWN),
    )  # fmt: skip
