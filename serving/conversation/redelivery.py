"""What people do after a failed delivery: ask again, or pass on what the customer said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic_core import to_json

from features.days import IST, from_us
from features.errors import RefusedError
from serving.conversation.asking import say
from serving.conversation.corrections import read_correction
from serving.desk import Desk
from serving.hands import record
from serving.orders import content_held
from serving.parcels.tracking import WINDOW_US
from serving.schemas import RedeliveryRequest
from serving.standing import life_of
from serving.store.failures import Failure, last_failures
from serving.store.log import Log
from serving.store.orders import Held
from serving.store.tasks import add_task, finish_tasks
from serving.store.timers import end_timer, set_timer
from serving.store.transcripts import written_about

LONGEST_DAYS = 14
# A question of which nobody knows more yet; another one might be a second message.
_UNDER_WAY = ("waiting", "sending", "unknown")


class NotFailedError(RefusedError):
    """The parcel is not one that could not be delivered."""

    def __init__(self) -> None:
        super().__init__("no delivery of this order has failed that is not over by now")


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Work for the writer: one thing that a person does about a parcel that failed.

    What the customer said on the phone is a ``contacted`` event of an order in the stage ``ndr``,
    which the webhook ``ndr.answered`` passes on as it does an answer on WhatsApp.
    """

    desk: Desk
    held: Held
    said: RedeliveryRequest
    now_us: int

    def __call__(self, log: Log) -> None:
        failure = last_failures(log.connection, [self.held.number]).get(self.held.number)
        if failure is None or life_of(log.connection, self.held.number).stage != "ndr":
            raise NotFailedError
        does: Mapping[str, Callable[[Log, Failure], None]] = {
            "ask": self._ask, "day": self._day, "address": self._address,
            "dispute": self._dispute, "refused": self._refused,
        }  # fmt: skip
        does[self.said.do](log, failure)

    def _ask(self, log: Log, failure: Failure) -> None:
        """The same question again, as long as the courier would try again."""
        until = failure.at_us + WINDOW_US
        if until <= self.now_us:
            raise RefusedError("the courier's day to try again is over: call the customer")
        asked = [m.state for m in written_about(log.connection, [self.held.number])
                 if m.purpose == "ndr" and m.detail.get("attempt") == failure.attempt]  # fmt: skip
        if any(state in _UNDER_WAY for state in asked):
            raise RefusedError(
                "the customer is being asked already, or may have been: see what did not arrive"
            )
        say(log, self.held, "ndr", self.now_us, attempt=failure.attempt, reason=failure.reason)
        set_timer(log.connection, self.held.number, "ndr", until)

    def _day(self, log: Log, failure: Failure) -> None:
        today, day = from_us(self.now_us).astimezone(IST).date(), self.said.day
        if day is None or not today <= day <= today + timedelta(days=LONGEST_DAYS):
            raise RefusedError(f"choose a day from today on, {LONGEST_DAYS} days ahead at most")
        named = day.isoformat()
        self._contacted(log, failure, "confirmed", day=named, ship_after=named)

    def _address(self, log: Log, failure: Failure) -> None:
        content = content_held(log.connection, self.desk.contacts, self.held.fact_seq)
        text = self.said.address or ""
        read = read_correction(text, content, self.desk.judge.rows.directory)
        if not read.changes:
            raise RefusedError(read.why_not or "write the address as the customer said it")
        seq = self._contacted(log, failure, "corrected")
        sealed = {"note": text, "changes": dict(read.changes)}
        self.desk.contacts.keep(log.connection, seq, to_json(sealed))

    def _dispute(self, log: Log, failure: Failure) -> None:
        """The customer denies the courier's attempt; somebody asks for a proof of it."""
        self._contacted(log, failure, "not_attempted")
        add_task(log.connection, self.held, "dispute",
                 f"attempt {failure.attempt}: the customer says that nobody came",
                 now_us=self.now_us)  # fmt: skip

    def _refused(self, log: Log, failure: Failure) -> None:
        self._contacted(log, failure, "refused")

    def _contacted(self, log: Log, failure: Failure, response: str, **more: str) -> int:
        """Keep it, and with it what is over: the wait for an answer, and the task to call."""
        connection, number, by = log.connection, self.held.number, self.said.by
        end_timer(connection, number, "ndr")
        finish_tasks(connection, number, "call", by or "", self.now_us)
        body = {"response": response, "channel": "phone", "attempt": failure.attempt, **more}
        return record(log, self.held, "contacted", body | ({"by": by} if by else {}), self.now_us)
