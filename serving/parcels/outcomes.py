"""What became of orders: reports in any order and any number of times, each counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from features.days import to_us
from features.history.states import (
    CLASSES,
    EVENT_CODES,
    OUTCOME_CLASSES,
    RTO,
    RTO_NOT_CUSTOMER,
    event_detail,
    next_state,
)
from serving.access import UnknownMerchantError
from serving.conversation.parcel_news import Step, tell
from serving.parsing import BodyError, FieldsError, parse_plain
from serving.reception import CLOCK_SKEW_US, Speaks
from serving.schemas import OutcomeItem
from serving.store.log import Kind, Log
from serving.store.merchants import Access
from serving.store.orders import Held
from serving.store.outbox import stop_asking
from serving.store.stories import placed_at

MOST = 1_000

KINDS: dict[str, Kind] = {
    "delivered": "delivered",
    "rto": "rto_initiated",
    "cancelled": "cancelled",
    "lost": "lost",
    "returned": "returned",
}
CLASS_NAMES = ("pending", "delivered", "rto", "rto", "cancelled", "lost", "returned")


def name_of_state(state: int) -> str:
    """The class of a state in words."""
    return CLASS_NAMES[state % CLASSES]


def classes_of(name: str | None) -> frozenset[int]:
    """The classes that a state's name stands for; all of them without a name.

    Raises
    ------
    FieldsError
        If there is no such state.
    """
    found = frozenset(i for i, known in enumerate(CLASS_NAMES) if name in (None, known))
    if not found:
        raise FieldsError([("state", f"must be one of {', '.join(dict.fromkeys(CLASS_NAMES))}")])
    return found


Result = Literal["recorded", "unchanged", "unknown_order", "refused", "invalid"]


@dataclass(frozen=True, slots=True)
class Reported:
    """What was done with one report."""

    order_id: str
    result: Result
    detail: str = ""


class Readable(NamedTuple):
    """One report, and what of it was wrong and is taken as unknown."""

    item: OutcomeItem
    warnings: tuple[str, ...] = ()


def read_outcomes(items: Sequence[object]) -> list[Readable | Reported]:
    """Read reports; wrong ones become results."""
    return [_read(value) for value in items]


def _read(value: object) -> Readable | Reported:
    try:
        return Readable(*parse_plain(OutcomeItem, value))
    except (BodyError, FieldsError) as error:
        named = value.get("order_id") if isinstance(value, dict) else None
        return Reported(named if isinstance(named, str) else "", "invalid", str(error))


@dataclass(frozen=True, slots=True)
class Report:
    """Work for the writer: record what is new of some reports.

    Parameters
    ----------
    items
        Reports, and results of those that could not be read.
    now_us : int
        When we learn of them.
    speaks : callable
        Decides for which merchant a report is.
    """

    access: Access
    items: Sequence[Readable | Reported]
    now_us: int
    speaks: Speaks

    def __call__(self, log: Log) -> list[Reported]:
        return [
            read if isinstance(read, Reported) else self._result(log, read) for read in self.items
        ]

    def _result(self, log: Log, read: Readable) -> Reported:
        done = self._record(log, read.item)
        parts = (done.detail, *read.warnings)
        return replace(done, detail="; ".join(part for part in parts if part))

    def _record(self, log: Log, item: OutcomeItem) -> Reported:
        at_us = to_us(item.outcome_at)
        if at_us > self.now_us + CLOCK_SKEW_US:
            return Reported(item.order_id, "invalid", "outcome_at lies in the future")
        try:
            access = self.speaks(self.access, item.merchant_id)
        except (UnknownMerchantError, FieldsError) as error:
            return Reported(item.order_id, "unknown_order", str(error))
        held = log.find(access.merchant_id, item.order_id, test=access.test)
        if held is None:
            return Reported(item.order_id, "unknown_order", "no order of this id has been scored")
        if at_us < placed_at(log.connection, held) - CLOCK_SKEW_US:
            return Reported(item.order_id, "invalid", "outcome_at lies before the order was placed")
        kind: Kind = "correction" if item.correction else KINDS[item.outcome]
        detail = event_detail(kind, reason=item.reason, outcome=item.outcome, action=None)
        becomes = next_state(held.state, EVENT_CODES[kind], detail)
        if becomes == held.state:
            return _nothing_new(held, item)
        body = item.model_dump(include={"outcome", "reason", "awb", "cancelled_by"})
        known = {name: value for name, value in body.items() if value is not None}
        self._append(log, held, kind, known, at_us, becomes)
        return Reported(item.order_id, "recorded")

    def _append(
        self, log: Log, held: Held, kind: Kind, body: dict[str, Any], at_us: int, becomes: int
    ) -> None:
        log.append(kind, body, at_us=at_us, known_us=self.now_us, order=held, becomes=becomes)
        stop_asking(log.connection, held.number)
        if (step := _STEPS.get(kind)) is not None:
            tell(log, held, step, at_us=at_us, now_us=self.now_us)


_STEPS: dict[Kind, Step] = {"delivered": "delivered", "rto_initiated": "rto"}


def _nothing_new(held: Held, item: OutcomeItem) -> Reported:
    """The order was final: said again, or contradicted."""
    now = held.state % CLASSES
    wanted = OUTCOME_CLASSES[item.outcome]
    if item.correction or now == wanted or (now == RTO_NOT_CUSTOMER and wanted == RTO):
        return Reported(item.order_id, "unchanged")
    return Reported(
        item.order_id,
        "refused",
        f'the order is {CLASS_NAMES[now]} already; send "correction": true if that was wrong',
    )
