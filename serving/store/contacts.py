"""Who placed an order and where it goes: sealed, in a table of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from features.errors import StoreError
from serving.keyring import VersionedKeys

_NONCE_BYTES = 12


class Contacts:
    """Seals and opens contact details (AES-256-GCM, bound to the order's number).

    Parameters
    ----------
    keys : VersionedKeys
        The newest seals; every version still held opens.
    """

    def __init__(self, keys: VersionedKeys) -> None:
        self._version = keys.version
        self._ciphers = {version: AESGCM(key) for version, key in keys.keys.items()}

    def keep(self, connection: sqlite3.Connection, number: int, content: bytes) -> None:
        """Seal the details of one order into the store, in place of any held before."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._ciphers[self._version].encrypt(nonce, content, _bound(number))
        connection.execute(
            "INSERT OR REPLACE INTO contact VALUES (?,?,?)", (number, self._version, sealed)
        )

    def of(self, connection: sqlite3.Connection, number: int) -> Mapping[str, object] | None:
        """The details of one order, or None where there are none (any more).

        Raises
        ------
        StoreError
            If the key that sealed them is gone or is another one.
        """
        found = connection.execute(
            "SELECT key_version, sealed FROM contact WHERE number=?", (number,)
        ).fetchone()
        if found is None:
            return None
        version, sealed = found
        try:
            content = self._ciphers[version].decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(number)
            )
        except (KeyError, InvalidTag):
            raise StoreError(
                f"contacts sealed with version {version} of RTO_ENCRYPTION_KEY cannot be opened; "
                "restore that key"
            ) from None
        details: Mapping[str, object] = from_json(content)
        return details


def _bound(number: int) -> bytes:
    return number.to_bytes(8, "big")
