"""What a file of no known format holds: its form, and of each column samples, words and dates."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import pyarrow.compute as pc

from training.importing.cells import Clock, plain, unguarded
from training.importing.refusal import CellError
from training.importing.source import Batch, Source, open_bytes
from training.mapping_spec import FileForm

MOST_WORDS = 60
"""A column with more different cells holds no words to translate."""
SAMPLES = 3
Encoding = Literal["utf-8", "cp1252"]
Separator = Literal[",", ";", "\t", "|"]
SEPARATORS: tuple[Separator, ...] = get_args(Separator)
_TRIED = 200
_HEAD, _PART = 1 << 16, 1 << 20
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%y",
         "%m/%d/%y", "%d-%m-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y",
         "%B %d, %Y")  # fmt: skip
_HOURS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p")
FORMATS = ("iso", "%Y-%m-%d %H:%M:%S %z", *(f"{day}{hour}" for day, hour in product(_DAYS, _HOURS)))


@dataclass
class Profile:
    """One column of a file.

    Parameters
    ----------
    samples : list of str
        Its first different cells.
    times : list of tuple of str, int
        The date formats that fit, each with how it reads the first cell: microseconds UTC.
    values : dict of str to int, or None
        Its different cells with their rows; None where there are too many to be words.
    repeats : bool
        Whether a cell stands in more than one row.
    """

    name: str
    samples: list[str] = field(default_factory=list)
    times: list[tuple[str, int]] = field(default_factory=list)
    values: dict[str, int] | None = None
    repeats: bool = False


def form_of(path: Path) -> FileForm:
    """How a file is most likely written down: its encoding and what parts its cells.

    What cannot be opened or unpacked is left to ``Source.open``, which says why.
    """
    try:
        with open_bytes(path) as raw:
            first = raw.readline(_HEAD)
            if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
                text = first.decode("utf-16", "replace")
                return FileForm(encoding="utf-16", separator=_separator(text))
            raw.seek(0)
            encoding: Encoding = "utf-8" if _is_utf8(raw) else "cp1252"
    except (OSError, EOFError):
        return FileForm()
    return FileForm(encoding=encoding, separator=_separator(first.decode(encoding, "replace")))


def _is_utf8(raw: BinaryIO) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    try:
        while part := raw.read(_PART):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def profiles(source: Source) -> list[Profile]:
    """Every column that can be named, with its words counted over the whole file.

    A column without a name, or with the name of another, is left out: no mapping can name it.
    """
    named = Counter(name.casefold() for name in source.header)
    places = [i for i, name in enumerate(source.header) if name and named[name.casefold()] == 1]
    counted: dict[int, Counter[str] | None] = {at: Counter() for at in places}
    found: dict[int, Profile] = {}
    for batch in source.batches():
        for at in places:
            if at not in found:
                found[at] = _first_seen(source.header[at], batch, at)
            counted[at] = _counted(counted[at], batch, at)
    for at, profile in found.items():
        words = counted[at]
        profile.values = None if words is None else _spelt_once(words)
    return list(found.values())


def _separator(text: str) -> Separator:
    return max(SEPARATORS, key=text.partition("\n")[0].count)


def _first_seen(name: str, batch: Batch, at: int) -> Profile:
    cells = [cell.strip() for cell in batch.texts(at).to_pylist()]
    filled = [cell for cell in cells if cell]
    distinct = list(dict.fromkeys(filled))
    return Profile(name, distinct[:SAMPLES], _times(distinct[:_TRIED]),
                   repeats=len(distinct) < len(filled))  # fmt: skip


def _counted(so_far: Counter[str] | None, batch: Batch, at: int) -> Counter[str] | None:
    """The words of one more batch, blanks around them aside; None once they are too many."""
    if so_far is None:
        return None
    for one in pc.value_counts(pc.utf8_trim_whitespace(batch.texts(at))).to_pylist():
        so_far[one["values"]] += one["counts"]
        if len(so_far) > MOST_WORDS:
            return None
    return so_far


def _spelt_once(words: Counter[str]) -> dict[str, int]:
    """Words as a mapping tells them apart, without letter case, each in its commonest spelling."""
    spelling: dict[str, str] = {}
    found: Counter[str] = Counter()
    for word, rows in words.most_common():
        found[spelling.setdefault(plain(word), word)] += rows
    return dict(found.most_common())


def _times(cells: list[str]) -> list[tuple[str, int]]:
    """The formats that fit most cells, the likeliest in India first, and how the first reads."""
    texts = [unguarded(cell) for cell in cells]
    likely = [one for one in FORMATS if any(_read(one, text) is not None for text in texts[:3])]
    fitting = {one: sum(_read(one, text) is not None for text in texts) for one in likely}
    best = max(fitting.values(), default=0)
    if best < 0.9 * len(texts):
        return []
    return [(one, _first(one, texts)) for one, fits in fitting.items() if fits == best]


def _first(pattern: str, texts: Iterable[str]) -> int:
    return next(us for text in texts if (us := _read(pattern, text)) is not None)


def _read(pattern: str, text: str) -> int | None:
    if not 6 <= len(text) <= 40:
        return None
    try:
        return Clock((pattern,), "Asia/Kolkata")(text)
    except CellError:
        return None
