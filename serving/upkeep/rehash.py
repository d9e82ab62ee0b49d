"""Rotation of the hash key: everything stored under the version before follows to the newest.

Version *n* of a key is the HMAC, under secret *n*, of its version *n* − 1: no raw value is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.errors import RefusedError, StoreError
from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.keys import Hasher
from serving.audit import audit
from serving.degraded.spool import Spool
from serving.home import Home
from serving.store.carried import carried_events, rewrite
from serving.store.connection import Connection
from serving.store.facts import facts_after, put_facts
from serving.store.hashing import keep_hash_version, stored_hash_version
from serving.store.lists import keys_of_entries, put_keys
from serving.upkeep.tombstones import PERSONAL

_STEP = 10_000
_HASHED_FIELDS = ("phone", "email", "ip", "device")

Integers = NDArray[np.int64]
Progress = Callable[[int], object]


def rehash(home: Home, *, now_us: int, progress: Progress = lambda _: None) -> int:
    """Bring facts and list entries under the newest version, in one transaction.

    The who-records are counted again from the log afterwards, so nobody may serve meanwhile.

    Returns
    -------
    int
        Placings and revisions rewritten, those of pruned orders too; 0 where the newest version
        is in force already.

    Raises
    ------
    RefusedError
        If a spool holds decisions under the version before.
    StoreError
        If versions in between are missing.
    """
    versions = list(home.keyring.hashing.keys)
    stored = stored_hash_version(home.connection) or versions[-1]
    if stored == versions[-1]:
        return 0
    if stored not in versions:
        raise StoreError(
            f"version {stored} of RTO_HASH_KEY is missing; add it before the newer ones"
        )
    _refuse_unmerged(home)
    secrets = home.keyring.hashing.keys
    # One after the other: each version is made from the one before.
    steps = [
        Hasher([secrets[v] for v in versions[: at + 1]])
        for at in range(versions.index(stored) + 1, len(versions))
    ]

    def newest(keys: Integers) -> Integers:
        for hasher in steps:
            keys = hasher.upgraded(keys)
        return keys

    with home.transaction() as log:
        count = _facts(log.connection, newest, progress)
        count += _carried(log.connection, newest)
        _entries(log.connection, newest)
        keep_hash_version(log.connection, versions[-1])
        audit(log, "rehashed", None, now_us=now_us, version=versions[-1])
    return count


def _refuse_unmerged(home: Home) -> None:
    spool, records = Spool.open(home.settings.spool)
    spool.close()
    if records:
        raise RefusedError(
            f"{len(records)} decisions wait in the spool; start `rto serve` with the keys of "
            "before until it has merged them"
        )


def _facts(
    connection: Connection, newest: Callable[[Integers], Integers], progress: Progress
) -> int:
    done = last = 0
    while rows := facts_after(connection, last, _STEP):
        facts = np.stack([np.frombuffer(data, np.int64) for _, data in rows])
        _upgrade(facts, newest)
        pairs = zip(rows, facts, strict=True)
        put_facts(connection, ((seq, fact.tobytes()) for (seq, _), fact in pairs))
        done, last = done + len(rows), rows[-1][0]
        progress(len(rows))
    return done


def _carried(connection: Connection, newest: Callable[[Integers], Integers]) -> int:
    done = 0
    for seq, read in carried_events(connection):
        rows = read.copy()
        _upgrade(rows, newest)
        rewrite(connection, seq, rows)
        done += len(rows)
    return done


def _upgrade(facts: Integers, newest: Callable[[Integers], Integers]) -> None:
    """In place: the keys of people; places and articles have none."""
    who = facts[:, FIRST_WHO:FIRST_WHERE]
    who[:, PERSONAL] = newest(who[:, PERSONAL])


def _entries(connection: Connection, newest: Callable[[Integers], Integers]) -> None:
    rows = keys_of_entries(connection, _HASHED_FIELDS)
    for begin in range(0, len(rows), _STEP):
        some = rows[begin : begin + _STEP]
        keys = newest(np.array([key for _, key in some], np.int64)).tolist()
        put_keys(connection, ((name, key) for (name, _), key in zip(some, keys, strict=True)))
