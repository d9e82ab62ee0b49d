"""A merchant's decided orders as columns in memory, following the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.history.states import PENDING
from features.keys import Keys, order_key, person_of
from features.order import Order
from models.actions import SEVERITY
from models.arms import draw
from models.condition_fields import FIELDS, Subject, Value
from models.conditions import Column
from models.decision import RULE
from models.replay import NO_OVERRULE, UNKNOWN_AMOUNT, Orders
from serving.intake import Content, order_of
from serving.store.connection import Connection
from serving.store.erased import merchant_erased_since
from serving.store.log import body_of

_AT_ONCE = 20_000
_FIRST_ROOM = 1_024

_COLUMNS: dict[str, type] = {
    "number": np.int64,
    "probability": np.float64,
    "draw": np.float64,
    "amount_paise": np.int64,
    "prepaid": np.bool_,
    "degraded": np.bool_,
    "late": np.bool_,
    "created_us": np.int64,
    "now_us": np.int64,
    "overrule": np.int8,
    "person": np.int64,
    "action": np.int8,
    "propensity": np.float64,
    "policy": np.int64,
    "state": np.int8,
    "full": np.bool_,
    "paid": np.bool_,
    "answered_us": np.int64,
}
_DECIDES = tuple(name for name in Orders.__slots__ if name != "columns")  # fmt: skip

_ANSWERS = ("replied", "contacted", "paid")
_NO_ANSWER = ("silent", "unreachable", "wrong_number")

_EVENTS = """SELECT e.seq, e.number, e.kind, e.revision, e.becomes, e.at_us, o.order_id,
           CASE WHEN e.kind IN ('placed', 'decided', 'replied', 'contacted')
           THEN e.body END,
           CASE WHEN e.kind IN ({with_data}) THEN e.data END
    FROM event e JOIN orders o ON o.number = e.number
    WHERE e.merchant_id=? AND e.seq>? AND o.test=0 ORDER BY e.seq LIMIT ?"""


@dataclass(frozen=True, slots=True)
class _Placed:
    """What is needed of an order until its decision comes."""

    created_us: int
    amount_paise: int
    prepaid: bool
    person: int
    state: int
    order: Order | None


class Past:
    """First decisions of a merchant's live orders, and how each order stands.

    An order counts with its first decision: what was decided after we had asked its customer is a
    consequence of acting and no ground for comparing policies.

    Parameters
    ----------
    merchant_id : str
    arm_secret : bytes
        Draws the arms.
    """

    def __init__(self, merchant_id: str, arm_secret: bytes) -> None:
        self.merchant_id = merchant_id
        self._secret = arm_secret
        self._asked: frozenset[str] = frozenset()
        self._clear()

    def _clear(self) -> None:
        self.seq, self._n = 0, 0
        self._waiting: dict[int, _Placed] = {}
        self._room: dict[str, NDArray[Any]] = {
            name: np.zeros(_FIRST_ROOM, kind) for name, kind in _COLUMNS.items()
        }
        self._words: dict[str, dict[Value | None, int]] = {}
        for name in self._asked:
            numbers = FIELDS[name].kind in ("money", "number")
            self._room[_told(name)] = np.zeros(_FIRST_ROOM, np.float64 if numbers else np.int64)
            if not numbers:
                self._words[name] = {}

    def ask(self, names: frozenset[str]) -> None:
        """Have these fields of conditions as columns; new ones mean reading the log once more."""
        if names - self._asked:
            self._asked |= names
            self._clear()

    def __len__(self) -> int:
        return self._n

    def column(self, name: str) -> NDArray[Any]:
        """One column, in the order in which the orders were placed."""
        found: NDArray[Any] = self._room[name][: self._n]
        return found

    def orders(self) -> Orders:
        """What decisions read."""
        columns = {
            name: Column(self.column(_told(name)), tuple(words) if words is not None else None)
            for name in self._asked
            for words in [self._words.get(name)]
        }
        return Orders(**{name: self.column(name) for name in _DECIDES}, columns=columns)

    def follow(self, connection: Connection, most: int | None = None) -> bool:
        """Take in what has been appended; an erasure has renamed persons, so all is read anew.

        Parameters
        ----------
        most : int, optional
            Events read at most; the next call goes on from there.

        Returns
        -------
        bool
            Whether that was all.
        """
        if self.seq and merchant_erased_since(connection, self.merchant_id, self.seq):
            self._clear()
        with_data = "'placed', 'decided'" if self._asked else "'placed'"
        statement, read = _EVENTS.format(with_data=with_data), 0
        while most is None or read < most:
            events = connection.execute(
                statement, (self.merchant_id, self.seq, _AT_ONCE)
            ).fetchall()
            if not events:
                return True
            for event in events:
                self._take(*event)
            self.seq, read = int(events[-1][0]), read + len(events)
        return False

    def _take(
        self, _seq: int, number: int, kind: str, revision: int, becomes: int | None, at_us: int,
        order_id: str, body: bytes | None, data: bytes | None,
    ) -> None:  # fmt: skip
        if kind == "placed" and body is not None and data is not None:
            said = body_of(body)
            self._waiting[number] = _placed(
                self.merchant_id, order_id, said, data, at_us, becomes, whole=bool(self._asked)
            )
            return
        waits = self._waiting.get(number)
        if kind == "decided" and revision == 0 and body is not None and waits is not None:
            del self._waiting[number]
            self._add(number, waits, body_of(body), data)
        if kind in _ANSWERS:
            said = {} if body is None else body_of(body)
            response = "paid" if kind == "paid" else said.get("response")
            if response not in _NO_ANSWER:
                self._answer(number, at_us, paid=response == "paid")
        if becomes is not None:
            self._mark(number, "state", becomes)

    def _add(
        self, number: int, placed: _Placed, decided: dict[str, Any], data: bytes | None
    ) -> None:
        if self._n == len(self._room["number"]):
            self._room = {n: np.concatenate([c, np.zeros_like(c)]) for n, c in self._room.items()}
        now = int(decided["as_of_us"])
        row = {
            "number": number, "probability": decided["probability"],
            "draw": draw(self._secret, merchant_id=self.merchant_id, person=placed.person,
                         as_of_us=now),
            "amount_paise": placed.amount_paise, "prepaid": placed.prepaid,
            "degraded": decided["degraded"], "late": decided["record_only"],
            "created_us": placed.created_us, "now_us": now,
            "overrule": _overrule(decided), "person": placed.person,
            "action": SEVERITY[decided["action"]], "propensity": decided["propensity"],
            "policy": decided["policy"], "state": placed.state,
            "full": decided.get("reviews_left") == 0,
        }  # fmt: skip
        if placed.order is not None:
            values = None if data is None else np.frombuffer(data)
            if values is not None and len(values) != len(CATALOGUE):
                values = None  # made with other features than today's
            row |= self._conditions(Subject(placed.order, values, decided["probability"]))
        for name, value in row.items():
            self._room[name][self._n] = value
        self._n += 1

    def _conditions(self, subject: Subject) -> dict[str, float]:
        """What conditions ask about, as numbers; texts and flags as places in their words."""
        found: dict[str, float] = {}
        for name in self._asked:
            value = FIELDS[name].read(subject)
            if (words := self._words.get(name)) is not None:
                found[_told(name)] = words.setdefault(value, len(words))
            else:
                found[_told(name)] = np.nan if value is None else value  # type: ignore[assignment]
        return found

    def _answer(self, number: int, at_us: int, *, paid: bool) -> None:
        """The first answer, and whether anything was paid."""
        at = self._place(number)
        if at is not None and not self._room["answered_us"][at]:
            self._room["answered_us"][at] = at_us
        if paid:
            self._mark(number, "paid", True)

    def _mark(self, number: int, name: str, value: int) -> None:
        at = self._place(number)
        if at is not None:
            self._room[name][at] = value

    def _place(self, number: int) -> int | None:
        at = int(np.searchsorted(self.column("number"), number))
        return at if at < self._n and self._room["number"][at] == number else None


def _placed(
    merchant_id: str, order_id: str, said: dict[str, Any], data: bytes, at_us: int,
    state: int | None, *, whole: bool,
) -> _Placed:  # fmt: skip
    fact = np.frombuffer(data, np.int64)
    keys = Keys(fact[FIRST_WHO:FIRST_WHERE], fact[FIRST_WHERE:])
    amount = said.get("amount_paise")
    return _Placed(
        created_us=at_us,
        amount_paise=UNKNOWN_AMOUNT if amount is None else int(amount),
        prepaid=said.get("payment_mode") == "prepaid",
        person=person_of(keys, order_key(merchant_id, order_id)),
        state=PENDING if state is None else state,
        order=order_of(merchant_id, order_id, Content(said, {})) if whole else None,
    )


def _told(name: str) -> str:
    """The column of a condition's field, apart from those of decisions."""
    return f"told {name}"


def _overrule(decided: dict[str, Any]) -> int:
    """The action of the list that decided; lists are taken as they were then, rules are not."""
    rule = decided["rule"]
    listed = rule is not None and not rule.startswith(RULE)
    return SEVERITY[decided["policy_action"]] if listed else NO_OVERRULE
