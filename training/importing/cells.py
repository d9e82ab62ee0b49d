"""One cell of an export as a value of ours: a pure function per kind of column.

Each takes the cell's text, already trimmed and not empty, and returns the value (money as whole
paise, times as microseconds UTC) or raises :class:`CellError`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from features.days import from_us, to_us
from features.states import state_name
from training.importing.refusal import CellError

MOST_PAISE = 10**12 - 1
MOST_COUNT = 2**31 - 1
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# Words that exports print for "nothing" in columns of numbers, times and codes.
NOTHING = frozenset(
    {"nan", "none", "null", "n/a", "na", "-", "--", "nat", "undefined", "'", "#n/a"}
)

SWAPPED = "would fit with day and month exchanged"

_MONEY = re.compile(r"([+-]?)(\d+|\d{1,3}(?:,\d{2,3})*,\d{3})(?:\.(\d*))?")
_CURRENCY = re.compile(r"^(?:₹|rs\.?|inr)\s*|\s*(?:₹|rs\.?|inr|/-)$", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)(?:\.0*)?")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e[+-]?\d+", re.IGNORECASE)
_GUARDED = re.compile(r'="(.*)"')


def is_nothing(text: str) -> bool:
    """Whether a number, time or code is a word for "not there"."""
    return text.casefold() in NOTHING


def unguarded(text: str) -> str:
    """Text without the marks that keep a spreadsheet from reading it as a number.

    >>> unguarded("'+919000000001"), unguarded('="00123"'), unguarded("O'Neil")
    ('+919000000001', '00123', "O'Neil")
    """
    if len(text) > 1 and text[0] == "'" and (text[1].isdigit() or text[1] in "+=-@"):
        return text[1:].strip()
    guarded = _GUARDED.fullmatch(text)
    return guarded[1].strip() if guarded else text


def money(text: str) -> int:
    """Whole paise of an amount in rupees.

    >>> money("₹1,29,900.50"), money("399.0"), money("Rs. 12")
    (12990050, 39900, 1200)
    """
    match = _MONEY.fullmatch(_CURRENCY.sub("", text).strip())
    if match is None:
        raise CellError("is not an amount in rupees")
    sign, rupees, decimals = match[1], match[2].replace(",", ""), (match[3] or "").rstrip("0")
    if len(decimals) > 2:
        raise CellError("has more than two decimals")
    paise = int(rupees) * 100 + int(decimals.ljust(2, "0"))
    if sign == "-" and paise:
        raise CellError("is negative")
    if paise > MOST_PAISE:
        raise CellError("is too large for an amount")
    return paise


def count(text: str) -> int:
    """A whole number, also where a spreadsheet made it ``2.0``."""
    match = _WHOLE.fullmatch(text.replace(",", ""))
    if match is None or int(match[1]) > MOST_COUNT:
        raise CellError("is not a whole number")
    return int(match[1])


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        raise CellError("is not a number") from None
    if value - value != 0.0:
        raise CellError("is not a finite number")
    return value


def identifier(text: str) -> str:
    """An order's id; one that a spreadsheet has rounded away is no id any more."""
    if _SCIENTIFIC.fullmatch(text):
        raise CellError("was shortened by a spreadsheet; export the column as text")
    return unguarded(text)


def pincode(text: str) -> str:
    """A pincode as typed, without the ``.0`` a spreadsheet adds.

    >>> pincode("400081.0"), pincode("'560034"), pincode("5600")
    ('400081', '560034', '5600')
    """
    text = unguarded(text)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def phone(text: str) -> str | None:
    """A phone as typed; one that a spreadsheet has rounded (``9.19E+11``) is unknown."""
    text = unguarded(text)
    if _SCIENTIFIC.fullmatch(text):
        return None
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def state(text: str) -> str:
    """The canonical name of a state of India, or the text where it is none.

    >>> state("PUNJAB/MOHALI/ZIRAKPUR"), state("APO")
    ('punjab', 'APO')
    """
    return state_name(text) or text


def coupons(text: str, separator: str) -> str | None:
    """Promotion codes joined by ``|``, each once, in their order.

    >>> coupons("FREESHIP, DIWALI|10,FREESHIP", ",")
    'FREESHIP|DIWALI/10'
    """
    codes = (part.strip().replace("|", "/") for part in text.split(separator))
    return "|".join(dict.fromkeys(code for code in codes if code)) or None


class Words:
    """A table of words: exact ones first, then patterns with ``*`` and ``?`` in their order."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._exact = {plain(word): value for word, value in table.items()}
        self._patterns = [
            (glob(word), value) for word, value in table.items() if "*" in word or "?" in word
        ]

    def __call__(self, text: str) -> str | None:
        """The word's value; None for an empty cell without an entry of its own."""
        word = plain(text)
        if word in self._exact:
            return self._exact[word]
        for fits, value in self._patterns if word else ():
            if fits(word):
                return value
        if not word:
            return None
        raise CellError("is not in the mapping's values; add it there")


def plain(text: str) -> str:
    """A word as it is compared: without letter case and surplus blanks."""
    return " ".join(text.split()).casefold()


def glob(pattern: str) -> Callable[[str], bool]:
    """A test for texts that fit a pattern."""
    fits = re.compile(fnmatch.translate(plain(pattern)), re.DOTALL).match
    return lambda text: fits(plain(text)) is not None


class Clock:
    """Reads times by format; those without an offset are on a clock of ``zone``.

    ``learned`` reads a time as the moment at which the merchant surely knew: a date without a time
    of day then means the end of that day, since a fact must not count before it was known.
    """

    def __init__(self, formats: tuple[str, ...], zone: str, *, learned: bool = False) -> None:
        self._formats, self._zone, self._learned = formats, ZoneInfo(zone), learned

    def __call__(self, text: str) -> int:
        """Microseconds since 1970, UTC."""
        for pattern in self._formats:
            moment = _moment(text, pattern)
            if moment is not None:
                return self._instant(moment, day_only=_day_only(text, pattern))
        shown = " or ".join(self._formats)
        if any(_moment(text, _swapped(pattern)) is not None for pattern in self._formats):
            raise CellError(f"does not fit the date format {shown}, but {SWAPPED}")
        raise CellError(f"does not fit the date format {shown}")

    def next_month(self, start_us: int) -> int:
        """The instant at which the month after this one's start begins on this clock."""
        inside = from_us(start_us).astimezone(self._zone) + timedelta(days=32)
        return to_us(datetime(inside.year, inside.month, 1, tzinfo=self._zone))

    def _instant(self, moment: datetime, *, day_only: bool) -> int:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        if not EARLIEST <= moment <= LATEST:
            raise CellError("lies outside the years 2000 to 2099; is the date format right")
        if day_only and self._learned:
            moment += timedelta(days=1)
        return to_us(moment)


def spread_over_month(start_us: int, end_us: int, position: int, rows: int) -> int:
    """The time of the ``position``-th of ``rows`` equally spaced moments inside a month."""
    return start_us + (2 * position + 1) * (end_us - start_us) // (2 * rows)


def _swapped(pattern: str) -> str:
    return pattern.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")


def _moment(text: str, pattern: str) -> datetime | None:
    try:
        if pattern == "iso":
            return datetime.fromisoformat(text)
        return datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        return None


def _day_only(text: str, pattern: str) -> bool:
    if pattern == "iso":
        return len(text) <= 10
    return not re.search(r"%[HIcsX]", pattern)
