"""Progress on a terminal: what is being done and for how long, once it takes over two seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm import tqdm

from training.stages import Course, in_words

DELAY_S = 2.0
_COUNTED = "{desc}: {n_fmt} of {total_fmt} {unit}s{postfix} [{elapsed}<{remaining}]"
_NAMED = "{desc}{postfix} [{elapsed}]"
_ON_COURSE = "{desc}: {n_fmt} of {total_fmt} {unit}s{postfix} [{elapsed}]"


class Progress:
    """One line that counts things and names the step that is being done.

    Parameters
    ----------
    what, unit : str
        The first step, and what is counted in it.
    course : Course, optional
        What is to come, so that the line says how long all of it will take.
    """

    def __init__(self, what: str, unit: str = "order", course: Course | None = None) -> None:
        self._start, self._course = time.monotonic(), course
        self._open(what, unit)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def _open(self, what: str, unit: str) -> None:
        self._since = time.monotonic()
        self._bar = tqdm(desc=what, unit=unit, delay=DELAY_S, bar_format=_NAMED, file=sys.stderr)
        if self._course is not None:
            self._course.enter(what, self._seconds())

    def count(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._bar.total, self._bar.n = total, done
        self._bar.bar_format = _COUNTED if self._course is None else _ON_COURSE
        if self._course is not None:
            self._course.reach(done / total)
            self._bar.set_postfix_str(self._left(), refresh=False)
        self._show()

    def read(self, done: int, total: int) -> None:
        """So many orders of a matrix are read; when all are, their history is counted."""
        self.count(done, total)
        if done == total:
            self.step("history")

    def step(self, what: str) -> None:
        """The next step begins."""
        if self._course is not None:
            self._course.enter(what, self._seconds())
        left = self._left()
        self._bar.set_postfix_str(f"{what}, {left}" if left else what, refresh=False)
        self._show()

    def stage(self, what: str, unit: str) -> None:
        """A new stage, with a count of its own."""
        self._bar.close()
        self._open(what, unit)

    def took(self) -> str:
        """How long it has been, and the share of each kind of work; for a course only."""
        seconds = self._seconds()
        spent = self._course.took(seconds) if self._course is not None else {}
        parts = [f"{what} {took / seconds:.0%}" for what, took in spent.items()]
        return f"took {in_words(seconds)}: {', '.join(parts)}"

    def _seconds(self) -> float:
        return time.monotonic() - self._start

    def _left(self) -> str:
        left = self._course.left(self._seconds()) if self._course is not None else None
        return "" if left is None else f"about {in_words(left)} left"

    def _show(self) -> None:
        if time.monotonic() - self._since >= DELAY_S:
            self._bar.refresh()
            # A bar that was never updated would close without ending its line.
            self._bar.last_print_t = time.time()
