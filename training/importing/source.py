"""An export as a file: its bytes opened, its header found, its rows in batches of text cells."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
from tqdm import tqdm

from features.errors import DataError, MappingError
from training.mapping_patterns import near
from training.mapping_spec import FileForm

BATCH = 50_000
_GZIP = b"\x1f\x8b"
_NO_TEXT = {
    b"PK\x03\x04": "is an Excel workbook or a zip; save it as CSV UTF-8 and import that",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save it as CSV UTF-8 and import that",
    b"PAR1": "is a parquet file; import reads CSV (a data folder needs no import)",
    b"%PDF": "is a PDF; export the orders as CSV",
}


class Batch:
    """Some rows: their numbers below the header, and their cells column by column."""

    def __init__(self, numbers: list[int], rows: list[list[str]]) -> None:
        self.numbers = numbers
        self._columns = tuple(zip(*rows, strict=True))
        self._texts: dict[int, pa.Array] = {}

    def texts(self, at: int) -> pa.Array:
        """A column's cells."""
        if at not in self._texts:
            self._texts[at] = pa.array(self._columns[at], pa.string())
        return self._texts[at]


@dataclass
class Source:
    """An export opened for reading; ``refused`` collects the rows that are no rows.

    Row numbers count from 1 below the header, blank rows included, as a spreadsheet shows them.
    """

    path: Path
    form: FileForm
    header: tuple[str, ...] = ()
    rows: int = 0
    blank: int = 0
    refused: dict[int, str] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, form: FileForm) -> Source:
        """Check the file's kind and read its header.

        Raises
        ------
        DataError
            For a missing, empty, binary or headerless file.
        """
        _refuse_kind(path, form)
        source = cls(path, form)
        first = next(source.raw_rows(), None)
        if not isinstance(first, list) or not any(cell.strip() for cell in first):
            raise DataError("is empty; its first line must hold the column names", file=path.name)
        source.header = tuple(_one_space(name) for name in first)
        return source

    def index(self, name: str) -> int | None:
        """The position of a column, or None; blanks at the ends and letter case do not matter.

        Raises
        ------
        MappingError
            If the name fits two columns.
        """
        wanted = _one_space(name)
        exact = [i for i, column in enumerate(self.header) if column == wanted]
        bare = wanted.casefold()
        fits = exact or [i for i, column in enumerate(self.header) if column.casefold() == bare]
        if len(fits) > 1:
            raise MappingError(
                f'"{wanted}" is the name of {len(fits)} columns; rename one in the file',
                file=self.path.name,
            )
        return fits[0] if fits else None

    def require(self, name: str) -> int:
        """The position of a column the mapping needs.

        Raises
        ------
        MappingError
            Naming the column, the closest one there is, and all of them.
        """
        at = self.index(name)
        if at is None:
            shown = ", ".join(self.header[:30]) + (" …" if len(self.header) > 30 else "")
            raise MappingError(
                f'has no column "{name}"{near(name, self.header)}; mend the mapping or list it '
                f"under optional_columns (the file has: {shown})",
                file=self.path.name,
            )
        return at

    def batches(self, *, progress: bool = False) -> Iterator[Batch]:
        """All good rows; odd ones go to ``refused``, blank ones are counted."""
        self.rows, self.blank, self.refused = 0, 0, {}
        after_header = itertools.islice(self.raw_rows(progress=progress), 1, None)
        while chunk := list(itertools.islice(after_header, BATCH)):
            numbers: list[int] = []
            rows: list[list[str]] = []
            for row in chunk:
                self.rows += 1
                if self._is_good(row):
                    numbers.append(self.rows)
                    rows.append(cast("list[str]", row))
            if rows:
                yield Batch(numbers, rows)

    def _is_good(self, row: list[str] | Malformed) -> bool:
        if isinstance(row, Malformed):
            self.refused[self.rows] = row.says
            return False
        width = len(self.header)
        if len(row) == width and row[0] and not row[0].isspace():
            return True
        if not any(cell.strip() for cell in row):
            self.blank += 1
            return False
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            del row[width:]
        if len(row) != width:
            self.refused[self.rows] = f"has {len(row)} cells where the header has {width}"
            return False
        return True

    def raw_rows(self, *, progress: bool = False) -> Iterator[list[str] | Malformed]:
        """Header and rows as they stand, a broken one as ``Malformed``.

        Raises
        ------
        DataError
            For bytes that are no text in the stated encoding, or a quote that is never closed.
        """
        with _Progress(self.path, shown=progress) as raw:
            text = io.TextIOWrapper(raw, encoding=_codec(self.form), newline="")
            tap = _Tap(text)
            reader = csv.reader(tap, delimiter=self.form.separator, strict=True)
            number = -1
            while True:
                tap.lines.clear()
                number += 1
                try:
                    row = next(reader, None)
                except csv.Error as error:
                    yield self._malformed(error, tap.lines, number)
                    continue
                except UnicodeDecodeError:
                    raise self._undecodable() from None
                except (EOFError, gzip.BadGzipFile, OSError) as error:
                    raise DataError(f"breaks off ({error})", file=self.path.name) from None
                if row is None:
                    return
                yield row

    def _malformed(self, error: csv.Error, lines: Sequence[str], number: int) -> Malformed:
        if "unexpected end of data" in str(error) or "field limit" in str(error):
            raise DataError(
                "opens a quote that is never closed (or a cell of more than 131,072 characters); "
                "mend the file there",
                file=self.path.name, row=number,
            ) from None  # fmt: skip
        return Malformed('has a quote (") inside a cell that is not doubled', "".join(lines))

    def _undecodable(self) -> DataError:
        """Find the first undecodable byte again, to say where it is."""
        codec = _codec(self.form)
        line, offset = 1, 0
        with open_bytes(self.path) as raw:
            for raw_line in raw:
                try:
                    raw_line.decode("utf-8" if codec.startswith("utf-8") else codec)
                except UnicodeDecodeError as error:
                    at, byte = offset + error.start, raw_line[error.start]
                    return DataError(
                        f"is not {self.form.encoding}: line {line}, byte {at:,} is 0x{byte:02x}; "
                        "save it as UTF-8, or write file: {encoding: cp1252} in the mapping",
                        file=self.path.name,
                    )
                line, offset = line + 1, offset + len(raw_line)
        return DataError(f"is not {self.form.encoding}; save it as UTF-8", file=self.path.name)


@dataclass(frozen=True)
class Malformed:
    """A row that breaks the rules of CSV, with its text."""

    says: str
    text: str


class _Tap:
    """Lines handed on, the ones of the current row remembered."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.lines: list[str] = []

    def __iter__(self) -> _Tap:
        return self

    def __next__(self) -> str:
        line = self._text.readline()
        if not line:
            raise StopIteration
        self.lines.append(line)
        return line


class _Progress:
    """A file opened for reading whose bytes move a bar once it takes longer than two seconds."""

    def __init__(self, path: Path, *, shown: bool) -> None:
        self._path, self._shown = path, shown

    def __enter__(self) -> BinaryIO:
        self._plain = self._path.open("rb")
        self._bar = tqdm(
            total=self._path.stat().st_size, unit="B", unit_scale=True, delay=2, leave=False,
            desc=f"Reading {self._path.name}", disable=not self._shown,
        )  # fmt: skip
        counted = cast(BinaryIO, io.BufferedReader(_Counted(self._plain, self._bar), 1 << 20))
        if _is_gzip(self._path):
            return cast(BinaryIO, gzip.GzipFile(fileobj=counted))
        return counted

    def __exit__(self, *_: object) -> None:
        self._bar.close()
        self._plain.close()


class _Counted(io.RawIOBase):
    def __init__(self, plain: BinaryIO, bar: tqdm[None]) -> None:
        self._plain, self._bar = plain, bar

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count: int = self._plain.readinto(buffer)  # type: ignore[attr-defined]
        self._bar.update(count)
        return count


def open_bytes(path: Path) -> BinaryIO:
    """A file's bytes, unpacked where it is gzipped."""
    return cast(BinaryIO, gzip.open(path)) if _is_gzip(path) else path.open("rb")


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _codec(form: FileForm) -> str:
    return "utf-8-sig" if form.encoding == "utf-8" else form.encoding


def _refuse_kind(path: Path, form: FileForm) -> None:
    if path.is_dir():
        raise DataError("is a folder; name the export's file", file=str(path))
    if not path.is_file():
        raise DataError("there is no such file", file=str(path))
    try:
        with open_bytes(path) as raw:
            start = raw.read(4)
    except (EOFError, OSError) as error:
        raise DataError(f"cannot be read ({error})", file=path.name) from None
    for magic, says in _NO_TEXT.items():
        if start.startswith(magic):
            raise DataError(says, file=path.name)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") and form.encoding != "utf-16":
        raise DataError(
            "is UTF-16; save it as UTF-8, or write file: {encoding: utf-16} in the mapping",
            file=path.name,
        )


def _one_space(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip()
