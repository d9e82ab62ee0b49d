"""What can go wrong, as one small tree; every sentence names what to change.

RtoError
├── DataError          a file, row or column of the data at fault
│   └── MappingError   the mapping that should have read it
├── SettingsError      an environment variable or option
├── BundleError        a released model that must not be served
├── TrainingError      too little or too odd data to learn from
├── StoreError         the log's database
└── RefusedError       a request that cannot be granted (a gate, a duplicate, a right)
"""

from __future__ import annotations


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


class StoreError(RtoError):
    """The log's database is out of reach, newer than this program, or full."""


class RefusedError(RtoError):
    """A request understood and not granted."""
