"""The way of an export: read, gather, join, and written as a data folder with its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError, MappingError
from features.schema import AFTER_PLACING
from features.tables import About, write_folder
from training.importing.canonical import (
    canonical_items,
    canonical_orders,
    in_time_order,
    plain_texts,
)
from training.importing.cells import SWAPPED
from training.importing.fates import Fates, fates_of
from training.importing.fitting import refuse_misfit
from training.importing.gather import Gathered, gather
from training.importing.joining import Joined, join_report
from training.importing.outcomes import tally
from training.importing.reading import JOIN, Reading, read_export
from training.importing.refusal import write_refused
from training.importing.report import JoinReport, Report, file_report
from training.importing.returned import events_with_returns
from training.importing.source import Source
from training.mapping import ExportMapping

MOST_REFUSED = 0.5
# Dates that fit only with day and month exchanged: more than a few mistyped ones mean that all
# the others were read wrongly too, without a sign.
MOST_SWAPPED = 0.01
REFUSED, REFUSED_OUTCOMES, REPORT = "refused.csv", "refused_outcomes.csv", "import.json"
_TABLES = frozenset({"orders.parquet", "items.parquet", "events.parquet", "folder.json"})
_OURS = _TABLES | {REFUSED, REFUSED_OUTCOMES, REPORT}


@dataclass(frozen=True)
class OutcomeFile:
    """A courier's report, and the column of the export that holds its order ids.

    ``join`` is a column of the export or a name of ours; the order's id where it is None.
    """

    path: Path
    mapping: ExportMapping
    join: str | None = None


@dataclass(frozen=True)
class _Courier:
    mapping: ExportMapping
    reading: Reading
    joined: Joined


@dataclass(frozen=True)
class _Tables:
    orders: pa.Table
    items: pa.Table | None
    events: pa.Table | None


def import_export(
    export: Path,
    mapping: ExportMapping,
    out: Path,
    *,
    outcome_file: OutcomeFile | None = None,
    merchant: str | None = None,
    progress: bool = False,
    now: datetime | None = None,
) -> Report:
    """Bring an export to a data folder.

    Parameters
    ----------
    export, mapping : Path, ExportMapping
        A CSV file, gzipped or not, and what its columns mean.
    out : Path
        The data folder: new, empty, or made by an earlier import (which is replaced).
    outcome_file : OutcomeFile, optional
        A courier's report with the outcomes; where it knows an order's outcome, that counts.
    merchant : str, optional
        The merchant of every order.
    progress : bool, optional
        Show a bar on anything longer than two seconds.
    now : datetime, optional
        Orders placed later are counted as a sign of misread dates; default this moment.

    Returns
    -------
    Report
        What was kept, changed, merged and refused; also written as ``import.json``, the refused
        rows as ``refused.csv``.

    Raises
    ------
    DataError, MappingError
        For files and mappings that cannot be read, and when more than half of the rows would be
        refused, or dates fit with day and month exchanged: then the mapping is wrong, and nothing
        but ``refused.csv`` is written.
    """
    _refuse_wrong_way_round(mapping, outcome_file)
    _refuse_occupied(out)
    source = Source.open(export, mapping.file)
    refuse_misfit(source, mapping)
    key = _join_key(source, mapping, outcome_file)
    kept_key = outcome_file.join if outcome_file and key == JOIN else None
    reading = read_export(source, mapping, join=kept_key, progress=progress)
    gathered = gather(reading, mapping)
    _refuse_too_many(reading, out / REFUSED)
    keys = gathered.orders.column(key).combine_chunks()
    courier = _read_courier(outcome_file, keys, export, out, progress=progress)
    told = None if courier is None else (courier.joined, courier.mapping)
    fates = fates_of(gathered, reading, mapping, told)
    tables = _tables(gathered, fates, merchant)
    report = _report(reading, mapping, gathered, fates, courier, tables, now or datetime.now(UTC))
    with _writing(out):
        _write(out, tables, reading, courier, report)
    return report


def _refuse_wrong_way_round(mapping: ExportMapping, outcome_file: OutcomeFile | None) -> None:
    if mapping.reads != "orders":
        raise MappingError(
            f"the mapping {mapping.name} reads outcome reports; give it as --outcomes-mapping"
        )
    if outcome_file is None:
        return
    courier = outcome_file.mapping
    if courier.reads != "outcomes":
        raise MappingError(
            f"the mapping {courier.name} reads orders; the outcomes need one with reads: outcomes"
        )
    twice = sorted(set(mapping.extra) & set(courier.extra))
    if twice:
        raise MappingError(f'"{twice[0]}" is an extra of both mappings; rename one of them')


def _refuse_occupied(out: Path) -> None:
    """Refuse a folder that holds anything an import did not write."""
    if out.is_file():
        raise DataError("is a file; name a folder", file=str(out))
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if names - _OURS or (names & _TABLES and REPORT not in names):
        raise DataError(
            "is not empty and was not made by an import; name another folder", file=str(out)
        )


def _join_key(source: Source, mapping: ExportMapping, outcome_file: OutcomeFile | None) -> str:
    """The gathered column that holds the keys: a column of ours, or the file's own kept for it."""
    if outcome_file is None or outcome_file.join is None:
        return "order_id"
    join = outcome_file.join
    if source.index(join) is not None:
        return JOIN
    if join in mapping.columns:
        return join
    if join in mapping.extra:
        return f"extra.{join}"
    source.require(join)
    raise AssertionError("unreachable: require has raised")


def _refuse_too_many(reading: Reading, refused: Path) -> None:
    rows = reading.source.rows - reading.source.blank
    count = len(reading.refused)
    told = file_report(reading, "")
    swapped = [kind for kind in told.reasons if kind.endswith(SWAPPED)]
    if sum(told.reasons[kind] for kind in swapped) > MOST_SWAPPED * rows:
        kind = swapped[0]
    elif count > MOST_REFUSED * rows or not reading.table.num_rows:
        kind = next(iter(told.reasons))
    else:
        return
    with _writing(refused.parent):
        refused.parent.mkdir(parents=True, exist_ok=True)
        write_refused(refused, reading.source, reading.refused)
    raise DataError(
        f"{count:,} of {rows:,} rows cannot be read, {told.reasons[kind]:,} of them because "
        f"{told.examples[kind]}; mend the mapping ({refused} lists every row)",
        file=reading.source.path.name,
    )


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", file=str(out)) from None


def _read_courier(
    file: OutcomeFile | None, keys: pa.Array, export: Path, out: Path, *, progress: bool
) -> _Courier | None:
    if file is None:
        return None
    source = Source.open(file.path, file.mapping.file)
    refuse_misfit(source, file.mapping)
    reading = read_export(source, file.mapping, progress=progress)
    _refuse_too_many(reading, out / REFUSED_OUTCOMES)
    return _Courier(file.mapping, reading, join_report(keys, reading, file.mapping, export.name))


def _tables(gathered: Gathered, fates: Fates, merchant: str | None) -> _Tables:
    """The canonical tables in time order."""
    columns = dict(zip(gathered.orders.column_names, gathered.orders.columns, strict=True))
    unsorted = canonical_orders(pa.table({**columns, **fates.columns}), merchant=merchant)
    order = in_time_order(unsorted)
    orders = plain_texts(unsorted.take(pa.array(order)))
    items = None
    if gathered.items is not None:
        place = np.argsort(order)[gathered.groups.code]
        by_order = pa.array(np.argsort(place, kind="stable"))
        items = canonical_items(gathered.items, merchant=merchant).take(by_order)
    events = None
    returned = pc.equal(fates.words, "returned").take(pa.array(order))
    if pc.any(returned).as_py():
        events = events_with_returns(orders, returned)
    return _Tables(orders, items, events)


def _report(
    reading: Reading,
    mapping: ExportMapping,
    gathered: Gathered,
    fates: Fates,
    courier: _Courier | None,
    tables: _Tables,
    now: datetime,
) -> Report:
    orders = tables.orders
    courier_file = file_report(courier.reading, courier.mapping.name) if courier else None
    late = [*mapping.never_features(), *(courier.mapping.never_features() if courier else ())]
    bounds = pc.min_max(orders.column("created_at")).as_py()
    zone = ZoneInfo(mapping.dates.zone)
    first, last = (bounds[side].astimezone(zone) for side in ("min", "max"))
    has_fates = courier is not None or "outcome" in mapping.columns
    own_delay = mapping.outcome_delay_days
    return Report(
        export=file_report(reading, mapping.name, merged=gathered.merged_rows),
        orders=orders.num_rows,
        items=None if tables.items is None else tables.items.num_rows,
        first=f"{first:%Y-%m-%d}",
        last=f"{last:%Y-%m-%d}",
        outcomes=tally(fates.words) if has_fates else {},
        outcome_delay_days=courier.mapping.outcome_delay_days if courier else own_delay,
        outcome_times=fates.timed,
        median_days=fates.median_days,
        filled=_filled(orders),
        estimated_times=reading.estimated,
        differed=gathered.differed,
        repeated_lines=gathered.repeated_lines,
        in_future=int(pc.sum(pc.greater(orders.column("created_at"), pa.scalar(now))).as_py() or 0),
        after_outcome=list(dict.fromkeys(late)),
        notes=[*mapping.notes, *(courier.mapping.notes if courier else ())],
        outcome_report=courier_file,
        join=_join_told(courier.joined) if courier else None,
    )


def _join_told(joined: Joined) -> JoinReport:
    return JoinReport(
        joined.orders, joined.orders_joined, joined.rows, joined.rows_joined, joined.ambiguous
    )


def _filled(orders: pa.Table) -> dict[str, float]:
    """The share of orders in which each column known at order time is filled, if any is."""
    shares = {}
    for name in orders.column_names:
        column = orders.column(name)
        if name not in AFTER_PLACING and column.null_count < len(column):
            shares[name] = round(1 - column.null_count / len(column), 4)
    return shares


def _write(
    out: Path, tables: _Tables, reading: Reading, courier: _Courier | None, report: Report
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in _OURS:
        (out / name).unlink(missing_ok=True)
    about = About(
        source=f"{report.export.mapping}: {report.export.file}",
        after_outcome=tuple(report.after_outcome),
        outcome_delay_days=report.outcome_delay_days,
    )
    write_folder(out, tables.orders, items=tables.items, events=tables.events, about=about)
    if reading.refused:
        write_refused(out / REFUSED, reading.source, reading.refused)
    if courier is not None and courier.reading.refused:
        write_refused(out / REFUSED_OUTCOMES, courier.reading.source, courier.reading.refused)
    (out / REPORT).write_text(report.as_json(), encoding="utf-8")
