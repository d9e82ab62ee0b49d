"""Passwords: argon2id with the library's parameters, checked in a thread."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from features.errors import RefusedError

SHORTEST, LONGEST = 10, 256

_HASHER = PasswordHasher()


def checked_password(password: str) -> str:
    """A password that may be chosen.

    Raises
    ------
    RefusedError
        If it is too short or too long.
    """
    if len(password) < SHORTEST:
        raise RefusedError(f"a password needs at least {SHORTEST} characters; choose a longer one")
    if len(password) > LONGEST:
        raise RefusedError(f"a password has at most {LONGEST} characters; choose a shorter one")
    return password


async def hashed(password: str) -> str:
    """The hash to store."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def fits(stored: str | None, password: str) -> bool:
    """Whether a password is the stored one; as slow where there is none."""
    if len(password) > LONGEST:
        return False
    fitting = await asyncio.to_thread(_fits, stored or _nobodys(), password)
    return fitting and stored is not None


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
