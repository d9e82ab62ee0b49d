"""Promotion and rollback: gates, then the copy, then the log, then the alias."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

from features.days import IST
from features.errors import BundleError, RefusedError
from features.feature import Feature
from models.bundle import Bundle
from training.gates import refuse_unless_passed

_VERSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")

Announce = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Promotion:
    """A released model: its version, the digest servers check, and where it lies."""

    version: str
    digest: str
    path: Path


def next_version(today: date, taken: Iterable[str]) -> str:
    """The next free version of a day.

    >>> next_version(date(2026, 11, 20), ["rto-2026-11-20.1", "rto-2026-11-19.4"])
    'rto-2026-11-20.2'
    """
    stem = f"rto-{today.isoformat()}."
    used = [int(v.removeprefix(stem)) for v in taken if re.fullmatch(re.escape(stem) + r"\d+", v)]
    return f"{stem}{max(used, default=0) + 1}"


def trained_dir(home: Path) -> Path:
    """Where ``rto train`` leaves every bundle, by version."""
    return home / "trained"


def versions(*folders: Path) -> tuple[str, ...]:
    """The versions that lie in some folders, sorted."""
    return tuple(
        sorted(
            {
                p.name
                for f in folders
                if f.is_dir()
                for p in f.iterdir()
                if (p / "manifest.json").is_file()
            }
        )
    )


def refuse_while_frozen(until: datetime | None, *, now: datetime | None = None) -> None:
    """Stop a promotion in a time in which the model must not change, such as a sale.

    Raises
    ------
    RefusedError
        Naming the end of the freeze and how to promote all the same.
    """
    if until is not None and (now or datetime.now(UTC)) < until:
        raise RefusedError(
            f"promotions are frozen until {until.astimezone(IST):%Y-%m-%d %H:%M} in India"
            " (RTO_FREEZE_UNTIL); promote after that, or with --force"
        )


def promote(
    version: str,
    *,
    home: Path,
    models_dir: Path,
    features: Sequence[Feature],
    announce: Announce,
) -> Promotion:
    """Release a trained model: servers follow the announcement, never the folder.

    The order matters: a server that hears of a model must find its files. MLflow's alias only
    mirrors what the log has said, and whoever calls sets it afterwards.

    Parameters
    ----------
    version : str
        As ``rto models`` lists it.
    home, models_dir : Path
        Where trained bundles lie, and where released ones go (``RTO_HOME``, ``RTO_MODELS_DIR``).
    features : sequence of Feature
        Today's catalogue; a bundle of another one is refused.
    announce : callable
        Appends the ``promoted`` event (version, digest) to the live log.

    Raises
    ------
    RefusedError
        For an unknown version or a gate that failed.
    BundleError
        When the bundle is altered or made for other features.
    """
    if not _VERSION.match(version):
        raise RefusedError(f"{version!r} is no version; rto models lists them")
    source, target = trained_dir(home) / version, models_dir / version
    found = source if source.is_dir() else target
    if not found.is_dir():
        have = ", ".join(versions(trained_dir(home), models_dir)) or "none"
        raise RefusedError(f"no trained model is called {version}; there are: {have}")
    bundle = Bundle.load(found, features=features)
    if bundle.version != version:
        raise BundleError(f"{found} holds version {bundle.version}; rename the folder")
    refuse_unless_passed(_verdicts(bundle.manifest))
    if found != target:
        _place(found, target, bundle.digest, features)
    announce(version, bundle.digest)
    return Promotion(version, bundle.digest, target)


def rollback(
    past: Sequence[tuple[str, str]],
    *,
    models_dir: Path,
    features: Sequence[Feature],
    announce: Announce,
) -> Promotion:
    """Go back to the model before the present one, at once: no gates, no training.

    Parameters
    ----------
    past : sequence of (version, digest)
        Every promotion of the log, oldest first; the last one is the present champion.

    Raises
    ------
    RefusedError
        When there is nothing to go back to, or its bundle is gone.
    """
    if not past:
        raise RefusedError("no model was ever promoted, so there is nothing to go back to")
    earlier = [p for p in past if p != past[-1]]
    if not earlier:
        raise RefusedError(f"{past[-1][0]} is the only model ever promoted; nothing is before it")
    version, digest = earlier[-1]
    path = models_dir / version
    if not path.is_dir():
        raise RefusedError(f"the bundle of {version} is no longer in {models_dir}")
    Bundle.load(path, features=features, digest=digest)
    announce(version, digest)
    return Promotion(version, digest, path)


def _verdicts(manifest: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    content = cast("Mapping[str, Mapping[str, object]]", manifest.get("content", {}))
    recorded = content.get("training", {}).get("gates", ())
    return cast("Sequence[Mapping[str, object]]", recorded)


def _place(source: Path, target: Path, digest: str, features: Sequence[Feature]) -> None:
    """Copy a bundle whole or not at all; one that is there already must be the same."""
    if target.exists():
        Bundle.load(target, features=features, digest=digest)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    partial.rename(target)
