"""A spooled decision: what the spool keeps of it, and how it comes into the log, exactly once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from features.history.states import EVENT_CODES, PENDING, event_detail, next_state
from serving.decisions import Answer, Sight, Submission
from serving.store.arrivals import Arrival, arrive
from serving.store.contacts import Contacts
from serving.store.log import Decision, Log
from serving.store.orders import Held
from serving.upkeep.latecomers import Latecomer, latecomer

_BOUND = 0  # seals of the spool are bound to no order's number


@dataclass(frozen=True, slots=True)
class Spooled:
    """One decision that the log has not seen yet.

    Parameters
    ----------
    public, personal : bytes
        What the order said, as JSON.
    fact, digest, decision_id : bytes
    record : Answer
        The body of the ``decided`` to come.
    """

    merchant_id: str
    test: bool
    order_id: str
    created_us: int
    as_of_us: int
    public: bytes
    personal: bytes
    fact: bytes
    digest: bytes
    decision_id: bytes
    record: Answer

    @classmethod
    def of(
        cls, submission: Submission, sight: Sight, record: Answer, decision_id: bytes
    ) -> Spooled:
        """From what the judge made of an order."""
        order = submission.order
        return cls(
            merchant_id=order.merchant_id,
            test=submission.access.test,
            order_id=order.order_id,
            created_us=order.created_us,
            as_of_us=sight.as_of_us,
            public=submission.content.public_json,
            personal=submission.content.personal_json,
            fact=sight.identity.fact.tobytes(),
            digest=submission.digest,
            decision_id=decision_id,
            record=record,
        )

    @property
    def name(self) -> tuple[str, bool, str]:
        """What no other order has."""
        return self.merchant_id, self.test, self.order_id

    def sealed(self, contacts: Contacts) -> bytes:
        """As the spool keeps it: nothing of it lies open."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return contacts.seal(_BOUND, to_json(fields, bytes_mode="base64"))

    @classmethod
    def opened(cls, contacts: Contacts, sealed: bytes) -> Spooled:
        """Read back.

        Raises
        ------
        StoreError
            If the key that sealed it is gone.
        """
        fields = from_json(contacts.open(_BOUND, sealed))
        for name in ("public", "personal", "fact", "digest", "decision_id"):
            fields[name] = base64.urlsafe_b64decode(fields[name])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Merging:
    """Brings spooled decisions into the log, as one piece of work for the writer.

    A decision is known by its id, so it may be merged any number of times. Where the log holds
    the order already (its own answer was lost, or came before the outage) the caller was told
    twice; what was told last stands, as an override of the first decision.

    Parameters
    ----------
    now_us : int
        When the log learns of them.
    unseen : bool
        Take it that the log holds none of the orders; where it does, ``TakenError`` is raised.
    """

    decisions: Sequence[Spooled]
    contacts: Contacts
    now_us: int
    unseen: bool = False

    def __call__(self, log: Log) -> int:
        """Merge; how many were new to the log."""
        if not self.unseen:
            return sum(self._merge(log, spooled) for spooled in self.decisions)
        arrivals: list[Arrival] = []
        for spooled in self.decisions:
            now = self._latecomer(log, spooled)
            if now.personal is None:
                self._place(log, spooled, now)
            else:
                arrivals.append(self._arrival(spooled, now.fact.tobytes()))
        arrive(log, self.contacts, arrivals)
        return len(self.decisions)

    def _merge(self, log: Log, spooled: Spooled) -> bool:
        if log.has_decision(spooled.decision_id):
            return False
        held = log.find(spooled.merchant_id, spooled.order_id, test=spooled.test)
        if held is None:
            self._place(log, spooled, self._latecomer(log, spooled))
        else:
            self._override(log, held, spooled)
        return True

    def _latecomer(self, log: Log, spooled: Spooled) -> Latecomer:
        return latecomer(
            log, np.frombuffer(spooled.fact, np.int64), spooled.personal,
            read_seq=spooled.record["read_seq"], test=spooled.test,
            waited_us=self.now_us - spooled.as_of_us,
        )  # fmt: skip

    def _arrival(self, spooled: Spooled, fact: bytes) -> Arrival:
        return Arrival(
            merchant_id=spooled.merchant_id, test=spooled.test, order_id=spooled.order_id,
            digest=spooled.digest, fact=fact, public=spooled.public, personal=spooled.personal,
            decision_id=spooled.decision_id, record=to_json(spooled.record),
            becomes=_after(spooled), created_us=spooled.created_us, known_us=self.now_us,
            decided_us=spooled.as_of_us,
        )  # fmt: skip

    def _place(self, log: Log, spooled: Spooled, now: Latecomer) -> None:
        held = log.place(
            spooled.merchant_id, spooled.order_id, spooled.public, fact=now.fact.tobytes(),
            state=PENDING, digest=spooled.digest, at_us=spooled.created_us, known_us=self.now_us,
            test=spooled.test,
            decision=Decision(
                spooled.decision_id, to_json(spooled.record), None, _after(spooled),
                spooled.as_of_us,
            ),
        )  # fmt: skip
        now.keep(log, held, self.contacts, self.now_us)

    def _override(self, log: Log, held: Held, spooled: Spooled) -> None:
        shipped = spooled.record["dispatch"] == "go"
        told = {"record_only": True} if shipped else {"action": "hold"}
        body = {"by": "degraded", "decision_id": spooled.record["decision_id"], **told}
        seq = log.append(
            "overridden", body, at_us=spooled.as_of_us, known_us=self.now_us, order=held
        )
        log.name_decision(spooled.decision_id, seq)


def _after(spooled: Spooled) -> int:
    """The state of an order that was pending, after its decision."""
    action = spooled.record["action"]
    detail = event_detail("decided", reason=None, outcome=None, action=action)
    return next_state(PENDING, EVENT_CODES["decided"], detail)
