"""Checks of an installation, each with a sentence that says what to do; a server may run beside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Literal, NamedTuple, TypeAlias

from features.catalogue import CATALOGUE
from features.directory import Directory
from features.errors import RtoError
from features.history.where import WindowTable
from features.keys import Hasher
from features.settings import Settings
from models.prior import Prior
from serving.folds import FOLD_EVERY_S, NO_FOLD, newest_fold, open_fold
from serving.home import Home
from serving.ledger import Ledger
from serving.model import load_promoted, newest_promotion
from serving.moments import rfc3339
from serving.processes.warmup import warm_up
from serving.rows import Rows
from serving.store.log import last_seq, pulse
from serving.store.migrations import version_of
from serving.upkeep.backup import backups

State: TypeAlias = Literal["ok", "look", "wrong"]

_LOW_DISK = 1 << 30
_SLOW_FLUSH_S = 0.02
_DAY_US = 86_400_000_000


class Finding(NamedTuple):
    """One check: what was looked at, how it is, and what to do about it."""

    what: str
    state: State
    says: str


def examine(settings: Settings, now_us: int) -> Iterator[Finding]:
    """Check one thing after another; what cannot be checked is wrong."""
    try:
        home = Home.open(settings)
    except RtoError as error:
        yield Finding("log", "wrong", str(error))
        return
    with home:
        checks: tuple[tuple[str, Callable[[Home, int], tuple[State, str]]], ...] = (
            ("keys", _keys), ("log", _log), ("disk", _disk), ("folds", _folds),
            ("model", _model), ("machine code", _machine_code), ("backup", _backup),
        )  # fmt: skip
        for what, check in checks:
            try:
                yield Finding(what, *check(home, now_us))
            except (RtoError, OSError) as error:
                yield Finding(what, "wrong", str(error))


def _keys(home: Home, _: int) -> tuple[State, str]:
    hashing, sealing = home.keyring.hashing.version, home.keyring.sealing.version
    if home.settings.hash_key is not None:
        return "ok", f"hash key {hashing} and encryption key {sealing} from the settings"
    return "look", (
        f"hash key {hashing} and encryption key {sealing} from {home.settings.keys_file}; keep a "
        "copy elsewhere, a backup of the log is worth nothing without them"
    )


def _log(home: Home, now_us: int) -> tuple[State, str]:
    began = perf_counter()
    with home.transaction() as log:
        pulse(log, now_us)
    took = perf_counter() - began
    engine = "PostgreSQL" if home.settings.on_postgresql else "SQLite"
    says = (
        f"{engine}, schema {version_of(home.connection)}, {last_seq(home.connection)} events, "
        f"a flushed write takes {1000 * took:.1f} ms"
    )
    return ("ok", says) if took < _SLOW_FLUSH_S else ("look", f"{says}: the disk is slow")


def _disk(home: Home, _: int) -> tuple[State, str]:
    spool = _there(home.settings.spool.parent)
    free = shutil.disk_usage(spool).free
    if free < _LOW_DISK:
        return "wrong", f"{free >> 20} MB are left where the spool lies ({spool}); make room"
    says = f"{free >> 30} GB free where the spool lies ({spool})"
    if home.settings.on_postgresql or not _same_disk(home.settings.database, spool):
        return "ok", says
    return "look", f"{says}, the log's own disk: RTO_SPOOL_DIR on another outlives that one"


def _same_disk(one: Path, other: Path) -> bool:
    return _there(one).stat().st_dev == _there(other).stat().st_dev


def _there(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())


def _folds(home: Home, now_us: int) -> tuple[State, str]:
    fold = newest_fold(home.connection)
    if fold == NO_FOLD:
        return "look", "none yet: places and products count once `rto worker` has made one"
    open_fold(home.settings.folds_dir, fold)
    says = f"the newest is of {rfc3339(fold.at_us)}"
    late = now_us - fold.at_us > 2 * FOLD_EVERY_S * 1_000_000
    return ("look", f"{says}: is `rto worker` running?") if late else ("ok", says)


def _model(home: Home, _: int) -> tuple[State, str]:
    promotion = newest_promotion(home.connection)
    if promotion is None:
        return "look", "none promoted: the shipped prior decides; `rto train`, then `rto promote`"
    scorer = load_promoted(home.settings.models_dir, promotion)
    return "ok", f"{scorer.version} is released, whole, and scores its golden rows"


def _machine_code(home: Home, now_us: int) -> tuple[State, str]:
    rows = Rows(Directory.open(), Hasher(list(home.keyring.hashing.keys.values())))
    began = perf_counter()
    warm_up(rows, Ledger(home.connection), WindowTable.empty(), Prior(), now_us)
    took = perf_counter() - began
    return "ok", f"{len(CATALOGUE)} features of an order nobody placed, scored after {took:.1f} s"


def _backup(home: Home, now_us: int) -> tuple[State, str]:
    made = backups(home.connection)
    if not made:
        return "look", "none yet: `rto backup FILE`, every day, to another machine"
    says = f"the newest was made {rfc3339(made[-1].made_us)} to {made[-1].file}"
    return ("ok", says) if now_us - made[-1].made_us < _DAY_US else ("look", f"{says}: make one")
