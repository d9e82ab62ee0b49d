"""Where merchants want to be told what happens: addresses and secrets, sealed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import from_json, to_json

from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.log import last_seq

_ID_BYTES = 12
_COLUMNS = "subscription_id, merchant_id, events, sealed, nearby, made_us, seq, failing_us, stopped"


@dataclass(frozen=True, slots=True)
class Signing:
    """A secret that signs until an instant; None for the one in force."""

    secret: str
    until_us: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One address of a merchant's.

    Parameters
    ----------
    events : tuple of str
        What it is told; empty for everything.
    secrets : tuple of Signing
        Newest first.
    nearby : bool
        May lie on this machine; only who has its command line may say so.
    seq : int
        The log up to here has become deliveries.
    failing_us : int or None
        Since when every attempt has failed.
    stopped : str or None
        Why nothing is delivered now.
    """

    subscription_id: str
    merchant_id: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[Signing, ...]
    nearby: bool
    made_us: int
    seq: int
    failing_us: int | None = None
    stopped: str | None = None


def new_subscription_id() -> str:
    """An id that is nobody's yet."""
    return f"wh_{secrets.token_hex(_ID_BYTES)}"


def add_subscription(connection: Connection, contacts: Contacts, one: Subscription) -> None:
    """Keep a new one; it is told what happens from now on."""
    connection.execute(
        f"INSERT INTO subscription ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,NULL,NULL)",
        (one.subscription_id, one.merchant_id, " ".join(one.events), _sealed(contacts, one),
         one.nearby, one.made_us, last_seq(connection)),
    )  # fmt: skip


def keep_subscription(connection: Connection, contacts: Contacts, one: Subscription) -> None:
    """Change what is told, where to, and under which secrets."""
    connection.execute(
        "UPDATE subscription SET events=?, sealed=?, nearby=? WHERE subscription_id=?",
        (" ".join(one.events), _sealed(contacts, one), one.nearby, one.subscription_id),
    )


def subscriptions_of(
    connection: Connection, contacts: Contacts, merchant_id: str
) -> list[Subscription]:
    """A merchant's, oldest first."""
    found = connection.execute(
        f"""SELECT {_COLUMNS} FROM subscription WHERE merchant_id=?
            ORDER BY made_us, subscription_id""",
        (merchant_id,),
    ).fetchall()
    return [_read(contacts, line) for line in found]


def subscription_named(
    connection: Connection, contacts: Contacts, merchant_id: str, subscription_id: str
) -> Subscription | None:
    """One of a merchant's, or None."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM subscription WHERE merchant_id=? AND subscription_id=?",
        (merchant_id, subscription_id),
    ).fetchone()
    return None if found is None else _read(contacts, found)


def listening(connection: Connection, contacts: Contacts) -> list[Subscription]:
    """All that are not switched off."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM subscription WHERE stopped IS NULL ORDER BY subscription_id"
    ).fetchall()
    return [_read(contacts, line) for line in found]


def listens(connection: Connection, merchant_id: str, event: str) -> bool:
    """Whether anybody would be told of such an event of a merchant's."""
    found = connection.execute(
        "SELECT events FROM subscription WHERE merchant_id=? AND stopped IS NULL", (merchant_id,)
    ).fetchall()
    return any(not events or event in events.split() for (events,) in found)


def stopped_subscriptions(connection: Connection) -> int:
    """How many were switched off because nobody answered there."""
    found = connection.execute(
        "SELECT count(*) FROM subscription WHERE stopped IS NOT NULL AND failing_us IS NOT NULL"
    )
    return int(found.fetchone()[0])


def drop_subscription(connection: Connection, merchant_id: str, subscription_id: str) -> bool:
    """Take one away, with its deliveries; False where the merchant has none of this id."""
    found = connection.execute(
        "DELETE FROM subscription WHERE merchant_id=? AND subscription_id=? RETURNING 1",
        (merchant_id, subscription_id),
    )
    if found.fetchone() is None:
        return False
    connection.execute("DELETE FROM delivery WHERE subscription_id=?", (subscription_id,))
    return True


def stop_subscription(connection: Connection, subscription_id: str, why: str) -> bool:
    """Deliver nothing there any more; False where that was so already."""
    found = connection.execute(
        """UPDATE subscription SET stopped=? WHERE subscription_id=? AND stopped IS NULL
           RETURNING 1""",
        (why, subscription_id),
    )
    return found.fetchone() is not None


def resume_subscription(connection: Connection, subscription_id: str) -> None:
    """Deliver again, from where it was stopped on."""
    connection.execute(
        "UPDATE subscription SET stopped=NULL, failing_us=NULL WHERE subscription_id=?",
        (subscription_id,),
    )


def move_subscription(connection: Connection, subscription_id: str, seq: int, before: int) -> None:
    """Go on from a position of the log, unless somebody has set another one meanwhile."""
    connection.execute(
        "UPDATE subscription SET seq=? WHERE subscription_id=? AND seq=?",
        (seq, subscription_id, before),
    )


def mark_answered(connection: Connection, subscription_id: str) -> None:
    """Somebody took a delivery there."""
    connection.execute(
        """UPDATE subscription SET failing_us=NULL
           WHERE subscription_id=? AND failing_us IS NOT NULL""",
        (subscription_id,),
    )


def mark_failing(connection: Connection, subscription_id: str, now_us: int) -> int:
    """Nobody took a delivery there; since when that has been so."""
    found = connection.execute(
        """UPDATE subscription SET failing_us=coalesce(failing_us, ?) WHERE subscription_id=?
           RETURNING failing_us""",
        (now_us, subscription_id),
    ).fetchone()
    return now_us if found is None else int(found[0])


def _sealed(contacts: Contacts, one: Subscription) -> bytes:
    kept = {"url": one.url, "secrets": [[s.secret, s.until_us] for s in one.secrets]}
    return contacts.seal(_bound(one.subscription_id), to_json(kept))


def _read(contacts: Contacts, line: Sequence[object]) -> Subscription:
    subscription_id, merchant_id, events, sealed, nearby, *rest = line
    kept = from_json(contacts.open(_bound(str(subscription_id)), bytes(sealed)))  # type: ignore[call-overload]
    signing = tuple(Signing(secret, until_us) for secret, until_us in kept["secrets"])
    return Subscription(
        str(subscription_id), str(merchant_id), kept["url"], tuple(str(events).split()), signing,
        bool(nearby), *rest,  # type: ignore[arg-type]
    )  # fmt: skip


def _bound(subscription_id: str) -> int:
    digest = hashlib.sha256(f"subscription\0{subscription_id}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
