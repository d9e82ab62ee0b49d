"""Which model a scoring process decides with: a pinned bundle, the promoted one, or the prior."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

from features.catalogue import CATALOGUE
from features.errors import BundleError
from features.settings import Settings
from models.bundle import Bundle
from models.prior import Prior
from models.scorer import Scorer
from serving.audit import audit
from serving.home import Home
from serving.moments import now_us
from serving.store.announced import announced, newest_announced, trials
from serving.store.connection import Connection
from serving.store.log import Kind, Log

_log = logging.getLogger("rto.model")


class Promotion(NamedTuple):
    """A model made champion: its version and the digest its bundle must have."""

    version: str
    digest: str


class Place(NamedTuple):
    """Where a model serves: for everybody, for one merchant, or beside them without deciding."""

    merchant_id: str | None = None
    challenger: bool = False


EVERYBODY = Place()

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
    """The models in force, each replaced when another is promoted in its place.

    One decides for everybody, some perhaps for single merchants (canaries), and one perhaps scores
    beside them without deciding anything (the challenger).

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
        self._tried: dict[Place, Promotion] = {}
        self._refusals: dict[Place, str] = {}
        self._canaries: dict[str, Scorer] = {}
        self.scorer: Scorer = scorer or Prior()
        self.challenger: Scorer | None = None

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

    @property
    def refused(self) -> str | None:
        """Which promotions cannot be served, and why; None where all can."""
        return "; ".join(self._refusals.values()) or None

    def for_merchant(self, merchant_id: str) -> Scorer:
        """The model that decides a merchant's orders."""
        return self._canaries.get(merchant_id, self.scorer)

    async def follow(self, connection: Connection) -> None:
        """Take over what was promoted last; one that cannot be served leaves the old model."""
        if self._pinned:
            return
        newest = newest_promotions(connection)
        for place in [place for place in self._tried if place not in newest]:
            self._end(place)
        for place, promotion in newest.items():
            if promotion != self._tried.get(place):
                await self._take(place, promotion)

    async def _take(self, place: Place, promotion: Promotion) -> None:
        self._tried[place] = promotion
        self._refusals.pop(place, None)
        try:
            scorer = await asyncio.to_thread(self._load, self._models_dir, promotion)
        except BundleError as error:
            said = f"the promoted model {promotion.version} cannot be served: {error}"
            self._refusals[place] = said
            _log.error("%s; the one before goes on serving", said)
            return
        if place.challenger:
            self.challenger = scorer
        elif place.merchant_id is not None:
            self._canaries[place.merchant_id] = scorer
        else:
            self.scorer = scorer

    def _end(self, place: Place) -> None:
        del self._tried[place]
        self._refusals.pop(place, None)
        if place.challenger:
            self.challenger = None
        elif place.merchant_id is not None:
            self._canaries.pop(place.merchant_id, None)


def newest_promotion(connection: Connection) -> Promotion | None:
    """The model promoted last for everybody, or None."""
    found = newest_announced(connection, "promoted")
    return None if found is None else _promotion(found.body)


def newest_promotions(connection: Connection) -> dict[Place, Promotion]:
    """The model promoted last in each place, ended trials excepted."""
    newest: dict[Place, Promotion] = {}
    if (champion := newest_promotion(connection)) is not None:
        newest[EVERYBODY] = champion
    for kind, merchant_id, body in trials(connection):
        place = Place(merchant_id, kind == "challenger")
        newest.pop(place, None)
        if body["version"] is not None:
            newest[place] = _promotion(body)
    return newest


def promotions(settings: Settings) -> list[Promotion]:
    """Every promotion for everybody, oldest first."""
    with Home.open(settings) as home:
        return [_promotion(one.body) for one in announced(home.connection, "promoted")]


def _promotion(body: Mapping[str, Any]) -> Promotion:
    return Promotion(str(body["version"]), str(body["digest"]))


def announce(settings: Settings, promotion: Promotion) -> None:
    """Append ``promoted``; every server without a pinned bundle follows within seconds."""
    announce_in(settings, EVERYBODY, promotion)


def announce_in(settings: Settings, place: Place, promotion: Promotion | None) -> None:
    """Put a model in a place, or (None) end the trial there."""
    with Home.open(settings) as home, home.transaction() as log:
        place_in(log, place, promotion, now=now_us())


def place_in(
    log: Log, place: Place, promotion: Promotion | None, *, now: int, by: str | None = None
) -> None:
    """The same within a transaction, by an account of the pages or whoever is at the command line.

    Parameters
    ----------
    now : int
        Microseconds since 1970.
    """
    kind = "challenger" if place.challenger else "promoted"
    body = {"version": None} if promotion is None else promotion._asdict()
    log.append(cast(Kind, kind), body, at_us=now, known_us=now, merchant_id=place.merchant_id)
    audit(log, f"model {kind}", place.merchant_id, now_us=now, by=by, version=body["version"])
