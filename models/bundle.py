"""A released model as a folder of plain files that proves itself before it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.feature import Feature
from features.row import Row
from models.blend import Blend
from models.risk import Impact, Risk
from models.scorer import Extra, Floats


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One question of a bundle's exam, with the answer its maker computed."""

    row: Row
    extra: Extra
    log_odds: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleParts:
    """What training hands over to be released."""

    version: str
    catalogue: Sequence[Feature]
    trees: str | None
    blend: Blend
    golden: Sequence[GoldenRow]
    training: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)


class Bundle:
    """A verified model; see ``models.scorer.Scorer`` for what it does."""

    version: str
    digest: str
    manifest: Mapping[str, object]

    @classmethod
    def load(cls, path: Path, *, features: Sequence[Feature], digest: str | None = None) -> Bundle:
        """Read a bundle: digests first, then features, then the golden rows."""
        raise NotImplementedError

    def score(self, row: Row, extra: Extra) -> Risk:
        """Score one order."""
        raise NotImplementedError

    def score_many(
        self,
        values: Floats,
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,
    ) -> Floats:
        """Probabilities of many orders."""
        raise NotImplementedError

    def explain(self, row: Row, extra: Extra, risk: Risk) -> tuple[Impact, ...]:
        """Exact reasons of a risk."""
        raise NotImplementedError


def write_bundle(path: Path, parts: BundleParts) -> str:
    """Write a bundle atomically and return its digest."""
    raise NotImplementedError
