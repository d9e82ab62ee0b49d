"""A merchant's couriers: where their scans come in, and the tokens that open it, sealed."""

from __future__ import annotations

import hmac
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from serving.parcels.couriers import COURIER_NAMES, CourierName
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.providers import Held, Provider


class Courier(BaseModel):
    """Whose scans, and the token that they bring in a header.

    Parameters
    ----------
    token, token_before : str
        Either one opens, so that it can be changed without losing scans.
    header : str
        That carries it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    courier: CourierName
    token: str = Field(min_length=16, max_length=200)
    token_before: str = Field(default="", max_length=200)
    header: str = Field(default="x-api-key", pattern=r"^[A-Za-z0-9-]{1,60}$")

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
