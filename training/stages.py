"""The steps of a training, what each takes of the whole, and so how long it will be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple


class Stage(NamedTuple):
    """A step by the beginning of its name, its usual share, and what it is counted under."""

    name: str
    share: float
    under: str


# Shares of the wall clock, a million invented orders on two cores (python -m tests.bench train-of).
TRAINING = (
    Stage("reading orders", 30.0, "reading orders"),
    Stage("history", 8.0, "history"),
    Stage("looking for columns", 4.0, "traps"),
    Stage("exam: trees, fold", 20.0, "trees"),
    Stage("exam: trees on", 9.0, "trees"),
    Stage("exam: linear part, fold", 5.0, "linear part"),
    Stage("exam: linear part on", 2.0, "linear part"),
    Stage("exam: blend", 3.0, "exam"),
    Stage("exam: exam", 4.0, "exam"),
    Stage("trees, fold", 0.0, "trees"),
    Stage("trees on", 11.0, "trees"),
    Stage("linear part, fold", 0.0, "linear part"),
    Stage("linear part on", 2.0, "linear part"),
    Stage("blend", 0.5, "exam"),
    Stage("gates", 0.5, "bundle"),
    Stage("bundle", 0.7, "bundle"),
    Stage("MLflow", 0.3, "MLflow"),
)

FEWEST_DONE = 0.02
_PART = re.compile(r"(\d+) of (\d+)$")


@dataclass(slots=True)
class Course:
    """Where a training stands, and how long each kind of its work has taken.

    Parameters
    ----------
    stages : tuple of Stage
        In their order. A step that none of them names, such as a trial of a search, stands where
        the step before it stood: how long a search takes is not foreseen.
    """

    stages: tuple[Stage, ...]
    _at: int = 0
    _part: float = 0.0
    _since: float = 0.0
    _took: dict[str, float] | None = None

    def enter(self, step: str, now: float) -> None:
        """A step begins, ``now`` seconds after the start."""
        self._count(now)
        found = [i for i, stage in enumerate(self.stages) if step.startswith(stage.name)]
        if found:
            self._at, self._part = found[0], 0.0
        if part := _PART.search(step):
            self.reach((int(part[1]) - 0.5) / int(part[2]))

    def reach(self, part: float) -> None:
        """So much of the present step is done."""
        self._part = min(max(part, 0.0), 1.0)

    @property
    def done(self) -> float:
        """The share of the whole that is done."""
        shares = [stage.share for stage in self.stages]
        return (sum(shares[: self._at]) + shares[self._at] * self._part) / sum(shares)

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take at the pace so far; None while too little is done.

        >>> course = Course((Stage("a", 1.0, "a"), Stage("b", 3.0, "b")))
        >>> course.enter("b", 10.0)
        >>> course.left(10.0)
        30.0
        """
        return now * (1.0 - self.done) / self.done if self.done >= FEWEST_DONE else None

    def took(self, now: float) -> dict[str, float]:
        """Seconds by kind of work, the longest first."""
        self._count(now)
        spent = self._took or {}
        return dict(sorted(spent.items(), key=lambda pair: -pair[1]))

    def _count(self, now: float) -> None:
        self._took = self._took or {}
        under = self.stages[self._at].under
        self._took[under] = self._took.get(under, 0.0) + now - self._since
        self._since = now


def in_words(seconds: float) -> str:
    """A length of time as a person says it.

    >>> in_words(41.2), in_words(250.0), in_words(4000.0)
    ('41 s', '4 min', '1 h 7 min')
    """
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
