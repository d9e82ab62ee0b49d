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
from serving.pages.errands import Errands
from serving.pages.papers import Learned, learned_by
from serving.pages.rendering import show, turn_to
from serving.pages.setup_files import (
    COLUMNS,
    is_file,
    keep_file,
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
    errands = _errands(request)
    policy = await house.inside.ask(visit.member, "GET", "/v1/policy")
    today = decided_since(house.connection, visit.merchant_id, midnight_before(house.clock()))
    return show(
        request, "setup.html", title=visit.say("Set-up"), state=errands.state, busy=errands.busy,
        columns=COLUMNS, mappings=await shipped(), sample=sample(_data(errands)),
        alone=_alone(request), able=find_spec("lightgbm") is not None,
        reached=_reached(request, errands), past=_last_days(request), policy=policy,
        own_costs=policy["costs"] != asdict(Costs()), today=len(today),
    )  # fmt: skip


@router.post("/setup/files", tags=UPLOAD)
async def files(request: Request) -> Response:
    """Take the shop's file and the courier's, and read them."""
    errands = _errands(request)
    if not is_file(form_of(request).get("export")):
        raise RefusedError(visit_of(request).say("Choose your shop's file first."))
    errands.begin()
    try:
        words, uploads = await _import_words(request, errands)
    except BaseException:
        shutil.rmtree(errands.folder)
        raise
    errands.start("import", [words], ended=lambda _: _drop(uploads))
    return turn_to(request, "/setup")


async def _import_words(request: Request, errands: Errands) -> tuple[list[str], list[Path]]:
    """How the files are to be read, and where they were put meanwhile."""
    visit, form, folder = visit_of(request), form_of(request), errands.folder
    uploads = [await keep_file(form.get("export"), folder / "export.csv")]
    words = ["import", str(uploads[0]),
             "--mapping", await mapping_of(form, "mapping", folder / "mapping.yaml", visit.say),
             "--merchant", visit.merchant_id, "--out", str(_data(errands))]  # fmt: skip
    if is_file(form.get("report")):
        uploads.append(await keep_file(form.get("report"), folder / "report.csv"))
        known = await mapping_of(form, "report_mapping", folder / "report.yaml", visit.say)
        words += ["--outcomes", str(uploads[1]), "--outcomes-mapping", known]
        join = str(form.get("join", "")).strip()
        words += ["--join", join] if join else []
    return words, uploads


@router.post("/setup/learn", tags=OWNER)
async def learn(request: Request) -> Response:
    """Learn a model from what was read; it decides nothing yet."""
    house, visit = house_of(request), visit_of(request)
    errands = _ready(request)
    if find_spec("lightgbm") is None:
        raise RefusedError(visit.say("Training is not installed here."))
    shutil.rmtree(_bundle(errands), ignore_errors=True)
    words = ["train", "--data", str(_data(errands)), "--out", str(_bundle(errands))]
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
    data = _data(errands)
    commands = [["load", "--data", str(data)]]
    learned = learned_by(_bundle(errands))
    if learned is not None and learned.good:
        everybody = ["promote", learned.version]
        own = ["trial", "canary", learned.version, "--merchant", visit.merchant_id]
        commands.append(everybody if _alone(request) else own)
        with house.transaction() as log:
            audit(log, "model put in use", visit.merchant_id, now_us=house.clock(),
                  by=visit.account_id, version=learned.version)  # fmt: skip
    errands.start("use", commands, ended=lambda well: _drop([data] if well else []))
    return turn_to(request, "/setup")


def _drop(paths: Iterable[Path]) -> None:
    """Nothing that names customers stays once it is in the log, which seals it."""
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _errands(request: Request) -> Errands:
    return Errands.of(house_of(request).settings, visit_of(request).merchant_id)


def _data(errands: Errands) -> Path:
    return errands.folder / "data"


def _bundle(errands: Errands) -> Path:
    return errands.folder / "bundle"


def _ready(request: Request) -> Errands:
    """The errands of a shop whose files were read, and hold its own orders alone."""
    visit, errands = visit_of(request), _errands(request)
    errands.refuse_while_running()
    if "import" not in errands.state["done"] or not _data(errands).is_dir():
        raise RefusedError(visit.say("Read your files first."))
    refuse_others(_data(errands), visit.merchant_id, visit.say)
    return errands


def _reached(request: Request, errands: Errands) -> Reached:
    done = errands.state["done"]
    learned = learned_by(_bundle(errands)) if "learn" in done else None
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
