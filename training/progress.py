"""Progress on a terminal: what is being done and for how long, once it takes over two seconds."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

DELAY_S = 2


class Progress:
    """One bar that first counts orders and then names steps."""

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar = tqdm(desc=what, unit="order", delay=DELAY_S, disable=quiet, file=sys.stderr)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def count(self, done: int, total: int) -> None:
        """So many of so many."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def step(self, what: str) -> None:
        """The next step begins."""
        self._bar.set_postfix_str(what, refresh=True)

    def stage(self, what: str, unit: str) -> None:
        """A new stage with a count of its own."""
        self._bar.close()
        self._bar = tqdm(desc=what, unit=unit, delay=DELAY_S, disable=self._quiet, file=sys.stderr)
