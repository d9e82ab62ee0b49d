"""A merchant's own accounts with carriers of messages, their secrets sealed."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from serving.store.connection import Connection
from serving.store.contacts import Contacts

_ENDPOINT_BYTES = 16


class WhatsApp(BaseModel):
    """A number with WhatsApp's Cloud API.

    Parameters
    ----------
    app_secret, app_secret_before : str
        Either one signs what comes in, so that it can be changed without losing events.
    quiet_from, quiet_until : int
        Hours in India between which nobody is written to first.
    people_a_day : int
        How many people the carrier lets be written to first in 24 hours.
    sandbox : bool
        Invented people: only a stand-in on this machine is sent to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    phone_number_id: str = Field(pattern=r"^\d{3,32}$")
    token: str = Field(min_length=8, max_length=1_000, pattern=r"^[!-~]+$")
    app_secret: str = Field(min_length=8, max_length=200)
    app_secret_before: str = Field(default="", max_length=200)
    verify_token: str = Field(min_length=8, max_length=200)
    quiet_from: int = Field(default=21, ge=0, le=24)
    quiet_until: int = Field(default=9, ge=0, le=24)
    people_a_day: int = Field(default=250, ge=1, le=10_000_000)
    sandbox: bool = False


class Delegate(BaseModel):
    """Another provider of the merchant's own, which asks in our place."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    quiet_from: int = Field(default=21, ge=0, le=24)
    quiet_until: int = Field(default=9, ge=0, le=24)


@dataclass(frozen=True, slots=True)
class Channel:
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
    account: WhatsApp
    stopped: str | None


def keep_channel(
    connection: Connection, contacts: Contacts, merchant_id: str, account: WhatsApp
) -> str:
    """Save an account and let it send; the endpoint under which its events come in."""
    before = channel_of(connection, contacts, merchant_id)
    if before is not None and not account.app_secret_before:
        held = before.account
        changed = held.app_secret != account.app_secret
        old = held.app_secret if changed else held.app_secret_before
        account = account.model_copy(update={"app_secret_before": old})
    # Hexadecimal digits spell no courier's name, which some couriers refuse in an address.
    endpoint = secrets.token_hex(_ENDPOINT_BYTES) if before is None else before.endpoint
    sealed = contacts.seal(_bound(merchant_id), account.model_dump_json().encode())
    connection.execute(
        """INSERT INTO channel (merchant_id, provider, endpoint, sealed)
           VALUES (?,'whatsapp',?,?) ON CONFLICT (merchant_id, provider)
           DO UPDATE SET sealed = excluded.sealed, stopped = NULL""",
        (merchant_id, endpoint, sealed),
    )
    return endpoint


def channel_of(connection: Connection, contacts: Contacts, merchant_id: str) -> Channel | None:
    """A merchant's account, or None."""
    return _channel(connection, contacts, "merchant_id=?", merchant_id)


def channel_at(connection: Connection, contacts: Contacts, endpoint: str) -> Channel | None:
    """The account whose events come in here, or None."""
    return _channel(connection, contacts, "endpoint=?", endpoint)


def switch_channel(connection: Connection, merchant_id: str, why: str | None) -> bool:
    """Stop sending for a merchant, saying why, or go on (None); False without a channel."""
    found = connection.execute(
        """UPDATE channel SET stopped=? WHERE merchant_id=? AND provider IN ('whatsapp', 'delegate')
           RETURNING 1""",
        (why, merchant_id),
    )
    return found.fetchone() is not None


def stopped_channels(connection: Connection) -> list[tuple[str, str]]:
    """Merchants for whom nothing, or one template, is not sent now, and why."""
    return connection.execute(
        """SELECT DISTINCT merchant_id, stopped FROM channel WHERE stopped IS NOT NULL
           UNION SELECT merchant_id, 'template ' || name || ': ' || why FROM template_stop
           ORDER BY merchant_id"""
    ).fetchall()


def keep_delegate(
    connection: Connection, contacts: Contacts, merchant_id: str, delegate: Delegate | None
) -> None:
    """Let another provider ask for a merchant from now on, or no longer (None)."""
    connection.execute(
        "DELETE FROM channel WHERE merchant_id=? AND provider='delegate'", (merchant_id,)
    )
    if delegate is not None:
        sealed = contacts.seal(_bound(merchant_id), delegate.model_dump_json().encode())
        connection.execute(
            "INSERT INTO channel (merchant_id, provider, endpoint, sealed) VALUES (?,?,?,?)",
            (merchant_id, "delegate", secrets.token_hex(_ENDPOINT_BYTES), sealed),
        )
        switch_channel(connection, merchant_id, None)


def delegate_of(connection: Connection, contacts: Contacts, merchant_id: str) -> Delegate | None:
    """The other provider of a merchant's, or None."""
    found = connection.execute(
        "SELECT sealed FROM channel WHERE merchant_id=? AND provider='delegate'", (merchant_id,)
    ).fetchone()
    if found is None:
        return None
    plain = contacts.open(_bound(merchant_id), bytes(found[0]))
    return Delegate.model_validate_json(plain)


def template_stopped(connection: Connection, merchant_id: str, name: str) -> str | None:
    """Why a template is not used for a merchant now; None where it is."""
    found = connection.execute(
        "SELECT why FROM template_stop WHERE merchant_id=? AND name=?", (merchant_id, name)
    ).fetchone()
    return None if found is None else str(found[0])


def stop_template(connection: Connection, merchant_id: str, name: str, why: str | None) -> None:
    """Use a template no more, or again (None)."""
    connection.execute(
        "DELETE FROM template_stop WHERE merchant_id=? AND name=?", (merchant_id, name)
    )
    if why is not None:
        connection.execute(
            "INSERT INTO template_stop (merchant_id, name, why) VALUES (?,?,?)",
            (merchant_id, name, why),
        )


def _channel(connection: Connection, contacts: Contacts, where: str, value: str) -> Channel | None:
    found = connection.execute(
        f"""SELECT merchant_id, endpoint, sealed, stopped FROM channel
            WHERE provider='whatsapp' AND {where}""",
        (value,),
    ).fetchone()
    if found is None:
        return None
    merchant_id, endpoint, sealed, stopped = found
    plain = contacts.open(_bound(merchant_id), bytes(sealed))
    return Channel(merchant_id, endpoint, WhatsApp.model_validate_json(plain), stopped)


def _bound(merchant_id: str) -> int:
    digest = hashlib.sha256(f"channel\0{merchant_id}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
