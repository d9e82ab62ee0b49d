"""Rules and lists: orders that are always treated in one way, whatever their score."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from features.errors import RefusedError
from models.actions import ACTIONS
from models.condition_fields import FIELDS
from models.conditions import OPERATORS
from serving.pages.rendering import show, turn_to
from serving.pages.thresholds import names_of, plain, put, revision_of
from serving.pages.visit import OWNER, UPLOAD, form_of, house_of, visit_of
from serving.schemas import ListField

LISTED = 200
LISTS = {"block": "Don't ship", "allow": "Ship always"}
FIELDS_OF_LISTS: dict[ListField, str] = {
    "phone": "Phone",
    "email": "E-mail",
    "pincode": "Pincode",
    "ip": "Network address",
    "device": "Device",
}

router = APIRouter()


@router.get("/rules")
async def rules(request: Request, after: str = "") -> Response:
    """The rules in their order, and the lists."""
    house, visit = house_of(request), visit_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    query = {"limit": str(LISTED)} | ({"cursor": after} if after else {})
    found = await house.inside.ask(visit.member, "GET", "/v1/lists", params=query)
    return show(
        request, "rules.html", title=visit.say("Rules and lists"), policy=policy, actions=ACTIONS,
        entries=found["entries"], after=found["next_cursor"], lists=LISTS, fields=FIELDS,
        operators=OPERATORS, list_fields=FIELDS_OF_LISTS, names=names_of(house.connection, visit),
    )  # fmt: skip


@router.post("/rules", tags=OWNER)
async def change(request: Request) -> Response:
    """Add a rule at the end, take one away, or move one up."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    kept: list[dict[str, Any]] = list(policy["rules"])
    do, at = str(form.get("do", "")), str(form.get("at", ""))
    if do == "add":
        name = str(form.get("name", "")).strip()
        kept.append({"name": name, "when": str(form.get("when", "")), "action": form.get("action")})
    elif do in ("remove", "up") and at.isdigit() and int(at) < len(kept):
        name, place = kept[int(at)]["name"], int(at)
        rule = kept.pop(place)
        if do == "up":
            kept.insert(max(0, place - 1), rule)
    else:
        raise RefusedError(visit.say("choose what to do with the rule"))
    note = visit.say({"add": "Rule added: {name}", "remove": "Rule removed: {name}"}.get(
        do, "Rule moved up: {name}"), name=name)  # fmt: skip
    await put(request, plain(policy) | {"rules": kept}, revision_of(request), note)
    return turn_to(request, "/rules", note)


@router.post("/rules/list", tags=OWNER)
async def add_entry(request: Request) -> Response:
    """One value on a list."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    entry = {name: str(form.get(name, "")).strip() for name in ("list", "field", "value", "reason")}
    day = str(form.get("until", "")).strip()
    if day:
        entry["expires_at"] = f"{day}T23:59:59+05:30"
    entry["by"] = f"user {visit.account_id}"
    found = await house.inside.ask(visit.member, "POST", "/v1/lists", {"entries": [entry]})
    result = found["results"][0]
    if result["result"] == "invalid":
        raise RefusedError(result["detail"])
    return turn_to(request, "/rules#lists", visit.say("It is on the list."))


@router.post("/rules/list/remove", tags=OWNER)
async def drop_entry(request: Request) -> Response:
    """One value off its list."""
    house, visit = house_of(request), visit_of(request)
    wanted = str(form_of(request).get("entry_id", ""))
    await house.inside.ask(visit.member, "DELETE", "/v1/lists", params={"entry_id": wanted})
    return turn_to(request, "/rules#lists", visit.say("It is off the list."))


@router.post("/rules/import", tags=UPLOAD)
async def import_file(request: Request) -> Response:
    """A CSV of up to 100,000 values; what cannot be taken is named line by line."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise RefusedError(visit.say("Choose a CSV file first."))
    asked = {name: str(form.get(name, "")) for name in ("list", "field", "reason")}
    found = await house.inside.ask(
        visit.member, "POST", "/v1/lists/import", await file.read(),
        params=asked | {"by": f"user {visit.account_id}"},
    )  # fmt: skip
    return show(request, "imported.html", title=visit.say("Import"), found=found)
