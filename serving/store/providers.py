"""A merchant's accounts with outside providers, sealed, each with a door for its events."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from serving.store.connection import Connection
from serving.store.contacts import Contacts

A = TypeVar("A", bound=BaseModel)

_ENDPOINT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Held(Generic[A]):
    """One account of a merchant's.

    Parameters
    ----------
    endpoint : str
        Under which its events come in; opaque.
    stopped : str or None
        Why nothing is sent through it now.
    """

    merchant_id: str
    endpoint: str
    account: A
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Provider(Generic[A]):
    """One kind of account: how it is named, read and sealed.

    Parameters
    ----------
    name : str
        Of which a merchant has one account at most.
    shape : type
        What the account says.
    sealed_as : str
        What binds a sealed account to its use.
    secret : str, optional
        The field that proves what comes in. The one before it, in ``<secret>_before``, still does
        after a change, so that nothing on its way is refused.
    """

    name: str
    shape: type[A]
    sealed_as: str
    secret: str | None = None

    def keep(self, connection: Connection, contacts: Contacts, merchant_id: str, account: A) -> str:
        """Save an account and let it work; the endpoint under which its events come in."""
        before = self.of(connection, contacts, merchant_id)
        # Hexadecimal digits spell no courier's name, which some couriers refuse in an address.
        endpoint = secrets.token_hex(_ENDPOINT_BYTES) if before is None else before.endpoint
        if before is not None:
            account = self._with_secret_before(account, before.account)
        sealed = contacts.seal(self._bound(merchant_id), account.model_dump_json().encode())
        connection.execute(
            """INSERT INTO channel (merchant_id, provider, endpoint, sealed) VALUES (?,?,?,?)
               ON CONFLICT (merchant_id, provider)
               DO UPDATE SET sealed = excluded.sealed, stopped = NULL""",
            (merchant_id, self.name, endpoint, sealed),
        )
        return endpoint

    def of(self, connection: Connection, contacts: Contacts, merchant_id: str) -> Held[A] | None:
        """A merchant's account, or None."""
        return self._held(connection, contacts, "merchant_id=?", merchant_id)

    def at(self, connection: Connection, contacts: Contacts, endpoint: str) -> Held[A] | None:
        """The account whose events come in here, or None."""
        return self._held(connection, contacts, "endpoint=?", endpoint)

    def all(self, connection: Connection, contacts: Contacts) -> list[Held[A]]:
        """Every merchant's account."""
        found = connection.execute(
            "SELECT merchant_id FROM channel WHERE provider=? ORDER BY merchant_id", (self.name,)
        ).fetchall()
        held = (self.of(connection, contacts, merchant_id) for (merchant_id,) in found)
        return [one for one in held if one is not None]

    def stop(self, connection: Connection, merchant_id: str, why: str | None) -> bool:
        """Send nothing through a merchant's account, saying why, or again (None); False without."""
        found = connection.execute(
            "UPDATE channel SET stopped=? WHERE merchant_id=? AND provider=? RETURNING 1",
            (why, merchant_id, self.name),
        )
        return found.fetchone() is not None

    def drop(self, connection: Connection, merchant_id: str) -> bool:
        """Forget a merchant's account; False where there is none."""
        found = connection.execute(
            "DELETE FROM channel WHERE merchant_id=? AND provider=? RETURNING 1",
            (merchant_id, self.name),
        )
        return found.fetchone() is not None

    def _with_secret_before(self, account: A, held: A) -> A:
        if self.secret is None or getattr(account, f"{self.secret}_before"):
            return account
        changed = getattr(held, self.secret) != getattr(account, self.secret)
        old = getattr(held, self.secret if changed else f"{self.secret}_before")
        return account.model_copy(update={f"{self.secret}_before": old})

    def _held(
        self, connection: Connection, contacts: Contacts, where: str, value: str
    ) -> Held[A] | None:
        found = connection.execute(
            f"""SELECT merchant_id, endpoint, sealed, stopped FROM channel
                WHERE provider=? AND {where}""",
            (self.name, value),
        ).fetchone()
        if found is None:
            return None
        merchant_id, endpoint, sealed, stopped = found
        plain = contacts.open(self._bound(merchant_id), bytes(sealed))
        return Held(merchant_id, endpoint, self.shape.model_validate_json(plain), stopped)

    def _bound(self, merchant_id: str) -> int:
        digest = hashlib.sha256(f"{self.sealed_as}\0{merchant_id}".encode()).digest()
        return int.from_bytes(digest[:7], "big")


def last_heard(connection: Connection, endpoint: str) -> int | None:
    """When an event last came in at an account's door, as long as it is remembered."""
    found = connection.execute(
        "SELECT max(at_us) FROM hook_seen WHERE endpoint=?", (endpoint,)
    ).fetchone()
    return None if found is None or found[0] is None else int(found[0])
