"""The files of a set-up: taken in, told how to be read, and shown as they were read."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq
from starlette.datastructures import FormData, UploadFile

from features.errors import RefusedError
from serving.pages.words import Words

SHOWN = 6
COLUMNS = ("order_id", "created_at", "payment_mode", "amount", "pincode", "outcome")
_PART = 1 << 20
_mappings: list[Shipped] = []


class Shipped(NamedTuple):
    """A mapping that comes with the program: of orders or of outcomes."""

    name: str
    kind: str
    says: str


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
    """The chosen mapping's name, or the file of an own one."""
    if is_file(form.get(f"{name}_file")):
        return str(await keep_file(form.get(f"{name}_file"), path))
    chosen = str(form.get(name, ""))
    if chosen not in {one.name for one in await shipped()}:
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
