"""Rows that could not be brought over: why, and the file that keeps them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.importing.source import Malformed, Source


class CellError(ValueError):
    """A cell that cannot be read: what is wrong with it, without the cell itself."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


@dataclass(frozen=True)
class Reason:
    """Why a row was refused: ``kind`` is counted in the report, ``says`` stands beside the row."""

    kind: str
    says: str


def counted(refused: Mapping[int, Reason]) -> dict[str, int]:
    """How many rows each kind of reason refused, most first."""
    return dict(Counter(reason.kind for reason in refused.values()).most_common())


def write_refused(path: Path, source: Source, refused: Mapping[int, Reason]) -> None:
    """Write the refused rows as they came, each with its number and reason.

    Cells beyond the header go to a last column; a broken row stands whole in the first one.
    """
    rows = source.raw_rows()
    next(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["row", "reason", *source.header, "further cells"])
        for number, row in enumerate(rows, start=1):
            if number in refused:
                cells = [row.text.rstrip("\r\n")] if isinstance(row, Malformed) else row
                width = len(source.header)
                padded = [*cells[:width], *[""] * (width - len(cells))]
                further = source.form.separator.join(cells[width:])
                out.writerow([number, refused[number].says, *padded, further])
