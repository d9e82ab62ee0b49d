"""An order's life: which stage it is in, folded from its events by one table of moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from models.actions import Dispatch

Stage: TypeAlias = Literal[
    "scored", "awaiting", "confirmed", "corrected", "switched_to_prepaid", "refused", "silent",
    "released", "held", "blocked", "cancelled", "in_transit", "ndr", "delivered", "rto", "lost",
    "returned",
]  # fmt: skip
Move: TypeAlias = Literal[
    "ship", "ask", "hold", "block", "confirmed", "corrected", "paid", "refused", "silent",
    "release", "cancel", "shipped", "ndr", "delivered", "rto", "lost", "returned", "reopen",
]  # fmt: skip

DISPATCH: dict[Stage, Dispatch] = {
    "scored": "wait", "awaiting": "wait", "confirmed": "go", "corrected": "wait",
    "switched_to_prepaid": "go", "refused": "stop", "silent": "wait", "released": "go",
    "held": "wait", "blocked": "stop", "cancelled": "stop", "in_transit": "go", "ndr": "go",
    "delivered": "go", "rto": "go", "lost": "go", "returned": "go",
}  # fmt: skip

_DECIDED: dict[Move, Stage] = {
    "ship": "released", "ask": "awaiting", "hold": "held", "block": "blocked",
}  # fmt: skip
_ANSWERED: dict[Move, Stage] = {
    "confirmed": "confirmed", "paid": "switched_to_prepaid", "refused": "refused",
}  # fmt: skip
_ENDED: dict[Move, Stage] = {
    "cancel": "cancelled", "delivered": "delivered", "rto": "rto", "lost": "lost",
    "returned": "returned",
}  # fmt: skip
_ON_THE_ROAD: dict[Move, Stage] = {"shipped": "in_transit", "ndr": "ndr", **_ENDED}
_BEFORE: dict[Move, Stage] = {**_DECIDED, **_ANSWERED, **_ON_THE_ROAD, "release": "released"}
_OPEN: dict[Move, Stage] = {**_BEFORE, "corrected": "corrected"}

# What is not named here changes nothing: a late reply does not call a parcel back, and what is
# final changes only when it is reopened by a correction.
MOVES: dict[Stage, dict[Move, Stage]] = {
    "scored": _OPEN,
    "awaiting": _OPEN | {"silent": "silent"},
    "confirmed": _BEFORE,
    "corrected": _OPEN,
    "switched_to_prepaid": _BEFORE,
    "refused": _BEFORE,
    "silent": _OPEN,
    "released": _BEFORE,
    "held": _OPEN,
    "blocked": _OPEN,
    "in_transit": _ON_THE_ROAD,
    "ndr": _ON_THE_ROAD,
    "cancelled": {"reopen": "held"},
    "delivered": {"returned": "returned", "reopen": "in_transit"},
    "rto": {"reopen": "in_transit"},
    "lost": {"reopen": "in_transit"},
    "returned": {"reopen": "in_transit"},
}

UNDISPATCHED: frozenset[Stage] = frozenset(
    stage for stage, moves in MOVES.items() if moves.get("shipped") and moves is not _ON_THE_ROAD
)

_ACTIONS: dict[str, Move] = {
    "ship": "ship", "verify": "ask", "prepaid": "ask", "hold": "hold", "block": "block",
}  # fmt: skip
_OVERRIDES: dict[str, Move] = {"approve": "release", "hold": "hold", "cancel": "cancel"}
_RESPONSES: dict[str, Move] = {
    "confirmed": "confirmed", "corrected": "corrected", "paid": "paid", "refused": "refused",
    "silent": "silent", "person": "hold",
}  # fmt: skip
_KINDS: dict[str, Move] = {
    "paid": "paid", "released": "release", "cancelled": "cancel", "shipped": "shipped",
    "out_for_delivery": "shipped", "ndr": "ndr", "delivered": "delivered", "rto_initiated": "rto",
    "rto_delivered": "rto", "lost": "lost", "returned": "returned",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Life:
    """Where an order stands.

    Parameters
    ----------
    since : bool
        Whether anything has moved it since the decision in force.
    aside : bool
        The pipeline went on without us: later decisions move nothing.
    """

    stage: Stage = "scored"
    since: bool = False
    aside: bool = False

    @property
    def dispatch(self) -> Dispatch:
        """What the pipeline obeys."""
        return DISPATCH[self.stage]

    def after(self, kind: str, body: Mapping[str, Any]) -> Life:
        """The life after one more event."""
        if kind == "decided":
            return self if self.aside else self._moved(move_of(kind, body), since=False)
        if kind == "correction":
            reopened = self._moved("reopen", since=True)
            return reopened._moved(_KINDS.get(_CORRECTED.get(str(body.get("outcome")), "")), True)
        aside = self.aside or bool(body.get("record_only"))
        return replace(self._moved(move_of(kind, body), since=True), aside=aside)

    def _moved(self, move: Move | None, since: bool) -> Life:
        stage = None if move is None else MOVES[self.stage].get(move)
        return self if stage is None else replace(self, stage=stage, since=since)


_CORRECTED = {"delivered": "delivered", "rto": "rto_initiated", "cancelled": "cancelled",
              "lost": "lost", "returned": "returned"}  # fmt: skip


def move_of(kind: str, body: Mapping[str, Any]) -> Move | None:
    """The move that an event is; None for one that moves no order."""
    if kind == "decided":
        return _ACTIONS.get(str(body.get("action")))
    if kind == "overridden":
        if body.get("record_only"):
            return "release"
        return _OVERRIDES.get(str(body.get("action")))
    if kind in ("contacted", "replied"):
        return _RESPONSES.get(str(body.get("response")))
    return _KINDS.get(kind)


def fold(events: Iterable[tuple[str, Mapping[str, Any]]]) -> Life:
    """The life that a log tells, in its order."""
    life = Life()
    for kind, body in events:
        life = life.after(kind, body)
    return life
