"""Many list entries at once: in short transactions, each told by one event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from features.errors import RtoError
from serving.audit import audit
from serving.lists.changing import entry_of
from serving.lists.file import Line
from serving.lists.known import Lists
from serving.parsing import parse_plain
from serving.schemas import ListEntry
from serving.store.lists import Entry, put_entries
from serving.store.log import Log
from serving.store.merchants import Access

# Some ten milliseconds of the event loop: orders are decided between two of them.
PART = 64


@dataclass(frozen=True, slots=True)
class ImportEntries:
    """Work for the writer: some lines of a file, each in place of an entry of the same value.

    Parameters
    ----------
    by : Access, optional
        The key it is done with; by default the account at the command line.
    """

    merchant_id: str
    lines: Sequence[Line]
    lists: Lists
    now_us: int
    by: Access | None = None

    def __call__(self, log: Log) -> list[dict[str, Any]]:
        """What became of each line; one that cannot be taken is named with the reason."""
        # Ids rise with the log, so that pages of entries do.
        first, results = log.seq + 1, list[dict[str, Any]]()
        entries: list[Entry] = []
        for line in self.lines:
            try:
                fault, taken = line.fault, None
                if line.entry is not None:
                    request, _ = parse_plain(ListEntry, line.entry)
                    entry_id = f"{first:016d}-{len(entries):04d}"
                    taken = entry_of(request, self.merchant_id, self.lists, entry_id,
                                     now_us=self.now_us, by=self.by)  # fmt: skip
                    fault = "" if taken else f"value: is no {request.field}"
            except RtoError as error:
                fault, taken = str(error), None
            if taken is not None:
                entries.append(taken)
            results.append({"line": line.number, "result": "invalid" if fault else "added",
                            "detail": fault})  # fmt: skip
        if entries:
            replaced = put_entries(log, self.merchant_id, entries)
            audit(
                log, "list entries imported", self.merchant_id, now_us=self.now_us, by=self.by,
                entries=len(entries), replaced=replaced,
            )  # fmt: skip
        return results


def parts(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """The lines, a transaction's worth at a time."""
    for begin in range(0, len(lines), PART):
        yield lines[begin : begin + PART]


def summed(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How many lines were taken, and every one that was not."""
    refused = [
        {"line": one["line"], "detail": one["detail"]}
        for one in results
        if one["result"] == "invalid"
    ]
    return {"lines": len(results), "taken": len(results) - len(refused), "refused": refused}
