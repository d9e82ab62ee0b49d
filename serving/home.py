"""The home of an installation: its keys and its database, both made on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

from features.settings import Settings
from serving.keyring import Keyring, open_keyring
from serving.store.connection import Connection, connect
from serving.store.log import Log
from serving.store.opening import make_ready

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Home:
    """Keys, and a writing connection for short transactions beside whoever serves."""

    settings: Settings
    keyring: Keyring
    connection: Connection

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open it; the keys come first, so that no database is ever without them.

        Raises
        ------
        SettingsError, StoreError
            If keys or database cannot be used.
        """
        keyring = open_keyring(settings)
        connection = connect(settings.store_url)
        make_ready(connection, keyring.hashing.keys)
        return cls(settings, keyring, connection)

    @contextmanager
    def transaction(self) -> Iterator[Log]:
        """One transaction of the log, undone by any exception."""
        log = Log(self.connection)
        log.begin()
        try:
            yield log
            log.commit()
        except BaseException:
            log.rollback()
            raise

    async def on_store(self, work: Callable[[Connection], T]) -> T:
        """Do a statement that is a transaction of its own."""
        return work(self.connection)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
