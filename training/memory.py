"""Memory that is no longer needed, given back to the machine."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

import pyarrow as pa


def give_back() -> None:
    """Return freed memory to the system after a step that took and dropped gigabytes.

    Both allocators hold on to it otherwise, Arrow's for its next table and glibc's because pieces
    of up to 32 MB lie in a heap that only shrinks when asked to.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)
