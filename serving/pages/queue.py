"""The queue: orders that wait for a person, the dearest and most urgent first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from features.days import HOUR_US, to_us
from features.errors import RefusedError
from serving.conversation.life import Stage
from serving.pages.rendering import show, turn_to
from serving.pages.visit import Visit, form_of, house_of, visit_of
from serving.store.accounts import members
from serving.store.lines import Line, lines_of

SHOWN = 100
URGENT_US = 2 * HOUR_US
VIEWS: dict[str, tuple[str, tuple[Stage, ...]]] = {
    "decide": ("To decide", ("held", "corrected", "silent", "refused")),
    "customers": ("Waiting for customers", ("awaiting",)),
    "stopped": ("Not shipped", ("blocked",)),
}
DECISIONS = {"approve": "Ship", "hold": "Review", "cancel": "Cancel"}
CALLS = {
    "confirmed": "Confirmed",
    "refused": "Refused",
    "unreachable": "Not reached",
    "wrong_number": "Wrong number",
}

router = APIRouter()


@dataclass(frozen=True)
class Waiting:
    """One order of the queue.

    Parameters
    ----------
    stake_paise : int
        What shipping it untouched is expected to lose.
    due_us : int or None
        When the courier comes.
    """

    line: Line
    stake_paise: int
    due_us: int | None
    assignee: str | None
    person: Mapping[str, Any]


@router.get("/queue")
async def queue(request: Request, view: str = "decide", mine: str = "") -> Response:
    """One of the three views, and how many orders stand in each."""
    house, visit = house_of(request), visit_of(request)
    if view not in VIEWS:
        view = "decide"
    now = house.clock()
    watched = house.watch.of(house.connection, visit.merchant_id, now)
    numbers = {name: list(watched.at(*stages)) for name, (_, stages) in VIEWS.items()}
    chosen = [
        number
        for number in numbers[view]
        if not mine or watched.assignees.get(number) == visit.account_id
    ]
    lines = lines_of(house.connection, visit.merchant_id, chosen)
    ranked = sorted(lines, key=lambda line: _rank(line, now))
    waiting = [_waiting(request, line, watched.assignees) for line in ranked[:SHOWN]]
    people = members(house.connection, visit.merchant_id)
    return show(
        request, "queue.html", title=visit.say("Queue"), view=view, mine=mine, waiting=waiting,
        counts={name: len(found) for name, found in numbers.items()}, views=VIEWS, now=now,
        more=max(0, len(ranked) - SHOWN), calls=CALLS, people=people, urgent_us=URGENT_US,
        names={one.account.account_id: one.account.email.split("@")[0] for one in people},
        stake=sum(stake_of(line) for line in ranked),
        policy=house.policies.now(visit.merchant_id),
    )  # fmt: skip


@router.post("/queue")
async def act(request: Request) -> Response:
    """Do one thing with one order or with all that are ticked."""
    visit, form = visit_of(request), form_of(request)
    do, orders = str(form.get("do", "")), [str(order) for order in form.getlist("order")]
    note, assignee = str(form.get("note", "")).strip(), form.get("assignee")
    if not orders:
        raise RefusedError(visit.say("Tick at least one order first."))
    path, body = _asked(do, note, None if assignee is None else str(assignee))
    for order_id in orders:
        await house_of(request).inside.ask(
            visit.member, "POST", f"/v1/orders/{quote(order_id, safe='')}/{path}",
            body | {"by": f"user {visit.account_id}"},
        )  # fmt: skip
    return turn_to(request, _next(str(form.get("next", ""))), _said(visit, do, orders))


def _asked(do: str, note: str, assignee: str | None) -> tuple[str, dict[str, Any]]:
    """Which route, and what it is told."""
    noted = {"note": note} if note else {}
    if do in DECISIONS:
        return "override", {"action": do} | noted
    if do in CALLS:
        return "contact", {"response": do, "channel": "phone"} | noted
    if do == "assign":
        return "note", {"assignee": assignee or ""} | noted
    if do == "note" and note:
        return "note", noted
    raise RefusedError("choose what to do with the order")


def _said(visit: Visit, do: str, orders: list[str]) -> str:
    what = visit.say({**DECISIONS, **CALLS}.get(do, "Saved"))
    if len(orders) == 1:
        return visit.say("{what}: order {order}.", what=what, order=orders[0])
    return visit.say("{what}: {n} orders.", what=what, n=len(orders))


def _next(path: str) -> str:
    """Back to where the form stood."""
    return path if path.startswith(("/queue", "/orders/")) and path.isprintable() else "/queue"


def _waiting(request: Request, line: Line, assignees: Mapping[int, str]) -> Waiting:
    house = house_of(request)
    return Waiting(
        line=line,
        stake_paise=stake_of(line),
        due_us=due_of(line),
        assignee=assignees.get(line.number),
        person=house.contacts.of(house.connection, line.fact_seq) or {},
    )


def stake_of(line: Line) -> int:
    """What shipping an order untouched is expected to lose, in paise."""
    cost: float = line.decided["expected_cost"].get("ship", 0.0)
    return round(100 * cost)


def due_of(line: Line) -> int | None:
    """When the courier comes for it, as the shop said, or when its wait ends."""
    said = line.content.get("dispatch_cutoff_us")
    if said is not None:
        return int(said)
    until = line.decided.get("wait_until")
    return None if until is None else to_us(datetime.fromisoformat(until))


def _rank(line: Line, now_us: int) -> tuple[int, float, int]:
    """What the courier fetches within two hours first, by the time left; then by rupees."""
    due = due_of(line)
    if due is not None and now_us < due <= now_us + URGENT_US:
        return 0, due, -stake_of(line)
    return 1, -stake_of(line), line.number
