"""What an import did, for a person: kept, changed, refused, and what the outcomes are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from training.importing.column import Column
from training.importing.reading import Reading
from training.importing.refusal import counted

EXAMPLES = 3
WORDS_SHOWN = 30


@dataclass
class FileReport:
    """What became of the rows of one file; ``kept + merged + refused + blank`` is ``rows``."""

    file: str
    mapping: str
    rows: int
    kept: int
    merged: int
    refused: int
    blank: int
    reasons: dict[str, int]
    examples: dict[str, str]
    changed: dict[str, dict[str, object]]
    odd: dict[str, dict[str, object]]
    words: dict[str, dict[str, int]]
    unread: list[str]
    absent: list[str]


@dataclass
class JoinReport:
    """How many orders and rows of an outcome report found each other."""

    orders: int
    orders_joined: int
    rows: int
    rows_joined: int
    ambiguous: int


@dataclass
class Report:
    """The whole import."""

    export: FileReport
    orders: int
    items: int | None
    first: str
    last: str
    outcomes: dict[str, int]
    outcome_delay_days: float | None
    outcome_times: dict[str, int]
    median_days: dict[str, float]
    filled: dict[str, float]
    estimated_times: int
    differed: dict[str, int]
    repeated_lines: int
    in_future: int
    after_outcome: list[str]
    notes: list[str]
    outcome_report: FileReport | None = None
    join: JoinReport | None = None
    written: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """The report for a program."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    def as_text(self) -> str:
        """The report for a person."""
        lines = [*_file_lines(self.export), "", *self._order_lines(), "", *self._outcome_lines()]
        if self.outcome_report is not None:
            lines += ["", *_file_lines(self.outcome_report), *self._join_lines()]
        for title, told in (("Changed (rows)", _changed_lines(self.export)),
                            ("Filled", self._filled_lines()),
                            ("Not features", self._lawful_lines())):  # fmt: skip
            lines += ["", title, *told] if told else []
        return "\n".join([*lines, *(f"\nNote: {note}" for note in self.notes)])

    def _order_lines(self) -> list[str]:
        items = "" if self.items is None else f" with {self.items:,} items"
        lines = [f"Orders       {self.orders:,}{items}, {self.first} to {self.last}"]
        if self.estimated_times:
            lines.append(f"  {self.estimated_times:,} rows had no time: set by month and row order")
        if self.in_future:
            lines.append(
                f"  {self.in_future:,} orders lie in the future; are dates.format and dates.zone of"
                " the mapping those of the file?"
            )
        if self.repeated_lines:
            lines.append(
                f"  {self.repeated_lines:,} lines say the same as another line of their order; kept"
            )
        for name, count in self.differed.items():
            lines.append(
                f"  {name} differs between the lines of {count:,} orders; the first counts"
            )
        return lines

    def _outcome_lines(self) -> list[str]:
        if not self.outcomes:
            return ["Outcomes     none: the mapping reads no outcome"]
        told = {"open": "open (not known yet)", "unreported": "unreported (this export never says)",
                "returned": "delivered, then sent back"}  # fmt: skip
        lines = ["Outcomes"]
        for word, count in self.outcomes.items():
            lines.append(f"  {count:>9,}  {told.get(word, word)}")
        assumed = self.outcome_times.get("assumed", 0)
        if assumed:
            lines.append(f"  {assumed:,} outcomes had no time: taken as learned "
                         f"{self.outcome_delay_days:g} days after the order")  # fmt: skip
        raised = self.outcome_times.get("raised", 0)
        if raised:
            lines.append(f"  {raised:,} outcomes were dated before their order: moved to it")
        if self.median_days:
            days = ", ".join(f"{word} {value:g}" for word, value in self.median_days.items())
            lines.append(f"  median days from order to outcome: {days}")
        return lines

    def _join_lines(self) -> list[str]:
        join = self.join
        if join is None:
            return []
        lines = [
            f"  {_share(join.orders_joined, join.orders)} of the orders are in the report "
            f"({join.orders_joined:,} of {join.orders:,})",
            f"  {_share(join.rows_joined, join.rows)} of the report's rows have their order "
            f"({join.rows_joined:,} of {join.rows:,})",
        ]
        if join.ambiguous:
            lines.append(f"  {join.ambiguous:,} orders share their key with another: not joined")
        return lines

    def _filled_lines(self) -> list[str]:
        return [
            "  " + ", ".join(f"{name} {_percent(share)}" for name, share in self.filled.items())
        ]

    def _lawful_lines(self) -> list[str]:
        if not self.after_outcome:
            return []
        return [f"  known only after the outcome: {', '.join(self.after_outcome)}"]


def file_report(reading: Reading, mapping: str, *, merged: int = 0) -> FileReport:
    """Account for every row of a file."""
    source = reading.source
    used = {at for column in reading.columns for at in column.at}
    examples: dict[str, str] = {}
    for reason in reading.refused.values():
        examples.setdefault(reason.kind, reason.says)
    return FileReport(
        file=source.path.name, mapping=mapping, rows=source.rows, kept=reading.table.num_rows,
        merged=merged, refused=len(reading.refused), blank=source.blank,
        reasons=counted(reading.refused), examples=examples,
        changed={c.name: _changes(c) for c in reading.columns if c.changed},
        odd={c.name: _odd(c) for c in reading.columns if c.odd},
        words={c.name: _words(c) for c in reading.columns if c.words},
        unread=[name for i, name in enumerate(source.header) if i not in used and name],
        absent=[c.name for c in reading.columns if c.absent],
    )  # fmt: skip


def _changes(column: Column) -> dict[str, object]:
    """How many rows, and a few short examples: rare respellings before mere changes of case."""

    def weight(pair: tuple[tuple[str, str], int]) -> tuple[bool, bool, int]:
        (before, after), times = pair
        return before.strip().casefold() == after.casefold(), len(before) > 30, times

    shown = sorted(column.changed.items(), key=weight)[:EXAMPLES]
    pairs = {before: after for (before, after), _ in shown if before}
    return {"rows": column.changed.total(), "examples": pairs}


def _odd(column: Column) -> dict[str, object]:
    examples = [text for text, _ in column.odd.most_common(EXAMPLES)]
    return {"rows": column.odd.total(), "examples": examples}


def _words(column: Column) -> dict[str, int]:
    return {f'"{word}" → {value or "unknown"}': times
            for (word, value), times in column.words.most_common(WORDS_SHOWN)}  # fmt: skip


def _file_lines(report: FileReport) -> list[str]:
    lines = [
        f"{report.file}, read as {report.mapping}",
        f"Rows         {report.rows:,} = {report.kept:,} kept + {report.merged:,} merged into an "
        f"equal one + {report.refused:,} refused + {report.blank:,} blank",
    ]
    for kind, count in report.reasons.items():
        lines.append(f"  {count:>9,}  refused: {report.examples[kind]}")
    for name, words in report.words.items():
        lines.append(f"{name}, by row")
        lines += [f"  {count:>9,}  {says}" for says, count in words.items()]
    if report.unread:
        lines.append(f"Not read     {', '.join(report.unread)}")
    if report.absent:
        lines.append(f"Absent       {', '.join(report.absent)} (optional, not in this file)")
    return lines


def _changed_lines(report: FileReport) -> list[str]:
    lines = []
    for name, change in report.changed.items():
        examples = change["examples"]
        told = "; ".join(f'"{a}" → "{b}"' for a, b in examples.items()) if isinstance(
            examples, dict) else ""  # fmt: skip
        lines.append(f"  {change['rows']:>9,}  {name}" + (f": {told}" if told else ""))
    for name, odd in report.odd.items():
        shown = odd["examples"]
        told = ", ".join(f'"{text}"' for text in shown) if isinstance(shown, list) else ""
        lines.append(f"  {odd['rows']:>9,}  {name} not recognised, kept as typed: {told}")
    return lines


def _share(part: int, whole: int) -> str:
    return _percent(part / whole if whole else 0.0)


def _percent(share: float) -> str:
    """A share in per cent that says 100 only when it is all.

    >>> _percent(1.0), _percent(0.9999), _percent(0.0001)
    ('100%', '99.9%', '0.1%')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"
