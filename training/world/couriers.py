"""Couriers and their lanes: speed, losses, and how many of the reported attempts are true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.chance import Dice, Floats, Ints, logistic
from training.world.geography import Geography
from training.world.spec import WorldSpec

NAMES = ("bluekite", "pavango", "deccanline", "sagarhaul", "tezparcel", "northstar")
_DILIGENCE = np.array([3.2, 2.6, 2.8, 1.9, 1.6, 3.1])
_SPEED = np.array([1.15, 1.0, 0.95, 0.85, 1.1, 0.9])
_LOSSES = np.array([0.6, 1.0, 0.9, 1.5, 1.3, 0.7])
_RATE = np.array([1.15, 1.0, 0.97, 0.88, 0.9, 1.08])


@dataclass(frozen=True, slots=True)
class Couriers:
    """Traits of each courier, and its diligence in each district (log-odds of a true attempt)."""

    lane: Floats
    base_loss: float

    def diligence(self, ground: Geography, courier: Ints, row: Ints, day: Floats) -> Floats:
        """Probability that an attempt is truly made, on the lane and on the day."""
        lane = self.lane[courier, ground.district[row]] + ground.hub_shift(row, day)
        return logistic(lane)

    def loss(self, courier: Ints) -> Floats:
        """Probability that a parcel is lost."""
        return self.base_loss * _LOSSES[courier]

    def transit_days(self, courier: Ints, km: Floats, remote: Floats) -> Floats:
        """Usual days from pick-up to the first attempt."""
        usual: Floats = (1.1 + km / 620.0 + 1.3 * remote) / _SPEED[courier]
        return usual

    def rate(self, courier: Ints) -> Floats:
        """Price level against the others."""
        return _RATE[courier]


def invent_couriers(ground: Geography, spec: WorldSpec, dice: Dice) -> Couriers:
    """Draw every lane's diligence around its courier's."""
    rng = dice.stream("couriers")
    districts = len(ground.city)
    lane = _DILIGENCE[:, None] + spec.diligence_spread * rng.normal(0, 1, (len(NAMES), districts))
    lane += 0.6 * spec.diligence_spread * rng.normal(0, 1, districts)
    return Couriers(lane=lane, base_loss=spec.loss_share / float(_LOSSES.mean()))
