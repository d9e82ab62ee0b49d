"""Under which version of the hash key a log's identities are stored."""

from __future__ import annotations

from collections.abc import Collection

from features.errors import StoreError
from serving.store.connection import Connection

_READ = "SELECT value FROM meta WHERE name='hash_version'"
_KEEP = """INSERT INTO meta (name, value) VALUES ('hash_version', ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


def stored_hash_version(connection: Connection) -> int | None:
    """The version; None for a log that nothing has been written to."""
    found = connection.execute(_READ).fetchone()
    return None if found is None else int(found[0])


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
        connection.execute(_KEEP, (str(newest).encode(),))
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
    connection.execute(_KEEP, (str(version).encode(),))
    connection.execute("DELETE FROM renamed")
    connection.execute("DELETE FROM who")
    connection.execute("UPDATE meta SET value=? WHERE name='who_seq'", (b"0",))
