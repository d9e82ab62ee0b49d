"""The door: what becomes of a shipped parcel in up to three attempts, in closed form and drawn.

The chain, per parcel: it is late or not; the address is found or not; the buyer will take the
goods or not; the goods are visibly faulty or not. Each of three attempts is truly made or only
reported, meets somebody or not, and finds cash or not. The first meeting settles a refusal, the
first meeting with cash a delivery; three attempts without either send the parcel back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.world.chance import Codes, Dice, Flags, Floats, Ints

ATTEMPTS = 3
DELIVERED, REFUSED, FAULTY, NO_CASH, UNREACHABLE, WRONG_ADDRESS, NOT_ATTEMPTED = range(7)


@dataclass(frozen=True, slots=True)
class Door:
    """Probabilities of one order's way to the door, all known at order time; shape (n,) each.

    ``takes`` is the will of a parcel on time, ``takes_late`` of a late one (never larger).
    ``calls`` is the chance that the courier's call is answered.
    """

    late: Floats
    found: Floats
    takes: Floats
    takes_late: Floats
    faulty: Floats
    true_attempt: Floats
    home: Floats
    calls: Floats
    cash: Floats

    def meeting(self, found: bool | Flags) -> Floats:
        """Probability that one attempt meets somebody, the address being found or not."""
        handed = self.home + (1 - self.home) * 0.5 * self.calls
        by_call = self.calls * (0.5 + 0.5 * self.home)
        return self.true_attempt * np.where(found, handed, by_call)

    def delivers_willing(self) -> Floats:
        """Probability that a faultless parcel reaches a buyer who takes it."""
        return self.found * self._within(self.meeting(True) * self.cash) + (
            1 - self.found
        ) * self._within(self.meeting(False) * self.cash)

    def delivers(self) -> Floats:
        """Probability of delivery once shipped and not lost."""
        will = self.takes - self.late * (self.takes - self.takes_late)
        return (1 - self.faulty) * will * self.delivers_willing()

    @staticmethod
    def _within(per_attempt: Floats) -> Floats:
        return 1.0 - (1.0 - per_attempt) ** ATTEMPTS

    def paid_for(self, paid: Flags) -> Door:
        """The same door where the goods are paid: no cash needed, and the buyer helps.

        Who has paid answers the courier, waits at home and explains the way.
        """
        reachable = paid & (self.calls > 0)
        return replace(
            self,
            cash=np.where(paid, 1.0, self.cash),
            calls=np.where(reachable, 1 - 0.35 * (1 - self.calls), self.calls),
            home=np.where(paid, 1 - 0.5 * (1 - self.home), self.home),
            found=np.where(paid, 1 - 0.35 * (1 - self.found), self.found),
            true_attempt=np.where(paid, 1 - 0.7 * (1 - self.true_attempt), self.true_attempt),
        )


@dataclass(frozen=True, slots=True)
class Luck:
    """The same uniform draws for every action: shape (n,), or (3, n) for the attempts."""

    cancel: Floats
    lost: Floats
    late: Floats
    found: Floats
    will: Floats
    faulty: Floats
    attempt: Floats
    meet: Floats
    cash: Floats
    reply: Floats
    answer: Floats
    correct: Floats
    pay: Floats
    sunk: Floats
    back: Floats


def draw_luck(dice: Dice, n: int) -> Luck:
    """Draw each order's luck once."""
    rng = dice.stream("luck")
    threefold = {"attempt", "meet", "cash"}
    return Luck(**{
        name: rng.random((ATTEMPTS, n) if name in threefold else n) for name in Luck.__slots__
    })  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened at the door: the ending, and each attempt as (3, n) codes of this module."""

    ending: Codes
    attempts: Codes
    late: Flags


def visit(door: Door, luck: Luck, willing: Flags) -> Visit:
    """Let the parcel go to the door under the luck drawn for it.

    ``willing`` says whether the buyer would take the goods, lateness included.
    """
    n = len(luck.found)
    found = luck.found < door.found
    faulty = luck.faulty < door.faulty
    meets = luck.meet < door.meeting(found) / np.maximum(door.true_attempt, 1e-12)
    true = luck.attempt < door.true_attempt
    refusal = np.where(faulty, FAULTY, REFUSED)
    takes = willing & ~faulty
    at_door = np.where(takes, np.where(luck.cash < door.cash, DELIVERED, NO_CASH), refusal)
    missed = np.where(found, UNREACHABLE, WRONG_ADDRESS)
    attempts = np.where(true, np.where(meets, at_door, missed), NOT_ATTEMPTED)
    settled = np.isin(attempts, (DELIVERED, REFUSED, FAULTY))
    first = np.where(settled.any(axis=0), settled.argmax(axis=0), ATTEMPTS - 1)
    ending = attempts[first, np.arange(n)]
    ending = np.where(settled.any(axis=0), ending, _why_not(attempts))
    return Visit(ending.astype(np.int8), attempts.astype(np.int8), luck.late < door.late)


def _why_not(attempts: Ints) -> Ints:
    """Of three failures the one nearest to success names the ending."""
    for why in (NO_CASH, UNREACHABLE, WRONG_ADDRESS):
        attempts = np.where((attempts == why).any(axis=0), why, attempts)
    why_not: Ints = attempts[-1]
    return why_not
