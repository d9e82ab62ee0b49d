"""A CSV of list entries, line by line; what cannot be taken is named with the reason."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from typing import get_args

from features.days import IST
from features.errors import DataError
from serving.schemas import ListField, ListName

MOST = 100_000
MOST_BYTES = 16 * 1024 * 1024

_COLUMNS = ("value", "field", "list", "reason", "by", "expires_at")
_FIELDS: tuple[str, ...] = get_args(ListField)
_LISTS: tuple[str, ...] = get_args(ListName)
_ALIASES = {
    "expires": "expires_at", "expiry": "expires_at", "author": "by", "type": "field",
    "mobile": "phone", "e-mail": "email", "device_id": "device", "pin": "pincode",
}  # fmt: skip
_CUT = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a line takes that does not say it itself; empty where it has to."""

    list: str = ""
    field: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file.

    Parameters
    ----------
    number : int
        As a text editor counts, the header is line 1.
    entry : dict or None
        As ``POST /v1/lists`` takes it; None where ``fault`` says why it cannot be.
    cells : tuple of str
        As they stand in the file.
    """

    number: int
    entry: dict[str, str] | None
    fault: str
    cells: tuple[str, ...]


def read_list(body: bytes, defaults: Defaults) -> list[Line]:
    """Every line of a file that is not blank.

    The first line names the columns: ``value`` with ``field``, or one named after its field, such
    as ``phone``; and if wanted ``list``, ``reason``, ``by`` and ``expires_at``. A file of one
    column needs no such line where the field is given.

    Raises
    ------
    DataError
        If the file as a whole cannot be read.
    """
    text = _text(body)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(StringIO(text), delimiter=delimiter, strict=False)
    lines: list[Line] = []
    try:
        names = None
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names, is_header = _header(cells, defaults)
                if is_header:
                    continue
            if len(lines) == MOST:
                raise DataError(f"the file has more than {MOST} lines; split it")
            lines.append(_line(reader.line_num, cells, names, defaults))
    except csv.Error as error:
        raise DataError(
            f"line {reader.line_num} is no CSV ({error}); save the file again"
        ) from None
    if not lines:
        raise DataError("the file has no entries; give it one line for each")
    return lines


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {error.start} is no UTF-8; save the file as CSV with the encoding UTF-8"
        ) from None
    if "\0" in text:
        raise DataError("the file is no text; save it as CSV")
    return text


def _header(cells: list[str], defaults: Defaults) -> tuple[list[str], bool]:
    """The columns' names, and whether the first line was what named them."""
    names = [name.strip().casefold().replace(" ", "_") for name in cells]
    names = [_ALIASES.get(name, name) for name in names]
    valued = [name for name in names if name == "value" or name in _FIELDS]
    if not valued and len(cells) == 1 and defaults.field:
        return ["value"], False
    if not valued:
        raise DataError(
            'the first line must name the columns: "value" and "field", or one of '
            f"{', '.join(_FIELDS)}"
        )
    if len(valued) > 1:
        raise DataError(
            f"the columns {' and '.join(valued)} both hold values; import one at a time"
        )
    if odd := [name for name in names if name not in (*_COLUMNS, *_FIELDS)]:
        raise DataError(f'the column "{odd[0][:40]}" is unknown; use {", ".join(_COLUMNS)}')
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(f'two columns are called "{twice[0]}"; rename one')
    return names, True


def _line(number: int, cells: list[str], names: list[str], defaults: Defaults) -> Line:
    said = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
    if (named := next((name for name in names if name in _FIELDS), None)) is not None:
        said["field"] = named
        said["value"] = said.pop(named, "")
    entry = {"list": defaults.list, "field": defaults.field, "reason": defaults.reason,
             "by": defaults.by} | said  # fmt: skip
    entry = {name: value for name, value in entry.items() if value}
    entry |= {name: entry[name].casefold() for name in ("list", "field") if name in entry}
    fault = _fault(entry) if len(cells) <= len(names) else "it has more columns than the first line"
    if not fault and "expires_at" in entry:
        try:
            entry["expires_at"] = _expiry(entry["expires_at"])
        except (ValueError, OverflowError):
            fault = "expires_at: write a day such as 2027-03-31, or a time with its zone"
    return Line(number, None if fault else entry, fault, tuple(cells))


def _fault(entry: dict[str, str]) -> str:
    if "value" not in entry:
        return "value: is missing"
    if entry.get("list") not in _LISTS:
        return f"list: must be one of {', '.join(_LISTS)}"
    if entry.get("field") not in _FIELDS:
        return f"field: must be one of {', '.join(_FIELDS)}"
    if entry["field"] == "phone" and _CUT.fullmatch(entry["value"]):
        return "value: the spreadsheet has cut the number; format the column as text and save again"
    return ""


def _expiry(text: str) -> str:
    """The instant; a day lasts until its end in India.

    >>> _expiry("2027-03-31")
    '2027-04-01T00:00:00+05:30'
    """
    if len(text) == len("2027-03-31"):
        day = date.fromisoformat(text) + timedelta(days=1)
        return datetime.combine(day, time(), IST).isoformat()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.isoformat()
