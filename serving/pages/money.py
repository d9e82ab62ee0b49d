"""Money: what returns cost, what was saved, what campaigns and customers are worth net of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.datastructures import UploadFile

from features.days import ist_day
from features.errors import RefusedError
from models.costs import Costs
from serving.audit import audit
from serving.board.campaigns import Campaign, campaigns, read_spend
from serving.board.charts import Column, bars, columns
from serving.board.entry import Counts
from serving.board.losses import Losses, losses
from serving.board.maturity import WINDOWS, Settled, settled, summed, totals_of
from serving.board.outlook import next_month
from serving.board.summary import Summary
from serving.pages.formats import money as rupees_of
from serving.pages.rendering import show, table_file, turn_to
from serving.pages.returns import written
from serving.pages.visit import Visit, form_of, house_of, visit_of
from serving.weeks import first_day, iso_day, short_day, week_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Week:
    """One settled week: what its orders' returns cost."""

    first: int
    orders: int
    back: int
    paise: int


@router.get("/money")
async def money(request: Request) -> Response:
    """The page."""
    house, visit = house_of(request), visit_of(request)
    summary, title = house.shelf.of(visit.merchant_id), visit.say("Money")
    if summary is None:
        return show(request, "counting.html", title=title)
    days, today = _days(request), int(ist_day(house.clock()))
    costs = house.policies.now(visit.merchant_id).model.costs
    window = settled(summary, visit.merchant_id, days, today)
    whole = totals_of(summary, visit.merchant_id, "all", window).get("", Counts())
    cost, weeks = losses(whole, costs), _weeks(summary, visit, window, costs)
    found = campaigns(summary, visit.merchant_id, window, costs)
    return show(
        request, "money.html", title=title, days=days, windows=WINDOWS, window=window,
        until=window.until, whole=whole, cost=cost, parts=_parts(visit, cost),
        weeks=_columns(weeks), worst=max(weeks, key=lambda w: w.paise, default=None),
        saved=_saved(summary, visit, days), month=next_month(
            summary, visit.merchant_id, settled(summary, visit.merchant_id, WINDOWS[0], today),
            costs, today),
        campaigns=found, best=_best(found), customers=_customers(summary, visit, days),
    )  # fmt: skip


@router.get("/money/weeks")
async def weeks_table(request: Request) -> Response:
    """What returns cost by week, as a CSV."""
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    rows: list[list[Any]] = []
    if summary is not None:
        window = settled(summary, visit.merchant_id, _days(request), int(ist_day(house.clock())))
        costs = house.policies.now(visit.merchant_id).model.costs
        rows = [[iso_day(w.first), w.orders, w.back, w.paise / 100]
                for w in _weeks(summary, visit, window, costs)]  # fmt: skip
    return table_file("returns-cost", written(["week_from", "orders", "came_back", "rupees"], rows))


@router.get("/money/campaigns")
async def campaigns_table(request: Request) -> Response:
    """Campaigns net of returns, as a CSV."""
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    found: list[Campaign] = []
    if summary is not None:
        window = settled(summary, visit.merchant_id, _days(request), int(ist_day(house.clock())))
        costs = house.policies.now(visit.merchant_id).model.costs
        found = campaigns(summary, visit.merchant_id, window, costs)
    head = [
        "campaign",
        "orders",
        "spent",
        "ordered",
        "delivered",
        "returns_cost",
        "roas",
        "net_roas",
    ]
    rows = [[c.campaign, c.orders, c.spent / 100, c.ordered / 100, c.delivered / 100, c.lost / 100,
             round(c.told, 3), round(c.net, 3)] for c in found]  # fmt: skip
    return table_file("campaigns", written(head, rows))


@router.post("/money/spend")
async def spend(request: Request) -> Response:
    """Take in an ad manager's CSV; the same day of a campaign takes the place of what was told."""
    house, visit = house_of(request), visit_of(request)
    rows = read_spend(await _text(form_of(request).get("file")))
    now = house.clock()
    with house.transaction() as log:
        log.append("spend", {"rows": rows}, at_us=now, known_us=now, merchant_id=visit.merchant_id)
        audit(log, "ad spend uploaded", visit.merchant_id, now_us=now, rows=len(rows),
              by=visit.account_id)  # fmt: skip
    said = visit.say("{n} days of ad spend are taken in; they show within a minute.", n=len(rows))
    return turn_to(request, "/money", said)


async def _text(file: object) -> str:
    if not isinstance(file, UploadFile) or not file.filename:
        raise RefusedError("choose a CSV file with the columns day, campaign and spend")
    try:
        return (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedError("the file is not text in UTF-8; save it as CSV (UTF-8)") from None
    finally:
        await file.close()


def _days(request: Request) -> int:
    asked = request.query_params.get("days", "")
    return int(asked) if asked in map(str, WINDOWS) else WINDOWS[0]


def _weeks(summary: Summary, visit: Visit, window: Settled, costs: Costs) -> list[Week]:
    if not window.weeks:
        return []
    first, last = window.span
    cells = summary.counts(visit.merchant_id, "all", first_day(first), first_day(last) + 6)
    by = summed((str(week_of(day)), counts) for _, day, counts in cells)
    found = {int(week): counts for week, counts in by.items() if int(week) in window.weeks}
    return [Week(first_day(week), counts.orders, counts.came_back, losses(counts, costs).paise)
            for week, counts in sorted(found.items())]  # fmt: skip


def _columns(weeks: list[Week]) -> Markup | None:
    if len(weeks) < 2:
        return None
    rows = [Column(short_day(week.first), week.paise / 100) for week in weeks]
    return columns(rows, shown=_short)


def _parts(visit: Visit, cost: Losses) -> Markup:
    say = visit.say
    rows = [
        Column(say("Shipping to the customer"), cost.forward / 100),
        Column(say("Shipping back"), cost.reverse / 100),
        Column(say("Handling and packaging"), cost.handling / 100),
        Column(say("Goods that cannot be sold again"), cost.damage / 100),
    ]
    return bars(rows, shown=rupees_of)


def _short(rupees: float) -> str:
    """A number of rupees for an axis.

    >>> _short(0), _short(950), _short(25_400), _short(1_250_000)
    ('₹0', '₹950', '₹25k', '₹12.5L')
    """
    if rupees >= 100_000:
        return f"₹{rupees / 100_000:.1f}L"
    return f"₹{rupees / 1_000:.0f}k" if rupees >= 1_000 else f"₹{rupees:.0f}"


def _saved(summary: Summary, visit: Visit, days: int) -> dict[str, Any] | None:
    """What was measured last; None before anything was acted on."""
    report = summary.report(visit.merchant_id, "saved")
    if report is None or not report["windows"][str(days)]["acted"]:
        return None
    found: dict[str, Any] = report["windows"][str(days)]
    return found | {"until": report["basis"]["until"]}


def _best(found: list[Campaign]) -> tuple[Campaign, Campaign] | None:
    """The best campaign by what an ad manager shows, and the one that really is."""
    if len(found) < 2:
        return None
    return max(found, key=lambda c: c.told), max(found, key=lambda c: c.net)


def _customers(summary: Summary, visit: Visit, days: int) -> list[dict[str, Any]]:
    report = summary.report(visit.merchant_id, f"customers {days}")
    return [] if report is None else list(report["customers"])
