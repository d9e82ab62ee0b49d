"""Set-up: the shop's past orders in, a model learned from them and put in use, then live."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request, Response

from features.days import ist_day
from features.errors import RefusedError
from models.costs import Costs
from serving.audit import audit
from serving.board.entry import Counts
from serving.board.losses import Losses, losses
from serving.board.maturity import WINDOWS, settled, totals_of
from serving.model import EVERYBODY, Place, newest_promotions
from serving.orders import decided_since
from serving.pages.column_choice import described_in
from serving.pages.errands import Errands
from serving.pages.papers import Learned, learned_by
from serving.pages.refusals import refusal
from serving.pages.rendering import show, turn_to
from serving.pages.setup_files import (
    BY_HAND,
    COLUMNS,
    Plan,
    bundle_in,
    choosable,
    data_in,
    errands_of,
    is_file,
    keep_file,
    mapping_in,
    mapping_of,
    refuse_others,
    sample,
    shipped,
)
from serving.pages.today import midnight_before
from serving.pages.visit import OWNER, UPLOAD, form_of, house_of, visit_of
from serving.store.merchants import merchants
from serving.upkeep.retraining import CONFIGURATION

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a set-up is.

    Parameters
    ----------
    learned : Learned or None
        The model that was made of the files.
    in_use : bool
        Whether it decides this shop's orders.
    loaded : bool
        Whether the past orders count as history.
    """

    read: bool
    learned: Learned | None
    in_use: bool
    loaded: bool


@dataclass(frozen=True, slots=True)
class LastDays:
    """What came back lately, of the orders that have ended.

    Parameters
    ----------
    until : int or None
        The last day that counts, as an Indian day; None where no week is old enough.
    """

    until: int | None
    whole: Counts
    cost: Losses


@router.get("/setup")
async def setup(request: Request) -> Response:
    """How far it is, and what comes next."""
    house, visit = house_of(request), visit_of(request)
    errands = errands_of(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    mappings, state = await shipped(), errands.state
    titles = {one.name: one.says for one in mappings}
    today = decided_since(house.connection, visit.merchant_id, midnight_before(house.clock()))
    return show(
        request, "setup.html", title=visit.say("Set-up"), state=state, busy=errands.busy,
        columns=COLUMNS, mappings=mappings, sample=sample(data_in(errands.folder)),
        alone=_alone(request), able=find_spec("lightgbm") is not None,
        reached=_reached(request, errands), past=_last_days(request), policy=policy,
        by_hand=choosable(errands), hand=BY_HAND,
        refused=refusal(visit.say, state["says"][-1], titles) if state["says"] else "",
        own_costs=policy["costs"] != asdict(Costs()), today=len(today),
    )  # fmt: skip


@router.post("/setup/files", tags=UPLOAD)
async def files(request: Request) -> Response:
    """Take the shop's file and the courier's, and read them."""
    errands = errands_of(request)
    if not is_file(form_of(request).get("export")):
        raise RefusedError(visit_of(request).say("Choose your shop's file first."))
    errands.begin()
    try:
        plan = await _planned(request, errands.folder)
    except BaseException:
        shutil.rmtree(errands.folder)
        raise
    plan.keep(errands.folder)
    if plan.by_hand:
        errands.start("columns", plan.looks(errands.folder))
    else:
        command = plan.command(errands.folder, visit_of(request).merchant_id)
        uploads = plan.uploads(errands.folder)
        errands.start("import", [command], ended=lambda _: _drop(uploads))
    return turn_to(request, "/setup")


async def _planned(request: Request, folder: Path) -> Plan:
    """How the files are to be read, once they lie in the folder."""
    say, form = visit_of(request).say, form_of(request)
    export = await keep_file(form.get("export"), folder / "export.csv")
    mapping = await mapping_of(form, "mapping", mapping_in(folder, "export"), say)
    if not is_file(form.get("report")):
        return Plan(export.name, mapping)
    report = await keep_file(form.get("report"), folder / "report.csv")
    known = await mapping_of(form, "report_mapping", mapping_in(folder, "report"), say)
    return Plan(export.name, mapping, report.name, known, str(form.get("join", "")).strip())


@router.post("/setup/learn", tags=OWNER)
async def learn(request: Request) -> Response:
    """Learn a model from what was read; it decides nothing yet."""
    house, visit = house_of(request), visit_of(request)
    errands = _ready(request)
    if find_spec("lightgbm") is None:
        raise RefusedError(visit.say("Training is not installed here."))
    bundle = bundle_in(errands.folder)
    shutil.rmtree(bundle, ignore_errors=True)
    words = ["train", "--data", str(data_in(errands.folder)), "--out", str(bundle)]
    chosen = house.settings.home / CONFIGURATION
    words += ["--config", str(chosen)] if chosen.is_file() else []
    # The registry follows the model of all shops; one shop's own is named by the log alone.
    words += [] if _alone(request) else ["--no-tracking"]
    errands.start("learn", [words])
    return turn_to(request, "/setup")


@router.post("/setup/use", tags=OWNER)
async def use(request: Request) -> Response:
    """Count the past orders as history and, where the checks passed, let the model decide."""
    house, visit = house_of(request), visit_of(request)
    errands = _ready(request)
    data = data_in(errands.folder)
    commands = [["load", "--data", str(data)]]
    learned = learned_by(bundle_in(errands.folder))
    if learned is not None and learned.good:
        everybody = ["promote", learned.version]
        own = ["trial", "canary", learned.version, "--merchant", visit.merchant_id]
        commands.append(everybody if _alone(request) else own)
        with house.transaction() as log:
            audit(log, "model put in use", visit.merchant_id, now_us=house.clock(),
                  by=visit.account_id, version=learned.version)  # fmt: skip
    plan = Plan.held(errands.folder)
    held = [data, *_by_hand_files(errands.folder, plan)] if plan else [data]
    errands.start("use", commands, ended=lambda well: _drop(held if well else []))
    return turn_to(request, "/setup")


def _by_hand_files(folder: Path, plan: Plan) -> list[Path]:
    """What was kept so that the columns could be chosen again."""
    return [*plan.uploads(folder), *(described_in(folder, side) for side in plan.by_hand)]


def _drop(paths: Iterable[Path]) -> None:
    """Nothing that names customers stays once it is in the log, which seals it."""
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _ready(request: Request) -> Errands:
    """The errands of a shop whose files were read, and hold its own orders alone."""
    visit, errands = visit_of(request), errands_of(request)
    errands.refuse_while_running()
    if "import" not in errands.state["done"] or not data_in(errands.folder).is_dir():
        raise RefusedError(visit.say("Read your files first."))
    refuse_others(data_in(errands.folder), visit.merchant_id, visit.say)
    return errands


def _reached(request: Request, errands: Errands) -> Reached:
    done = errands.state["done"]
    learned = learned_by(bundle_in(errands.folder)) if "learn" in done else None
    promoted = newest_promotions(house_of(request).connection)
    decides = promoted.get(Place(visit_of(request).merchant_id)) or promoted.get(EVERYBODY)
    return Reached(
        "import" in done, learned,
        learned is not None and decides is not None and decides.version == learned.version,
        "use" in done,
    )  # fmt: skip


def _last_days(request: Request) -> LastDays | None:
    """The last 90 days' orders whose ends are known; None before they are counted."""
    house, visit = house_of(request), visit_of(request)
    summary = house.shelf.of(visit.merchant_id)
    if summary is None:
        return None
    window = settled(summary, visit.merchant_id, WINDOWS[0], int(ist_day(house.clock())))
    if window.until is None and not window.left_out:
        return None
    whole = totals_of(summary, visit.merchant_id, "all", window).get("", Counts())
    costs = house.policies.now(visit.merchant_id).model.costs
    return LastDays(window.until, whole, losses(whole, costs))


def _alone(request: Request) -> bool:
    """Whether the model of all shops is this shop's alone."""
    found = merchants(house_of(request).connection)
    return sum(one.closed_us is None for one in found) == 1
