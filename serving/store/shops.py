"""A merchant's own shop: what it signs with, and which of its orders are paid at the door."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from serving.store.connection import Connection
from serving.store.contacts import Contacts

_ENDPOINT_BYTES = 16


class CodSigns(BaseModel):
    """What says that a shop's order is paid at the door; one sign is enough, case does not count.

    Parameters
    ----------
    gateways, tags : tuple of str
        Names of the payment gateway, and tags of the order.
    note_attributes : mapping
        Values that a note attribute of the order may have, by its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gateways: tuple[str, ...] = ("Cash on Delivery (COD)", "cash_on_delivery", "cod")
    tags: tuple[str, ...] = ("cod",)
    note_attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Shopify(BaseModel):
    """A shop at Shopify.

    Parameters
    ----------
    secret, secret_before : str
        Either one signs what comes in, so that it can be changed without losing orders.
    token : str
        Of the Admin API, to hold and tag orders; empty writes nothing back.
    order_id : {"name", "id"}
        What an order is called here: as people call it (#1001), or by Shopify's number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    domain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+$", max_length=255)
    secret: str = Field(min_length=8, max_length=200)
    secret_before: str = Field(default="", max_length=200)
    token: str = Field(default="", max_length=1_000, pattern=r"^[!-~]*$")
    order_id: str = Field(default="name", pattern=r"^(name|id)$")
    cod: CodSigns = CodSigns()


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop and the endpoint under which its events come in."""

    merchant_id: str
    endpoint: str
    account: Shopify


def keep_shop(
    connection: Connection, contacts: Contacts, merchant_id: str, account: Shopify
) -> str:
    """Save a shop; the endpoint under which its events come in."""
    before = shop_of(connection, contacts, merchant_id)
    if before is not None and not account.secret_before:
        held = before.account
        old = held.secret if held.secret != account.secret else held.secret_before
        account = account.model_copy(update={"secret_before": old})
    endpoint = secrets.token_hex(_ENDPOINT_BYTES) if before is None else before.endpoint
    sealed = contacts.seal(_bound(merchant_id), account.model_dump_json().encode())
    connection.execute(
        """INSERT INTO channel (merchant_id, provider, endpoint, sealed)
           VALUES (?,'shopify',?,?) ON CONFLICT (merchant_id, provider)
           DO UPDATE SET sealed = excluded.sealed""",
        (merchant_id, endpoint, sealed),
    )
    return endpoint


def shop_at(connection: Connection, contacts: Contacts, endpoint: str) -> Shop | None:
    """The shop whose events come in here, or None."""
    return _shop(connection, contacts, "endpoint=?", endpoint)


def shop_of(connection: Connection, contacts: Contacts, merchant_id: str) -> Shop | None:
    """A merchant's shop, or None."""
    return _shop(connection, contacts, "merchant_id=?", merchant_id)


def drop_shop(connection: Connection, merchant_id: str) -> bool:
    """Take nothing more from a merchant's shop; False where there is none."""
    found = connection.execute(
        "DELETE FROM channel WHERE merchant_id=? AND provider='shopify' RETURNING 1",
        (merchant_id,),
    )
    return found.fetchone() is not None


def order_numbered_in_shop(
    connection: Connection, merchant_id: str, shop_number: int, *, test: bool
) -> tuple[str, int] | None:
    """Our name of a shop's order and when the shop last changed it, as far as we know."""
    found = connection.execute(
        """SELECT order_id, updated_us FROM shop_order
           WHERE merchant_id=? AND test=? AND shop_number=?""",
        (merchant_id, test, shop_number),
    ).fetchone()
    return None if found is None else (found[0], found[1])


def number_in_shop(
    connection: Connection, merchant_id: str, order_id: str, *, test: bool
) -> int | None:
    """The shop's number of an order of ours; None where it did not come from there."""
    found = connection.execute(
        "SELECT shop_number FROM shop_order WHERE merchant_id=? AND test=? AND order_id=?",
        (merchant_id, test, order_id),
    ).fetchone()
    return None if found is None else int(found[0])


def keep_shop_order(
    connection: Connection, merchant_id: str, shop_number: int, order_id: str, updated_us: int,
    *, test: bool,
) -> None:  # fmt: skip
    """Remember when a shop changed an order; an older change counts no more."""
    connection.execute(
        """INSERT INTO shop_order (merchant_id, test, shop_number, order_id, updated_us)
           VALUES (?,?,?,?,?) ON CONFLICT (merchant_id, test, shop_number)
           DO UPDATE SET updated_us = excluded.updated_us
           WHERE shop_order.updated_us < excluded.updated_us""",
        (merchant_id, test, shop_number, order_id, updated_us),
    )


def _shop(connection: Connection, contacts: Contacts, where: str, value: str) -> Shop | None:
    found = connection.execute(
        f"SELECT merchant_id, endpoint, sealed FROM channel WHERE provider='shopify' AND {where}",
        (value,),
    ).fetchone()
    if found is None:
        return None
    merchant_id, endpoint, sealed = found
    plain = contacts.open(_bound(merchant_id), bytes(sealed))
    return Shop(merchant_id, endpoint, Shopify.model_validate_json(plain))


def _bound(merchant_id: str) -> int:
    digest = hashlib.sha256(f"shop\0{merchant_id}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
