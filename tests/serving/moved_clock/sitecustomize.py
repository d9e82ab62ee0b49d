"""Moves the time of day of a process that starts with this folder first on its path."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

_real_ns = time.time_ns
with Path(os.environ["MOVED_CLOCK"]).open("rb") as _file:
    _ahead = mmap.mmap(_file.fileno(), 0, prot=mmap.PROT_READ)


def _moved_ns() -> int:
    return _real_ns() + int.from_bytes(_ahead[:], "little")


def _moved_s() -> float:
    return _moved_ns() / 1e9


time.time_ns, time.time = _moved_ns, _moved_s
