"""Set-up: the shop's past orders in, a model learned from them, then costs and going live."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from features.errors import RefusedError
from serving.pages.errands import Errands
from serving.pages.rendering import show, turn_to
from serving.pages.visit import OWNER, UPLOAD, form_of, house_of, visit_of
from serving.store.merchants import merchants

SHOWN = 6
_PART = 1 << 20
_COLUMNS = ("order_id", "created_at", "payment_mode", "amount", "pincode", "outcome")

router = APIRouter()
_running: set[asyncio.Task[None]] = set()
_mappings: list[tuple[str, str, str]] = []


@router.get("/setup")
async def setup(request: Request) -> Response:
    """How far it is, and what comes next."""
    house, visit = house_of(request), visit_of(request)
    errands = Errands.of(house.settings, visit.merchant_id)
    state = errands.state
    read = state["name"] in ("import", "learn") and (errands.folder / "data").exists()
    return show(
        request, "setup.html", title=visit.say("Set-up"), state=state, columns=_COLUMNS,
        mappings=await _shipped(), sample=_sample(errands.folder) if read else None,
        alone=_alone(request), able=find_spec("lightgbm") is not None,
        policy=house.policies.now(visit.merchant_id),
    )  # fmt: skip


@router.post("/setup/files", tags=UPLOAD)
async def files(request: Request) -> Response:
    """Take the shop's file and the courier's, and read them."""
    house, visit, form = house_of(request), visit_of(request), form_of(request)
    errands = Errands.of(house.settings, visit.merchant_id)
    if not _is_file(form.get("export")):
        raise RefusedError(visit.say("Choose your shop's file first."))
    errands.begin()
    folder = errands.folder
    words = ["import", str(await _kept(form.get("export"), folder / "export.csv")),
             "--mapping", await _mapping(request, "mapping", folder / "mapping.yaml"),
             "--merchant", visit.merchant_id, "--out", str(folder / "data")]  # fmt: skip
    if _is_file(form.get("report")):
        report = await _kept(form.get("report"), folder / "report.csv")
        known = await _mapping(request, "report_mapping", folder / "report.yaml")
        words += ["--outcomes", str(report), "--outcomes-mapping", known]
        join = str(form.get("join", "")).strip()
        words += ["--join", join] if join else []
    _start(errands, "import", [words])
    return turn_to(request, "/setup")


@router.post("/setup/learn", tags=OWNER)
async def learn(request: Request) -> Response:
    """Learn a model from what was read, release it, and load the orders as history."""
    house, visit = house_of(request), visit_of(request)
    errands = Errands.of(house.settings, visit.merchant_id)
    errands.refuse_while_running()
    data, bundle = errands.folder / "data", errands.folder / "bundle"
    if errands.state["name"] not in ("import", "learn") or not (data / "orders.parquet").exists():
        raise RefusedError(visit.say("Read your files first."))
    _refuse_others(data, visit.merchant_id, visit.say)
    commands = [["load", "--data", str(data)]]
    if _alone(request) and find_spec("lightgbm") is not None:
        train = ["train", "--data", str(data), "--out", str(bundle)]
        _start(errands, "learn", [train], then=lambda: [["promote", _version(bundle)], *commands])
    else:
        _start(errands, "learn", commands)
    return turn_to(request, "/setup")


def _start(errands: Errands, name: str, commands: list[list[str]], then: Any = None) -> None:
    """Run beside the pages; ``then`` names what follows once the first commands are done."""

    async def work() -> None:
        await errands.run(name, commands)
        if then is not None and errands.state["status"] == "done":
            await errands.run(name, then())

    errands.announce(name)
    task = asyncio.create_task(work())
    _running.add(task)
    task.add_done_callback(_running.discard)


def _refuse_others(data: Path, merchant_id: str, say: Any) -> None:
    """A file may name its merchants; another shop's orders are none of this one's."""
    column = pq.read_table(data / "orders.parquet", columns=["merchant_id"]).column(0)
    if set(pc.unique(column).to_pylist()) != {merchant_id}:
        raise RefusedError(say("The file holds orders of another shop; leave them out."))


def _version(bundle: Path) -> str:
    return str(json.loads((bundle / "manifest.json").read_text("utf-8"))["version"])


def _sample(folder: Path) -> dict[str, Any] | None:
    """The first orders as they were read, and how many there are by outcome."""
    try:
        file = pq.ParquetFile(folder / "data" / "orders.parquet")
    except OSError:
        return None
    held = [name for name in _COLUMNS if name in file.schema_arrow.names]
    table = file.read(columns=held)
    rows = table.slice(0, SHOWN).to_pylist()
    ends = table.column("outcome").combine_chunks() if "outcome" in held else None
    counts = {} if ends is None else {str(one["values"] or ""): one["counts"]
                                      for one in pc.value_counts(ends).to_pylist()}  # fmt: skip
    return {"orders": table.num_rows, "rows": rows, "outcomes": counts}


def _alone(request: Request) -> bool:
    """Whether the model may be this shop's alone: one installation has one champion."""
    found = merchants(house_of(request).connection)
    return sum(one.closed_us is None for one in found) == 1


def _is_file(field: object) -> bool:
    return isinstance(field, UploadFile) and bool(field.filename)


async def _kept(field: object, path: Path) -> Path:
    assert isinstance(field, UploadFile)
    if str(field.filename).endswith(".gz"):
        path = path.with_name(f"{path.name}.gz")
    with path.open("wb") as file:
        while part := await field.read(_PART):
            file.write(part)
    return path


async def _mapping(request: Request, name: str, path: Path) -> str:
    """The chosen mapping's name, or the file of an own one."""
    form = form_of(request)
    if _is_file(form.get(f"{name}_file")):
        return str(await _kept(form.get(f"{name}_file"), path))
    chosen = str(form.get(name, ""))
    if chosen not in {known for known, _, _ in await _shipped()}:
        raise RefusedError(visit_of(request).say("Say where the file comes from."))
    return chosen


async def _shipped() -> list[tuple[str, str, str]]:
    """The mappings that come with the program: name, kind, meaning; asked once."""
    if not _mappings:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "rto", "import", "-", "--list-mappings",
            stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip
        printed, _ = await process.communicate()
        for line in printed.decode().splitlines():
            name, kind, *says = line.split(maxsplit=2)
            _mappings.append((name, kind, " ".join(says)))
    return _mappings
