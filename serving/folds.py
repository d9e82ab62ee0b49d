"""Folds: the window tables of the where-keys, published as events and swapped in whole."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.history.where import WindowTable
from serving.store.announced import newest_announced
from serving.store.census import standing_orders
from serving.store.changes import changed_since
from serving.store.connection import Connection, flush_folder
from serving.store.log import Log, last_seq

Integers = NDArray[np.int64]

FOLD_EVERY_S = 3_600
# A table of a million orders takes 0.7 GB.
_KEPT, _KEPT_AT_LEAST, _KEPT_BYTES = 48, 3, 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Fold:
    """A published fold: the position it counts up to, and when it was made."""

    boundary: int
    at_us: int


NO_FOLD = Fold(0, 0)


def newest_fold(connection: Connection) -> Fold:
    """The fold published last; ``NO_FOLD`` before the first."""
    found = newest_announced(connection, "fold")
    return NO_FOLD if found is None else Fold(int(found.body["boundary"]), found.at_us)


def open_fold(folder: Path, fold: Fold) -> WindowTable:
    """Memory-map the table of a fold.

    Raises
    ------
    StoreError
        If it is damaged or gone.
    """
    if fold == NO_FOLD:
        return WindowTable.empty()
    return WindowTable.open(folder / str(fold.boundary))


def publish_fold(connection: Connection, folder: Path, *, now_us: int) -> Fold:
    """Count all orders as they stand, write the table, then append the fold.

    Where no order has changed since the last fold and its table is there, the new fold names the
    same boundary: it is still the whole truth.

    Parameters
    ----------
    connection : Connection
        For writing; the counting itself holds no lock.
    """
    last = newest_fold(connection)
    with connection.snapshot():
        boundary = last_seq(connection)
        if not changed_since(connection, last.boundary) and (folder / str(last.boundary)).is_dir():
            boundary, orders = last.boundary, None
        else:
            orders = standing_orders(connection)
    if orders is not None:
        _write(orders, boundary, folder / str(boundary))
    log = Log(connection)
    log.begin()
    try:
        log.append("fold", {"boundary": boundary}, at_us=now_us, known_us=now_us)
        log.commit()
    except BaseException:
        log.rollback()
        raise
    _drop_old(folder)
    return Fold(boundary, now_us)


def _write(orders: tuple[Integers, Integers], boundary: int, path: Path) -> None:
    """Put the table on disk before any event names it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():  # a publisher died between the table and its event
        shutil.rmtree(path)
    shutil.rmtree(path.with_name(f".{path.name}.partial"), ignore_errors=True)
    WindowTable.build_at(path, *orders, boundary)
    for file in path.iterdir():
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    flush_folder(path)
    flush_folder(path.parent)


def _drop_old(folder: Path) -> None:
    """Keep the newest, as many as fit; whoever has mapped an older one goes on reading it."""
    numbered = sorted((p for p in folder.iterdir() if p.name.isdigit()), key=lambda p: -int(p.name))
    size = 0
    for place, path in enumerate(numbered):
        size += sum(file.stat().st_size for file in path.iterdir())
        if place >= _KEPT or (place >= _KEPT_AT_LEAST and size > _KEPT_BYTES):
            shutil.rmtree(path, ignore_errors=True)
