"""Choosing the columns of a file by hand, with a guess to start from."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from features.errors import RefusedError
from serving.pages.column_choice import (
    FIELDS,
    MEANINGS,
    REQUIRED,
    ROWS,
    TIMES,
    Choice,
    Described,
    Side,
    choice_of,
    chosen,
    described,
    fault_of,
    keep_choice,
    mapping_yaml,
)
from serving.pages.errands import Errands
from serving.pages.rendering import show, turn_to
from serving.pages.setup_files import Plan, bundle_in, choosable, data_in, errands_of, mapping_in
from serving.pages.visit import OWNER, form_of, visit_of

router = APIRouter()


@router.get("/setup/columns", tags=OWNER)
async def columns(request: Request) -> Response:
    """What was chosen or guessed for each file."""
    errands = errands_of(request)
    plan = choosable(errands)
    return _shown(request, plan, errands)


@router.post("/setup/columns", tags=OWNER)
async def choose(request: Request) -> Response:
    """Write what was chosen as a mapping and read the files; or show what is still to be said."""
    visit, errands = visit_of(request), errands_of(request)
    plan = choosable(errands)
    if plan is None:
        raise RefusedError(visit.say("Read your files first."))
    if "join" in form_of(request):
        plan = replace(plan, join=str(form_of(request)["join"]))
        plan.keep(errands.folder)
    choices, fault, ask = _taken(request, plan, errands)
    if fault or ask:
        return _shown(request, plan, errands, fault=fault, ask=ask)
    for side, (choice, held) in choices.items():
        text = mapping_yaml(choice, side, held)
        mapping_in(errands.folder, side).write_text(text, "utf-8")
    for stale in (data_in(errands.folder), bundle_in(errands.folder)):
        shutil.rmtree(stale, ignore_errors=True)
    errands.start("import", [plan.command(errands.folder, visit.merchant_id)])
    return turn_to(request, "/setup")


def _taken(
    request: Request, plan: Plan, errands: Errands
) -> tuple[dict[Side, tuple[Choice, Described]], str, str]:
    """Keep what a form says: the choices, what is wrong with them, and what is still to be seen."""
    form, say = form_of(request), visit_of(request).say
    choices, faults, asks = {}, [], []
    for side in plan.by_hand:
        held = _held(errands, side)
        choice, unseen = choice_of(form, side, held)
        keep_choice(errands.folder, side, choice)
        choices[side] = choice, held
        faults.append(fault_of(choice, side, held, say))
        for name in unseen:
            column = choice.columns[name]
            asks.append(say("Look at how {column} is understood, then read on.", column=column))
    return choices, next(filter(None, faults), ""), next(iter(asks), "")


def _held(errands: Errands, side: Side) -> Described:
    found = described(errands.folder, side)
    assert found is not None
    return found


def _shown(
    request: Request, plan: Plan | None, errands: Errands, *, fault: str = "", ask: str = ""
) -> Response:
    files: dict[str, dict[str, Any]] = {}
    for side in plan.by_hand if plan else ():
        held = _held(errands, side)
        files[side] = {
            "held": held, "choice": chosen(errands.folder, side, held),
            "fields": FIELDS[side], "required": REQUIRED[side],
        }  # fmt: skip
    return show(
        request, "columns.html", status=422 if fault else 200,
        title=visit_of(request).say("Choose the columns"), files=files, fault=fault, ask=ask,
        plan=plan, meanings=MEANINGS, times=TIMES, rows=ROWS,
    )  # fmt: skip
