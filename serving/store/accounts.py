"""The people who open the pages: accounts, their roles, their sessions and entry links."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from serving.store.connection import Connection

Role: TypeAlias = Literal["viewer", "operator", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)
"""In the order of what they may do."""

_SECRET_BYTES, _ID_BYTES = 24, 6


@dataclass(frozen=True, slots=True)
class Account:
    """One person who works with the pages.

    Parameters
    ----------
    language : str
        ``en``, ``hi``, or empty for whatever the browser asks for.
    password : str or None
        Hashed; None until one is chosen.
    """

    account_id: str
    email: str
    name: str
    language: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """An account with its role at one merchant."""

    account: Account
    merchant_id: str
    role: Role


_ACCOUNT = "account_id, email, name, language, password"
_MEMBER = """SELECT a.account_id, a.email, a.name, a.language, a.password, m.merchant_id, m.role
    FROM membership m JOIN account a ON a.account_id = m.account_id
    JOIN merchant t ON t.merchant_id = m.merchant_id"""


def plain_email(email: str) -> str:
    """An e-mail address as accounts are found by it."""
    return email.strip().casefold()


def add_account(connection: Connection, email: str, name: str, *, now_us: int) -> str:
    """The id of the account of this address, made where there was none."""
    known = account_by_email(connection, email)
    if known is not None:
        return known.account_id
    account_id = secrets.token_hex(_ID_BYTES)
    connection.execute(
        """INSERT INTO account (account_id, email, name, language, made_us)
           VALUES (?,?,?,?,?)""",
        (account_id, plain_email(email), name, "", now_us),
    )
    return account_id


def account(connection: Connection, account_id: str) -> Account | None:
    """One account, or None."""
    found = connection.execute(
        f"SELECT {_ACCOUNT} FROM account WHERE account_id=?", (account_id,)
    ).fetchone()
    return None if found is None else Account(*found)


def account_by_email(connection: Connection, email: str) -> Account | None:
    """The account of an address, or None."""
    found = connection.execute(
        f"SELECT {_ACCOUNT} FROM account WHERE email=?", (plain_email(email),)
    ).fetchone()
    return None if found is None else Account(*found)


def set_password(connection: Connection, account_id: str, hashed: str) -> None:
    """Replace the password."""
    connection.execute("UPDATE account SET password=? WHERE account_id=?", (hashed, account_id))


def set_language(connection: Connection, account_id: str, language: str) -> None:
    """Choose the language of the pages."""
    connection.execute("UPDATE account SET language=? WHERE account_id=?", (language, account_id))


def set_role(connection: Connection, account_id: str, merchant_id: str, role: Role) -> None:
    """Give an account a role at a merchant, instead of the one it had."""
    connection.execute(
        """INSERT INTO membership (account_id, merchant_id, role) VALUES (?,?,?)
           ON CONFLICT (account_id, merchant_id) DO UPDATE SET role=excluded.role""",
        (account_id, merchant_id, role),
    )


def want_digest(connection: Connection, account_id: str, merchant_id: str, *, wanted: bool) -> None:
    """Send somebody a merchant's daily digest, or no more."""
    connection.execute(
        "UPDATE membership SET digest=? WHERE account_id=? AND merchant_id=?",
        (int(wanted), account_id, merchant_id),
    )


def digest_readers(connection: Connection, merchant_id: str) -> list[Member]:
    """The owners of a merchant who want its daily digest, by address."""
    found = connection.execute(
        f"{_MEMBER} WHERE m.merchant_id=? AND m.role='owner' AND m.digest=1 ORDER BY a.email",
        (merchant_id,),
    ).fetchall()
    return [_member(line) for line in found]


def drop_role(connection: Connection, account_id: str, merchant_id: str) -> None:
    """End what an account may see of a merchant; one that is left with none is forgotten."""
    ours = (account_id, merchant_id)
    connection.execute("DELETE FROM membership WHERE account_id=? AND merchant_id=?", ours)
    connection.execute("DELETE FROM page_session WHERE account_id=? AND merchant_id=?", ours)
    if not memberships(connection, account_id):
        connection.execute("DELETE FROM page_session WHERE account_id=?", (account_id,))
        connection.execute("DELETE FROM entry_link WHERE account_id=?", (account_id,))
        connection.execute("DELETE FROM account WHERE account_id=?", (account_id,))


def members(connection: Connection, merchant_id: str) -> list[Member]:
    """Everybody with a role at a merchant, by address."""
    found = connection.execute(f"{_MEMBER} WHERE m.merchant_id=? ORDER BY a.email", (merchant_id,))
    return [_member(line) for line in found.fetchall()]


def memberships(connection: Connection, account_id: str) -> list[Member]:
    """The open merchants at which an account has a role, by id."""
    found = connection.execute(
        f"{_MEMBER} WHERE m.account_id=? AND t.closed_us IS NULL ORDER BY m.merchant_id",
        (account_id,),
    )
    return [_member(line) for line in found.fetchall()]


def open_session(
    connection: Connection, account_id: str, merchant_id: str, *, now_us: int, ends_us: int
) -> str:
    """Begin a session; its token is returned once, and sessions that have ended are removed."""
    token = secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute("DELETE FROM page_session WHERE ends_us<=?", (now_us,))
    connection.execute(
        "INSERT INTO page_session (digest, account_id, merchant_id, ends_us) VALUES (?,?,?,?)",
        (_digest(token), account_id, merchant_id, ends_us),
    )
    return token


def session(connection: Connection, token: str, *, now_us: int) -> Member | None:
    """Who a session's token stands for, as long as account, role and merchant are there."""
    found = connection.execute(
        f"""{_MEMBER} JOIN page_session s
              ON s.account_id = m.account_id AND s.merchant_id = m.merchant_id
            WHERE s.digest=? AND s.ends_us>? AND t.closed_us IS NULL""",
        (_digest(token), now_us),
    ).fetchone()
    return None if found is None else _member(found)


def turn_session(connection: Connection, token: str, merchant_id: str) -> None:
    """Let a session look at another merchant."""
    connection.execute(
        "UPDATE page_session SET merchant_id=? WHERE digest=?", (merchant_id, _digest(token))
    )


def close_session(connection: Connection, token: str) -> None:
    """End one session."""
    connection.execute("DELETE FROM page_session WHERE digest=?", (_digest(token),))


def close_sessions(connection: Connection, account_id: str) -> None:
    """End every session of an account, as after a new password."""
    connection.execute("DELETE FROM page_session WHERE account_id=?", (account_id,))


def new_link(connection: Connection, account_id: str, *, now_us: int, ends_us: int) -> str:
    """Make a link's token that opens once; it is returned once and stored hashed."""
    token = secrets.token_urlsafe(_SECRET_BYTES)
    connection.execute("DELETE FROM entry_link WHERE ends_us<=?", (now_us,))
    connection.execute(
        "INSERT INTO entry_link (digest, account_id, ends_us) VALUES (?,?,?)",
        (_digest(token), account_id, ends_us),
    )
    return token


def link(connection: Connection, token: str, *, now_us: int) -> Account | None:
    """Whom an entry link lets in, while it has been used by nobody."""
    found = connection.execute(
        "SELECT account_id FROM entry_link WHERE digest=? AND ends_us>?", (_digest(token), now_us)
    ).fetchone()
    return None if found is None else account(connection, found[0])


def use_link(connection: Connection, token: str) -> bool:
    """Spend an entry link; False if somebody was quicker."""
    found = connection.execute(
        "DELETE FROM entry_link WHERE digest=? RETURNING 1", (_digest(token),)
    ).fetchone()
    return found is not None


def _member(line: tuple[Any, ...]) -> Member:
    *person, merchant_id, role = line
    return Member(Account(*person), merchant_id, role)


def _digest(token: str) -> bytes:
    """SHA-256: tokens hold 192 random bits, so a slow hash would guard nothing more."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
