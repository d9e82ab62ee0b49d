"""Which comparison arm a person is in: a keyed hash of merchant, person and Indian quarter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from features.days import DAY_US, from_us, ist_day
from features.keys import keyed, keyed_hash

Arm: TypeAlias = Literal["holdout", "treatment", "explore_up", "explore_down"]
ARMS: tuple[Arm, ...] = ("holdout", "treatment", "explore_up", "explore_down")

_DRAWS = 1 << 53

_keyed = lru_cache(maxsize=16)(keyed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How the orders that the policy would act on are split.

    Parameters
    ----------
    holdout : float
        Share shipped untouched, so that the truth stays visible.
    explore : float
        Share treated as if every threshold lay one step higher, and again as much one step lower.
    """

    holdout: float = 0.05
    explore: float = 0.025

    def faults(self) -> tuple[str, ...]:
        """One sentence per share that cannot be."""
        outside = [
            f"arms: {name} is {value}; it must lie between 0 and 0.5"
            for name, value in (("holdout", self.holdout), ("explore", self.explore))
            if not 0 <= value <= 0.5
        ]
        if not outside and self.holdout + 2 * self.explore > 1:
            outside.append("arms: holdout and twice explore exceed 1; lower one of them")
        return tuple(outside)

    def of(self, arm: Arm) -> float:
        """The share of one arm; the four sum to 1."""
        if arm == "treatment":
            return 1 - self.holdout - 2 * self.explore
        return self.holdout if arm == "holdout" else self.explore

    def arm(self, draw: float) -> Arm:
        """The arm of a draw in [0, 1).

        The holdout lies at the low end and exploration at the high end, so that changing one share
        moves people only between that arm and the treatment.
        """
        if draw < self.holdout:
            return "holdout"
        if draw >= 1 - self.explore:
            return "explore_down"
        return "explore_up" if draw >= 1 - 2 * self.explore else "treatment"


def quarter(us: int) -> str:
    """The quarter of the year on an Indian wall calendar.

    >>> quarter(0)
    '1970Q1'
    """
    return _quarter_of_day(ist_day(us))


@lru_cache(maxsize=1024)
def _quarter_of_day(day: int) -> str:
    """The quarter of an Indian day since 1970; orders of one day all ask."""
    date = from_us(day * DAY_US)
    return f"{date.year}Q{(date.month + 2) // 3}"


def draw(secret: bytes, *, merchant_id: str, person: int | str, as_of_us: int) -> float:
    """A number in [0, 1) that stays the same for a merchant's customer through a quarter.

    Parameters
    ----------
    secret : bytes
        Of its own: it must not rotate with the key of the identity hashes, or arms would change.
    merchant_id, person : str, int or str
        Whose customer, and who (see ``features.keys.person_of``).
    as_of_us : int
        When the order was first decided, microseconds since 1970.
    """
    who, when = str(person), quarter(as_of_us)
    text = f"{len(merchant_id)}:{merchant_id}{len(who)}:{who}{len(when)}:{when}"
    digest = keyed_hash(*_keyed(secret), text.encode("utf-8", "surrogatepass"))
    return (int.from_bytes(digest, "big") >> 11) / _DRAWS
