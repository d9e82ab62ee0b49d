"""The summary as pages hold it: open while there is one, and never in the way of a page."""

from __future__ import annotations

from pathlib import Path

from features.errors import StoreError
from serving.board.summary import Summary


class Shelf:
    """Opens the summary when it is first asked for.

    Parameters
    ----------
    path : Path
        Its file, which another process writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._summary: Summary | None = None

    def of(self, merchant_id: str) -> Summary | None:
        """The summary, once this merchant's numbers have been worked out; else None."""
        if self._summary is None:
            self._summary = Summary.read(self._path)
        if self._summary is None:
            return None
        try:
            known = self._summary.report(merchant_id, "findings")
        except StoreError:
            self.close()  # begun anew under our feet
            return None
        return None if known is None else self._summary

    def close(self) -> None:
        """Close it."""
        summary, self._summary = self._summary, None
        if summary is not None:
            summary.close()
