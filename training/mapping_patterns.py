"""What a mapping may say about dates, zones and patterns; each check raises a sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo


def near(name: str, among: tuple[str, ...]) -> str:
    """A hint at the closest known name, or nothing."""
    found = get_close_matches(name.casefold(), [a.casefold() for a in among], n=1, cutoff=0.6)
    if not found:
        return ""
    match = next(a for a in among if a.casefold() == found[0])
    return f'; did you mean "{match}"?'


def check_date_format(pattern: str) -> None:
    """Refuse a format ``strptime`` does not know."""
    if pattern == "iso":
        return
    try:
        datetime.strptime(datetime.now(UTC).strftime(pattern), pattern)  # noqa: DTZ007
    except ValueError as error:
        raise ValueError(f'the date format "{pattern}" cannot be read ({error})') from None


def check_zone(zone: str) -> None:
    """Refuse a name that is no time zone."""
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        raise ValueError(f'"{zone}" is no time zone; write it like Asia/Kolkata') from None


def check_extract(pattern: str) -> None:
    """Refuse a regular expression without exactly one group."""
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f'extract "{pattern}" is no regular expression ({error})') from None
    if groups != 1:
        raise ValueError(f'extract "{pattern}" needs exactly one group in brackets')
