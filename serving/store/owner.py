"""Who owns the log: one scoring process at a time, by a lock on a file beside the database."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Self

from features.errors import RefusedError

# A server killed a moment ago may need this long until the last of its processes is gone.
_GRACE_S = 3.0
_STEP_S = 0.05


class Owner:
    """A held lock; child processes that inherit ``handle`` keep it held until they end too."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    @classmethod
    def claim(cls, database: Path, *, grace_s: float = _GRACE_S) -> Self:
        """Take the lock of a database.

        Raises
        ------
        RefusedError
            If another process has held it for the whole of ``grace_s`` seconds.
        """
        database.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock_file(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        until = time.monotonic() + grace_s
        while not _locked(handle):
            if time.monotonic() >= until:
                holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
                os.close(handle)
                raise RefusedError(
                    f"the database {database} is already served by process {holder}; "
                    "stop it first, or set another RTO_HOME"
                )
            time.sleep(_STEP_S)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        return cls(handle)

    def release(self) -> None:
        """Let the next process own the log."""
        os.close(self.handle)


def lock_file(database: Path) -> Path:
    """The file whose lock stands for the database."""
    return database.with_name(database.name + ".lock")


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
