"""The files of a set-up: taken in, told how to be read, and shown as they were read."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from features.errors import RefusedError
from serving.pages.column_choice import SIDES, Side, described_in
from serving.pages.errands import Errands
from serving.pages.visit import house_of, visit_of
from serving.pages.words import Words

SHOWN = 6
COLUMNS = ("order_id", "created_at", "payment_mode", "amount", "pincode", "outcome")
BY_HAND = "by-hand"
_PLAN = "plan.json"
_PART = 1 << 20
_mappings: list[Shipped] = []


class Shipped(NamedTuple):
    """A mapping that comes with the program: of orders or of outcomes."""

    name: str
    kind: str
    says: str


@dataclass(frozen=True)
class Plan:
    """Which files are to be read, and how.

    Parameters
    ----------
    export, report : str
        The files' names in the folder of the errands; empty where there is no report.
    mapping, report_mapping : str
        A shipped mapping, a file in the folder, or ``BY_HAND``.
    join : str
        The column of the export that the report repeats; empty for the order's number.
    """

    export: str
    mapping: str
    report: str = ""
    report_mapping: str = ""
    join: str = ""

    @classmethod
    def held(cls, folder: Path) -> Plan | None:
        """The plan of the files that lie there; None where none was made."""
        try:
            return cls(**json.loads((folder / _PLAN).read_text("utf-8")))
        except OSError:
            return None

    def keep(self, folder: Path) -> None:
        """Remember it beside the files."""
        (folder / _PLAN).write_text(json.dumps(asdict(self)), "utf-8")

    @property
    def by_hand(self) -> tuple[Side, ...]:
        """The files whose columns somebody chooses."""
        how = {"export": self.mapping, "report": self.report_mapping}
        return tuple(side for side in SIDES if how[side] == BY_HAND)

    def uploads(self, folder: Path) -> list[Path]:
        """The files, which name customers."""
        return [folder / name for name in (self.export, self.report) if name]

    def looks(self, folder: Path) -> list[list[str]]:
        """The commands that say what the files hold whose columns are chosen by hand."""
        files = {"export": self.export, "report": self.report}
        reads = {"export": "orders", "report": "outcomes"}
        return [
            ["columns", str(folder / files[side]), "--reads", reads[side],
             "--out", str(described_in(folder, side))]
            for side in self.by_hand
        ]  # fmt: skip

    def command(self, folder: Path, merchant_id: str) -> list[str]:
        """The import."""
        told = ["import", str(folder / self.export), "--mapping", self._mapping(folder, "export"),
                "--merchant", merchant_id, "--out", str(data_in(folder))]  # fmt: skip
        if self.report:
            told += ["--outcomes", str(folder / self.report),
                     "--outcomes-mapping", self._mapping(folder, "report")]  # fmt: skip
            told += ["--join", self.join] if self.join else []
        return told

    def _mapping(self, folder: Path, side: Side) -> str:
        name = self.mapping if side == "export" else self.report_mapping
        if name == BY_HAND:
            return str(mapping_in(folder, side))
        own = folder / name
        return str(own) if own.is_file() else name


def mapping_in(folder: Path, side: Side) -> Path:
    """Where an own mapping of a file lies."""
    return folder / ("mapping.yaml" if side == "export" else "report.yaml")


def data_in(folder: Path) -> Path:
    """What was read from the files."""
    return folder / "data"


def bundle_in(folder: Path) -> Path:
    """The model that was learned from it."""
    return folder / "bundle"


def choosable(errands: Errands) -> Plan | None:
    """The plan of files whose columns can be chosen now, or chosen again."""
    plan = Plan.held(errands.folder)
    if plan is None or errands.busy or not plan.by_hand:
        return None
    looked = all(described_in(errands.folder, side).is_file() for side in plan.by_hand)
    return plan if looked else None


def errands_of(request: Request) -> Errands:
    """The errands of the shop whose pages these are."""
    return Errands.of(house_of(request).settings, visit_of(request).merchant_id)


def is_file(field: object) -> bool:
    """Whether a field of a form holds a file."""
    return isinstance(field, UploadFile) and bool(field.filename)


async def keep_file(field: object, path: Path) -> Path:
    """Write an upload to a path, which says by its ending whether it is packed."""
    assert isinstance(field, UploadFile)
    if str(field.filename).endswith(".gz"):
        path = path.with_name(f"{path.name}.gz")
    with path.open("wb") as file:
        while part := await field.read(_PART):
            file.write(part)
    return path


async def mapping_of(form: FormData, name: str, path: Path, say: Words) -> str:
    """The chosen mapping's name, the file of an own one, or ``BY_HAND``."""
    if is_file(form.get(f"{name}_file")):
        return (await keep_file(form.get(f"{name}_file"), path)).name
    chosen = str(form.get(name, ""))
    if chosen != BY_HAND and chosen not in {one.name for one in await shipped()}:
        raise RefusedError(say("Say where the file comes from."))
    return chosen


async def shipped() -> list[Shipped]:
    """The mappings that come with the program; asked once."""
    if not _mappings:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "rto", "import", "-", "--list-mappings",
            stdout=PIPE, stderr=DEVNULL,
        )  # fmt: skip
        printed, _ = await process.communicate()
        for line in printed.decode().splitlines():
            name, kind, *says = line.split(maxsplit=2)
            _mappings.append(Shipped(name, kind, " ".join(says)))
    return _mappings


def sample(data: Path) -> dict[str, Any] | None:
    """The first orders as they were read, and how many there are by outcome."""
    try:
        file = pq.ParquetFile(data / "orders.parquet")
    except OSError:
        return None
    held = [name for name in COLUMNS if name in file.schema_arrow.names]
    table = file.read(columns=held)
    rows = table.slice(0, SHOWN).to_pylist()
    ends = table.column("outcome").combine_chunks() if "outcome" in held else None
    counts = {} if ends is None else {str(one["values"] or ""): one["counts"]
                                      for one in pc.value_counts(ends).to_pylist()}  # fmt: skip
    return {"orders": table.num_rows, "rows": rows, "outcomes": counts}


def refuse_others(data: Path, merchant_id: str, say: Words) -> None:
    """A file may name its merchants; another shop's orders are none of this one's."""
    column = pq.read_table(data / "orders.parquet", columns=["merchant_id"]).column(0)
    if set(pc.unique(column).to_pylist()) != {merchant_id}:
        raise RefusedError(say("The file holds orders of another shop; leave them out."))
