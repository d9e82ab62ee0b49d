"""A merchant's own shop: what it signs with, and which of its orders are paid at the door."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

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
    cancels : tuple of {"customer", "merchant"}
        Whose cancellations here cancel the order in the shop too; the others leave it on hold.
    assesses : bool
        Whether the shop is told the risk and its reasons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    domain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+$", max_length=255)
    secret: str = Field(min_length=8, max_length=200)
    secret_before: str = Field(default="", max_length=200)
    token: str = Field(default="", max_length=1_000, pattern=r"^[!-~]*$")
    order_id: str = Field(default="name", pattern=r"^(name|id)$")
    cod: CodSigns = CodSigns()
    cancels: tuple[Literal["customer", "merchant"], ...] = ()
    assesses: bool = True


Shop: TypeAlias = Held[Shopify]

SHOPIFY = Provider("shopify", Shopify, sealed_as="shop", secret="secret")
