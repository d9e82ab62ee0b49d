"""A merchant's couriers: where their scans come in, and the tokens that open it, sealed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from serving.parcels.couriers import CourierName
from serving.store.connection import Connection
from serving.store.contacts import Contacts

_ENDPOINT_BYTES = 16


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


@dataclass(frozen=True, slots=True)
class Tracking:
    """One courier of a merchant's, and where its scans come in."""

    merchant_id: str
    endpoint: str
    account: Courier


def keep_courier(
    connection: Connection, contacts: Contacts, merchant_id: str, account: Courier
) -> str:
    """Save a courier; the endpoint under which its scans come in."""
    provider = f"courier {account.courier}"
    found = connection.execute(
        "SELECT endpoint, sealed FROM channel WHERE merchant_id=? AND provider=?",
        (merchant_id, provider),
    ).fetchone()
    if found is not None and not account.token_before:
        before = Courier.model_validate_json(contacts.open(_bound(merchant_id), bytes(found[1])))
        changed = before.token != account.token
        old = before.token if changed else before.token_before
        account = account.model_copy(update={"token_before": old})
    # Hexadecimal digits spell no courier's name, which some couriers refuse in an address.
    endpoint = secrets.token_hex(_ENDPOINT_BYTES) if found is None else str(found[0])
    sealed = contacts.seal(_bound(merchant_id), account.model_dump_json().encode())
    connection.execute(
        """INSERT INTO channel (merchant_id, provider, endpoint, sealed) VALUES (?,?,?,?)
           ON CONFLICT (merchant_id, provider) DO UPDATE SET sealed = excluded.sealed""",
        (merchant_id, provider, endpoint, sealed),
    )
    return endpoint


def courier_at(connection: Connection, contacts: Contacts, endpoint: str) -> Tracking | None:
    """The courier whose scans come in here, or None."""
    found = connection.execute(
        """SELECT merchant_id, endpoint, sealed FROM channel
           WHERE provider LIKE 'courier %' AND endpoint=?""",
        (endpoint,),
    ).fetchone()
    if found is None:
        return None
    plain = contacts.open(_bound(found[0]), bytes(found[2]))
    return Tracking(found[0], found[1], Courier.model_validate_json(plain))


def _bound(merchant_id: str) -> int:
    digest = hashlib.sha256(f"courier\0{merchant_id}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
