"""Under which version of the hash key a log's identities are stored."""

from __future__ import annotations

from collections.abc import Collection

from features.errors import StoreError
from serving.store.connection import Connection
from serving.store.meta import keep_meta, meta
from serving.store.who import keep_seq

_NAME = "hash_version"


def stored_hash_version(connection: Connection) -> int | None:
    """The version; None for a log that nothing has been written to."""
    found = meta(connection, _NAME)
    return None if found is None else int(found)


def check_hash_version(connection: Connection, versions: Collection[int]) -> None:
    """See that the newest hash key is the one under which the log's identities are stored.

    Under another one every known customer would be a stranger, and no list entry would apply.

    Raises
    ------
    StoreError
        If it is another one.
    """
    newest, stored = max(versions), stored_hash_version(connection)
    if stored is None:
        keep_meta(connection, _NAME, str(newest).encode())
    elif stored not in versions:
        raise StoreError(
            f"the log's identities are under version {stored} of RTO_HASH_KEY, which is missing; "
            "restore it"
        )
    elif stored != newest:
        raise StoreError(
            f"the log's identities are under version {stored} of RTO_HASH_KEY and the newest is "
            f"{newest}: stop the server and run `rto rehash`"
        )


def keep_hash_version(connection: Connection, version: int) -> None:
    """Name the version that is in force now; the who-records are counted again from nothing."""
    keep_meta(connection, _NAME, str(version).encode())
    connection.execute("DELETE FROM renamed")
    connection.execute("DELETE FROM who")
    keep_seq(connection, 0)
