"""Progress on a terminal: what is being done and for how long, once it takes over two seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm import tqdm

DELAY_S = 2.0
_COUNTED = "{desc}: {n_fmt} of {total_fmt} {unit}s{postfix} [{elapsed}<{remaining}]"
_NAMED = "{desc}{postfix} [{elapsed}]"


class Progress:
    """One line that counts things and names the step that is being done."""

    def __init__(self, what: str, unit: str = "order") -> None:
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

    def count(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._bar.total, self._bar.n = total, done
        self._bar.bar_format = _COUNTED
        self._show()

    def step(self, what: str) -> None:
        """The next step begins."""
        self._bar.set_postfix_str(what, refresh=False)
        self._show()

    def stage(self, what: str, unit: str) -> None:
        """A new stage, with a count of its own."""
        self._bar.close()
        self._open(what, unit)

    def _show(self) -> None:
        if time.monotonic() - self._since >= DELAY_S:
            self._bar.refresh()
            # A bar that was never updated would close without ending its line.
            self._bar.last_print_t = time.time()
