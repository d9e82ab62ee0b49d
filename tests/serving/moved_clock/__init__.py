"""A time of day that passes when told to, the same for a test and for the processes it starts."""

from __future__ import annotations

import time
from pathlib import Path

from tests.serving.process import ROOT

_FOLDER = Path(__file__).parent
_BYTES = 8


class MovedClock:
    """How far ahead of the real time of day it is, in a file that all of them have mapped.

    Parameters
    ----------
    file : Path
        To make.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._ahead_ns = file, 0
        file.write_bytes(bytes(_BYTES))

    @property
    def environment(self) -> dict[str, str]:
        """For a process of ours: ``sitecustomize`` beside this file moves its clock."""
        return {"PYTHONPATH": f"{_FOLDER}:{ROOT}", "MOVED_CLOCK": str(self._file)}

    def pass_time(self, seconds: float) -> None:
        """Let time pass everywhere."""
        self._ahead_ns += int(seconds * 1e9)
        with self._file.open("r+b") as file:
            file.write(self._ahead_ns.to_bytes(_BYTES, "little"))

    def __call__(self) -> float:
        """Seconds since 1970."""
        return (time.time_ns() + self._ahead_ns) / 1e9
