"""What the typed lines of an address say: length, parts named, noise, odd characters."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from features.address_words import BUILDING, DUMMY, LANDMARK, NUMBERED, STREET, TELLING_DUMMY
from features.gibberish import Letters, Surprise, read_letters
from features.latin import plain
from features.order import Order

LONGEST_TEXT = 500
FOREIGN_SHARE = 0.3

_ODD = re.compile(r"[^\w\s,./#()&'’`\"“”:;+\-–—°@|\\\[\]]|_{3,}")
# Of ASCII text, all that ``_ODD`` lets pass; three underscores in a row need the pattern itself.
_USUAL = bytes(code for code in range(128) if _ODD.fullmatch(chr(code)) is None)
_OTHER_STOPS = "\u200c\u200d।॥৷،؛؟۔"
_PINCODE = re.compile(r"(?<!\d)([1-9]\d{2})\s?(\d{3})(?!\d)")
_BREAK = re.compile(r"[\r\n\t]+")


class Wording(NamedTuple):
    """The typed lines, read once; counts are of the first 500 characters."""

    text: str
    plain: str
    words: frozenset[str]
    letters: Letters
    house: bool
    building: bool
    street: bool
    landmark: bool
    dummy: bool
    odd: int
    foreign: bool
    pincodes: tuple[str, ...]


def address_text(order: Order) -> str | None:
    """Both lines and the landmark as one text of at most 500 characters; None without any."""
    parts = [part for part in (order.address_line1, order.address_line2, order.landmark) if part]
    if not parts:
        return None
    return ", ".join(parts)[:LONGEST_TEXT]


def read_text(text: str, has_landmark: bool, surprise: Surprise) -> Wording:
    """Read an address text.

    Parameters
    ----------
    text : str
        As typed, at most 500 characters.
    has_landmark : bool
        Whether the order has a landmark field of its own.
    surprise : ndarray
        The character model's table.
    """
    latin = plain(text)
    words = frozenset(latin.split())
    letters = read_letters(latin, surprise)
    house = 0 <= letters.first_number <= 3
    house = house or (letters.numbers > 0 and not NUMBERED.isdisjoint(words))
    building = not BUILDING.isdisjoint(words)
    street = not STREET.isdisjoint(words)
    landmark = has_landmark or not LANDMARK.isdisjoint(words)
    dummy, odd = _is_dummy(latin, words, letters), _odd_characters(text)
    foreign = not text.isascii() and _foreign_share(text) > FOREIGN_SHARE
    pincodes = _pincodes(latin) if letters.digits >= 6 else ()
    # By position: twelve names would double its cost.
    return Wording(
        text, latin, words, letters, house, building, street, landmark, dummy, odd, foreign,
        pincodes,
    )  # fmt: skip


def _is_dummy(latin: str, words: frozenset[str], letters: Letters) -> bool:
    if len(words) <= 4 and not TELLING_DUMMY.isdisjoint(words):
        return True
    if letters.letters == 0 or words <= DUMMY:
        return True
    # One or two letters over and over; the first few characters mostly tell that it is not so.
    return len(set(latin[:12])) <= 3 and len(set(latin) - {" "}) <= 2


def _odd_characters(text: str) -> int:
    if text.isascii() and "___" not in text:
        return len(text.encode().translate(None, _USUAL))
    # Vowel signs, joiners and stops of other scripts are no word characters to Python, yet usual.
    odd = _ODD.findall(text)
    return sum(unicodedata.category(c[0])[0] != "M" and c not in _OTHER_STOPS for c in odd)


def _foreign_share(text: str) -> float:
    letters = sum(c.isalpha() for c in text)
    return sum(c.isalpha() and ord(c) > 0x24F for c in text) / letters if letters else 0.0


def _pincodes(latin: str) -> tuple[str, ...]:
    return tuple(a + b for a, b in _PINCODE.findall(latin))
