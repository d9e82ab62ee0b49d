"""One of our columns being read from an export, batch by batch, and what cleaning did to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.states import STATES
from training.importing.refusal import CellError, Reason
from training.importing.source import Batch
from training.mapping import Kind

Value = str | int | float | None
Cells = tuple[str, ...]
Clean = Callable[[Cells], Value]

TYPES: dict[Kind, pa.DataType] = {
    "money": pa.int64(), "time": pa.int64(), "count": pa.int64(), "number": pa.float64(),
    # Long texts of which there are few: kept once each.
    "coupons": pa.dictionary(pa.int32(), pa.string()),
}  # fmt: skip

# Never shown as an example. An extra can hold anything, so it is not shown either.
PERSONAL = frozenset(
    {
        "customer_id", "customer_name", "phone", "alt_phone", "email", "ship_name", "ship_phone",
        "address_line1", "address_line2", "landmark", "ip", "device_id", "user_agent",
    }
)  # fmt: skip

_PINCODE = re.compile("[1-9][0-9]{5}")
_GUARDS = r"^(?:'([0-9+=@-].*)|=\"(.*)\")$"


@dataclass
class Column:
    """A column of ours under construction.

    Plain texts (``clean`` is None) are trimmed as whole arrays; of everything else each distinct
    cell is cleaned once per batch. All in rows: ``words`` counts what each word of the export was
    read as, ``changed`` what cleaning altered, ``odd`` the states and pincodes that are none and
    were kept as typed.
    """

    name: str
    kind: Kind
    at: tuple[int, ...]
    clean: Clean | None
    private: bool
    is_check: bool = False
    absent: bool = False
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    chunks: list[pa.Array] = field(default_factory=list)

    def read(self, batch: Batch) -> dict[int, Reason]:
        """Clean a batch; returns the rows that cannot be read, each with its reason."""
        if self.clean is None:
            self.chunks.append(self._texts(batch))
            return {}
        distinct, codes = _distinct([batch.texts(i) for i in self.at], len(batch.numbers))
        values: list[Value] = []
        faults: dict[int, Reason] = {}
        counts = np.bincount(codes, minlength=len(distinct)).tolist()
        for code, (cell, times) in enumerate(zip(distinct, counts, strict=True)):
            try:
                values.append(self.clean(cell))
            except CellError as error:
                values.append(None)
                faults[code] = self._reason(cell, error)
            else:
                self._note(cell, values[-1], times)
        self.chunks.append(self._array(values, codes))
        if not faults:
            return {}
        at = np.flatnonzero(np.isin(codes, list(faults))).tolist()
        return {batch.numbers[row]: faults[int(codes[row])] for row in at}

    def take_array(self) -> pa.ChunkedArray:
        """Everything read, once: the column forgets it."""
        kind = TYPES.get(self.kind, pa.string())
        whole, self.chunks = pa.chunked_array(self.chunks, kind), []
        if pa.types.is_dictionary(kind):
            whole = pa.chunked_array([whole.unify_dictionaries().combine_chunks()], kind)
        return whole

    def _array(self, values: list[Value], codes: np.ndarray) -> pa.Array:
        kind = TYPES.get(self.kind, pa.string())
        if pa.types.is_dictionary(kind):
            return pa.array(values, pa.string()).take(pa.array(codes)).dictionary_encode()
        return pa.array(values, kind).take(pa.array(codes))

    def _texts(self, batch: Batch) -> pa.Array:
        filled = [_trimmed(batch.texts(i)) for i in self.at]
        if not filled:
            return pa.nulls(len(batch.numbers), pa.string())
        found = pc.coalesce(*filled)
        if len(self.at) == 1:
            self._note_texts(batch.texts(self.at[0]), found)
        return found

    def _note_texts(self, before: pa.Array, after: pa.Array) -> None:
        differ = pc.not_equal(before, pc.fill_null(after, ""))
        rows = int(pc.sum(pc.cast(differ, pa.int64())).as_py() or 0)
        if not rows:
            return
        few = min(rows, 50) if not self.private else 0
        changed = pa.array(np.flatnonzero(differ.to_numpy(zero_copy_only=False))[:few])
        pairs = zip(before.take(changed).to_pylist(), after.take(changed).to_pylist(), strict=True)
        self.changed.update((old[:60], (new or "")[:60]) for old, new in pairs)
        self.changed["", ""] += rows - few

    def _reason(self, cell: Cells, error: CellError) -> Reason:
        shown = " / ".join(text.strip()[:60] for text in cell if text.strip())
        kind = f"{self.name} {error.says}"
        if self.private or not shown:
            return Reason(kind, kind)
        return Reason(kind, f'{self.name} "{shown}" {error.says}')

    def _note(self, cell: Cells, value: Value, times: int) -> None:
        if self.is_check:
            return
        if self.kind == "choice":
            shown = " / ".join(text.strip() for text in cell if text.strip())
            self.words[shown, str(value or "")] += times
            return
        if _is_odd(self.kind, value):
            self.odd[str(value)[:30]] += times
        if len(cell) == 1 and _differs(self.kind, cell[0], value):
            pair = ("", "") if self.private else (cell[0][:60], str(value or "")[:60])
            self.changed[pair] += times


def _distinct(sources: list[pa.Array], rows: int) -> tuple[list[Cells], np.ndarray]:
    """The distinct cells of one or several columns, and which of them each row holds."""
    if not sources:
        return [()], np.zeros(rows, np.int64)
    encoded = [source.dictionary_encode() for source in sources]
    texts = [column.dictionary.to_pylist() for column in encoded]
    codes = [column.indices.to_numpy().astype(np.int64) for column in encoded]
    if len(sources) == 1:
        return [(text,) for text in texts[0]], codes[0]
    _, first, which = np.unique(
        np.stack(codes, axis=1), axis=0, return_index=True, return_inverse=True
    )
    cells = [tuple(t[c[row]] for t, c in zip(texts, codes, strict=True)) for row in first.tolist()]
    return cells, which.reshape(-1)


def _trimmed(texts: pa.Array) -> pa.Array:
    """Texts without outer blanks and a spreadsheet's guards; null where nothing is left."""
    bare = pc.utf8_trim_whitespace(texts)
    if pc.any(pc.match_substring_regex(bare, "^['=]")).as_py():
        bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, _GUARDS, r"\1\2"))
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare)


def _is_odd(kind: Kind, value: Value) -> bool:
    if value is None:
        return False
    if kind == "state":
        return value not in STATES
    return kind == "pincode" and not _PINCODE.fullmatch(str(value))


def _differs(kind: Kind, text: str, value: Value) -> bool:
    """Whether cleaning changed what the cell says, not merely how its type is written."""
    if kind == "money":
        return any(letter not in "0123456789.+- " for letter in text) and value is not None
    if kind in ("time", "number"):
        return False
    if kind == "coupons":
        return "|" in text
    if kind == "count":
        return not text.strip().isdigit() and value is not None
    return text != (value or "")
