"""The columns a mapping reads from a file: which cells each takes, and what it makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from features.schema import VOCABULARY
from training.importing import cells
from training.importing.column import PERSONAL, Cells, Clean, Column, Value
from training.importing.fitting import lacking
from training.importing.refusal import CellError
from training.importing.source import Source
from training.mapping import OUTCOME_WORDS, ExportMapping, Kind, kind_of
from training.mapping_spec import Spec

# A word for "nothing" is read as unknown in these, and kept as a word in texts.
_CODES = ("money", "time", "count", "number", "pincode", "phone")


def build_columns(mapping: ExportMapping, source: Source) -> list[Column]:
    """The columns a mapping reads from this file, in the mapping's order.

    Raises
    ------
    MappingError
        If the file lacks a column that is not optional.
    """
    for name in lacking(source, mapping):
        source.require(name)
    outcome = mapping.columns.get("outcome")
    columns = [_only_column(name, texts, source) for name, texts in mapping.only.items()]
    for section, name, spec in mapping.parts():
        kind = kind_of(name, spec, section=section, country=mapping.country)
        at, clean = _reading(name, spec, kind, mapping, source, outcome)
        title = name if section == "columns" else f"{section}.{name}"
        private = name in PERSONAL or (section == "extra" and spec.kind == "text")
        is_text = kind == "text" and not (spec.values or spec.extract or spec.unknown or spec.rules)
        how = None if is_text and spec.constant is None else clean
        absent = not at and spec.constant is None
        columns.append(Column(title, kind, at, how, private, absent=absent))
        if spec.when_empty is not None:
            columns.append(_month_column(name, spec, mapping, source))
    return columns


def _only_column(name: str, texts: Cells, source: Source) -> Column:
    """A check: rows whose cell fits none of the texts are refused."""
    fits = [cells.glob(text) for text in texts]
    expected = " or ".join(text for text in texts if text)

    def check(cell: Cells) -> Value:
        if cell and not any(fit(cell[0]) for fit in fits):
            raise CellError(f"is not {expected}")
        return None

    return Column(name, "text", _positions(source, (name,)), check, private=False, is_check=True)


def text_column(name: str, at: int) -> Column:
    """A column of the export taken as it stands (the key of a join)."""
    return Column(name, "text", (at,), None, private=True)


def clock_of(name: str, spec: Spec, mapping: ExportMapping) -> cells.Clock:
    """The clock a column of times is read by."""
    return cells.Clock(
        spec.format or mapping.dates.format,
        spec.zone or mapping.dates.zone,
        learned=name == "outcome_at",
    )


def _reading(
    name: str, spec: Spec, kind: Kind, mapping: ExportMapping, source: Source, outcome: Spec | None
) -> tuple[tuple[int, ...], Clean]:
    if spec.constant is not None:
        value = _cleaner(name, spec, kind, mapping)(spec.constant)
        return (), lambda _: value
    if spec.rules:
        return _positions(source, spec.sources()), _by_rules(spec, source)
    if spec.by_outcome and outcome is not None:
        return _by_outcome(name, spec, mapping, source, outcome)
    at = _positions(source, spec.column)
    one = _cleaner(name, spec, kind, mapping)
    unknown = frozenset(cells.plain(text) for text in spec.unknown)
    return at, lambda cell: one(_first_filled(cell, unknown))


def _positions(source: Source, names: tuple[str, ...]) -> tuple[int, ...]:
    found = (source.index(name) for name in names)
    return tuple(at for at in found if at is not None)


def _first_filled(cell: Cells, unknown: frozenset[str] = frozenset()) -> str:
    for text in cell:
        trimmed = text.strip()
        if trimmed and not (unknown and cells.plain(trimmed) in unknown):
            return trimmed
    return ""


def _cleaner(name: str, spec: Spec, kind: Kind, mapping: ExportMapping) -> Callable[[str], Value]:
    """From trimmed text to a value; an empty text is unknown unless a word table says more."""
    if kind == "choice":
        known = OUTCOME_WORDS if name == "outcome" else VOCABULARY[name]
        return cells.Words(spec.values or dict(zip(known, known, strict=True)))
    plain_cleaners: dict[Kind, Callable[[str], Value]] = {
        "identifier": cells.identifier, "phone": cells.phone, "pincode": cells.pincode,
        "state": cells.state, "money": cells.money, "count": cells.count, "number": cells.number,
        "text": cells.unguarded,
        "coupons": lambda text: cells.coupons(text, spec.separator),
    }  # fmt: skip
    clean = clock_of(name, spec, mapping) if kind == "time" else plain_cleaners[kind]
    words = cells.Words(spec.values) if spec.values else None
    extract = re.compile(spec.extract, re.DOTALL) if spec.extract else None

    def read(text: str) -> Value:
        if words is not None:
            return words(text)
        if extract is not None and (match := extract.search(text)):
            text = (match[1] or "").strip()
        if not text or (kind in _CODES and cells.is_nothing(text)):
            return None
        return clean(text)

    return read


def _by_rules(spec: Spec, source: Source) -> Clean:
    places = {name: i for i, name in enumerate(
        name for name in spec.sources() if source.index(name) is not None)}  # fmt: skip
    rules = [
        ([(places.get(name), [cells.glob(text) for text in texts])
          for name, texts in rule.when.items()], rule.value)
        for rule in spec.rules
    ]  # fmt: skip

    def read(cell: Cells) -> Value:
        for tests, value in rules:
            if all(any(fits("" if at is None else cell[at]) for fits in patterns)
                   for at, patterns in tests):  # fmt: skip
                return value or None
        raise CellError("fits none of the mapping's rules; add one")

    return read


def _by_outcome(
    name: str, spec: Spec, mapping: ExportMapping, source: Source, outcome: Spec
) -> tuple[tuple[int, ...], Clean]:
    """A time taken from the column of the row's own outcome."""
    outcome_at, outcome_of = _reading("outcome", outcome, "choice", mapping, source, None)
    places = {word: _positions(source, names) for word, names in spec.by_outcome.items()}
    flat = tuple(dict.fromkeys(at for found in places.values() for at in found))
    clock = _cleaner(name, spec, "time", mapping)
    start = len(outcome_at)

    def read(cell: Cells) -> Value:
        word = outcome_of(cell[:start])
        chosen = places.get("delivered" if word == "returned" else word, ())  # type: ignore[call-overload]
        return clock(_first_filled(tuple(cell[start + flat.index(at)] for at in chosen)))

    return outcome_at + flat, read


def _month_column(name: str, spec: Spec, mapping: ExportMapping, source: Source) -> Column:
    """The start of the month that stands in for a missing time; empty where there is a time."""
    month = spec.when_empty
    assert month is not None
    times = _positions(source, spec.column)
    clock = cells.Clock((month.format,), spec.zone or mapping.dates.zone)

    def read(cell: Cells) -> Value:
        text = cell[-1].strip()
        return clock(text) if text and not _first_filled(cell[:-1]) else None

    at = (*times, source.require(month.column))
    return Column(f"month of {name}", "time", at, read, private=False)
