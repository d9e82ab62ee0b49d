"""The course of each order: what really happened under the action taken, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.days import DAY_US, HOUR_US
from training.world.actions import ACTIONS, SILENT
from training.world.chance import Flags, Floats, Ints
from training.world.door import ATTEMPTS, DELIVERED, FAULTY, REFUSED
from training.world.legacy import SHIP
from training.world.year import Year

_TAKEN = ACTIONS[:3]
_MINUTE_US = 60_000_000
BETWEEN_ATTEMPTS_DAYS = 1.15


@dataclass(frozen=True, slots=True)
class Course:
    """One row per order; ``attempts`` is of shape (3, n), times are microseconds since 1970.

    A time that did not come about (the attempts of a cancelled order) is there and means nothing.
    """

    action: Ints
    outcome: Ints
    response: Ints
    withdrawn: Flags
    treated: Flags
    attempts: Ints
    ending: Ints
    tries: Ints
    late: Flags
    message: Ints
    answered: Ints
    shipped: Ints
    first_attempt: Ints
    last_attempt: Ints
    turned_back: Ints
    cancelled: Ints


def days_us(days: npt.ArrayLike) -> Ints:
    """Days as microseconds."""
    return np.round(np.asarray(days) * DAY_US).astype(np.int64)


def run_course(rng: np.random.Generator, year: Year) -> Course:
    """Put times to what happened."""
    created, treated = year.moments.created_us, year.decisions.action != SHIP
    n = len(created)
    response, withdrawn = _taken(year, "response"), _taken(year, "withdrawn") > 0
    attempts, ending, late = _door(year)
    message = created + _minutes(rng.uniform(2, 45, n))
    answered = message + _minutes(np.exp(rng.normal(3.2, 1.3, n)).clip(1, 300))
    shipped = created + np.maximum(_handling(year, treated), HOUR_US)
    travel = year.parcels.transit_days + np.where(late, year.parcels.late_days, 0.0)
    first = shipped + days_us(np.maximum(travel, 0.4))
    tries = _tries(rng, attempts, ending)
    last = first + days_us(BETWEEN_ATTEMPTS_DAYS * (tries - 1))
    whim = created + (rng.random(n) * (shipped - created)).astype(np.int64)
    whim = np.where(treated, np.maximum(whim, answered), whim)
    given_up = np.where(response == SILENT, message + DAY_US, answered)
    return Course(
        action=year.decisions.action, outcome=_taken(year, "outcome"), response=response,
        withdrawn=withdrawn, treated=treated, attempts=attempts, ending=ending, tries=tries,
        late=late, message=message, answered=answered, shipped=shipped, first_attempt=first,
        last_attempt=last, turned_back=last + days_us(2.0 + rng.gamma(2.0, 2.6, n)),
        cancelled=np.where(withdrawn, given_up, whim),
    )  # fmt: skip


def _minutes(minutes: Floats) -> Ints:
    return np.round(minutes * _MINUTE_US).astype(np.int64)


def _handling(year: Year, treated: Flags) -> Ints:
    """Until pick-up; asking first costs three hours."""
    return days_us(year.parcels.handling_days) + np.where(treated, 3 * HOUR_US, 0)


def _taken(year: Year, name: str) -> Ints:
    """One field of the fate under the action that was taken."""
    options = [getattr(year.fates[a], name).astype(np.int64) for a in _TAKEN]
    return np.choose(year.decisions.action, options)


def _door(year: Year) -> tuple[Ints, Ints, Flags]:
    visits = [year.fates[a].visit for a in _TAKEN]
    action = year.decisions.action
    attempts = np.stack(
        [np.choose(action, [v.attempts[k] for v in visits]) for k in range(ATTEMPTS)]
    )
    return attempts, np.choose(action, [v.ending for v in visits]), visits[0].late


def _tries(rng: np.random.Generator, attempts: Ints, ending: Ints) -> Ints:
    """Attempts until the end; after a refusal couriers often come once more, in vain."""
    settled = np.isin(attempts, (DELIVERED, REFUSED, FAULTY))
    tries = np.where(settled.any(axis=0), settled.argmax(axis=0) + 1, ATTEMPTS)
    again = (ending == REFUSED) & (rng.random(len(tries)) < 0.45)
    capped: Ints = np.minimum(tries + again, ATTEMPTS)
    return capped
