"""What a person should be told about an address: reason codes with the correction to suggest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from features.address import Address, completeness, read_address
from features.address_text import Wording
from features.directory import Directory
from features.order import Order
from features.place import Place, pincode_digits

SHORT_CHARACTERS = 20
SHORT_WORDS = 4
COMPLETE_ENOUGH = 0.45
GIBBERISH_NATS = 3.8
WORST_WORD_NATS = 4.8
NOISE_SHARE = 0.35
FITTING_LOCALITY = 0.8


class Finding(NamedTuple):
    """One thing found: its reason code, what was seen, and the correction where there is one."""

    code: str
    detail: str
    suggestion: str | None = None


def findings(order: Order, directory: Directory, place: Place) -> tuple[Finding, ...]:
    """Everything worth telling about an order's address, in the order of the reason list."""
    return findings_of(read_address(order, directory, place))


def suggested_pincode(order: Order, directory: Directory, place: Place) -> str | None:
    """The one pincode to suggest instead of the order's: a slip away, or named in the address."""
    found = (f.suggestion for f in findings(order, directory, place) if f.suggestion)
    return next(found, None)


def findings_of(address: Address) -> tuple[Finding, ...]:
    """The same for an address that has been read."""
    found: list[Finding] = []
    if address.wording is not None:
        found += _about_text(address, address.wording)
    found += _about_pincode(address)
    return tuple(found)


def _about_text(address: Address, wording: Wording) -> Iterator[Finding]:
    letters = wording.letters
    if wording.dummy:
        yield Finding("dummy_address_detected", "the address is a placeholder")
        return
    if is_gibberish(wording):
        yield Finding("gibberish_detected_in_address", "some words read like keyboard noise")
    if len(wording.text) < SHORT_CHARACTERS or letters.words < SHORT_WORDS:
        yield Finding("short_shipping_address", f"{letters.words} words")
    if completeness(address) < COMPLETE_ENOUGH:
        yield Finding("incomplete_shipping_address", "several parts of the address are missing")
    if not (wording.street or wording.landmark):
        yield Finding("address_is_less_detailed", "neither street nor landmark is named")
    if wording.odd:
        yield Finding("address_contains_invalid_characters", f"{wording.odd} unusual characters")
    if not (wording.house or wording.building):
        yield Finding("address_building_name_absent", "no house number or building is named")
    if address.locality < FITTING_LOCALITY:
        yield Finding("address_locality_name_absent", "no known locality of the pincode is named")


def is_gibberish(wording: Wording) -> bool:
    """Whether a person would be told that the text reads like keyboard noise."""
    letters = wording.letters
    if wording.foreign or letters.letters < 5:
        return False
    return (
        letters.surprise > GIBBERISH_NATS
        or letters.noise > NOISE_SHARE * letters.letters
        or (letters.worst > WORST_WORD_NATS and letters.noise >= 6)
    )


def _about_pincode(address: Address) -> Iterator[Finding]:
    order, place = address.order, address.place
    suggestion = address.slip.suggestion
    if not order.pincode:
        return
    if not place.known:
        digits = pincode_digits(order.pincode)
        incomplete = digits.isdigit() and len(digits) < 6
        code = "incomplete_pincode" if incomplete else "invalid_pincode"
        yield Finding(code, "not a pincode of India Post", suggestion)
        return
    if address.slip.candidates:
        yield Finding(
            "address_incorrect_pincode", "another pincode, one slip away, fits the city", suggestion
        )
    elif address.wording and place.pincode not in address.wording.pincodes:
        named = dict.fromkeys(address.wording.pincodes)
        if named:
            only = next(iter(named)) if len(named) == 1 else None
            yield Finding("address_incorrect_pincode", "the address holds another pincode", only)
    if address.city.score == 0.0:
        yield Finding("address_pincode_city_mismatch", f"the pincode is in {place.district}")
    if address.state == 0.0:
        yield Finding("address_pincode_state_mismatch", f"the pincode is in {place.state}")
