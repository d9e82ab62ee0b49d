"""What the log is told about itself, by name."""

from __future__ import annotations

from serving.store.connection import Connection


def meta(connection: Connection, name: str) -> bytes | None:
    """One value, or None where nothing was kept under that name."""
    found = connection.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
    return None if found is None else bytes(found[0])


def keep_meta(connection: Connection, name: str, value: bytes) -> None:
    """Keep one value in place of the one before."""
    connection.execute(
        """INSERT INTO meta (name, value) VALUES (?,?)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
        (name, value),
    )


def arm_secret(connection: Connection) -> bytes:
    """The secret that draws the comparison arms; it belongs to the log, not to a hash key."""
    secret = meta(connection, "arm_secret")
    assert secret is not None, "made with the table"
    return secret
