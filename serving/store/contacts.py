"""Who placed an order and where it goes: sealed, in a table of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from features.errors import StoreError
from serving.keyring import VersionedKeys
from serving.store.connection import Connection

_NONCE_BYTES = 12
CONTACT_COLUMNS = ("number", "key_version", "sealed")
_KEEP = """INSERT INTO contact (number, key_version, sealed) VALUES (?,?,?)
    ON CONFLICT (number)
    DO UPDATE SET key_version = excluded.key_version, sealed = excluded.sealed"""


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

    def keep(self, connection: Connection, number: int, content: bytes) -> None:
        """Seal what one revision of an order said into the store.

        ``number`` is the position of its ``placed`` (the order's number) or ``revised``.
        """
        connection.execute(_KEEP, self.row(number, content))

    def row(self, number: int, content: bytes) -> tuple[int, int, bytes]:
        """The ``CONTACT_COLUMNS`` that :meth:`keep` stores."""
        return number, self._version, self._encrypt(number, content)

    def of(self, connection: Connection, number: int) -> Mapping[str, object] | None:
        """What one revision of an order said, or None where that is gone; see :meth:`keep`.

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
        details: Mapping[str, object] = from_json(self._decrypt(number, *found))
        return details

    def seal(self, number: int, content: bytes) -> bytes:
        """Bytes to keep outside the store; they name the key's version themselves."""
        return self._version.to_bytes(4, "big") + self._encrypt(number, content)

    def open(self, number: int, sealed: bytes) -> bytes:
        """What :meth:`seal` sealed.

        Raises
        ------
        StoreError
            As :meth:`of`.
        """
        return self._decrypt(number, int.from_bytes(sealed[:4], "big"), sealed[4:])

    def _encrypt(self, number: int, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[self._version].encrypt(nonce, content, _bound(number))

    def _decrypt(self, number: int, version: int, sealed: bytes) -> bytes:
        try:
            return self._ciphers[version].decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(number)
            )
        except (KeyError, InvalidTag):
            raise StoreError(
                f"contacts sealed with version {version} of RTO_ENCRYPTION_KEY cannot be opened; "
                "restore that key"
            ) from None


def drop_sealed(connection: Connection, numbers: Iterable[int]) -> None:
    """Delete what is sealed of these revisions."""
    connection.executemany("DELETE FROM contact WHERE number=?", [(n,) for n in numbers])


def count_sealed(connection: Connection) -> int:
    """Of how many revisions something is sealed."""
    return int(connection.execute("SELECT count(*) FROM contact").fetchone()[0])


def _bound(number: int) -> bytes:
    return number.to_bytes(8, "big")
