"""What returns: by pincode, product, coupon …, what is on its way back, and what to do about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from features.days import ist_day
from serving.board.advice import CAUSES, advice, advice_on_cause
from serving.board.charts import Ranged, ranges
from serving.board.entry import SEPARATOR
from serving.board.findings import DIMENSIONS, SORTS, Finding, listed
from serving.board.maturity import WINDOWS, Settled, settled, totals_of
from serving.board.outlook import Expected, Return, coming_back
from serving.board.rates import share
from serving.board.summary import Summary
from serving.pages.formats import percent
from serving.pages.rendering import show, table_file
from serving.pages.terms import FEEDBACK, PAYMENTS
from serving.pages.visit import Visit, house_of, visit_of
from serving.weeks import first_day, iso_day, short_day, week_of

router = APIRouter()

TITLES = {
    "pincode": "Pincode", "sku": "Product", "coupon": "Coupon", "campaign": "Campaign",
    "courier": "Courier", "payment_mode": "Payment", "package_type": "Packaging", "cause": "Cause",
}  # fmt: skip
_MOST = 30
_IN_CHART = 8
_WEEKS, _ARTICLES = 4, 10
_NOT_TOLD = {"coupon": "No coupon", "campaign": "No campaign"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the page is asked for; anything strange is taken as the usual."""

    by: str
    days: int
    sort: str

    @classmethod
    def of(cls, request: Request) -> Asked:
        """From the address."""
        query = request.query_params
        by, sort, days = (query.get(name, "") for name in ("by", "sort", "days"))
        return cls(
            by if by in TITLES else "pincode",
            int(days) if days in map(str, WINDOWS) else WINDOWS[0],
            sort if sort in SORTS else "lost",
        )


@router.get("/returns")
async def returns(request: Request) -> Response:
    """The page."""
    house, visit, asked = house_of(request), visit_of(request), Asked.of(request)
    summary = house.shelf.of(visit.merchant_id)
    title = visit.say("What returns")
    if summary is None:
        return show(request, "counting.html", title=title)
    today = int(ist_day(house.clock()))
    window = settled(summary, visit.merchant_id, asked.days, today)
    found = _found(summary, visit, asked, window, _MOST)
    overall = _overall(summary, visit, window)
    back = coming_back(summary, visit.merchant_id, window, today)
    return show(
        request, "returns.html", title=title, asked=asked, titles=TITLES, windows=WINDOWS,
        rows=[(_named(visit, asked.by, f.value), f, _advice(asked.by, f)) for f in found],
        overall=overall, window=window, until=window.until, causes=CAUSES, back=back,
        says=_headline(visit, asked, found, overall), chart=_chart(visit, asked, found, overall),
        weeks=[short_day(first_day(week)) for week in _weeks(today)],
        articles=_articles(back, today), most=_MOST,
        feedback=_feedback(summary, visit, window) if asked.by == "cause" else {},
    )  # fmt: skip


@router.get("/returns/table")
async def table(request: Request) -> Response:
    """All of it as a CSV."""
    house, visit, asked = house_of(request), visit_of(request), Asked.of(request)
    summary = house.shelf.of(visit.merchant_id)
    found: Sequence[Finding] = ()
    if summary is not None:
        window = settled(summary, visit.merchant_id, asked.days, int(ist_day(house.clock())))
        found = _found(summary, visit, asked, window, -1)
    head = [asked.by, "orders", "ended", "came_back", "share", "low", "high", "verdict", "cause",
            "cost_rupees", "advice"]  # fmt: skip
    rows = [
        [f.value, f.orders, f.known, f.back, round(f.rate, 4), round(f.low, 4), round(f.high, 4),
         f.verdict, f.cause, f.lost_paise / 100, _advice(asked.by, f)]
        for f in found
    ]  # fmt: skip
    return table_file(f"what-returns-{asked.by}", written(head, rows))


@router.get("/returns/expected")
async def expected(request: Request) -> Response:
    """Units expected back, by product and week, as a CSV."""
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    rows: list[list[Any]] = []
    if summary is not None:
        today = int(ist_day(house.clock()))
        window = settled(summary, visit.merchant_id, WINDOWS[0], today)
        back = coming_back(summary, visit.merchant_id, window, today)
        rows = [[e.sku, iso_day(first_day(e.week)), round(e.units, 2)] for e in back.expected]
    return table_file("expected-back", written(["sku", "week_from", "units"], rows))


def written(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV; what a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(head)
    for row in rows:
        out.writerow([_harmless(value) for value in row])
    return text.getvalue()


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def _found(
    summary: Summary, visit: Visit, asked: Asked, window: Settled, limit: int
) -> list[Finding]:
    if asked.by in DIMENSIONS:
        return listed(
            summary, visit.merchant_id, asked.days, asked.by, sort=asked.sort, limit=limit
        )
    costs = _costs_of(summary, visit, window)
    back = sum(c.came_back for c in costs.values())
    rows = []
    for cause, counts in costs.items():
        rate, low, high = share(counts.came_back, back)
        rows.append(Finding(cause, counts.orders, counts.known, counts.came_back, rate, low, high,
                            "more" if cause else "few", "", 0))  # fmt: skip
    return sorted(rows, key=lambda f: -f.back)


def _costs_of(summary: Summary, visit: Visit, window: Settled) -> dict[str, Any]:
    return dict(totals_of(summary, visit.merchant_id, "cause", window))


def _feedback(
    summary: Summary, visit: Visit, window: Settled
) -> dict[str, list[tuple[str, int, float, float, float]]]:
    """What customers themselves say: answers with their shares, after returns and deliveries."""
    by: dict[str, dict[str, int]] = {}
    for value, counts in totals_of(summary, visit.merchant_id, "feedback", window).items():
        about, answer = value.split(SEPARATOR)
        by.setdefault(about, {})[answer] = counts.orders
    return {
        about: [
            (visit.say(FEEDBACK.get(answer, answer)), n, *share(n, sum(by[about].values())))
            for answer, n in sorted(by[about].items(), key=lambda pair: -pair[1])
        ]
        for about in sorted(by, reverse=True)
    }


def _overall(summary: Summary, visit: Visit, window: Settled) -> tuple[float, int, int]:
    whole = totals_of(summary, visit.merchant_id, "all", window).get("")
    if whole is None or not whole.known:
        return 0.0, 0, 0
    return whole.came_back / whole.known, whole.came_back, whole.known


def _advice(by: str, finding: Finding) -> str:
    return advice_on_cause(finding.value) if by == "cause" else advice(by, finding)


def _named(visit: Visit, by: str, value: str) -> str:
    if by == "cause":
        return visit.say(CAUSES.get(value, value))
    if by == "payment_mode":
        return visit.say(PAYMENTS.get(value or "unknown", value))
    return value or visit.say(_NOT_TOLD.get(by, "Not told"))


def _headline(
    visit: Visit, asked: Asked, found: Sequence[Finding], overall: tuple[float, int, int]
) -> str:
    """The finding that the chart shows."""
    say, rate = visit.say, percent(overall[0])
    if asked.by == "cause":
        told = [f for f in found if f.value]
        if not told:
            return say("No courier has named a reason yet.")
        return say("{share} of what came back: {cause}", share=percent(told[0].rate),
                   cause=_named(visit, "cause", told[0].value))  # fmt: skip
    worse = sorted((f for f in found if f.verdict == "more"), key=lambda f: -f.low)
    if not worse:
        return say(
            "Nothing here returns clearly more than your shop as a whole ({rate}).", rate=rate
        )
    return say(
        "{name} returns {share}, your shop {rate}; {n} stand out in all.",
        name=_named(visit, asked.by, worse[0].value), share=percent(worse[0].rate), rate=rate,
        n=len(worse),
    )  # fmt: skip


def _chart(
    visit: Visit, asked: Asked, found: Sequence[Finding], overall: tuple[float, int, int]
) -> Markup | None:
    """The worst that are certain enough, with their intervals."""
    shown = sorted((f for f in found if f.verdict != "few"), key=lambda f: -f.low)[:_IN_CHART]
    if not shown:
        return None
    rows = [Ranged(_named(visit, asked.by, f.value), f.rate, f.low, f.high) for f in shown]
    rule = 0.0 if asked.by == "cause" else overall[0]
    named = "" if asked.by == "cause" else visit.say("Your shop")
    return ranges(rows, rule=rule, shown=percent, named=named)


def _weeks(today: int) -> list[int]:
    return [week_of(today) + i for i in range(_WEEKS)]


def _articles(back: Return, today: int) -> list[tuple[str, list[float], float]]:
    """The articles of which most are expected, with their units by week."""
    weeks = _weeks(today)
    by: dict[str, list[Expected]] = {}
    for one in back.expected:
        by.setdefault(one.sku, []).append(one)
    rows = [
        (
            sku,
            [sum(e.units for e in mine if e.week == w) for w in weeks],
            sum(e.units for e in mine),
        )
        for sku, mine in by.items()
    ]
    return sorted(rows, key=lambda row: -row[2])[:_ARTICLES]
