"""Policy revisions: events of the log, and a table to find them by."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic_core import to_json

from features.errors import RefusedError
from serving.store.connection import Connection
from serving.store.log import Log, body_of


class StaleRevisionError(RefusedError):
    """The policy has moved on since the caller read it."""


def policy_body(
    connection: Connection, merchant_id: str, revision: int | None = None
) -> dict[str, object] | None:
    """One revision, or the newest; None where the merchant has saved none (of this number)."""
    if revision is None:
        found = connection.execute(
            "SELECT body FROM policy WHERE merchant_id=? ORDER BY revision DESC LIMIT 1",
            (merchant_id,),
        ).fetchone()
    else:
        found = connection.execute(
            "SELECT body FROM policy WHERE merchant_id=? AND revision=?", (merchant_id, revision)
        ).fetchone()
    return None if found is None else body_of(found[0])


def newest_revision(connection: Connection, merchant_id: str) -> int:
    """Number of the newest saved revision; 0 is the shipped default."""
    found = connection.execute(
        "SELECT coalesce(max(revision), 0) FROM policy WHERE merchant_id=?", (merchant_id,)
    ).fetchone()
    return int(found[0])


def save_policy(
    log: Log, merchant_id: str, body: Mapping[str, object], *, expected: int, now_us: int
) -> int:
    """Append the next revision.

    Parameters
    ----------
    body : mapping
        The whole policy; its revision is set here.
    expected : int
        The revision the caller changed.

    Raises
    ------
    StaleRevisionError
        If that is not the newest any more.
    """
    newest = newest_revision(log.connection, merchant_id)
    if newest != expected:
        raise StaleRevisionError(
            f"the policy is at revision {newest}, not {expected}; read it again and repeat"
        )
    revision = newest + 1
    whole = {**body, "revision": revision}
    seq = log.append("policy", whole, at_us=now_us, known_us=now_us, merchant_id=merchant_id)
    log.connection.execute(
        "INSERT INTO policy (merchant_id, revision, seq, body) VALUES (?,?,?,?)",
        (merchant_id, revision, seq, to_json(whole)),
    )
    return revision
