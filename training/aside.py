"""Files written aside and given their name when they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def aside(out: Path) -> Iterator[Path]:
    """A hidden path beside ``out`` that takes its place at the end; a failure leaves nothing.

    Parameters
    ----------
    out : Path
        Its folder is made where it is missing.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    try:
        yield partial
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
