"""Accounts: WhatsApp, payments, the shop and the couriers, connected by the owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from features.days import DAY_US
from features.errors import RefusedError
from serving.audit import audit
from serving.pages.account_forms import ACCOUNTS, Account, account_named, read, shown
from serving.pages.rendering import show, turn_to
from serving.pages.settings import TABS, here
from serving.pages.visit import OWNER, form_of, house_of, visit_of
from serving.store.channels import templates_stopped
from serving.store.outbox import people_reached
from serving.store.providers import Held, last_heard

SWITCHED = {
    "stop": "{what} is stopped.",
    "resume": "{what} goes on.",
    "drop": "{what} is removed.",
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class State:
    """How an account stands.

    Parameters
    ----------
    values : dict
        What its form says.
    heard_us : int or None
        When something last came in.
    """

    account: Account
    held: Held[Any] | None
    values: dict[str, Any]
    address: str
    heard_us: int | None


@router.get("/settings/accounts")
async def accounts(request: Request) -> Response:
    """Each of them, its state, and for owners its form."""
    house, visit = house_of(request), visit_of(request)
    now = house.clock()
    return show(
        request, "accounts.html", title=visit.say("Accounts"), tabs=TABS,
        states=[_state(request, one) for one in ACCOUNTS],
        written=len(people_reached(house.connection, visit.merchant_id, now - DAY_US)),
        templates=templates_stopped(house.connection, visit.merchant_id),
    )  # fmt: skip


@router.post("/settings/accounts", tags=OWNER)
async def connect(request: Request) -> Response:
    """Save one; secrets that were left empty stay as they are."""
    house, visit = house_of(request), visit_of(request)
    account = account_named(str(form_of(request).get("account", "")))
    held = account.provider.of(house.connection, house.contacts, visit.merchant_id)
    content = read(account, form_of(request), held, visit.say)
    now = house.clock()
    with house.transaction() as log:
        account.keep(log, house.contacts, visit.merchant_id, content, now)
        audit(log, account.did, visit.merchant_id, now_us=now, by=visit.account_id)
    said = visit.say("{what} is connected.", what=visit.say(account.title))
    return turn_to(request, f"/settings/accounts#{account.name}", said)


@router.post("/settings/accounts/switch", tags=OWNER)
async def switch(request: Request) -> Response:
    """Stop one, let it go on, or forget it."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    account, do = account_named(str(form.get("account", ""))), str(form.get("do", ""))
    title, now = visit.say(account.title), house.clock()
    if do not in SWITCHED:
        raise RefusedError(visit.say("choose what to do with the account"))
    with house.transaction() as log:
        if do == "drop":
            known = account.provider.drop(log.connection, visit.merchant_id)
            account.dropped(log, house.contacts, visit.merchant_id, None, now)
        else:
            why = "stopped by hand" if do == "stop" else None
            known = account.provider.stop(log.connection, visit.merchant_id, why)
        if not known:
            raise RefusedError(visit.say("{what} is not connected.", what=title))
        audit(log, f"account {do}", visit.merchant_id, now_us=now, by=visit.account_id,
              account=account.name)  # fmt: skip
    return turn_to(request, "/settings/accounts", visit.say(SWITCHED[do], what=title))


def _state(request: Request, account: Account) -> State:
    house, visit = house_of(request), visit_of(request)
    held = account.provider.of(house.connection, house.contacts, visit.merchant_id)
    if held is None:
        return State(account, None, shown(account, None), "", None)
    return State(
        account, held, shown(account, held),
        f"{house.settings.public_url or here(request)}/v1/hooks/{held.endpoint}",
        last_heard(house.connection, held.endpoint),
    )  # fmt: skip
