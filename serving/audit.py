"""The audit: who did what to merchants, keys, policies, lists and people, as events of the log."""

from __future__ import annotations

import getpass

from serving.store.connection import Connection
from serving.store.log import Log, body_of
from serving.store.merchants import Access


def audit(
    log: Log,
    did: str,
    merchant_id: str | None,
    *,
    now_us: int,
    by: Access | str | None = None,
    **detail: object,
) -> None:
    """Append what was done, in the transaction that does it.

    Parameters
    ----------
    did : str
        Such as ``key revoked``.
    by : Access or str, optional
        Who did it, or the id of the account at the pages; by default whoever is at the command
        line.
    detail
        What else belongs to it; no personal data.
    """
    log.append(
        "audit", {"did": did, "by": actor(by), **detail}, at_us=now_us, known_us=now_us,
        merchant_id=merchant_id,
    )  # fmt: skip


def audited(
    connection: Connection, merchant_id: str | None, limit: int
) -> list[tuple[int, str | None, dict[str, object]]]:
    """What was done last, newest first: when, to which merchant, and what."""
    where, values = ("", ()) if merchant_id is None else (" AND merchant_id=?", (merchant_id,))
    found = connection.execute(
        f"""SELECT at_us, merchant_id, body FROM event
            WHERE number IS NULL AND kind='audit'{where} ORDER BY seq DESC LIMIT ?""",
        (*values, limit),
    )
    return [(at_us, owner, body_of(body)) for at_us, owner, body in found.fetchall()]


def actor(by: Access | str | None) -> str:
    """Who it is: a key, a person who opened the pages, or the account at the command line."""
    if by is None:
        return f"account {_account()}"
    return f"user {by}" if isinstance(by, str) else by.actor


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account without a name
        return "unknown"
