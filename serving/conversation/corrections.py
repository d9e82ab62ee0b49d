"""An address as a customer writes it in a message, read into fields and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.directory import Directory
from features.phone import normal_phone
from features.place import Place

_PINCODE = re.compile(r"(?<!\d)[1-9]\d{2}[ -]?\d{3}(?!\d)")
_MOBILE = re.compile(r"(?<!\d)(?:\+?91[ -]?|0)?[6-9]\d{4}[ -]?\d{5}(?!\d)")
_LANDMARK = re.compile(r"^(?:near|opp\.?|opposite|behind|beside|next to|के पास)\b|के पास$", re.I)
_SPLIT = re.compile(r"[,\n;]+")
_LABEL = re.compile(r"^(?:pin ?code|pin|address|name|phone|mobile|contact)\s*[:.-]?\s*", re.I)
_WORDS = re.compile(r"\w{2,}")
# Fewer letters than this say no whole address, but may complete one.
_WHOLE = 25
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Correction:
    """What a text changes about an order.

    Parameters
    ----------
    changes : mapping
        Fields of the order's content; None takes a field away.
    why_not : str
        A sentence for the customer where the text cannot be used; else empty.
    """

    changes: Mapping[str, Any]
    why_not: str = ""


def read_correction(text: str, content: Mapping[str, Any], directory: Directory) -> Correction:
    """Read an address, a part of one, or the person who will receive the parcel.

    A text with a pincode replaces the address; a short one without completes it; a name with a
    phone number and nothing else is who receives it.

    Parameters
    ----------
    content : mapping
        What the order says now.
    directory : Directory
        Of India Post's pincodes.
    """
    phones = [p for match in _MOBILE.findall(text) if (p := normal_phone(match)) is not None]
    bare = _MOBILE.sub(" ", text)
    codes = [re.sub(r"\D", "", match) for match in _PINCODE.findall(bare)]
    parts = _parts(_PINCODE.sub(" ", bare))
    letters = sum(len(part) for part in parts)
    if phones and not codes and letters < _WHOLE and not any(c.isdigit() for c in "".join(parts)):
        person = {"ship_phone": phones[0]} | ({"ship_name": " ".join(parts)} if parts else {})
        return Correction(person)
    if codes:
        return _replaced(parts, codes[-1], content, directory)
    if letters < 4 or "?" in text or not _WORDS.search(" ".join(parts)):
        return Correction({}, "We could not find an address in that.")
    return Correction(_completed(parts, content) if letters < _WHOLE else _lines(parts))


def _replaced(
    parts: list[str], pincode: str, content: Mapping[str, Any], directory: Directory
) -> Correction:
    place = directory.place(pincode)
    if not place.known:
        return Correction({}, f"There is no pincode {pincode}.")
    changes: dict[str, Any] = {"pincode": pincode}
    same = content.get("pincode") == pincode
    city, rest = _city(parts, place, directory)
    if not same or city is not None:
        changes["city"] = city or (place.district or "").title() or None
    if not same and place.state is not None:
        changes["state"] = place.state.title()
    # "Bengaluru" sounds like a state elsewhere: only the pincode's own is said already.
    rest = [part for part in rest if directory.state_name(part) != (place.state or "")]
    if not rest:
        return Correction(changes)
    return Correction(changes | _lines(rest))


def _city(parts: list[str], place: Place, directory: Directory) -> tuple[str | None, list[str]]:
    """The last part that names the pincode's district or its chief city, and the others."""
    own = {(place.state, district) for district in place.districts}
    for i in range(len(parts) - 1, 0, -1):
        if own & {directory.districts[n] for n in directory.districts_named(parts[i][:80])}:
            return parts[i], parts[:i] + parts[i + 1 :]
    return None, parts


def _completed(parts: list[str], content: Mapping[str, Any]) -> dict[str, Any]:
    """The address with something put before it, or with another landmark."""
    landmark = [part for part in parts if _LANDMARK.search(part)]
    lines = [part for part in parts if not _LANDMARK.search(part)]
    changes: dict[str, Any] = {}
    if landmark:
        changes["landmark"] = ", ".join(landmark)[:_LONGEST]
    if lines:
        before = content.get("address_line1")
        changes["address_line1"] = ", ".join([*lines, *([before] if before else [])])[:_LONGEST]
    return changes


def _lines(parts: list[str]) -> dict[str, Any]:
    landmark = [part for part in parts[1:] if _LANDMARK.search(part)]
    lines = [part for part in parts if part not in landmark]
    half = max(1, (len(lines) + 1) // 2)
    return {
        "address_line1": ", ".join(lines[:half])[:_LONGEST],
        "address_line2": ", ".join(lines[half:])[:_LONGEST] or None,
        "landmark": ", ".join(landmark)[:_LONGEST] or None,
    }


def _parts(text: str) -> list[str]:
    cleaned = (_LABEL.sub("", " ".join(part.split())).strip(" .-") for part in _SPLIT.split(text))
    return [part for part in cleaned if part]
