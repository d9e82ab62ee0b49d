"""Past orders and their outcomes through the API: history only, no decision, no message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic_core import to_json

from features.days import to_us
from features.errors import RtoError
from features.history.states import EVENT_CODES, PENDING, event_detail, next_state
from serving.apart import set_apart
from serving.decisions import Submission
from serving.intake import content_of, digest_of, order_of
from serving.parcels.outcomes import KINDS
from serving.parsing import FieldsError, parse
from serving.policy.policies import Policies
from serving.reception import CLOCK_SKEW_US, Reception
from serving.rows import Rows
from serving.schemas import PastOrder
from serving.store.contacts import Contacts
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.orders import Held
from serving.upkeep.latecomers import past_comer
from serving.writer import Writer

MOST = 1_000
_CHUNK = 64

Result = Literal["recorded", "unchanged", "decided_live", "invalid"]


@dataclass(frozen=True, slots=True)
class Past:
    """One past order, checked."""

    submission: Submission
    request: PastOrder

    def told(self, result: Result) -> dict[str, Any]:
        """The result as it is answered."""
        detail = "; ".join(self.submission.warnings)
        order_id = self.submission.order.order_id
        return {"order_id": order_id, "result": result, "detail": detail}


class Step(NamedTuple):
    """Something that became known of an order; sorts by when, a placing first among equals."""

    known_us: int
    what: Literal["1 placed", "2 ended"]
    place: int


def read_past(reception: Reception, access: Access, value: object) -> Past:
    """One past order and its outcome.

    Raises
    ------
    BodyError, FieldsError, UnknownMerchantError
        If it cannot be taken.
    """
    request, warnings = parse(PastOrder, to_json(value))
    content, now = content_of(request), reception.clock()
    created_us = content.public["created_us"]
    if created_us > now + CLOCK_SKEW_US:
        raise FieldsError([("created_at", "lies in the future")])
    if request.outcome is not None and request.outcome_at is None:
        raise FieldsError([("outcome_at", "is missing; send when the outcome became known")])
    if request.outcome_at is not None:
        outcome_us = to_us(request.outcome_at)
        if not created_us <= outcome_us <= now + CLOCK_SKEW_US:
            raise FieldsError([("outcome_at", "lies before the order or in the future")])
    own = reception.speaks(access, request.merchant_id)
    order = order_of(own.merchant_id, request.order_id, content)
    digest = digest_of(content, reception.digest_key)
    return Past(Submission(own, order, content, digest, False, warnings), request)


class Backfill:
    """A list of past orders on its way into the log.

    Parameters
    ----------
    rows : Rows
        For the keys that history counts.
    policies : Policies
        Say which merchants share into the network.
    contacts : Contacts
    now_us : int
        Nothing is known later than this.
    """

    def __init__(self, rows: Rows, policies: Policies, contacts: Contacts, now_us: int) -> None:
        self._rows = rows
        self._policies = policies
        self._contacts = contacts
        self._now_us = now_us

    async def run(self, writer: Writer, orders: Sequence[Past]) -> list[Result]:
        """Record everything, as it became known; one result for each order."""
        results: list[Result] = ["unchanged"] * len(orders)
        steps = sorted(_steps(orders))
        for begin in range(0, len(steps), _CHUNK):
            chunk = steps[begin : begin + _CHUNK]
            done = await writer.submit(lambda log, chunk=chunk: self._take(log, orders, chunk))  # type: ignore[misc]
            for step, result in zip(chunk, done, strict=True):
                if result != "unchanged":
                    results[step.place] = result
        return results

    def _take(self, log: Log, orders: Sequence[Past], steps: Sequence[Step]) -> list[Result]:
        return [
            self._place(log, orders[step.place])
            if step.what == "1 placed"
            else self._end(log, orders[step.place])
            for step in steps
        ]

    def _place(self, log: Log, past: Past) -> Result:
        if (held := _find(log, past)) is not None:
            return "unchanged" if held.decided_seq is None else "decided_live"
        submission, order = past.submission, past.submission.order
        test = submission.access.test
        shares = not test and self._policies.now(order.merchant_id).share_with_network
        identity = self._rows.identity(set_apart(order) if test else order, shares=shares)
        now = past_comer(log, identity.fact, submission.content.personal_json, order.created_us)
        held = log.place(
            order.merchant_id, order.order_id, submission.content.public_json,
            fact=now.fact.tobytes(), state=PENDING, digest=None,
            at_us=order.created_us, known_us=min(order.created_us, self._now_us),
            test=test,
        )  # fmt: skip
        now.keep(log, held, self._contacts, self._now_us)
        return "recorded"

    def _end(self, log: Log, past: Past) -> Result:
        """Append the outcome if it changes the state of an order that was not decided live."""
        held, request = _find(log, past), past.request
        assert request.outcome is not None
        assert request.outcome_at is not None
        if held is None or held.decided_seq is not None:
            return "decided_live"
        kind = KINDS[request.outcome]
        detail = event_detail(kind, reason=request.reason, outcome=request.outcome, action=None)
        becomes = next_state(held.state, EVENT_CODES[kind], detail)
        if becomes == held.state:
            return "unchanged"
        at_us = to_us(request.outcome_at)
        body = {"outcome": request.outcome, "reason": request.reason}
        log.append(
            kind, {name: value for name, value in body.items() if value is not None},
            at_us=at_us, known_us=min(at_us, self._now_us), order=held, becomes=becomes,
        )  # fmt: skip
        return "recorded"


def _steps(orders: Sequence[Past]) -> Iterator[Step]:
    for place, past in enumerate(orders):
        yield Step(past.submission.order.created_us, "1 placed", place)
        if past.request.outcome is not None and past.request.outcome_at is not None:
            yield Step(to_us(past.request.outcome_at), "2 ended", place)


def _find(log: Log, past: Past) -> Held | None:
    access, order_id = past.submission.access, past.submission.order.order_id
    return log.find(access.merchant_id, order_id, test=access.test)


def read_all(
    reception: Reception, access: Access, values: Sequence[object]
) -> list[Past | dict[str, Any]]:
    """Each past order, or a result that says why it cannot be taken."""
    read: list[Past | dict[str, Any]] = []
    for value in values:
        try:
            read.append(read_past(reception, access, value))
        except RtoError as error:
            named = value.get("order_id") if isinstance(value, dict) else None
            order_id = named if isinstance(named, str) else ""
            read.append({"order_id": order_id, "result": "invalid", "detail": str(error)})
    return read
