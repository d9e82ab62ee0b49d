"""The inbox: what customers wrote that is no answer, and whatever else a person has to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from features.days import DAY_US
from features.errors import RefusedError
from serving.conversation.life import UNDISPATCHED, Stage
from serving.conversation.talking import NO_ANSWER
from serving.conversation.transcript import Turn, transcripts
from serving.orders import content_held
from serving.pages.queue import CALLS
from serving.pages.rendering import show, turn_to
from serving.pages.visit import Visit, form_of, house_of, visit_of
from serving.pages.whys import in_words
from serving.standing import life_of
from serving.store.accounts import members
from serving.store.dead_letters import count_dead_letters
from serving.store.orders import Held, orders_numbered
from serving.store.tasks import Task, TaskKind, open_tasks, tasks_of, windows_of

SHOWN, READ = 50, 1_000
LETTERS_US = 30 * DAY_US
"""How long a message that did not arrive is shown."""
VIEWS: dict[str, tuple[str, TaskKind]] = {
    "replies": ("To answer", "inbox"),
    "suggestions": ("Suggestions", "suggestion"),
    "calls": ("To call", "call"),
    "refunds": ("To pay back", "refund"),
    "claims": ("To dispute", "dispute"),
}
# What came of a call that leaves nothing more to be done about it.
_SETTLES = ("confirmed", "refused")

router = APIRouter()


@dataclass(frozen=True)
class Case:
    """One order with something to do.

    Parameters
    ----------
    tasks : list of Task
        Open ones of the view, oldest first.
    until_us : int or None
        Until when WhatsApp takes a free answer; None where the customer never wrote.
    content : mapping
        What the order says; of the customer only as long as that is kept.
    """

    held: Held
    tasks: list[Task]
    whys: list[str]
    until_us: int | None
    stage: Stage
    assignee: str | None
    content: Mapping[str, Any]
    turns: list[Turn]

    @property
    def open(self) -> bool:
        """Whether the order has not left yet, so that the result of a call can move it."""
        return self.stage in UNDISPATCHED


@router.get("/inbox")
async def inbox(request: Request, view: str = "replies", mine: str = "") -> Response:
    """What waits longest first, with all that was said about the order."""
    house, visit = house_of(request), visit_of(request)
    if view not in VIEWS:
        view = "replies"
    found = tasks_of(house.connection, visit.merchant_id, VIEWS[view][1], READ)
    watched = house.watch.of(house.connection, visit.merchant_id, house.clock())
    by: dict[int, list[Task]] = {}
    for task in found:
        if not mine or watched.assignees.get(task.number) == visit.account_id:
            by.setdefault(task.number, []).append(task)
    people = members(house.connection, visit.merchant_id)
    return show(
        request, "inbox.html", title=visit.say("Inbox"), view=view, mine=mine, people=people,
        cases=_cases(request, dict(list(by.items())[:SHOWN]), watched.assignees),
        more=max(0, len(by) - SHOWN), now=house.clock(), calls=CALLS,
        names={f"user {one.account.account_id}": one.account.email.split("@")[0] for one in people},
        **tabs_of(request),
    )  # fmt: skip


@router.post("/inbox")
async def act(request: Request) -> Response:
    """Answer, call, assign, or say that it is done."""
    form = form_of(request)
    do, order = str(form.get("do", "")), str(form.get("order", ""))
    said = await _DO.get(do, _call)(request, do, order)
    chosen = {name: str(form.get(name, "")) for name in ("view", "mine") if form.get(name)}
    return turn_to(request, f"/inbox?{urlencode(chosen)}" if chosen else "/inbox", said)


def tabs_of(request: Request) -> dict[str, Any]:
    """What the tabs above the inbox's pages show."""
    house, visit = house_of(request), visit_of(request)
    counts = open_tasks(house.connection, visit.merchant_id)
    since = house.clock() - LETTERS_US
    letters = count_dead_letters(house.connection, visit.merchant_id, since)
    return {
        "tabs": [(f"/inbox?view={name}", title, counts[kind], name)
                 for name, (title, kind) in VIEWS.items()]
        + [("/messages", "Did not arrive", letters, "messages")],
    }  # fmt: skip


def _cases(
    request: Request, by: Mapping[int, list[Task]], assignees: Mapping[int, str]
) -> list[Case]:
    house, say = house_of(request), visit_of(request).say
    numbers = list(by)
    if not numbers:
        return []
    windows = windows_of(house.connection, numbers)
    turns = transcripts(house.connection, house.contacts, numbers)
    return [
        Case(
            held=held, tasks=by[held.number], until_us=windows.get(held.number),
            whys=[in_words(say, why) for why in dict.fromkeys(
                task.why for task in by[held.number]
                if (task.kind, task.why) != ("inbox", NO_ANSWER))],
            stage=life_of(house.connection, held.number).stage,
            assignee=assignees.get(held.number),
            content=content_held(house.connection, house.contacts, held.fact_seq),
            turns=turns[held.number],
        )
        for held in orders_numbered(house.connection, numbers)
    ]  # fmt: skip


async def _answer(request: Request, _: str, order: str) -> str:
    """Send a person's own words, and finish unless that was unticked."""
    visit, form = visit_of(request), form_of(request)
    text = str(form.get("text", "")).strip()
    if not text:
        raise RefusedError(visit.say("Write an answer first."))
    await _tell(request, f"{_path(order)}/message", {"text": text})
    if form.get("done"):
        await _finish(request)
    return visit.say("Your answer to order {order} is on its way.", order=order)


async def _done(request: Request, _: str, order: str) -> str:
    await _finish(request)
    return visit_of(request).say("Done: order {order}.", order=order)


async def _assign(request: Request, _: str, order: str) -> str:
    assignee = str(form_of(request).get("assignee", ""))
    await _tell(request, f"{_path(order)}/note", {"assignee": assignee})
    return visit_of(request).say("Saved")


async def _call(request: Request, do: str, order: str) -> str:
    """What came of a call."""
    visit, form = visit_of(request), form_of(request)
    if do not in CALLS:
        raise RefusedError("choose what to do with the order")
    note = str(form.get("note", "")).strip()
    body = {"response": do, "channel": "phone"} | ({"note": note} if note else {})
    await _tell(request, f"{_path(order)}/contact", body)
    if do in _SETTLES:
        await _finish(request)
    return visit.say("{what}: order {order}.", what=visit.say(CALLS[do]), order=order)


_DO = {"answer": _answer, "done": _done, "assign": _assign}


async def _finish(request: Request) -> None:
    for task in form_of(request).getlist("task"):
        await _tell(request, f"/v1/tasks/{quote(str(task), safe='')}/done", {})


async def _tell(request: Request, path: str, body: Mapping[str, Any]) -> None:
    visit: Visit = visit_of(request)
    by = {"by": f"user {visit.account_id}"}
    await house_of(request).inside.ask(visit.member, "POST", path, dict(body) | by)


def _path(order: str) -> str:
    return f"/v1/orders/{quote(order, safe='')}"
