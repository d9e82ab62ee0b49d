"""One order as the summary holds it, and the counts it adds wherever it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from features.days import ist_day
from features.history.states import (
    CANCELLED,
    CLASSES,
    DELIVERED,
    LOST,
    PENDING,
    RETURNED,
    RTO,
    RTO_NOT_CUSTOMER,
)
from serving.weeks import week_of

UNKNOWN = -1
MICRO = 1_000_000
SCORE_BINS = 20
DENIED = "not_attempted"
"""What a customer answers who says that nobody came."""
SEPARATOR = "\x1f"
"""Between the parts of a value that stands for several; no shop's text has it."""

# What is counted by day; everything else is counted by week, of which a year has few enough.
DAILY = frozenset({"all", "action", "advice", "arm"})
PLAIN = ("pincode", "campaign", "source", "courier", "payment_mode", "package_type")
CAUSED = ("pincode", "sku", "coupon", "campaign", "courier", "payment_mode", "package_type")
"""By which what returned is counted, and why it did."""

_CAME_BACK = (RTO, RTO_NOT_CUSTOMER)
_ARRIVED = (DELIVERED, RETURNED)


@dataclass(slots=True)
class Entry:
    """An order without anything personal but the mark of its person.

    Parameters
    ----------
    person : int
        The house's keyed hash; a tombstone once the person is erased.
    skus : list of (str, int)
        Each article and its units.
    amount_paise, shipping_paise, back_paise, goods_paise : int
        Total, shipping to the customer and back, and what the goods cost; ``UNKNOWN`` if not told.
    first, newest : float
        Probability of the first decision and of the one in force; ``UNKNOWN`` without any.
    ended_day : int
        Indian day on which its end became known; ``UNKNOWN`` while it is open.
    failures : list of (str, str, str)
        Courier, reason and the customer's answer of each delivery that failed, in their order.
    feedback : list of (str, str)
        Whether it is about a delivery or a return, and what the customer chose last about it.
    """

    number: int
    merchant_id: str
    day: int = 0
    state: int = PENDING
    person: int = 0
    skus: list[tuple[str, int]] = field(default_factory=list)
    coupons: list[str] = field(default_factory=list)
    pincode: str = ""
    campaign: str = ""
    source: str = ""
    courier: str = ""
    payment_mode: str = ""
    package_type: str = ""
    amount_paise: int = UNKNOWN
    shipping_paise: int = UNKNOWN
    back_paise: int = UNKNOWN
    goods_paise: int = UNKNOWN
    action: str = ""
    advice: str = ""
    arm: str = ""
    model: str = ""
    first: float = UNKNOWN
    newest: float = UNKNOWN
    cause: str = ""
    ended_day: int = UNKNOWN
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    feedback: list[tuple[str, str]] = field(default_factory=list)

    @property
    def outcome(self) -> int:
        """The class of its state."""
        return self.state % CLASSES

    @property
    def treated(self) -> bool:
        """Whether somebody intervened before it was sent."""
        return self.state >= CLASSES

    @property
    def arrived(self) -> bool:
        """Whether it was delivered, sent back afterwards or not."""
        return self.outcome in _ARRIVED

    @property
    def came_back(self) -> bool:
        """Whether it returned to origin, whoever's fault."""
        return self.outcome in _CAME_BACK

    @property
    def on_the_way(self) -> bool:
        """Whether it may still come back."""
        return self.outcome == PENDING and self.action != "block"

    def end_at(self, known_us: int) -> None:
        """Remember when its end became known, or that it is open again."""
        self.ended_day = UNKNOWN if self.outcome == PENDING else int(ist_day(known_us))


class Counts(NamedTuple):
    """What orders add up to, all whole numbers, so that taking away undoes adding.

    Parameters
    ----------
    pending … returned : int
        Orders by the class of their state.
    open : int
        Pending ones that were not refused by us.
    units_open, units_unscored : int
        Articles in open orders, and in those of them without a probability.
    expected_micro : int
        Millionths of units expected back of the open orders.
    amount_paise, delivered_paise, back_paise : int
        Amounts of all orders, of those that arrived, of those that came back.
    amounts_unknown : int
        Orders without an amount.
    shipped_paise, shipped_known : int
        Shipping as told, and orders for which it was told.
    reversed_paise, reversed_known : int
        The same for the way back of what came back.
    goods_paise, goods_known : int
        What the goods of delivered orders cost.
    judged_micro : int
        Millionths of the first probabilities of orders that arrived or came back.
    """

    pending: int = 0
    delivered: int = 0
    rto: int = 0
    rto_fault: int = 0
    cancelled: int = 0
    lost: int = 0
    returned: int = 0
    open: int = 0
    units_open: int = 0
    units_unscored: int = 0
    expected_micro: int = 0
    amount_paise: int = 0
    delivered_paise: int = 0
    back_paise: int = 0
    amounts_unknown: int = 0
    shipped_paise: int = 0
    shipped_known: int = 0
    reversed_paise: int = 0
    reversed_known: int = 0
    goods_paise: int = 0
    goods_known: int = 0
    judged_micro: int = 0

    @property
    def orders(self) -> int:
        """All of them."""
        return sum(self[:CLASSES])

    @property
    def came_back(self) -> int:
        """Returned to origin, whoever's fault."""
        return self.rto + self.rto_fault

    @property
    def arrived(self) -> int:
        """Delivered, sent back afterwards or not."""
        return self.delivered + self.returned

    @property
    def known(self) -> int:
        """Arrived or came back."""
        return self.arrived + self.came_back


class Cell(NamedTuple):
    """Where an order is counted: a dimension, a value of it, and the day or week."""

    dimension: str
    value: str
    at: int


def counted(entry: Entry) -> Iterator[tuple[Cell, Counts]]:
    """Everywhere one order is counted, and as what."""
    units = sum(units for _, units in entry.skus) or 1
    counts = _counts(entry, units)
    for dimension, value in _values(entry):
        yield _cell(entry, dimension, value), counts
    for sku, of_it in dict(entry.skus).items():
        yield _cell(entry, "sku", sku), _counts(entry, of_it)
    if entry.came_back and entry.cause:
        for dimension in CAUSED:
            for value in _own(entry, dimension):
                both = f"{value}{SEPARATOR}{entry.cause}"
                yield _cell(entry, f"{dimension} cause", both), counts


def _failures(entry: Entry) -> Iterator[tuple[str, str]]:
    """Each failed delivery by reason, courier and attempt; what customers answered beside it."""
    for attempt, (courier, reason, answer) in enumerate(entry.failures, start=1):
        value = SEPARATOR.join((reason, courier, str(attempt)))
        yield "failure", value
        if answer:
            yield "failure answered", value
        if answer == DENIED:
            yield "failure denied", value


def _values(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "all", ""
    for dimension in PLAIN:
        yield dimension, str(getattr(entry, dimension))
    for coupon in dict.fromkeys(entry.coupons) or ("",):
        yield "coupon", coupon
    if entry.came_back:
        yield "cause", entry.cause
    if entry.ended_day != UNKNOWN and (entry.came_back or entry.arrived):
        side = "back" if entry.came_back else "there"
        yield "delay", f"{side}{SEPARATOR}{max(0, entry.ended_day - entry.day)}"
    yield from _failures(entry)
    for about, answer in entry.feedback:
        yield "feedback", f"{about}{SEPARATOR}{answer}"
    if entry.action:
        yield "action", entry.action
        yield "advice", entry.advice
        yield "arm", entry.arm
    if entry.first != UNKNOWN:
        level = min(int(entry.first * SCORE_BINS), SCORE_BINS - 1)
        how = "treated" if entry.treated else "untouched"
        yield "score", SEPARATOR.join((entry.model, how, f"{level:02d}"))


def _own(entry: Entry, dimension: str) -> list[str]:
    if dimension == "sku":
        return list(dict(entry.skus))
    if dimension == "coupon":
        return list(dict.fromkeys(entry.coupons)) or [""]
    return [str(getattr(entry, dimension))]


def _cell(entry: Entry, dimension: str, value: str) -> Cell:
    return Cell(dimension, value, entry.day if dimension in DAILY else week_of(entry.day))


def _counts(entry: Entry, units: int) -> Counts:
    outcome, amount = entry.outcome, entry.amount_paise
    arrived, back, way = entry.arrived, entry.came_back, entry.on_the_way
    scored, judged = entry.newest != UNKNOWN, entry.first != UNKNOWN and (arrived or back)
    told, goods = max(amount, 0), entry.goods_paise != UNKNOWN
    return Counts(
        int(outcome == PENDING), int(outcome == DELIVERED), int(outcome == RTO),
        int(outcome == RTO_NOT_CUSTOMER), int(outcome == CANCELLED), int(outcome == LOST),
        int(outcome == RETURNED),
        int(way), units if way else 0, units if way and not scored else 0,
        round(entry.newest * units * MICRO) if way and scored else 0,
        told, told if arrived else 0, told if back else 0, int(amount == UNKNOWN),
        max(entry.shipping_paise, 0), int(entry.shipping_paise != UNKNOWN),
        max(entry.back_paise, 0) if back else 0, int(back and entry.back_paise != UNKNOWN),
        entry.goods_paise if arrived and goods else 0, int(arrived and goods),
        round(entry.first * MICRO) if judged else 0,
    )  # fmt: skip
