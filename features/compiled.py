"""Machine-code versions of typed functions: numba's ``njit`` that keeps the types and the cache.

Functions marked here take and return numpy arrays and plain numbers only, run without the
interpreter lock, and are compiled once per machine. Numba's own cache looks at the file of a
function alone, not at those it calls; so the cache lies under a digest of every source that is
compiled, and a change in one compiles all anew.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

_ROOMS = ("features", "models")
# Sources whose constants are compiled in, though they compile nothing themselves.
_CONSTANTS = ("features/compiled.py", "features/days.py", "features/keys.py", "features/history/")
_KEPT_CACHES = 4


def _digest(root: Path) -> str:
    found = hashlib.sha256(numba.__version__.encode())
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            source = path.read_bytes()
            if b"@compiled" in source or path.relative_to(root).as_posix().startswith(_CONSTANTS):
                found.update(source)
    return found.hexdigest()[:16]


def _cache() -> Path | None:
    """The folder of today's machine code, or None where nothing can be written.

    Of a folder on a read-only disk the process takes a copy (4 MB): numba uses none that it could
    not write to.
    """
    root = Path(__file__).resolve().parent.parent
    named = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(named) if named else root / "features" / "__pycache__" / "compiled"
    try:
        folder = base / _digest(root)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(folder, os.W_OK):
        return _copied(folder)
    _drop_old(base, folder)
    return folder


def _copied(folder: Path) -> Path | None:
    try:
        copy = Path(tempfile.mkdtemp(prefix="rto-compiled-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        shutil.copytree(folder, copy, dirs_exist_ok=True)
    except OSError:
        return None
    copy.chmod(0o700)  # the read-only folder's own rights came with it
    return copy


def _drop_old(base: Path, today: Path) -> None:
    others = [p for p in base.iterdir() if p.is_dir() and p != today]
    others.sort(key=lambda p: p.stat().st_mtime)
    for path in others[: max(0, len(others) - _KEPT_CACHES)]:
        shutil.rmtree(path, ignore_errors=True)


# Numba leaves LLVM's joining of straight-line code into wide instructions off; without it the
# functions of models/lanes.py run number by number, at half the speed and with the same values.
numba.config.SLP_VECTORIZE = 1

_FOLDER = _cache()
if _FOLDER is not None:
    numba.config.CACHE_DIR = str(_FOLDER)


def compiles_first() -> bool:
    """Whether nothing has been compiled yet, and what will be can be kept for other processes."""
    return _FOLDER is not None and next(_FOLDER.rglob("*.nbi"), None) is None


def compiled(function: F) -> F:
    """Compile ``function`` on first call, with IEEE arithmetic (no fast-math: values must agree).

    Where there is no machine code yet and nothing can be written it is compiled anew in every
    process; name a writable folder in ``NUMBA_CACHE_DIR`` to keep the machine code there.
    """
    cached = _FOLDER is not None
    return cast(F, numba.njit(cache=cached, nogil=True, fastmath=False)(function))
