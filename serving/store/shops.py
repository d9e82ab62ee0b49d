"""A merchant's own shop: what it signs with, and which of its orders are paid at the door."""

from __future__ import annotations

from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from serving.store.connection import Connection
from serving.store.providers import Held, Provider


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


Shop: TypeAlias = Held[Shopify]

SHOPIFY = Provider("shopify", Shopify, sealed_as="shop", secret="secret")


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
