"""The secret by which the processes of one ``rto serve`` know each other, new at every start."""

from __future__ import annotations

import os
import secrets
import tempfile

_BYTES = 32


def new_trust() -> int:
    """Make the secret.

    Returns
    -------
    int
        An open file without a name: children that inherit it can read the secret, as often as
        they are started again, and nobody else can, not from a list of processes either.
    """
    with tempfile.TemporaryFile() as file:
        file.write(secrets.token_hex(_BYTES).encode())
        file.flush()
        return os.dup(file.fileno())


def read_trust(handle: int) -> str:
    """The secret in an inherited file."""
    return os.pread(handle, 2 * _BYTES, 0).decode()
