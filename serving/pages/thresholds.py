"""Thresholds: where each action begins, on the shop's own scores, with what it would mean."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from features.errors import RefusedError
from models.actions import ACTIONS
from models.policy import Policy
from models.thresholds import Thresholds
from serving.pages.rendering import show, table_file, turn_to
from serving.pages.scores import BINS, DAYS, ENOUGH, Sums, lines_of_cost, suggested
from serving.pages.visit import OWNER, VIEWER, Visit, form_of, house_of, visit_of
from serving.store.accounts import members
from serving.store.connection import connect

REVISIONS = 12
_SETS = (("thresholds", False), ("prepaid_thresholds", True))

router = APIRouter()


@router.get("/thresholds")
async def thresholds(request: Request) -> Response:
    """The distribution, the thresholds on it, and their history."""
    house, visit = house_of(request), visit_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    past = await house.inside.ask(
        visit.member, "GET", "/v1/policy/revisions", params={"limit": str(REVISIONS)}
    )
    sums = await _sums(request)
    read = Policy.from_json(plain(policy))
    sets = [
        {
            "name": name, "prepaid": prepaid, "orders": int(sums[int(prepaid), :, 0].sum()),
            "marks": _percents(getattr(read, name)),
            "advised": _percents(suggested(sums[int(prepaid)], read.model, prepaid=prepaid)),
            "bars": _bars(sums[int(prepaid)]),
            "data": to_json({
                "sums": sums[int(prepaid)].round(4).tolist(), "costs": lines_of_cost(read.model),
                "avoided": {a: e.rto_avoided for a, e in read.model.effects.items()},
                "now": _percents(getattr(read, name)),
            }).decode(),
        }
        for name, prepaid in _SETS
    ]  # fmt: skip
    return show(
        request, "thresholds.html", title=visit.say("Thresholds"), policy=policy, sets=sets,
        revisions=past["revisions"], names=_names(request), days=DAYS, enough=ENOUGH,
    )  # fmt: skip


@router.get("/thresholds.csv")
async def table(request: Request) -> Response:
    """The distribution's numbers."""
    sums = await _sums(request)
    lines = ["risk_from,payment,orders,expected_returns,amount_rupees"]
    for prepaid, payment in enumerate(("cod", "prepaid")):
        lines += [
            f"{b / BINS:.2f},{payment},{n:.0f},{p:.2f},{a / 100:.0f}"
            for b, (n, p, a, _) in enumerate(sums[prepaid].tolist())
        ]
    return table_file("scores", "\n".join(lines) + "\n")


@router.post("/thresholds/simulate", tags=VIEWER)
async def simulate(request: Request) -> Response:
    """A draft against the policy in force and against none; nothing is saved."""
    house, visit = house_of(request), visit_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    found = await house.inside.ask(
        visit.member, "POST", "/v1/policy/simulate",
        {"policy": plain(policy) | _drafted(request), "days": DAYS},
    )  # fmt: skip
    return show(request, "simulated.html", title="", found=found)


@router.post("/thresholds", tags=OWNER)
async def save(request: Request) -> Response:
    """The next revision, unless somebody saved one meanwhile."""
    house, visit = house_of(request), visit_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    saved = await put(request, plain(policy) | _drafted(request), revision_of(request))
    return turn_to(
        request, "/thresholds",
        visit.say("Saved as revision {n}; new orders are decided by it.", n=saved["revision"]),
    )  # fmt: skip


@router.post("/thresholds/return", tags=OWNER)
async def go_back(request: Request) -> Response:
    """An earlier revision, saved again as the newest."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    wanted = str(form.get("wanted", ""))
    earlier = await house.inside.ask(visit.member, "GET", "/v1/policy", params={"revision": wanted})
    note = visit.say("Back to revision {n}", n=wanted)
    await put(request, plain(earlier), revision_of(request), note)
    return turn_to(request, "/thresholds", note)


async def put(
    request: Request, body: dict[str, Any], revision: int, note: str | None = None
) -> dict[str, Any]:
    """Save a policy in the name of whoever asks."""
    house, visit = house_of(request), visit_of(request)
    note = str(form_of(request).get("note", "")) if note is None else note
    saved: dict[str, Any] = await house.inside.ask(
        visit.member, "PUT", "/v1/policy",
        body | {"note": note, "by": f"user {visit.account_id}"}, revision=revision,
    )  # fmt: skip
    house.policies.forget(visit.merchant_id)
    return saved


def revision_of(request: Request) -> int:
    """Which revision the form was made from."""
    said = str(form_of(request).get("revision", ""))
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise RefusedError("open the page again; it does not say which revision you changed")
    return int(said)


def plain(policy: dict[str, Any]) -> dict[str, Any]:
    """What was read, as it may be saved again."""
    return {name: value for name, value in policy.items() if name not in ("revision", "saved")}


def _drafted(request: Request) -> dict[str, Any]:
    """Both sets of thresholds as the form has them, in per cent; empty is never."""
    return {name: {a: _share(request, f"{name}.{a}") for a in ACTIONS[1:]} for name, _ in _SETS}


def _share(request: Request, name: str) -> float | None:
    said = str(form_of(request).get(name, "")).strip()
    if not said:
        return None
    try:
        return round(float(said) / 100, 4)
    except ValueError:
        raise RefusedError(
            visit_of(request).say("“{said}” is no percentage; write a number from 1 to 100.",
                                  said=said)
        ) from None  # fmt: skip


async def _sums(request: Request) -> Sums:
    """Read beside the loop: the first time takes as long as the shop has orders."""
    house, visit = house_of(request), visit_of(request)

    def read() -> Sums:
        with closing(connect(house.settings.store_url, readonly=True)) as connection:
            return house.scores.of(connection, visit.merchant_id, house.clock())

    return await asyncio.to_thread(read)


def _percents(found: Thresholds) -> dict[str, float | None]:
    return {
        action: None if (value := found.of(action)) is None else round(100 * value, 1)
        for action in ACTIONS[1:]
    }


def _bars(sums: Sums) -> list[tuple[int, float, int]]:
    """Bin, height from 0 to 1, orders."""
    most = max(1.0, float(sums[:, 0].max()))
    return [(b, float(n) / most, int(n)) for b, n in enumerate(sums[:, 0]) if n]


def _names(request: Request) -> dict[str, str]:
    house, visit = house_of(request), visit_of(request)
    return names_of(house.connection, visit)


def names_of(connection: Any, visit: Visit) -> dict[str, str]:
    """Addresses by the way events name people."""
    return {
        f"user {one.account.account_id}": one.account.email
        for one in members(connection, visit.merchant_id)
    }
