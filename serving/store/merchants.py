"""The merchants and their API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from features.errors import RefusedError
from serving.store.connection import Connection

KeyKind: TypeAlias = Literal["live", "test", "platform", "platform_test"]
Scope: TypeAlias = Literal["score", "checkout", "report", "read", "manage"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_SECRET_BYTES = 24
_HINT = 4
_ID_HEX = 12
_COLUMNS = "merchant_id, name, invented, added_us, platform, closed_us"


@dataclass(frozen=True, slots=True)
class Merchant:
    """One tenant.

    Parameters
    ----------
    invented : bool
        Marks demo data on every page.
    platform : str or None
        The merchant whose platform keys speak for this one too.
    closed_us : int or None
        When it was off-boarded.
    """

    merchant_id: str
    name: str
    invented: bool
    added_us: int
    platform: str | None = None
    closed_us: int | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a key opens: one merchant's API, or the same with test orders.

    Parameters
    ----------
    merchant_id : str
        Whose orders; of a platform key, before it has named a merchant, the platform.
    scopes : tuple of Scope
        What may be done.
    key_id : str
        Names the key in the audit.
    account_id : str
        Instead of a key: the person at the pages who asks.
    """

    merchant_id: str
    kind: KeyKind
    scopes: tuple[Scope, ...] = SCOPES
    key_id: str = ""
    account_id: str = ""

    @property
    def actor(self) -> str:
        """Who asks, as the audit names them."""
        return f"user {self.account_id}" if self.account_id else f"key {self.key_id}"

    @property
    def test(self) -> bool:
        """True for a key whose orders count nowhere."""
        return self.kind in ("test", "platform_test")

    @property
    def platform(self) -> bool:
        """True for a key that speaks for many merchants."""
        return self.kind in ("platform", "platform_test")

    def to(self, merchant_id: str) -> Access:
        """The same key, speaking for one merchant."""
        return replace(self, merchant_id=merchant_id, kind="test" if self.test else "live")


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as it is listed: everything but the key."""

    key_id: str
    merchant_id: str
    kind: str
    scopes: str
    hint: str
    made_us: int
    revoked_us: int | None


def add_merchant(
    connection: Connection,
    merchant_id: str,
    name: str,
    *,
    invented: bool,
    now_us: int,
    platform: str | None = None,
) -> bool:
    """Add a merchant; False when there is one of this id already."""
    done = connection.execute(
        """INSERT INTO merchant (merchant_id, name, invented, added_us, platform)
           VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING RETURNING 1""",
        (merchant_id, name, invented, now_us, platform),
    )
    return done.fetchone() is not None


def merchant(connection: Connection, merchant_id: str) -> Merchant | None:
    """One merchant, or None."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM merchant WHERE merchant_id=?", (merchant_id,)
    ).fetchone()
    return None if found is None else _merchant(found)


def known_merchant(connection: Connection, merchant_id: str) -> Merchant:
    """One merchant, who must be there.

    Raises
    ------
    RefusedError
        If there is none of this id.
    """
    found = merchant(connection, merchant_id)
    if found is None:
        raise RefusedError(
            f'there is no merchant "{merchant_id}"; add it with `rto merchant add {merchant_id}`'
        )
    return found


def merchants(connection: Connection, platform: str | None = None) -> list[Merchant]:
    """All merchants, or those of a platform, by id."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM merchant ORDER BY merchant_id").fetchall()
    every = [_merchant(line) for line in found]
    return [one for one in every if platform is None or one.platform == platform]


def _merchant(line: Sequence[object]) -> Merchant:
    merchant_id, name, invented, *rest = line
    return Merchant(str(merchant_id), str(name), bool(invented), *rest)  # type: ignore[arg-type]


def close_merchant(connection: Connection, merchant_id: str, *, now_us: int) -> None:
    """Off-board a merchant: none of its keys opens anything from now on."""
    connection.execute("UPDATE merchant SET closed_us=? WHERE merchant_id=?", (now_us, merchant_id))
    connection.execute("UPDATE api_key SET revoked_us=? WHERE merchant_id=?", (now_us, merchant_id))
    connection.execute(
        "UPDATE subscription SET stopped='the merchant is closed' WHERE merchant_id=?",
        (merchant_id,),
    )


def new_key(
    connection: Connection,
    merchant_id: str,
    kind: KeyKind,
    *,
    now_us: int,
    scopes: Sequence[Scope] = (),
) -> str:
    """Make a key and store its hash; the key itself is returned once and kept nowhere.

    Raises
    ------
    RefusedError
        If there is no such merchant, or it is closed.
    """
    owner = known_merchant(connection, merchant_id)
    if owner.closed_us is not None:
        raise RefusedError(f'the merchant "{merchant_id}" is closed and gets no more keys')
    prefix = "test" if kind == "platform_test" else kind
    key = f"rto_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    connection.execute(
        """INSERT INTO api_key (digest, merchant_id, kind, hint, made_us, scopes)
           VALUES (?,?,?,?,?,?)""",
        (key_digest(key), merchant_id, kind, key[-_HINT:], now_us, " ".join(scopes)),
    )
    return key


def revoke_key(connection: Connection, key_id: str, *, at_us: int) -> str:
    """Let a key open nothing from ``at_us`` on.

    Returns
    -------
    str
        Its merchant.

    Raises
    ------
    RefusedError
        If no key has this id.
    """
    found = connection.execute("SELECT digest, merchant_id FROM api_key").fetchall()
    for digest, merchant_id in found:
        if key_id_of(bytes(digest)) == key_id:
            connection.execute("UPDATE api_key SET revoked_us=? WHERE digest=?", (at_us, digest))
            return str(merchant_id)
    raise RefusedError(f'there is no key "{key_id}"; `rto key list` names them')


def keys(connection: Connection, merchant_id: str | None = None) -> list[KeyLine]:
    """All keys, or those of a merchant, oldest first."""
    found = connection.execute(
        """SELECT digest, merchant_id, kind, scopes, hint, made_us, revoked_us FROM api_key
           ORDER BY made_us, digest"""
    ).fetchall()
    lines = [KeyLine(key_id_of(bytes(digest)), *rest) for digest, *rest in found]
    return [line for line in lines if merchant_id is None or line.merchant_id == merchant_id]


def access(connection: Connection, key: str, *, now_us: int = 0) -> Access | None:
    """What a key opens, or None for an unknown or revoked one.

    ``now_us`` lets a key that is being replaced open until the instant set for its end.
    """
    digest = key_digest(key)
    found = connection.execute(
        "SELECT merchant_id, kind, scopes, revoked_us FROM api_key WHERE digest=?", (digest,)
    ).fetchone()
    if found is None or found[1] not in get_args(KeyKind):
        return None
    merchant_id, kind, scopes, revoked_us = found
    if revoked_us is not None and (not now_us or revoked_us <= now_us):
        return None
    return Access(merchant_id, kind, _granted(kind, scopes), key_id_of(digest))


def _granted(kind: KeyKind, scopes: str) -> tuple[Scope, ...]:
    """What a key may do; a test key changes nothing that live orders are decided by."""
    named = scopes.split()
    if "score" in named:
        named.append("checkout")  # whoever may order may weigh a basket
    asked = tuple(scope for scope in SCOPES if not scopes or scope in named)
    if kind in ("test", "platform_test"):
        return tuple(scope for scope in asked if scope != "manage")
    return asked


def key_digest(key: str) -> bytes:
    """SHA-256 of a key: keys hold 192 random bits, so a slow hash would guard nothing more."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def key_id_of(digest: bytes) -> str:
    """The name of a key: the beginning of its hash, from which it cannot be found."""
    return digest.hex()[:_ID_HEX]
