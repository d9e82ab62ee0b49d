"""A log's database made ready: this program's schema, facts it understands, the keys in force."""

from __future__ import annotations

from collections.abc import Collection

from features.errors import StoreError
from features.history.fact import FACT_SIZE
from serving.store.connection import Connection
from serving.store.hashing import check_hash_version
from serving.store.migrations import migrate


def make_ready(connection: Connection, hash_versions: Collection[int]) -> None:
    """Bring the schema forward, and refuse what this program cannot serve.

    Raises
    ------
    StoreError
        If the database is a newer program's, its orders are described otherwise, or its identities
        are under another hash key.
    """
    migrate(connection)
    check_facts(connection)
    check_hash_version(connection, hash_versions)


def check_facts(connection: Connection) -> None:
    """See that the orders of the log are described as this program describes them.

    Facts are the input of every count and cannot be rewritten: keys are hashes.

    Raises
    ------
    StoreError
        If another program with another layout of facts has written them.
    """
    found = connection.execute(
        "SELECT length(e.data) FROM orders o JOIN event e ON e.seq = o.fact_seq LIMIT 1"
    ).fetchone()
    if found is not None and found[0] not in (None, 8 * FACT_SIZE):
        raise StoreError(
            f"the database keeps {found[0] // 8} numbers an order, this program {FACT_SIZE}: "
            "`rto export` with the program that wrote it, and `rto load` into a new RTO_HOME"
        )
