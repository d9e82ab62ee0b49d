"""Policy revisions: events of the log, and a table to find them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_core import to_json

from features.errors import RefusedError
from serving.store.connection import Connection
from serving.store.log import Log, body_of


@dataclass(frozen=True, slots=True)
class Revision:
    """Who saved a revision, when and why; the policy itself is ``body``.

    Parameters
    ----------
    author, note : str
        Empty where nothing was said.
    """

    revision: int
    saved_us: int
    author: str
    note: str
    body: dict[str, object]


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


def policy_bodies(connection: Connection, merchant_id: str) -> dict[int, dict[str, object]]:
    """Every policy a merchant has saved, by its revision."""
    found = connection.execute(
        "SELECT revision, body FROM policy WHERE merchant_id=?", (merchant_id,)
    )
    return {int(revision): body_of(body) for revision, body in found.fetchall()}


def newest_policies(connection: Connection) -> list[tuple[str, dict[str, object]]]:
    """The policy in force of every merchant who has saved one, by the merchant's name."""
    found = connection.execute(
        """SELECT p.merchant_id, p.body FROM policy p
           JOIN (SELECT merchant_id, max(revision) AS newest FROM policy GROUP BY merchant_id) n
             ON n.merchant_id = p.merchant_id AND n.newest = p.revision
           ORDER BY p.merchant_id"""
    )
    return [(merchant_id, body_of(body)) for merchant_id, body in found.fetchall()]


def newest_revision(connection: Connection, merchant_id: str) -> int:
    """Number of the newest saved revision; 0 is the shipped default."""
    found = connection.execute(
        "SELECT coalesce(max(revision), 0) FROM policy WHERE merchant_id=?", (merchant_id,)
    ).fetchone()
    return int(found[0])


def saved_revisions(
    connection: Connection, merchant_id: str, *, before: int | None = None, limit: int = 1
) -> list[Revision]:
    """A merchant's revisions, newest first; ``before`` goes on from there."""
    found = connection.execute(
        """SELECT p.revision, e.at_us, e.body, p.body FROM policy p JOIN event e ON e.seq = p.seq
           WHERE p.merchant_id=? AND p.revision<? ORDER BY p.revision DESC LIMIT ?""",
        (merchant_id, 2**31 - 1 if before is None else before, limit),
    )
    return [
        Revision(
            number, at_us, str(said.get("author", "")), str(said.get("note", "")), body_of(body)
        )
        for number, at_us, event, body in found.fetchall()
        for said in [body_of(event)]
    ]


def save_policy(
    log: Log,
    merchant_id: str,
    body: Mapping[str, object],
    *,
    expected: int,
    now_us: int,
    author: str = "",
    note: str = "",
) -> int:
    """Append the next revision.

    Parameters
    ----------
    body : mapping
        The whole policy; its revision is set here.
    expected : int
        The revision the caller changed.
    author, note : str
        Who saves it, and why.

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
    said = {**whole, "author": author, "note": note}
    seq = log.append("policy", said, at_us=now_us, known_us=now_us, merchant_id=merchant_id)
    log.connection.execute(
        "INSERT INTO policy (merchant_id, revision, seq, body) VALUES (?,?,?,?)",
        (merchant_id, revision, seq, to_json(whole)),
    )
    return revision


def held_on(connection: Connection, merchant_id: str, day: int) -> int:
    """Orders held for a person on an Indian day."""
    found = connection.execute(
        "SELECT held FROM review_day WHERE merchant_id=? AND day=?", (merchant_id, day)
    ).fetchone()
    return 0 if found is None else int(found[0])


def count_held(log: Log, merchant_id: str, day: int) -> None:
    """Count one more, in the transaction that holds it."""
    log.connection.execute(
        """INSERT INTO review_day (merchant_id, day, held) VALUES (?,?,1)
           ON CONFLICT (merchant_id, day) DO UPDATE SET held = review_day.held + 1""",
        (merchant_id, day),
    )
