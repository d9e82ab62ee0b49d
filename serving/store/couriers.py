"""A merchant's couriers: where scans come in, and how orders and answers go out, sealed."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.parcels.couriers import COURIER_NAMES, CourierName
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.providers import Held, Provider


class Courier(BaseModel):
    """Whose scans, the token that they bring in a header, and how the courier is called.

    Parameters
    ----------
    token, token_before : str
        Either one opens, so that it can be changed without losing scans.
    header : str
        That carries it.
    email, password : str
        Of an API user at Shiprocket; empty calls nobody.
    api_token : str
        Of Delhivery's interface; empty calls nobody.
    calls_a_minute : int
        What the courier lets us call; Delhivery names 150, Shiprocket no number.
    orders : {"import", "create"}
        Whether Shiprocket brings orders from the shop by itself, or they are made there once they
        may go.
    assign : bool
        Whether an order that may go is given a waybill, or people do that.
    channel_id : int or None
        Of the shop at Shiprocket, where several have orders of the same name.
    pickup_location : str
        As it is called at Shiprocket; needed to make orders there.
    length_cm, breadth_cm, height_cm, weight_kg : float
        Of a parcel, as made orders say it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    courier: CourierName
    token: str = Field(min_length=16, max_length=200)
    token_before: str = Field(default="", max_length=200)
    header: str = Field(default="x-api-key", pattern=r"^[A-Za-z0-9-]{1,60}$")
    email: str = Field(default="", max_length=254)
    password: str = Field(default="", max_length=200)
    api_token: str = Field(default="", max_length=1_000, pattern=r"^[!-~]*$")
    calls_a_minute: int = Field(default=120, ge=1, le=100_000)
    orders: Literal["import", "create"] = "import"
    assign: bool = True
    channel_id: int | None = None
    pickup_location: str = Field(default="", max_length=100)
    length_cm: float = Field(default=20, ge=0.5, le=300)
    breadth_cm: float = Field(default=15, ge=0.5, le=300)
    height_cm: float = Field(default=5, ge=0.5, le=300)
    weight_kg: float = Field(default=0.5, gt=0, le=100)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.courier == "shiprocket" and bool(self.email) != bool(self.password):
            raise ValueError("email and password belong together")
        if self.courier != "shiprocket" and (self.email or self.password):
            raise ValueError("email and password are Shiprocket's; leave them out")
        if self.courier != "delhivery" and self.api_token:
            raise ValueError("api_token is Delhivery's; leave it out")
        if self.email and self.orders == "create" and not self.pickup_location:
            raise ValueError("pickup_location is needed where orders are made there")
        return self

    @property
    def calls(self) -> bool:
        """Whether the courier is called, beside what it tells by itself."""
        return bool(self.email or self.api_token)

    def opens(self, given: str | None) -> bool:
        """Whether a header's value is one of the tokens."""
        tokens = [token for token in (self.token, self.token_before) if token]
        said = (given or "").encode("utf-8", "replace")
        return any(hmac.compare_digest(token.encode(), said) for token in tokens)


Tracking: TypeAlias = Held[Courier]

COURIERS = {
    name: Provider(f"courier {name}", Courier, sealed_as="courier", secret="token")
    for name in COURIER_NAMES
}


def courier_at(connection: Connection, contacts: Contacts, endpoint: str) -> Tracking | None:
    """The courier whose scans come in here, or None."""
    for provider in COURIERS.values():
        if (tracking := provider.at(connection, contacts, endpoint)) is not None:
            return tracking
    return None


def called_couriers(connection: Connection, contacts: Contacts) -> Iterator[Tracking]:
    """The couriers that are called and do not refuse it now."""
    found = connection.execute(
        """SELECT merchant_id, provider FROM channel
           WHERE provider LIKE 'courier %' AND stopped IS NULL ORDER BY merchant_id, provider"""
    ).fetchall()
    for merchant_id, provider in found:
        tracking = COURIERS[provider.removeprefix("courier ")].of(connection, contacts, merchant_id)
        if tracking is not None and tracking.account.calls:
            yield tracking


def stopped_couriers(connection: Connection) -> list[tuple[str, str, str]]:
    """Merchants whose courier refuses us, which one, and why."""
    return connection.execute(
        """SELECT merchant_id, substr(provider, 9), stopped FROM channel
           WHERE provider LIKE 'courier %' AND stopped IS NOT NULL ORDER BY merchant_id, provider"""
    ).fetchall()
