"""Model: what it learned from, whether it keeps its word at this merchant, and how it ages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from features.days import ist_day
from features.errors import BundleError
from models.manifest import Manifest
from serving.board.charts import Column, Promise, columns, reliability
from serving.board.maturity import WINDOWS, settled
from serving.board.quality import Quality, quality
from serving.model import newest_promotion
from serving.pages.formats import percent, whole
from serving.pages.rendering import show, table_file
from serving.pages.returns import written
from serving.pages.visit import Visit, house_of, visit_of
from serving.upkeep.retraining import last_retraining
from serving.weeks import first_day, short_day, week_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Learned:
    """What a bundle says of its training.

    Parameters
    ----------
    orders, rto : int
        Orders it learned from, and those of them that came back.
    until, made_at : str
        The last instant known to it, and when it was made.
    left_out : dict of str to int
        Orders it did not learn from, by why.
    judged : int
        Newest orders that it was examined on.
    ranked : float or None
        How often an order that came back scored above one that arrived.
    passed : int
        Gates it passed.
    """

    version: str
    orders: int
    rto: int
    until: str
    made_at: str
    invented: bool
    left_out: dict[str, int]
    judged: int
    ranked: float | None
    passed: int


@router.get("/model")
async def model(request: Request) -> Response:
    """The page."""
    house, visit = house_of(request), visit_of(request)
    promotion = newest_promotion(house.connection)
    learned = None
    if promotion is not None:
        learned = learned_by(house.settings.models_dir / promotion.version)
    found = _quality(request)
    return show(
        request, "model.html", title=visit.say("Model"), learned=learned, found=found,
        promoted=promotion, retrained=last_retraining(house.connection),
        every=house.settings.auto_retrain, says=None if found is None else _says(visit, found),
        chart=_chart(visit, found), weeks=_weeks(found),
    )  # fmt: skip


@router.get("/model/table")
async def table(request: Request) -> Response:
    """The reliability chart's numbers as a CSV."""
    found = _quality(request)
    points = () if found is None else found.points
    head = ["promised", "came_back", "low", "high", "orders"]
    rows = [[round(p.expected, 4), round(p.rate, 4), round(p.low, 4), round(p.high, 4), p.orders]
            for p in points]  # fmt: skip
    return table_file("calibration", written(head, rows))


def learned_by(bundle: Path) -> Learned | None:
    """The manifest of a bundle in a merchant's terms; None where it is not on this machine."""
    try:
        manifest = Manifest.from_bytes((bundle / "manifest.json").read_bytes())
    except (OSError, BundleError):
        return None
    training: dict[str, Any] = dict(manifest.training)
    labels, exam = training.get("labels") or {}, training.get("exam") or {}
    gates = training.get("gates") or []
    return Learned(
        version=manifest.version,
        orders=int(labels.get("orders", 0)),
        rto=int(labels.get("rto", 0)),
        until=_day(training.get("until")),
        made_at=_day(manifest.provenance.get("made_at")),
        invented=bool((training.get("data") or {}).get("invented")),
        left_out=dict(labels.get("left_out") or {}),
        judged=int(exam.get("orders", 0)),
        ranked=(exam.get("model") or {}).get("roc_auc"),
        passed=sum(bool(gate.get("passed")) for gate in gates),
    )


def _day(text: object) -> str:
    if not isinstance(text, str):
        return "–"
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y}"


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
