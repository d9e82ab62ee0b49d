"""What a trained model's papers say, in a merchant's terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.errors import BundleError
from models.manifest import Manifest
from serving.pages.checks import Asked, asked


@dataclass(frozen=True, slots=True)
class Learned:
    """What a bundle says of its training.

    Parameters
    ----------
    orders, rto : int
        Orders it learned from, and those of them that came back.
    until, made_at : str
        The last instant known to it, and when it was made.
    left_out : dict of str to int
        Orders it did not learn from, by why.
    judged : int
        Newest orders that it was examined on.
    ranked : float or None
        How often an order that came back scored above one that arrived.
    checks : list of Asked
        What it was asked before it may decide.
    """

    version: str
    orders: int
    rto: int
    until: str
    made_at: str
    invented: bool
    left_out: dict[str, int]
    judged: int
    ranked: float | None
    checks: list[Asked]

    @property
    def passed(self) -> int:
        """Checks it passed."""
        return sum(one.passed for one in self.checks)

    @property
    def good(self) -> bool:
        """Whether it may decide: every check asked and passed."""
        return bool(self.checks) and self.passed == len(self.checks)


def learned_by(bundle: Path) -> Learned | None:
    """The manifest of a bundle in a merchant's terms; None where it is not on this machine."""
    try:
        manifest = Manifest.from_bytes((bundle / "manifest.json").read_bytes())
    except (OSError, BundleError):
        return None
    training: dict[str, Any] = dict(manifest.training)
    labels, exam = training.get("labels") or {}, training.get("exam") or {}
    return Learned(
        version=manifest.version,
        orders=int(labels.get("orders", 0)),
        rto=int(labels.get("rto", 0)),
        until=_day(training.get("until")),
        made_at=_day(manifest.provenance.get("made_at")),
        invented=bool((training.get("data") or {}).get("invented")),
        left_out=dict(labels.get("left_out") or {}),
        judged=int(exam.get("orders", 0)),
        ranked=(exam.get("model") or {}).get("roc_auc"),
        checks=asked(training),
    )


def _day(text: object) -> str:
    if not isinstance(text, str):
        return "–"
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y}"
