"""The mark of a person at a merchant: of an opt-out it is all that is kept."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from serving.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Persons:
    """Makes marks; they outlive rotations of the hash key and erasures.

    Parameters
    ----------
    key : bytes
        Of the installation.
    """

    key: bytes

    @classmethod
    def of(cls, keyring: Keyring) -> Persons:
        """With the installation's first hash key for its root."""
        return cls(hmac.digest(keyring.hashing.first, b"rto opt-out", hashlib.sha256))

    def mark(self, merchant_id: str, phone: str) -> int:
        """The mark of a phone (E.164)."""
        keyed = hashlib.blake2b(f"{merchant_id}\0{phone}".encode(), key=self.key, digest_size=8)
        return int.from_bytes(keyed.digest(), "big", signed=True)
