"""Model: what it learned from, whether it keeps its word at this merchant, and how it ages."""

from __future__ import annotations

import math

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from features.days import ist_day
from features.errors import RefusedError
from serving.board.charts import Column, Promise, columns, reliability
from serving.board.maturity import WINDOWS, settled
from serving.board.quality import Quality, quality
from serving.model import EVERYBODY, Place, newest_promotions, place_in
from serving.pages.formats import percent, whole
from serving.pages.papers import learned_by
from serving.pages.rendering import show, table_file, turn_to
from serving.pages.returns import written
from serving.pages.visit import OWNER, Visit, house_of, visit_of
from serving.upkeep.retraining import last_retraining
from serving.weeks import first_day, short_day, week_of

router = APIRouter()


@router.get("/model")
async def model(request: Request) -> Response:
    """The page."""
    house, visit = house_of(request), visit_of(request)
    found_in = newest_promotions(house.connection)
    own = found_in.get(Place(visit.merchant_id))
    promotion = own or found_in.get(EVERYBODY)
    learned = None
    if promotion is not None:
        learned = learned_by(house.settings.models_dir / promotion.version)
    found = _quality(request)
    return show(
        request, "model.html", title=visit.say("Model"), learned=learned, found=found,
        promoted=promotion, own=own is not None, retrained=last_retraining(house.connection),
        every=house.settings.auto_retrain, says=None if found is None else _says(visit, found),
        chart=_chart(visit, found), weeks=_weeks(found),
    )  # fmt: skip


@router.post("/model/end", tags=OWNER)
async def end_own(request: Request) -> Response:
    """Let the model that decides for every shop decide here again."""
    house, visit = house_of(request), visit_of(request)
    if Place(visit.merchant_id) not in newest_promotions(house.connection):
        raise RefusedError(visit.say("Your shop has no model of its own in use."))
    with house.transaction() as log:
        place_in(log, Place(visit.merchant_id), None, now=house.clock(), by=visit.account_id)
    return turn_to(request, "/model", visit.say("The model of all shops decides again."))


@router.get("/model/table")
async def table(request: Request) -> Response:
    """The reliability chart's numbers as a CSV."""
    found = _quality(request)
    points = () if found is None else found.points
    head = ["promised", "came_back", "low", "high", "orders"]
    rows = [[round(p.expected, 4), round(p.rate, 4), round(p.low, 4), round(p.high, 4), p.orders]
            for p in points]  # fmt: skip
    return table_file("calibration", written(head, rows))


def _quality(request: Request) -> Quality | None:
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    if summary is None:
        return None
    today = int(ist_day(house.clock()))
    window = settled(summary, visit.merchant_id, WINDOWS[-1], today)
    return quality(summary, visit.merchant_id, window, week_of(today))


def _says(visit: Visit, found: Quality) -> str:
    """The finding of the reliability chart."""
    numbers = {"expected": whole(found.expected), "back": whole(found.back),
               "n": whole(found.orders)}  # fmt: skip
    sentences = {
        "right": "It keeps its word: of {n} orders nobody interfered with it expected {expected} "
                 "to come back, and {back} did.",
        "too_low": "It promises too little risk: of {n} orders nobody interfered with it expected "
                   "{expected} to come back, and {back} did.",
        "too_high": "It promises too much risk: of {n} orders nobody interfered with it expected "
                    "{expected} to come back, and {back} did.",
        "few": "Too few orders nobody interfered with have ended ({n}) to judge it here.",
    }  # fmt: skip
    return visit.say(sentences[found.verdict], **numbers)


def _chart(visit: Visit, found: Quality | None) -> Markup | None:
    if found is None or not found.points:
        return None
    points = [Promise(p.expected, p.rate, p.low, p.high, p.orders) for p in found.points]
    return reliability(points, shown=percent, across=visit.say("promised risk; below, orders"),
                       up=visit.say("came back"))  # fmt: skip


def _weeks(found: Quality | None) -> Markup | None:
    if found is None or len(found.weeks) < 2:
        return None
    rows = [Column(short_day(first_day(week)), point.rate, point.expected)
            for week, point in found.weeks
            if not math.isnan(point.rate)]  # fmt: skip
    return columns(rows, shown=percent)
