"""A merchant's account for payment links, sealed, and the links as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.providers import Held, Provider

LinkState: TypeAlias = Literal[
    "waiting", "making", "open", "cancelling", "partial", "paid", "cancelled", "expired", "failed"
]
_COLUMNS = (
    "link_id, number, merchant_id, state, amount_paise, discount_paise, rest_paise, expire_us, "
    "made_us, due_us, tries, detail, outside_id, short_url, why"
)


class Razorpay(BaseModel):
    """A Razorpay account.

    Parameters
    ----------
    webhook_secret, webhook_secret_before : str
        Either one signs what comes in: after a change old events still carry the old one.
    offers : bool
        Whether an order the policy would push to prepaid gets an offer (a marketing template)
        instead of the question.
    token_share : float
        Less than 1 lets the customer choose to pay only this share now and the rest at the door.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key_id: str = Field(min_length=4, max_length=100, pattern=r"^[!-9;-~]+$")
    key_secret: str = Field(min_length=8, max_length=200, pattern=r"^[!-~]+$")
    webhook_secret: str = Field(min_length=8, max_length=200)
    webhook_secret_before: str = Field(default="", max_length=200)
    offers: bool = False
    token_share: float = Field(default=1.0, gt=0, le=1)
    sandbox: bool = False


Payments: TypeAlias = Held[Razorpay]

RAZORPAY = Provider("razorpay", Razorpay, sealed_as="razorpay", secret="webhook_secret")


@dataclass(frozen=True, slots=True)
class Link:
    """One payment link; ``link_id`` is ours and goes out as its reference.

    Parameters
    ----------
    rest_paise : int
        Left to be paid at the door by whoever pays no more than they must; 0 where it is all.
    detail : str
        What is said once it is open, as JSON.
    """

    link_id: str
    number: int
    merchant_id: str
    state: LinkState
    amount_paise: int
    discount_paise: int
    rest_paise: int
    expire_us: int
    made_us: int
    due_us: int
    tries: int
    detail: str
    outside_id: str | None
    short_url: str | None
    why: str | None

    @property
    def due_paise(self) -> int:
        """What the order costs at the door, without the discount for paying all of it now."""
        return self.amount_paise + self.discount_paise

    @property
    def token_paise(self) -> int | None:
        """The least that can be paid now; None where it is all or nothing."""
        return self.due_paise - self.rest_paise if self.rest_paise else None


def keep_payments(
    connection: Connection, contacts: Contacts, merchant_id: str, account: Razorpay
) -> str:
    """Save an account; the endpoint under which its events come in."""
    endpoint = RAZORPAY.keep(connection, contacts, merchant_id, account)
    connection.execute(
        "UPDATE channel SET offers=? WHERE merchant_id=? AND provider='razorpay'",
        (int(account.offers), merchant_id),
    )
    return endpoint


def can_be_paid(connection: Connection, merchant_id: str) -> bool:
    """Whether a merchant's customers can pay by link now."""
    return _offers(connection, merchant_id) is not None


def offers_payment(connection: Connection, merchant_id: str) -> bool:
    """Whether payment is offered before anything is asked."""
    return bool(_offers(connection, merchant_id))


def _offers(connection: Connection, merchant_id: str) -> int | None:
    found = connection.execute(
        """SELECT offers FROM channel WHERE merchant_id=? AND provider='razorpay'
           AND stopped IS NULL""",
        (merchant_id,),
    ).fetchone()
    return None if found is None else int(found[0])


def put_link(connection: Connection, link: Link) -> None:
    """Want a link."""
    connection.execute(
        f"INSERT INTO payment_link ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (link.link_id, link.number, link.merchant_id, link.state, link.amount_paise,
         link.discount_paise, link.rest_paise, link.expire_us, link.made_us, link.due_us,
         link.tries, link.detail, link.outside_id, link.short_url, link.why),
    )  # fmt: skip


def links_due(connection: Connection, now_us: int, most: int) -> list[Link]:
    """Links to make or to cancel; a claim is written before anything is sent."""
    return _links(
        connection, "state IN ('waiting', 'making', 'cancelling') AND due_us<=? LIMIT ?",
        (now_us, most),
    )  # fmt: skip


def link_named(connection: Connection, link_id: str) -> Link | None:
    """One link by our id."""
    return next(iter(_links(connection, "link_id=?", (link_id,))), None)


def link_outside(connection: Connection, outside_id: str) -> Link | None:
    """One link by Razorpay's id."""
    return next(iter(_links(connection, "outside_id=?", (outside_id,))), None)


def links_of(connection: Connection, number: int) -> list[Link]:
    """An order's links, oldest first."""
    return _links(connection, "number=? ORDER BY made_us, link_id", (number,))


def settle_link(
    connection: Connection,
    link: Link,
    state: LinkState,
    *,
    due_us: int = 0,
    outside_id: str | None = None,
    short_url: str | None = None,
    why: str | None = None,
    tried: bool = False,
) -> bool:
    """Move a link on from where it was seen; False where something else has moved it."""
    found = connection.execute(
        """UPDATE payment_link SET state=?, due_us=?, tries=tries+?, why=?,
             outside_id=coalesce(?, outside_id), short_url=coalesce(?, short_url)
           WHERE link_id=? AND state=? RETURNING 1""",
        (state, due_us, int(tried), why, outside_id, short_url, link.link_id, link.state),
    )
    return found.fetchone() is not None


def cancel_links(connection: Connection, number: int) -> None:
    """Let nobody pay an order by its links any more."""
    connection.execute(
        """UPDATE payment_link SET due_us=0,
             state=CASE state WHEN 'open' THEN 'cancelling' ELSE 'cancelled' END
           WHERE number=? AND state IN ('open', 'waiting')""",
        (number,),
    )


def price_link(
    connection: Connection, link: Link, amount_paise: int, discount_paise: int, rest_paise: int
) -> None:
    """Say what a link asks for, before it is made."""
    connection.execute(
        """UPDATE payment_link SET amount_paise=?, discount_paise=?, rest_paise=?
           WHERE link_id=?""",
        (amount_paise, discount_paise, rest_paise, link.link_id),
    )


def _links(connection: Connection, where: str, parameters: Sequence[object]) -> list[Link]:
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM payment_link WHERE {where}", parameters
    ).fetchall()
    return [Link(*line) for line in found]
