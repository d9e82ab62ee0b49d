"""What can go wrong, as one small tree; every sentence names what to change.

RtoError
├── DataError          a file, row or column of the data at fault
│   └── MappingError   the mapping that should have read it
├── SettingsError      an environment variable or option
├── BundleError        a released model that must not be served
├── TrainingError      too little or too odd data to learn from
├── ClusterError       other machines that were to help and could not
├── StoreError         the log's database
└── RefusedError       a request that cannot be granted (a gate, a duplicate, a right)
"""

from __future__ import annotations

import sqlite3


class RtoError(Exception):
    """Anything a user can mend; shown as one line, never as a traceback."""


class DataError(RtoError):
    """A file, row or column at fault.

    Parameters
    ----------
    what : str
        What is wrong and what to change, without the place.
    file, row, column : str, int, str, optional
        The place; ``row`` counts from 1 below the header.
    """

    def __init__(
        self,
        what: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        place = " ".join(
            part
            for part in (
                file or "",
                f"row {row}" if row is not None else "",
                f"column {column}" if column is not None else "",
            )
            if part
        )
        super().__init__(f"{place}: {what}" if place else what)
        self.file, self.row, self.column = file, row, column


class MappingError(DataError):
    """A mapping that does not fit itself or the file it should read."""


class SettingsError(RtoError):
    """A setting, option or environment variable at fault."""


class BundleError(RtoError):
    """A model bundle that is incomplete, altered or made for other features."""


class TrainingError(RtoError):
    """Data from which nothing honest can be learned; says what is missing and how much."""


class ClusterError(RtoError):
    """Machines that were to help, and were lost; says what to look at."""


class StoreError(RtoError):
    """The log's database is out of reach, newer than this program, or full."""


class RefusedError(RtoError):
    """A request understood and not granted."""


def told(error: BaseException) -> str | None:
    """The line a command ends with, or None where the error is a fault of the program.

    Beside our own errors these are what disks and databases do: a folder that cannot be written,
    a full disk, a damaged or locked database.
    """
    if isinstance(error, RtoError):
        return str(error)
    if type(error) in (sqlite3.DatabaseError, sqlite3.OperationalError):
        return f"the database under RTO_HOME cannot be used: {error}; restore it from a copy"
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        says = (error.strerror or str(error)).splitlines()[0]
        return f"{error.filename}: {says}" if error.filename else says
    return None
