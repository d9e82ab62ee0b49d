"""Pincodes one slip of the finger away that would fit the city and state typed with them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from features.agreement import city_fit, locality_fit, states_fit
from features.directory import Directory

FITTING_CITY = 0.8


class Slip(NamedTuple):
    """What the pincode may have been meant to be.

    ``candidates`` are the pincodes of the likeliest kind of slip that fit city and state (two
    digits swapped before a wrong, missing or additional digit).
    """

    candidates: tuple[str, ...]

    @property
    def suggestion(self) -> str | None:
        """The one pincode to suggest; None when several fit equally."""
        return self.candidates[0] if len(self.candidates) == 1 else None


NO_SLIP = Slip(())


def find_slip(
    directory: Directory, digits: str, city: str | None, state: str | None, sounds: str
) -> Slip:
    """Look for a pincode near the typed one that fits; to be asked when the typed one does not.

    Parameters
    ----------
    digits : str
        What was typed, blanks and dashes removed.
    city, state : str or None
        As typed; without a city nothing is suggested, since a state fits too much.
    sounds : str
        ``skeleton`` of the address text, which settles between several that fit; may be empty.
    """
    if not city or not (5 <= len(digits) <= 7 and digits.isascii() and digits.isdigit()):
        return NO_SLIP
    slip = _fitting(directory, digits, city, state)
    if len(slip.candidates) < 2 or not sounds:
        return slip
    named = tuple(
        pincode
        for pincode in slip.candidates
        if locality_fit(directory, directory.place(pincode), sounds) == 1.0
    )
    return Slip(named) if named else slip


@lru_cache(maxsize=4096)
def _fitting(directory: Directory, digits: str, city: str, state: str | None) -> Slip:
    for slips in (_swapped(digits), _wrong(digits), _missing(digits), _additional(digits)):
        found = tuple(
            pincode
            for pincode in dict.fromkeys(slips)
            if pincode != digits and _fits(directory, pincode, city, state)
        )
        if found:
            return Slip(found)
    return NO_SLIP


def _fits(directory: Directory, pincode: str, city: str, state: str | None) -> bool:
    """Whether city and state fit; the state alone rules most pincodes out, and costs little."""
    of = directory.state(pincode)
    if of is None or states_fit(of, state) == 0.0:
        return False
    return city_fit(directory, directory.place(pincode), city).score >= FITTING_CITY


def _swapped(digits: str) -> Iterator[str]:
    if len(digits) == 6:
        for i in range(5):
            yield digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]


def _wrong(digits: str) -> Iterator[str]:
    if len(digits) == 6:
        for i in range(6):
            for digit in "0123456789":
                yield digits[:i] + digit + digits[i + 1 :]


def _missing(digits: str) -> Iterator[str]:
    if len(digits) == 5:
        for i in range(6):
            for digit in "0123456789":
                yield digits[:i] + digit + digits[i:]


def _additional(digits: str) -> Iterator[str]:
    if len(digits) == 7:
        for i in range(7):
            yield digits[:i] + digits[i + 1 :]
