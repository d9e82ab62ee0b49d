"""How an order is to look in its shop: held or not, its address, its tags, why it is a risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from serving.conversation.life import UNDISPATCHED, Life
from serving.decisions import Answer, answer_now
from serving.orders import content_held
from serving.shops.addresses import in_shop
from serving.standing import life_of
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.orders import Held, orders_numbered
from serving.store.shop_orders import ShopOrder, shop_order_named
from serving.store.stories import number_at, steps_of

TAGS = (
    "rto-low", "rto-medium", "rto-high", "rto-waiting", "rto-confirmed", "rto-corrected",
    "rto-paid", "rto-released", "rto-blocked", "rto-cancelled",
)  # fmt: skip
_MOST_FACTS, _LONGEST_FACT = 5, 255


@dataclass(frozen=True, slots=True)
class Risk:
    """An assessment as the shop shows it.

    Parameters
    ----------
    level : {"HIGH", "MEDIUM", "LOW"}
    facts : tuple of (str, str)
        Our reasons, and whether each speaks against the order.
    """

    level: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an order is to look.

    Parameters
    ----------
    known : ShopOrder
        What the shop last said of it.
    address : mapping or None
        In the shop's fields, where it was corrected here.
    paid : bool
        Paid in whole by a link of ours.
    cancelled_by : {"customer", "merchant", "system"} or None
    """

    known: ShopOrder
    held: bool
    tags: frozenset[str]
    risk: Risk
    address: Mapping[str, str] | None = None
    paid: bool = False
    cancelled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What people and payments said about an order since it was placed."""

    corrected: bool = False
    paid: bool = False
    cancelled_by: str | None = None

    @classmethod
    def of(cls, connection: Connection, number: int) -> Heard:
        """Read it from the log."""
        steps = steps_of(connection, number)
        said = {s.body.get("response") for s in steps if s.kind in ("replied", "contacted")}
        by = [str(s.body.get("cancelled_by")) for s in steps if s.kind == "cancelled"]
        return cls(
            "corrected" in said,
            "paid" in said or any(step.kind == "paid" for step in steps),
            by[-1] if by else None,
        )


def wanted(connection: Connection, contacts: Contacts, seq: int) -> Wanted | None:
    """How the order that an entry is about is to look; None where the shop has no say in it.

    What came from elsewhere is not the shop's, and what has left is left alone.
    """
    number = number_at(connection, seq)
    if number is None:
        return None
    (held,) = orders_numbered(connection, [number])
    known = shop_order_named(connection, held.merchant_id, held.order_id, test=held.test)
    life, answer = life_of(connection, held.number), answer_now(connection, held)
    if known is None or answer is None:
        return None
    if life.stage not in UNDISPATCHED and life.stage != "cancelled":
        return None
    heard = Heard.of(connection, held.number)
    content = content_held(connection, contacts, held.fact_seq)
    return Wanted(
        known=known,
        held=life.dispatch != "go",
        tags=frozenset(_tags(life, answer, heard)),
        risk=_risk(answer),
        address=_address(held, heard, content),
        paid=heard.paid and content.get("payment_mode") != "partial_cod",
        cancelled_by=heard.cancelled_by if life.stage == "cancelled" else None,
    )


def _tags(life: Life, answer: Answer, heard: Heard) -> Iterable[str]:
    yield f"rto-{answer['tier']}"
    if heard.corrected:
        yield "rto-corrected"
    if heard.paid:
        yield "rto-paid"
    if life.stage == "cancelled":
        yield "rto-cancelled"
    elif life.dispatch == "stop":
        yield "rto-blocked"
    elif life.dispatch == "wait":
        yield "rto-waiting"
    elif life.stage == "confirmed":
        yield "rto-confirmed"
    elif life.since and not heard.paid:
        yield "rto-released"


def _address(held: Held, heard: Heard, content: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Ours, where it was corrected and its person has not been erased since."""
    found = in_shop(content)
    whole = held.revision > 0 and heard.corrected and "address1" in found
    return found if whole else None


def _risk(answer: Answer) -> Risk:
    """The weightiest reasons; what is said first was weightiest."""
    facts = tuple(
        (str(reason["text"])[:_LONGEST_FACT], "NEGATIVE" if reason["impact"] > 0 else "POSITIVE")
        for reason in answer["reasons"][:_MOST_FACTS]
    )
    return Risk(str(answer["tier"]).upper(), facts)
