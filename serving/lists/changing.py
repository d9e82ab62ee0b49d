"""Changes of the lists, as pieces of work for the writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from features.days import to_us
from features.errors import RtoError
from serving.audit import actor, audit
from serving.lists.known import Lists, hint_of
from serving.moments import rfc3339
from serving.parsing import parse_plain
from serving.reception import Speaks
from serving.schemas import ListEntry
from serving.store.lists import Entry, drop_entry, put_entry
from serving.store.log import Log
from serving.store.merchants import Access

MOST = 1_000


class UnknownEntryError(RtoError):
    """The merchant's lists hold no such entry."""


def told(entry: Entry) -> dict[str, Any]:
    """An entry as it is shown."""
    expires = entry.expires_us
    return {
        "entry_id": entry.entry_id, "list": entry.list, "field": entry.field, "hint": entry.hint,
        "reason": entry.reason, "added_by": entry.added_by, "added_at": rfc3339(entry.added_us),
        "expires_at": None if expires is None else rfc3339(expires),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddEntries:
    """Add entries, each in place of one of the same value.

    Parameters
    ----------
    items : sequence
        As posted.
    speaks : callable
        Decides for which merchant an entry is.
    """

    access: Access
    items: Sequence[object]
    lists: Lists
    now_us: int
    speaks: Speaks

    def __call__(self, log: Log) -> list[dict[str, Any]]:
        results = [self._result(log, item) for item in self.items]
        added = sum("entry_id" in result for result in results)
        if added:
            audit(
                log, "list entries added", self.access.merchant_id, now_us=self.now_us,
                by=self.access, entries=added,
            )  # fmt: skip
        return results

    def _result(self, log: Log, item: object) -> dict[str, Any]:
        try:
            request, warnings = parse_plain(ListEntry, item)
            merchant_id = self.speaks(self.access, request.merchant_id).merchant_id
        except RtoError as error:
            return {"result": "invalid", "detail": str(error)}
        # Ids rise with the log, so that pages of entries do.
        entry = entry_of(
            request, merchant_id, self.lists, f"{log.seq + 1:016d}", now_us=self.now_us,
            by=self.access,
        )  # fmt: skip
        if entry is None:
            return {"result": "invalid", "detail": f"value: is no {request.field}"}
        new = put_entry(log, merchant_id, entry)
        return {
            "result": "added" if new else "replaced", "entry_id": entry.entry_id,
            "merchant_id": merchant_id, "detail": "; ".join(warnings),
        }  # fmt: skip


def entry_of(
    request: ListEntry,
    merchant_id: str,
    lists: Lists,
    entry_id: str,
    *,
    now_us: int,
    by: Access | None,
) -> Entry | None:
    """The entry as it is kept; None for a value that no order can carry."""
    key = lists.key_of(merchant_id, request.field, request.value)
    if key is None:
        return None
    expires, who = request.expires_at, actor(by)
    return Entry(
        entry_id, request.list, request.field, key, hint_of(request.field, request.value),
        request.reason or "", request.by or who, now_us,
        None if expires is None else to_us(expires),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DropEntry:
    """Take one entry away; False where the merchant has none of this id."""

    access: Access
    entry_id: str
    now_us: int

    def __call__(self, log: Log) -> bool:
        merchant_id = self.access.merchant_id
        done = drop_entry(log, merchant_id, self.entry_id, now_us=self.now_us)
        if done:
            audit(
                log, "list entry removed", merchant_id, now_us=self.now_us, by=self.access,
                entry=self.entry_id,
            )  # fmt: skip
        return done
