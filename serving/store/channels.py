"""A merchant's own accounts with carriers of messages, their secrets sealed."""

from __future__ import annotations

from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.providers import Held, Provider


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
    opt_in_declared : bool
        The merchant says that every customer agrees to messages at checkout; else only those are
        written to whose order says so.
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
    opt_in_declared: bool = False
    sandbox: bool = False


class Delegate(BaseModel):
    """Another provider of the merchant's own, which asks in our place."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    quiet_from: int = Field(default=21, ge=0, le=24)
    quiet_until: int = Field(default=9, ge=0, le=24)


Channel: TypeAlias = Held[WhatsApp]

WHATSAPP = Provider("whatsapp", WhatsApp, sealed_as="channel", secret="app_secret")
DELEGATE = Provider("delegate", Delegate, sealed_as="channel")


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
        """SELECT DISTINCT merchant_id, stopped FROM channel
           WHERE stopped IS NOT NULL AND provider NOT LIKE 'courier %'
           UNION SELECT merchant_id, 'template ' || name || ': ' || why FROM template_stop
           ORDER BY merchant_id"""
    ).fetchall()


def keep_delegate(
    connection: Connection, contacts: Contacts, merchant_id: str, delegate: Delegate | None
) -> None:
    """Let another provider ask for a merchant from now on, or no longer (None)."""
    if delegate is None:
        DELEGATE.drop(connection, merchant_id)
    else:
        DELEGATE.keep(connection, contacts, merchant_id, delegate)
        switch_channel(connection, merchant_id, None)


def template_stopped(connection: Connection, merchant_id: str, name: str) -> str | None:
    """Why a template is not used for a merchant now; None where it is."""
    found = connection.execute(
        "SELECT why FROM template_stop WHERE merchant_id=? AND name=?", (merchant_id, name)
    ).fetchone()
    return None if found is None else str(found[0])


def templates_stopped(connection: Connection, merchant_id: str) -> list[tuple[str, str]]:
    """Every template that is not used for a merchant now, and why."""
    return connection.execute(
        "SELECT name, why FROM template_stop WHERE merchant_id=? ORDER BY name", (merchant_id,)
    ).fetchall()


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
