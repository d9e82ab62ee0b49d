"""Settings: mode and costs, people, keys, and who did what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from features.errors import RefusedError
from models.costs import Costs
from models.policy_words import EXPLAINED
from serving.audit import audit, audited
from serving.commands.user import LINK_DAYS, entry_address, invite
from serving.pages.deeds import DETAILS, deed
from serving.pages.rendering import show, turn_to
from serving.pages.thresholds import names_of, plain, put, revision_of
from serving.pages.visit import OWNER, form_of, house_of, visit_of
from serving.store.accounts import ROLES, Role, digest_readers, drop_role, members, want_digest
from serving.store.merchants import KeyKind, key_digest, key_id_of, keys, new_key, revoke_key

AUDITED = 100
TABS = (
    ("/settings", "Mode and costs"),
    ("/settings/people", "People"),
    ("/settings/accounts", "Accounts"),
    ("/settings/connections", "Connections"),
    ("/settings/webhooks", "Webhooks"),
    ("/settings/audit", "Audit log"),
)
COSTS = {
    "forward_paise": "Shipping to the customer",
    "reverse_paise": "Shipping back",
    "handling_paise": "Handling a return",
    "packaging_paise": "Packaging lost",
    "damage_share": "Value lost on a return",
    "margin_share": "Margin",
    "utility_message_paise": "A message that checks",
    "marketing_message_paise": "A message with an offer",
    "prepaid_discount_paise": "Discount for paying in advance",
    "review_paise": "A look by a person",
}

router = APIRouter()


@router.get("/settings")
async def settings(request: Request) -> Response:
    """Whether the policy acts, what things cost, the comparison group."""
    house, visit = house_of(request), visit_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    return show(
        request, "settings.html", title=visit.say("Settings"), tabs=TABS, policy=policy,
        costs=[_cost(visit.say, name, policy["costs"][name]) for name in asdict(Costs())],
    )  # fmt: skip


@router.post("/settings", tags=OWNER)
async def save(request: Request) -> Response:
    """Costs and comparison group, as the next revision of the policy."""
    policy = await _policy(request)
    costs = {name: _number(request, name) for name in asdict(Costs())}
    shares = policy["shares"] | {"holdout": _number(request, "holdout_share")}
    saved = await put(request, policy | {"costs": costs, "shares": shares}, revision_of(request))
    said = visit_of(request).say("Saved as revision {n}.", n=saved["revision"])
    return turn_to(request, "/settings", said)


@router.post("/settings/mode", tags=OWNER)
async def switch(request: Request) -> Response:
    """Go live, or back to observing."""
    mode, say = str(form_of(request).get("mode", "")), visit_of(request).say
    policy = await _policy(request)
    note = say("Gone live") if mode == "act" else say("Back to observing")
    await put(request, policy | {"mode": mode}, revision_of(request), note)
    back = "/setup" if form_of(request).get("from") == "/setup" else "/settings"
    return turn_to(request, back, f"{note}.")


@router.get("/settings/people")
async def people(request: Request) -> Response:
    """Everybody with a role."""
    return _people(request)


@router.post("/settings/people", tags=OWNER)
async def add_person(request: Request) -> Response:
    """Give somebody a role; the link that lets them in is shown once."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    role, email = str(form.get("role", "")), str(form.get("email", ""))
    _refuse_last_owner(request, email=email, role=role)
    with house.transaction() as log:
        token = invite(
            log, email, visit.merchant_id, _role(role), now=house.clock(), by=visit.account_id
        )
    address = entry_address(house.settings, token)
    link = address if address.startswith("http") else f"{here(request)}{address}"
    return _people(request, invited=email, link=link)


@router.post("/settings/people/digest", tags=OWNER)
async def choose_digest(request: Request) -> Response:
    """Whether the owner who asks gets the daily digest of this shop."""
    house, visit = house_of(request), visit_of(request)
    wanted = form_of(request).get("wanted") == "yes"
    with house.transaction() as log:
        want_digest(log.connection, visit.account_id, visit.merchant_id, wanted=wanted)
    said = (
        visit.say("You get the daily e-mail.") if wanted else visit.say("No daily e-mail for you.")
    )
    return turn_to(request, "/settings/people", said)


@router.post("/settings/people/remove", tags=OWNER)
async def remove_person(request: Request) -> Response:
    """Their sessions end at once."""
    house, visit = house_of(request), visit_of(request)
    account_id = str(form_of(request).get("account_id", ""))
    here = members(house.connection, visit.merchant_id)
    found = next((m.account for m in here if m.account.account_id == account_id), None)
    if found is None:
        raise RefusedError(visit.say("There is no such person any more."))
    _refuse_last_owner(request, email=found.email, role="")
    with house.transaction() as log:
        drop_role(log.connection, account_id, visit.merchant_id)
        audit(log, "user removed", visit.merchant_id, now_us=house.clock(), by=visit.account_id,
              user=account_id)  # fmt: skip
    return turn_to(request, "/settings/people", visit.say("Removed {who}.", who=found.email))


@router.get("/settings/connections")
async def connections(request: Request) -> Response:
    """Keys of the API, and who is told what happens."""
    return _connections(request)


@router.post("/settings/keys", tags=OWNER)
async def make_key(request: Request) -> Response:
    """A key, shown once."""
    house, visit = house_of(request), visit_of(request)
    kind: KeyKind = "test" if form_of(request).get("kind") == "test" else "live"
    now = house.clock()
    with house.transaction() as log:
        made = new_key(log.connection, visit.merchant_id, kind, now_us=now)
        audit(log, "key made", visit.merchant_id, now_us=now, by=visit.account_id,
              key=key_id_of(key_digest(made)), kind=kind)  # fmt: skip
    return _connections(request, made)


@router.post("/settings/keys/revoke", tags=OWNER)
async def end_key(request: Request) -> Response:
    """It opens nothing any more."""
    house, visit = house_of(request), visit_of(request)
    key_id, now = str(form_of(request).get("key_id", "")), house.clock()
    if key_id not in {one.key_id for one in keys(house.connection, visit.merchant_id)}:
        raise RefusedError(visit.say("There is no such key."))
    with house.transaction() as log:
        revoke_key(log.connection, key_id, at_us=now)
        audit(log, "key revoked", visit.merchant_id, now_us=now, by=visit.account_id, key=key_id)
    return turn_to(request, "/settings/connections", visit.say("The key is revoked."))


@router.get("/settings/audit")
async def audit_log(request: Request) -> Response:
    """Who did what, newest first."""
    house, visit = house_of(request), visit_of(request)
    return show(
        request, "audit.html", title=visit.say("Audit log"), tabs=TABS,
        done=audited(house.connection, visit.merchant_id, AUDITED),
        names=names_of(house.connection, visit), deed=deed, detail_names=DETAILS,
    )  # fmt: skip


def _people(request: Request, *, invited: str | None = None, link: str | None = None) -> Response:
    house, visit = house_of(request), visit_of(request)
    readers = digest_readers(house.connection, visit.merchant_id)
    return show(
        request, "people.html", title=visit.say("People"), tabs=TABS, roles=ROLES,
        people=members(house.connection, visit.merchant_id), days=LINK_DAYS,
        readers={one.account.account_id for one in readers}, invited=invited, link=link,
        mailed=bool(house.settings.smtp_url.get_secret_value()),
    )  # fmt: skip


def _connections(request: Request, made: str | None = None) -> Response:
    house, visit = house_of(request), visit_of(request)
    listed = keys(house.connection, visit.merchant_id)
    return show(
        request, "connections.html", title=visit.say("Connections"), tabs=TABS, made=made,
        keys=[one for one in listed if one.revoked_us is None or one.revoked_us > house.clock()],
    )  # fmt: skip


def _cost(say: Any, name: str, value: float) -> dict[str, Any]:
    """One field of the form: rupees, or per cent of the order's value."""
    share = name.endswith("_share")
    return {
        "name": name, "title": say(COSTS[name]), "says": say(EXPLAINED[f"costs.{name}"]),
        "unit": "%" if share else "₹", "value": f"{100 * value if share else value / 100:g}",
    }  # fmt: skip


def _number(request: Request, name: str) -> float:
    """A field as the policy keeps it: whole paise, or a share."""
    said = str(form_of(request).get(name, "")).strip()
    try:
        number = float(said)
    except ValueError:
        raise RefusedError(
            visit_of(request).say("“{said}” is no number; write one such as 65.", said=said)
        ) from None
    return round(number / 100, 6) if name.endswith("_share") else round(100 * number)


async def _policy(request: Request) -> dict[str, Any]:
    found = await house_of(request).inside.ask(visit_of(request).member, "GET", "/v1/policy")
    return plain(found)


def _role(name: str) -> Role:
    for role in ROLES:
        if role == name:
            return role
    raise RefusedError(f"choose one of {', '.join(ROLES)}")


def _refuse_last_owner(request: Request, *, email: str, role: str) -> None:
    """A shop keeps at least one owner."""
    visit = visit_of(request)
    owners = [one.account.email for one in members(house_of(request).connection, visit.merchant_id)
              if one.role == "owner"]  # fmt: skip
    if owners == [email.strip().casefold()] and role != "owner":
        raise RefusedError(visit.say("A shop needs at least one owner; make another one first."))


def here(request: Request) -> str:
    """The address at which the pages were asked for."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"
