"""Which model a scoring process decides with: a pinned bundle, the promoted one, or the prior."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import NamedTuple

from models.prior import Prior

from features.catalogue import CATALOGUE
from features.errors import BundleError
from models.bundle import Bundle
from models.scorer import Scorer
from serving.store.log import Log, body_of

_log = logging.getLogger("rto.model")


class Promotion(NamedTuple):
    """A model made champion: its version and the digest its bundle must have."""

    version: str
    digest: str


def choose_scorer(
    connection: sqlite3.Connection, models_dir: Path, pinned: Path | None = None
) -> Scorer:
    """Load the model to start with.

    Parameters
    ----------
    connection : sqlite3.Connection
        For reading.
    models_dir : Path
        Where promoted bundles lie, by version.
    pinned : Path, optional
        A bundle to use whatever has been promoted.

    Raises
    ------
    BundleError
        If the pinned bundle must not be served. A promoted one that is missing or altered is
        reported in the log, and the shipped prior serves.
    """
    if pinned is not None:
        return Bundle.load(pinned, features=CATALOGUE)
    champion = newest_promotion(connection)
    if champion is None:
        return Prior()
    try:
        folder = models_dir / champion.version
        return Bundle.load(folder, features=CATALOGUE, digest=champion.digest)
    except BundleError:
        _log.exception("the promoted model %s cannot be served", champion.version)
        return Prior()


def newest_promotion(connection: sqlite3.Connection) -> Promotion | None:
    """The model promoted last, or None."""
    found = connection.execute(
        """SELECT body FROM event
           WHERE number IS NULL AND kind='promoted' AND merchant_id IS NULL
           ORDER BY seq DESC LIMIT 1"""
    ).fetchone()
    if found is None:
        return None
    body = body_of(found[0])
    return Promotion(str(body["version"]), str(body["digest"]))


def record_promotion(log: Log, promotion: Promotion, *, now_us: int) -> int:
    """Append ``promoted``; servers without a pinned bundle follow it at their next start."""
    return log.append("promoted", promotion._asdict(), at_us=now_us, known_us=now_us)
