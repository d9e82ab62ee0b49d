"""Which model a scoring process decides with: a pinned bundle, the promoted one, or the prior."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from features.catalogue import CATALOGUE
from features.errors import BundleError
from features.settings import Settings
from models.bundle import Bundle
from models.prior import Prior
from models.scorer import Scorer
from serving.home import Home
from serving.moments import now_us
from serving.store.connection import Connection
from serving.store.log import body_of

_log = logging.getLogger("rto.model")


class Promotion(NamedTuple):
    """A model made champion: its version and the digest its bundle must have."""

    version: str
    digest: str


Load = Callable[[Path, Promotion], Scorer]


def load_promoted(models_dir: Path, promotion: Promotion) -> Scorer:
    """Read a released bundle.

    Raises
    ------
    BundleError
        If it is not there, altered, or not the one that was promoted.
    """
    folder = models_dir / promotion.version
    return Bundle.load(folder, features=CATALOGUE, digest=promotion.digest)


class Champion:
    """The model in force, and its replacement when another is promoted.

    Parameters
    ----------
    models_dir : Path
        Where released bundles lie, by version.
    scorer : Scorer, optional
        A pinned model, which no promotion replaces; without one the shipped prior begins.
    load : callable
        Reads a released bundle.
    """

    def __init__(
        self, models_dir: Path, scorer: Scorer | None = None, load: Load = load_promoted
    ) -> None:
        self._models_dir = models_dir
        self._pinned = scorer is not None
        self._load = load
        self._tried: Promotion | None = None
        self.scorer: Scorer = scorer or Prior()
        self.refused: str | None = None

    @classmethod
    def of(cls, settings: Settings, bundle: Path | None) -> Self:
        """With a bundle pinned, or following promotions.

        Raises
        ------
        BundleError
            If the pinned bundle must not be served.
        """
        pinned = None if bundle is None else Bundle.load(bundle, features=CATALOGUE)
        return cls(settings.models_dir, pinned)

    async def follow(self, connection: Connection) -> None:
        """Take over the newest promotion; one that cannot be served leaves the old model."""
        newest = None if self._pinned else newest_promotion(connection)
        if newest is None or newest == self._tried:
            return
        self._tried = newest
        try:
            self.scorer = await asyncio.to_thread(self._load, self._models_dir, newest)
            self.refused = None
        except BundleError as error:
            self.refused = f"the promoted model {newest.version} cannot be served: {error}"
            _log.error("%s; %s goes on serving", self.refused, self.scorer.version)


_PROMOTED = """SELECT body FROM event
    WHERE number IS NULL AND kind='promoted' AND merchant_id IS NULL ORDER BY seq"""


def newest_promotion(connection: Connection) -> Promotion | None:
    """The model promoted last, or None."""
    found = connection.execute(f"{_PROMOTED} DESC LIMIT 1").fetchone()
    return None if found is None else _promotion(found[0])


def promotions(settings: Settings) -> list[Promotion]:
    """Every promotion of the log, oldest first."""
    with Home.open(settings) as home:
        return [_promotion(body) for (body,) in home.connection.execute(_PROMOTED)]


def _promotion(event: bytes) -> Promotion:
    body = body_of(event)
    return Promotion(str(body["version"]), str(body["digest"]))


def announce(settings: Settings, promotion: Promotion) -> None:
    """Append ``promoted``; every server without a pinned bundle follows within seconds."""
    now = now_us()
    with Home.open(settings) as home, home.transaction() as log:
        log.append("promoted", promotion._asdict(), at_us=now, known_us=now)
