"""The merchants and their API keys."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal, get_args

from features.errors import RefusedError
from serving.store.connection import Connection

KeyKind = Literal["live", "test", "page"]

_SECRET_BYTES = 24
_HINT = 4


@dataclass(frozen=True, slots=True)
class Merchant:
    """One tenant; ``invented`` marks demo data on every page."""

    merchant_id: str
    name: str
    invented: bool
    added_us: int


@dataclass(frozen=True, slots=True)
class Access:
    """What a key opens: one merchant's API, the same with test orders, or the pages."""

    merchant_id: str
    kind: KeyKind

    @property
    def test(self) -> bool:
        """True for a key whose orders count nowhere."""
        return self.kind == "test"


def add_merchant(
    connection: Connection, merchant_id: str, name: str, *, invented: bool, now_us: int
) -> bool:
    """Add a merchant; False when there is one of this id already."""
    done = connection.execute(
        "INSERT INTO merchant VALUES (?,?,?,?) ON CONFLICT DO NOTHING RETURNING 1",
        (merchant_id, name, invented, now_us),
    )
    return done.fetchone() is not None


def merchant(connection: Connection, merchant_id: str) -> Merchant | None:
    """One merchant, or None."""
    found = connection.execute(
        "SELECT merchant_id, name, invented, added_us FROM merchant WHERE merchant_id=?",
        (merchant_id,),
    ).fetchone()
    return None if found is None else Merchant(found[0], found[1], bool(found[2]), found[3])


def new_key(connection: Connection, merchant_id: str, kind: KeyKind, *, now_us: int) -> str:
    """Make a key and store its hash; the key itself is returned once and kept nowhere.

    Raises
    ------
    RefusedError
        If there is no such merchant.
    """
    if merchant(connection, merchant_id) is None:
        raise RefusedError(
            f'there is no merchant "{merchant_id}"; add it with `rto merchant add {merchant_id}`'
        )
    key = f"rto_{kind}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    connection.execute(
        "INSERT INTO api_key VALUES (?,?,?,?,?,NULL)",
        (key_digest(key), merchant_id, kind, key[-_HINT:], now_us),
    )
    return key


def access(connection: Connection, key: str) -> Access | None:
    """What a key opens, or None for an unknown or revoked one."""
    found = connection.execute(
        "SELECT merchant_id, kind FROM api_key WHERE digest=? AND revoked_us IS NULL",
        (key_digest(key),),
    ).fetchone()
    if found is None or found[1] not in get_args(KeyKind):
        return None
    return Access(*found)


def key_digest(key: str) -> bytes:
    """SHA-256 of a key: keys hold 192 random bits, so a slow hash would guard nothing more."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
