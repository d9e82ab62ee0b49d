"""What every page stands on: the log for reading, the scoring process for changing, the people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from features.settings import Settings
from serving.board.shelf import Shelf
from serving.home import Home
from serving.keyring import Keyring
from serving.moments import now_us
from serving.pages.inside import Inside
from serving.pages.scores import Scores
from serving.pages.throttle import Throttle
from serving.pages.watch import Watch
from serving.policy.policies import Policies
from serving.store.connection import Connection, connect
from serving.store.contacts import Contacts
from serving.store.log import Log

_READ_S = 5.0


@dataclass(frozen=True)
class House:
    """One process of pages.

    Parameters
    ----------
    connection : Connection
        For reading.
    inside : Inside
        The scoring process, through which everything but people and sessions is changed.
    shelf : Shelf
        The summary that ``serving.board`` keeps of the log.
    clock : callable
        Microseconds since 1970.
    """

    settings: Settings
    home: Home
    connection: Connection
    inside: Inside
    contacts: Contacts
    policies: Policies
    throttle: Throttle
    watch: Watch
    shelf: Shelf
    scores: Scores
    clock: Callable[[], int] = field(default=now_us)

    @classmethod
    def open(cls, settings: Settings, inside: Inside, *, clock: Callable[[], int] = now_us) -> Self:
        """Open with the keys of the settings, or those made on first start."""
        home = Home.open(settings)
        connection = connect(settings.store_url, readonly=True, limit_s=_READ_S)
        return cls(
            settings=settings,
            home=home,
            connection=connection,
            inside=inside,
            contacts=Contacts(home.keyring.sealing),
            policies=Policies(connection),
            throttle=Throttle(),
            watch=Watch(),
            shelf=Shelf(settings.board),
            scores=Scores(),
            clock=clock,
        )

    @property
    def keyring(self) -> Keyring:
        """The keys of this installation."""
        return self.home.keyring

    @contextmanager
    def transaction(self) -> Iterator[Log]:
        """One short transaction about people and sessions, undone by any exception."""
        with self.home.transaction() as log:
            yield log

    async def close(self) -> None:
        """Close the files and the way inside."""
        await self.inside.close()
        self.shelf.close()
        self.connection.close()
        self.home.close()
