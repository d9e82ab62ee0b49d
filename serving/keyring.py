"""The service's secrets: versioned keys of the identity hash and of the sealed contacts."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from features.errors import SettingsError
from features.settings import Settings
from serving.store.connection import flush_folder

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class VersionedKeys:
    """Keys by version; the newest is used for what is written now.

    Parameters
    ----------
    keys : dict of int to bytes
        In ascending order of version, at least one.
    """

    keys: dict[int, bytes]

    @property
    def version(self) -> int:
        """The newest version."""
        return max(self.keys)

    @property
    def newest(self) -> bytes:
        """The newest key."""
        return self.keys[self.version]

    @property
    def first(self) -> bytes:
        """The oldest key, the root of everything that must not change with a rotation."""
        return self.keys[min(self.keys)]

    @classmethod
    def parse(cls, text: str, *, name: str) -> VersionedKeys:
        """Read ``1:hex,2:hex``.

        Raises
        ------
        SettingsError
            If the text is of another form or a key has not 32 bytes.
        """
        keys: dict[int, bytes] = {}
        for part in text.split(","):
            version, _, key = part.strip().partition(":")
            try:
                keys[int(version)] = bytes.fromhex(key)
            except ValueError:
                raise SettingsError(f"{name} must read version:hex, such as 1:9f86…") from None
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise SettingsError(
                f"{name}: every key must be {KEY_BYTES} bytes ({2 * KEY_BYTES} hex)"
            )
        return cls(dict(sorted(keys.items())))


@dataclass(frozen=True, slots=True)
class Keyring:
    """Both kinds of keys."""

    hashing: VersionedKeys
    sealing: VersionedKeys

    def digest_key(self) -> bytes:
        """The key under which an order's content is compared with what was posted before."""
        return hmac.digest(self.hashing.first, b"rto content digest", hashlib.sha256)


def open_keyring(settings: Settings) -> Keyring:
    """Take the keys from the settings, or from the key file, made on first start.

    Raises
    ------
    SettingsError
        If a key is malformed, or the key file is missing beside an existing database.
    """
    made = _read_or_make(settings) if _needs_file(settings) else {}
    return Keyring(
        hashing=_keys("RTO_HASH_KEY", settings.hash_key, made, "hash", settings.keys_file),
        sealing=_keys(
            "RTO_ENCRYPTION_KEY", settings.encryption_key, made, "encryption", settings.keys_file
        ),
    )


def _needs_file(settings: Settings) -> bool:
    return settings.hash_key is None or settings.encryption_key is None


def _keys(
    name: str, secret: SecretStr | None, made: dict[str, str], kind: str, file: Path
) -> VersionedKeys:
    """One kind of keys, from the setting of this name or else from the key file."""
    if secret is not None:
        return VersionedKeys.parse(secret.get_secret_value(), name=name)
    return VersionedKeys.parse(made.get(kind, ""), name=f'"{kind}" in {file}')


def _read_or_make(settings: Settings) -> dict[str, str]:
    path = settings.keys_file
    if settings.on_postgresql:
        raise SettingsError(
            "a PostgreSQL database needs RTO_HASH_KEY and RTO_ENCRYPTION_KEY; make each with "
            "`python -c 'import secrets; print(\"1:\" + secrets.token_hex(32))'` and keep them safe"
        )
    if not path.exists():
        if settings.database.exists():
            raise SettingsError(
                f"the key file {path} is missing while the database {settings.database} exists; "
                "restore it, or set RTO_HASH_KEY and RTO_ENCRYPTION_KEY"
            )
        _make(path)
    try:
        made = json.loads(path.read_text("utf-8"))
    except ValueError:
        made = None
    if not isinstance(made, dict) or not all(isinstance(key, str) for key in made.values()):
        raise SettingsError(f"the key file {path} cannot be read; restore it")
    return made


def _make(path: Path) -> None:
    """Write fresh keys; of two processes that start at once, the first one's keys stand."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = {name: f"1:{secrets.token_hex(KEY_BYTES)}" for name in ("hash", "encryption")}
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(fresh, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    flush_folder(path.parent)
