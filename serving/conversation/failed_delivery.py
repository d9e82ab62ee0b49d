"""The conversation after a failed delivery: another day, another address, or that nobody came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import to_json

from serving.conversation.asking import detail_of
from serving.conversation.talking import Talk
from serving.hands import record
from serving.store.stories import times_of
from serving.store.tasks import add_task
from serving.store.timers import end_timer


@dataclass(frozen=True, slots=True)
class FailedDelivery(Talk):
    """One answer about a parcel that could not be delivered.

    What the customer wants is a ``replied`` event of an order in the stage ``ndr``, which the
    webhook ``ndr.answered`` passes on to whoever tells the courier.
    """

    def does(self, value: str) -> dict[str, Callable[[], None]]:
        """What each answer leads to."""
        return {
            "retry": lambda: self._next("days"), "address": lambda: self._next("ask_address"),
            "again": lambda: self._next("ask_address"), "nobody": self._dispute,
            "on": lambda: self._again(value), "text": lambda: self._address(value),
            "yes": self._new_address, "cancel": self._not_wanted, "stop": self._stop,
        }  # fmt: skip

    def _again(self, day: str) -> None:
        self._answered("confirmed", day=day, ship_after=day)
        self._next("thanks_day", day=day)

    def _new_address(self) -> None:
        """The order stays as it was shipped; the courier is told where to go."""
        about = detail_of(self.message).get("about")
        sealed = None if about is None else self.desk.contacts.of(self.log.connection, about)
        if sealed is None:
            self._to_a_person("")
            return
        seq = self._answered("corrected")
        self.desk.contacts.keep(self.log.connection, seq, to_json(dict(sealed)))
        self._next("days")

    def _dispute(self) -> None:
        """The courier claims an attempt that the customer denies."""
        self._answered("not_attempted")
        attempt = self._attempt()
        add_task(self.log.connection, self.held, "dispute",
                 f"attempt {attempt}: the customer says that nobody came",
                 now_us=self.now_us)  # fmt: skip
        self._next("days")

    def _not_wanted(self) -> None:
        self._answered("refused")
        add_task(self.log.connection, self.held, "call", "not wanted after a failed delivery",
                 now_us=self.now_us)  # fmt: skip
        self._next("person")

    def _answered(self, response: str, **more: str) -> int:
        end_timer(self.log.connection, self.held.number, "ndr")
        body = {"response": response, "channel": "whatsapp", "attempt": self._attempt(), **more}
        return record(self.log, self.held, "replied", body, self.now_us)

    def _attempt(self) -> int:
        return times_of(self.log.connection, self.held.number, "ndr")
