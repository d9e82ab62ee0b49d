"""A conversation as people read it: what customers wrote, what was said to them, who called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.transcripts import Heard, Written, heard_about, written_about

Who: TypeAlias = Literal["customer", "us", "person"]

# Of the log's entries about messages those that a customer has made.
_CUSTOMERS = ("unclear", "address", "outdated", "meant")


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said.

    Parameters
    ----------
    who : str
        The customer, a message of ours, or a person of the shop.
    what : str
        A response, a purpose or a step of the talk; see ``serving.pages.terms``.
    text : str or None
        The words, where they were somebody's own and are kept.
    state : str or None
        Of a message.
    by : str or None
        Which person.
    """

    at_us: int
    who: Who
    what: str
    text: str | None = None
    state: str | None = None
    by: str | None = None


def transcripts(
    connection: Connection, contacts: Contacts, numbers: Sequence[int]
) -> dict[int, list[Turn]]:
    """What was said about each of these orders, oldest first."""
    found: dict[int, list[Turn]] = {number: [] for number in numbers}
    if not numbers:
        return found
    heard = heard_about(connection, numbers)
    by = {one.seq: one.body.get("by") for one in heard if one.body.get("state") == "answered"}
    for one in heard:
        for turn in _heard(connection, contacts, one):
            found[one.number].append(turn)
    for message in written_about(connection, numbers):
        found[message.number].append(_written(connection, contacts, message, by))
    for turns in found.values():
        turns.sort(key=lambda turn: turn.at_us)
    return found


def _heard(connection: Connection, contacts: Contacts, one: Heard) -> Iterator[Turn]:
    body = one.body
    if one.kind == "message":
        if body.get("state") in _CUSTOMERS:
            yield Turn(one.at_us, "customer", body["state"], _note(connection, contacts, one.seq))
        return
    if one.kind == "feedback":
        note = _note(connection, contacts, one.seq)
        yield Turn(one.at_us, "customer", str(body.get("answer")), note)
        return
    called = one.kind == "contacted" or body.get("by") is not None
    yield Turn(
        one.at_us, "person" if called else "customer", str(body.get("response")),
        _note(connection, contacts, one.seq) or body.get("day"), by=body.get("by"),
    )  # fmt: skip


def _written(
    connection: Connection, contacts: Contacts, message: Written, by: Mapping[int, str | None]
) -> Turn:
    about, step = message.detail.get("about"), message.detail.get("step")
    what = str(step) if message.purpose == "talk" else message.purpose
    if what != "text" or about is None:
        return Turn(message.at_us, "us", what, state=message.state)
    text = _note(connection, contacts, int(about))
    return Turn(message.at_us, "person", what, text, message.state, by.get(int(about)))


def _note(connection: Connection, contacts: Contacts, seq: int) -> str | None:
    sealed = contacts.of(connection, seq)
    note = None if sealed is None else sealed.get("note")
    return None if note is None else str(note)
