"""What it was worth: each action against the comparison group, as drawn, whatever came of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from serving.board.charts import Ranged, ranges
from serving.board.maturity import WINDOWS
from serving.pages.formats import money
from serving.pages.rendering import show, table_file
from serving.pages.returns import written
from serving.pages.terms import ACTIONS
from serving.pages.visit import Visit, house_of, visit_of

COLUMNS = (
    "action", "orders", "comparison_orders", "enough", "rupees", "rupees_low", "rupees_high",
    "rto_avoided", "rto_avoided_low", "rto_avoided_high", "orders_lost", "orders_lost_low",
    "orders_lost_high", "paid", "answered", "median_minutes",
)  # fmt: skip

router = APIRouter()


@router.get("/worth")
async def worth(request: Request) -> Response:
    """Returns avoided, orders lost, rupees, payments and answers, of each action."""
    visit, days = visit_of(request), _days(request)
    found = _effects(request, days)
    rows = found["effects"] if found else []
    return show(
        request, "worth.html", title=visit.say("What it was worth"), days=days, windows=WINDOWS,
        found=found, rows=rows, says=_headline(visit, rows), chart=_chart(visit, rows),
    )  # fmt: skip


@router.get("/worth/table")
async def table(request: Request) -> Response:
    """The same as a CSV."""
    days = _days(request)
    found = _effects(request, days)
    return table_file("what-it-was-worth", written(COLUMNS, [
        [one["action"], one["orders"], one["comparison_orders"], one["enough"],
         *(one[name][end] for name in ("saved_rupees", "rto_avoided", "orders_lost")
           for end in ("point", "low", "high")),
         one["conversion"]["paid"], one["answers"]["answered"], one["answers"]["median_minutes"]]
        for one in (found["effects"] if found else ())
    ]))  # fmt: skip


def _days(request: Request) -> int:
    days = request.query_params.get("days", "")
    return int(days) if days in map(str, WINDOWS) else WINDOWS[-1]


def _effects(request: Request, days: int) -> dict[str, Any] | None:
    """As worked out last; None before the first time."""
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    report = None if summary is None else summary.report(visit.merchant_id, "saved")
    if report is None:
        return None
    found: dict[str, Any] = report["effects"][str(days)]
    return found | {"until": report["basis"]["until"]}


def _known(one: dict[str, Any]) -> bool:
    return bool(one["enough"]) and one["saved_rupees"]["point"] is not None


def _headline(visit: Visit, rows: list[dict[str, Any]]) -> str:
    known = [one for one in rows if _known(one)]
    if not known:
        return visit.say("Not enough yet to name a number.")
    best = max(known, key=lambda one: float(one["saved_rupees"]["point"]))
    saved = best["saved_rupees"]
    return visit.say(
        "“{action}” saved {point} (between {low} and {high}).",
        action=visit.say(ACTIONS[best["action"]]), point=money(saved["point"]),
        low=money(saved["low"]), high=money(saved["high"]),
    )  # fmt: skip


def _chart(visit: Visit, rows: list[dict[str, Any]]) -> Markup | None:
    """Returns avoided of those that would have come back, where that can be named."""
    drawn = [
        Ranged(visit.say(ACTIONS[one["action"]]), *(max(0.0, float(share[end])) for end in
                                                   ("point", "low", "high")))
        for one in rows if _known(one) and (share := one["rto_avoided_share"])["point"] is not None
    ]  # fmt: skip
    return ranges(drawn, rule=0.0, shown=_percent, named="") if drawn else None


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
