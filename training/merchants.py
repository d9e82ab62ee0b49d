"""One calibration for all, moved for the merchants whose orders say so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from models.calibration import Calibration
from training.calibrate import calibrated
from training.curves import PARTS, WORTH
from training.labels import Floats, Ints
from training.metrics import log_loss

STEP = 1e-4
_TOKEN = "merchant="


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """Merchants whose scores are moved before calibration, and what it was worth.

    Parameters
    ----------
    offsets : dict of str to float
        In log-odds, added to the blended score; empty where the one curve serves all.
    gain : float
        Nats won on later orders by offsets fitted on earlier ones, in all.
    variance : float
        Of merchants' true offsets: the part of their spread that persists in time.
    """

    offsets: dict[str, float]
    gain: float
    variance: float

    def to_json(self) -> dict[str, object]:
        """For the manifest."""
        return {"offsets": self.offsets, "gain": self.gain, "variance": self.variance}


AS_ALL = Moved({}, 0.0, 0.0)


def moved(
    curve: Calibration,
    z: Floats,
    y: Floats,
    weight: Floats,
    order: np.ndarray,
    merchants: np.ndarray,
    known: Collection[str],
) -> Moved:
    """Move merchants' scores if that gains on later orders more than luck would.

    Parameters
    ----------
    curve : Calibration
        The one for all.
    z, y, weight : float64 arrays of shape (n,)
        Out-of-fold scores, outcomes and case weights.
    order : array of shape (n,)
        Placement, which sorts them in time.
    merchants : array of str of shape (n,)
    known : collection of str
        Merchants that may be moved: the model has a place to keep it.
    """
    names = np.array(sorted({str(name) for name in merchants} & set(known)), dtype=object)
    if len(names) < 2:
        return AS_ALL
    sorted_by_time = np.argsort(order, kind="stable")
    case = _Case(curve, z, y, weight, _codes(merchants, names), len(names))
    gain = 0.0
    parts = np.array_split(sorted_by_time, PARTS)
    for k in range(1, PARTS):
        offsets, _ = case.fitted(np.concatenate(parts[:k]))
        gain += case.gain(parts[k], offsets)
    if gain <= WORTH:
        return Moved({}, round(gain, 6), 0.0)
    offsets, variance = case.fitted(sorted_by_time)
    found = {str(n): round(float(o), 6) for n, o in zip(names, offsets, strict=True) if o}
    return Moved(found, round(gain, 6), round(variance, 6))


def merchant_of(token: str) -> str:
    """The merchant a token names; empty for other tokens.

    >>> merchant_of("merchant=kurtas"), merchant_of("sku=merchant=1")
    ('kurtas', '')
    """
    return token.removeprefix(_TOKEN) if token.startswith(_TOKEN) else ""


def with_token(tokens: Iterable[str]) -> list[str]:
    """The merchants that some of the tokens name."""
    return [name for name in map(merchant_of, tokens) if name]


def offsets_of(merchants: np.ndarray, offsets: Mapping[str, float]) -> Floats:
    """By how much each order's score is moved, shape (n,)."""
    if not offsets:
        return np.zeros(len(merchants))
    return np.array([offsets.get(str(name), 0.0) for name in merchants])


def _codes(merchants: np.ndarray, names: np.ndarray) -> Ints:
    """Positions of orders' merchants among the names; past the end where it is none of them."""
    places = {name: i for i, name in enumerate(names.tolist())}
    return np.array([places.get(str(name), len(names)) for name in merchants], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """Scored orders and the merchants they belong to."""

    curve: Calibration
    z: Floats
    y: Floats
    weight: Floats
    codes: Ints
    count: int

    def fitted(self, at: Ints) -> tuple[Floats, float]:
        """Offsets shrunk by the variance that persists between halves in time, and it.

        One step of Newton's method from no offset: slope and information of the log-loss by
        merchant. The slopes of two halves agree only in what is a merchant's own, which gives the
        variance; an offset is its posterior mean under a normal of that variance.
        """
        halves = [self._told(half) for half in np.array_split(at, 2)]
        (slope, information), (again, more) = halves
        variance = max(
            0.0, float(np.dot(slope, again)) / max(float(np.dot(information, more)), 1e-12)
        )
        if variance == 0.0:
            return np.zeros(self.count), 0.0
        return (slope + again) / (information + more + 1.0 / variance), variance

    def gain(self, at: Ints, offsets: Floats) -> float:
        """Nats that offsets win on some orders."""
        weight, own = self.weight[at], np.append(offsets, 0.0)[self.codes[at]]
        plain, better = (
            log_loss(self.y[at], calibrated(self.curve, z), weight)
            for z in (self.z[at], self.z[at] + own)
        )
        return float((plain - better) * weight.sum())

    def _told(self, at: Ints) -> tuple[Floats, Floats]:
        """Slope and information by merchant, each of shape (n_merchants,)."""
        z, weight = self.z[at], self.weight[at]
        p, above = calibrated(self.curve, z), calibrated(self.curve, z + STEP)
        steep = (above - p) / STEP / np.maximum(p * (1.0 - p), 1e-12)
        slope = weight * steep * (self.y[at] - p)
        information = weight * steep**2 * p * (1.0 - p)
        return self._by_merchant(at, slope), self._by_merchant(at, information)

    def _by_merchant(self, at: Ints, values: Floats) -> Floats:
        """Sums of values of some orders, shape (n_merchants,)."""
        sums = np.bincount(self.codes[at], weights=values, minlength=self.count + 1)
        return sums[: self.count].astype(np.float64, copy=False)
