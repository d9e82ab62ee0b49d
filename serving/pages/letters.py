"""Messages that did not arrive: why, and sending them again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from features.errors import RefusedError
from serving.conversation.life import Stage
from serving.conversation.manual import still_about
from serving.pages.inbox import LETTERS_US, tabs_of
from serving.pages.rendering import show, turn_to
from serving.pages.visit import form_of, house_of, visit_of
from serving.pages.whys import in_words
from serving.standing import life_of
from serving.store.channels import stopped_channels
from serving.store.dead_letters import DeadLetter, dead_letters

SHOWN, READ = 100, 1_000

router = APIRouter()


@dataclass(frozen=True)
class Letter:
    """One message.

    Parameters
    ----------
    again : bool
        Whether it can still be answered if it is sent again.
    """

    letter: DeadLetter
    why: str
    stage: Stage
    again: bool


@router.get("/messages")
async def messages(request: Request, why: str = "") -> Response:
    """Newest first; ``why`` shows those of one reason."""
    house, visit = house_of(request), visit_of(request)
    since = house.clock() - LETTERS_US
    found = dead_letters(house.connection, visit.merchant_id, READ, since_us=since)
    named = [(in_words(visit.say, one.why), one) for one in found]
    counts = Counter(reason for reason, _ in named)
    stopped = [said for merchant_id, said in stopped_channels(house.connection)
               if merchant_id == visit.merchant_id]  # fmt: skip
    chosen = [pair for pair in named if why in ("", pair[0])]
    return show(
        request, "messages.html", title=visit.say("Did not arrive"), why=why, counts=counts,
        letters=[_letter(request, *pair) for pair in chosen[:SHOWN]], view="messages",
        more=max(0, len(chosen) - SHOWN), stopped=stopped,
        **tabs_of(request),
    )  # fmt: skip


@router.post("/messages")
async def again(request: Request) -> Response:
    """Send one again; one that may have arrived only by the button that says so."""
    visit, form = visit_of(request), form_of(request)
    message_id = quote(str(form.get("message", "")), safe="")
    answer: Any = await house_of(request).inside.ask(
        visit.member, "POST", f"/v1/messages/{message_id}/retry",
        {"doubtful": form.get("doubtful") == "yes"},
    )  # fmt: skip
    if not answer["changed"]:
        raise RefusedError(visit.say("This message is not waiting to be sent again any more."))
    return turn_to(request, "/messages", visit.say("It is being sent again."))


def _letter(request: Request, why: str, one: DeadLetter) -> Letter:
    stage = life_of(house_of(request).connection, one.number).stage
    return Letter(one, why, stage, still_about(one.purpose, stage))
