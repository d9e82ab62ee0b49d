"""Failed deliveries by reason, courier and attempt: how many arrived after all, how many were real.

Weeks count as everywhere else by when their orders were placed, and only settled ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.board.entry import SEPARATOR, Counts
from serving.board.maturity import Settled, totals_of
from serving.board.rates import share
from serving.board.summary import Summary


@dataclass(frozen=True, slots=True)
class Share:
    """A share of some, with its 90 % interval."""

    hits: int
    tries: int

    @property
    def interval(self) -> tuple[float, float, float]:
        """The share, and the ends of its interval."""
        return share(self.hits, self.tries)


@dataclass(frozen=True, slots=True)
class Failed:
    """Deliveries that failed for one reason, at one courier, at one attempt.

    Parameters
    ----------
    failed : int
        How many.
    saved : Share
        Of those whose orders have ended: how many arrived after all.
    denied : Share
        Of those whose customers answered: how many say that nobody came.
    """

    reason: str
    courier: str
    attempt: int
    failed: int
    saved: Share
    denied: Share


def failed_deliveries(summary: Summary, merchant_id: str, window: Settled) -> list[Failed]:
    """The most frequent first."""
    failed, answered, denied = (
        totals_of(summary, merchant_id, dimension, window)
        for dimension in ("failure", "failure answered", "failure denied")
    )
    found = []
    for value, counts in failed.items():
        reason, courier, attempt = value.split(SEPARATOR)
        found.append(Failed(
            reason, courier, int(attempt), counts.orders, Share(counts.arrived, counts.known),
            Share(denied.get(value, Counts()).orders, answered.get(value, Counts()).orders),
        ))  # fmt: skip
    return sorted(found, key=lambda f: (-f.failed, f.reason, f.courier, f.attempt))


def together(some: Sequence[Failed]) -> tuple[Share, Share]:
    """What was saved and what was denied of all of them."""
    return (
        Share(sum(f.saved.hits for f in some), sum(f.saved.tries for f in some)),
        Share(sum(f.denied.hits for f in some), sum(f.denied.tries for f in some)),
    )
