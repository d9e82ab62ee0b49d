"""Failed deliveries: those that can still be saved, and what became of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from features.days import DAY_US, IST, from_us, ist_day
from features.errors import RefusedError
from serving.board.advice import CAUSES
from serving.board.charts import Ranged, ranges
from serving.board.failures import Failed, Share, failed_deliveries, together
from serving.board.maturity import WINDOWS, Settled, settled
from serving.conversation.redelivery import LONGEST_DAYS
from serving.orders import content_held
from serving.pages.formats import percent
from serving.pages.rendering import show, table_file, turn_to
from serving.pages.returns import written
from serving.pages.visit import Visit, form_of, house_of, visit_of
from serving.pages.watch import DAYS
from serving.parcels.tracking import WINDOW_US
from serving.store.failures import Failure, last_failures
from serving.store.orders import Held, orders_numbered
from serving.store.transcripts import Written, written_about

SHOWN, LISTED, IN_CHART = 100, 40, 8
OPEN_US = DAYS * DAY_US
"""What failed longer ago, and was never heard of again, is no work of today."""
DOES = {
    "ask": "The customer is asked again",
    "day": "The new day is passed on",
    "address": "The new address is passed on",
    "dispute": "To be disputed with the courier",
    "refused": "Not wanted any more",
}
COLUMNS = (
    "reason", "courier", "attempt", "failed", "ended", "arrived", "share_saved", "low", "high",
    "answered", "nobody_came", "share_denied", "denied_low", "denied_high",
)  # fmt: skip
WISHES = {
    "confirmed": "Deliver again",
    "corrected": "Another address",
    "not_attempted": "Nobody came",
    "refused": "Not wanted any more",
}

router = APIRouter()


@dataclass(frozen=True)
class Open:
    """A parcel that can still be delivered.

    Parameters
    ----------
    asked : Written or None
        Our question about this attempt.
    wishes : list of str
        What was answered since, in words.
    until_us : int
        Until when the courier decides whether to try again.
    """

    held: Held
    failure: Failure
    asked: Written | None
    wishes: list[str]
    until_us: int
    content: Mapping[str, Any]
    remark: str


@router.get("/failed")
async def failed(request: Request) -> Response:
    """What is open now, by the time that is left; and the table of the past."""
    house, visit = house_of(request), visit_of(request)
    now, days = house.clock(), _days(request)
    watched = house.watch.of(house.connection, visit.merchant_id, now)
    waiting = _open(request, list(watched.at("ndr")))
    window, rows = _past(request, days)
    until = None if window is None else window.until
    today = from_us(now).astimezone(IST).date()
    return show(
        request, "failed.html", title=visit.say("Failed deliveries"), now=now, days=days,
        waiting=waiting[:SHOWN], more=max(0, len(waiting) - SHOWN), windows=WINDOWS,
        rows=[(_named(visit, row), row) for row in rows[:LISTED]], counted=window is not None,
        until=until, hidden=max(0, len(rows) - LISTED), says=_headline(visit, rows),
        chart=_chart(visit, rows), causes=CAUSES, today=today.isoformat(),
        latest=(today + timedelta(days=LONGEST_DAYS)).isoformat(),
    )  # fmt: skip


@router.post("/failed")
async def act(request: Request) -> Response:
    """Ask again, or pass on what the customer said on the phone."""
    visit, form = visit_of(request), form_of(request)
    do, order = str(form.get("do", "")), str(form.get("order", ""))
    if do not in DOES:
        raise RefusedError("choose what to do with the parcel")
    told = {name: str(form[name]) for name in ("day", "address") if do == name and form.get(name)}
    if do in ("day", "address") and not told:
        raise RefusedError(visit.say("Say the new day or address first."))
    await house_of(request).inside.ask(
        visit.member, "POST", f"/v1/orders/{quote(order, safe='')}/redelivery",
        {"do": do, "by": f"user {visit.account_id}"} | told,
    )  # fmt: skip
    said = visit.say("{what}: order {order}.", what=visit.say(DOES[do]), order=order)
    return turn_to(request, "/failed", said)


@router.get("/failed/table")
async def table(request: Request) -> Response:
    """All of the past as a CSV."""
    _, rows = _past(request, _days(request))
    lines = [
        [f.reason, f.courier, f.attempt, f.failed, f.saved.tries, f.saved.hits,
         *_rounded(f.saved), f.denied.tries, f.denied.hits, *_rounded(f.denied)] for f in rows
    ]  # fmt: skip
    return table_file("failed-deliveries", written(COLUMNS, lines))


def _days(request: Request) -> int:
    days = request.query_params.get("days", "")
    return int(days) if days in map(str, WINDOWS) else WINDOWS[0]


def _open(request: Request, numbers: Sequence[int]) -> list[Open]:
    """The least time left first; whoever has answered already stands behind."""
    house, visit = house_of(request), visit_of(request)
    if not numbers:
        return []
    failures = last_failures(house.connection, numbers)
    asked = {(m.number, m.detail.get("attempt")): m
             for m in written_about(house.connection, numbers) if m.purpose == "ndr"}  # fmt: skip
    found = []
    since = house.clock() - OPEN_US
    for held in orders_numbered(house.connection, failures):
        if (failure := failures[held.number]).at_us < since:
            continue
        sealed = house.contacts.of(house.connection, failure.seq) or {}
        found.append(Open(
            held=held, failure=failure, asked=asked.get((held.number, failure.attempt)),
            wishes=_wishes(visit, failure), until_us=failure.at_us + WINDOW_US,
            content=content_held(house.connection, house.contacts, held.fact_seq),
            remark=str(sealed.get("note") or ""),
        ))  # fmt: skip
    return sorted(found, key=lambda one: (bool(one.wishes), one.until_us))


def _wishes(visit: Visit, failure: Failure) -> list[str]:
    said = []
    for answer in failure.answers:
        if (name := WISHES.get(str(answer.get("response")))) is not None:
            day = answer.get("ship_after")
            said.append(visit.say("{what} from {day} on", what=visit.say(name), day=day)
                        if day else visit.say(name))  # fmt: skip
    return list(dict.fromkeys(said))


def _past(request: Request, days: int) -> tuple[Settled | None, list[Failed]]:
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    if summary is None:
        return None, []
    window = settled(summary, visit.merchant_id, days, int(ist_day(house.clock())))
    return window, failed_deliveries(summary, visit.merchant_id, window)


def _named(visit: Visit, row: Failed) -> tuple[str, str]:
    return visit.say(CAUSES.get(row.reason, row.reason)), row.courier or visit.say("Not told")


def _headline(visit: Visit, rows: Sequence[Failed]) -> str:
    """What the chart shows, and whether attempts were false."""
    saved, denied = together(rows)
    if not saved.tries:
        return visit.say("No failed delivery of these weeks has ended.")
    rate, low, high = saved.interval
    said = visit.say(
        "{rate} of failed deliveries arrived after all (between {low} and {high}).",
        rate=percent(rate), low=percent(low), high=percent(high),
    )  # fmt: skip
    if denied.hits:
        said += " " + visit.say(
            "Of {n} customers who answered, {k} say that nobody came.",
            n=denied.tries, k=denied.hits,
        )  # fmt: skip
    return said


def _chart(visit: Visit, rows: Sequence[Failed]) -> Markup | None:
    """The share saved by reason."""
    by: dict[str, list[Failed]] = {}
    for row in rows:
        by.setdefault(row.reason, []).append(row)
    drawn = []
    for reason, mine in by.items():
        saved, _ = together(mine)
        if saved.tries:
            drawn.append((saved.tries, Ranged(visit.say(CAUSES.get(reason, reason)),
                                              *saved.interval)))  # fmt: skip
    drawn.sort(key=lambda pair: -pair[0])
    if not drawn:
        return None
    overall = together(rows)[0].interval[0]
    return ranges([one for _, one in drawn[:IN_CHART]], rule=overall, shown=percent,
                  named=visit.say("All"))  # fmt: skip


def _rounded(one: Share) -> list[float | str]:
    return [round(value, 4) for value in one.interval] if one.tries else ["", "", ""]
