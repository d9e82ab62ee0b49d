"""What a database can do to us, whichever it is.

StoreError
├── LogDownError   out of reach, full, read-only or hung: decisions go to the spool
│   ├── LockedError    another process holds the write lock
│   └── SlowError      it answers, but not soon enough for whoever waits
└── TakenError     a row of this key exists already
"""

from __future__ import annotations

from features.errors import StoreError


class LogDownError(StoreError):
    """The log cannot be read or written now."""


class LockedError(LogDownError):
    """Another process holds the write lock."""


class SlowError(LogDownError):
    """The log has kept somebody waiting for too long; what was to be written may come yet."""


class TakenError(StoreError):
    """A row of this key exists already."""
