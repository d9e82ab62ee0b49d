"""Machine-code versions of typed functions: numba's ``njit`` that keeps the types and the cache.

Functions marked here take and return numpy arrays and plain numbers only, run without the
interpreter lock, and are compiled once per machine (``NUMBA_CACHE_DIR`` names another cache
where the package's own folder cannot be written).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile ``function`` on first call, with IEEE arithmetic (no fast-math: values must agree)."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))
