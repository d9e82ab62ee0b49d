"""Signatures of what we send, as Standard Webhooks lays them down (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret that signs; its owner verifies with the same."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(
    delivery_id: str, body: bytes, signing: Iterable[str], *, at_s: int
) -> dict[str, str]:
    """The headers that name and sign a body.

    Parameters
    ----------
    signing : iterable of str
        Secrets; while one is replaced both sign, so that either verifies.
    at_s : int
        Now, in seconds since 1970; receivers refuse what is five minutes off.
    """
    whole = f"{delivery_id}.{at_s}.".encode() + body
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{_mac(secret, whole)}" for secret in signing),
    }


def _mac(secret: str, whole: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.digest(key, whole, hashlib.sha256)).decode()
