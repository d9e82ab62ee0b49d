"""A merchant's rules, kinds of orders with thresholds of their own, sales and quiet hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.days import HOUR_US, IST_SHIFT_US, SECOND_US
from models.actions import ACTIONS, Action, open_to
from models.condition_fields import SCORE, Subject
from models.conditions import Condition, fields_of, question
from models.thresholds import Thresholds

MOST_RULES, MOST_SEGMENTS, LONGEST_NAME = 100, 30, 80
_DAY_MINUTES = 24 * 60
_MINUTE_US = 60 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An action for every order of which a condition holds, whatever its score.

    Parameters
    ----------
    name : str
        As decisions report it.
    """

    name: str
    when: Condition
    action: Action

    def applies(self, subject: Subject) -> bool:
        """Whether it decides on this order; not where its action is not open to it."""
        return self.action in open_to(subject.order.payment_mode) and question(self.when)(subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Orders of one kind, which have thresholds of their own.

    The condition must not ask about the score, or more risk could be treated more gently.

    Parameters
    ----------
    thresholds : Thresholds
        For those of them that are paid at the door.
    prepaid_thresholds : Thresholds, optional
        For prepaid ones; the policy's usual ones where it is left out.
    """

    name: str
    when: Condition
    thresholds: Thresholds
    prepaid_thresholds: Thresholds | None = None

    def faults(self) -> tuple[str, ...]:
        """One sentence per thing that forbids it."""
        parts = (self.thresholds, self.prepaid_thresholds or Thresholds())
        found = [f'segment "{self.name}": {fault}' for part in parts for fault in part.faults()]
        if SCORE in fields_of(self.when):
            found.append(
                f'segment "{self.name}": its condition asks about {SCORE}, so more risk could be '
                "treated more gently; use a rule for that"
            )
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """While a sale lasts: every threshold moved, and another number of reviews a day.

    Parameters
    ----------
    from_us, until_us : int
        When it begins and when it is over, by themselves; microseconds since 1970.
    step : float
        How far every threshold moves, in log-odds; above 0 fewer orders are acted on.
    reviews_per_day : int, optional
        In place of the policy's.
    """

    from_us: int
    until_us: int
    step: float = 0.0
    reviews_per_day: int | None = None

    def on(self, now_us: int) -> bool:
        """Whether it is on."""
        return self.from_us <= now_us < self.until_us

    def faults(self) -> tuple[str, ...]:
        """One sentence per value that cannot be."""
        checks = {
            "sale: it must end after it begins": self.from_us < self.until_us,
            "sale: it lasts 60 days at most": self.until_us - self.from_us <= 60 * 24 * HOUR_US,
            "sale: step must lie between -2 and 2 log-odds": -2 <= self.step <= 2,
            "sale: reviews_per_day must lie between 0 and 1000000": self.reviews_per_day is None
            or 0 <= self.reviews_per_day <= 1_000_000,
        }
        return tuple(sentence for sentence, holds in checks.items() if not holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When no customer is written to; messages wait for the end, actions stay as they are.

    Parameters
    ----------
    begin, end : int
        Minutes since midnight in India; the end may lie on the next day.
    """

    begin: int = 21 * 60
    end: int = 9 * 60

    def faults(self) -> tuple[str, ...]:
        """One sentence per value that cannot be."""
        if not all(0 <= minute < _DAY_MINUTES for minute in (self.begin, self.end)):
            return ("quiet_hours: write times of the day such as 21:00",)
        if self.begin == self.end:
            return ("quiet_hours: they begin and end at the same time; set null for none",)
        return ()

    def after(self, now_us: int) -> int:
        """The instant itself, or the end of the quiet hours it lies in.

        >>> QuietHours().after(0) == 0, QuietHours().after(17 * HOUR_US) // HOUR_US
        (False, 27)
        """
        local = now_us + IST_SHIFT_US
        midnight = local - local % (_DAY_MINUTES * _MINUTE_US)
        minute = (local - midnight) // _MINUTE_US
        long = self.begin < self.end
        quiet = self.begin <= minute < self.end if long else not self.end <= minute < self.begin
        if not quiet:
            return now_us
        tomorrow = _DAY_MINUTES if minute >= self.end else 0
        return midnight + (self.end + tomorrow) * _MINUTE_US - IST_SHIFT_US


def name_faults(what: str, named: Sequence[Rule] | Sequence[Segment], most: int) -> tuple[str, ...]:
    """Sentences on how many there are and what they are called."""
    found = (
        [f"{what}s: {len(named)} are too many; keep at most {most}"] if len(named) > most else []
    )
    seen: set[str] = set()
    for one in named:
        if not 0 < len(one.name) <= LONGEST_NAME or not one.name.isprintable():
            found.append(f"{what}s: a name has 1 to {LONGEST_NAME} printable letters")
        elif one.name in seen:
            found.append(f'{what}s: two are called "{one.name}"; rename one')
        seen.add(one.name)
    return tuple(found)


def action_faults(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Sentences on rules whose action is none."""
    return tuple(
        f'rule "{rule.name}": action must be one of {", ".join(ACTIONS)}'
        for rule in rules
        if rule.action not in ACTIONS
    )
