"""The gates of training in a merchant's words: what each asks, and what helps where it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Check(NamedTuple):
    """What a gate asks, and what to do where the answer is no."""

    asks: str
    helps: str


CHECKS: Mapping[str, Check] = {
    "RTO001": Check(
        "It foresees returns better than the pincode alone.",
        "Read in more past orders, or columns it lacks: phone, address, payment mode.",
    ),
    "RTO002": Check(
        "Where it says 30 in 100 come back, about 30 do.",
        "Read in more months; what changed lately, such as prices or couriers, may explain it.",
    ),
    "RTO003": Check(
        "It is no worse than the model in use.",
        "Keep the model in use, and try again with newer orders.",
    ),
    "RTO004": Check(
        "No column gives the end away.",
        "Leave out the columns that are written after delivery, and read the file again.",
    ),
    "RTO005": Check(
        "It was examined on orders it had not seen.",
        "Read in orders with their dates, over at least two months.",
    ),
    "RTO006": Check(
        "It scores live as it did in training.",
        "This is a fault of ours; please report it.",
    ),
    "RTO007": Check(
        "It learned from enough returns: 50, and 20 more to be examined on.",
        "Read in more past orders, with their ends; until then they count as history.",
    ),
    "RTO008": Check(
        "The newest orders look like the earlier ones.",
        "After a sale or a new kind of goods, wait some weeks and learn again.",
    ),
    "RTO009": Check(
        "It is small enough to answer at once.",
        "This is a fault of ours; please report it.",
    ),
    "RTO010": Check(
        "No shop or way to pay is served much worse than now.",
        "Keep the model in use, and try again with newer orders.",
    ),
}


class Asked(NamedTuple):
    """One gate's answer: its name, whether it passed, and both in words."""

    gate: str
    passed: bool
    asks: str
    helps: str
    says: str


def asked(manifest_training: Mapping[str, Any]) -> list[Asked]:
    """The gates of a bundle's papers, those that failed first.

    Parameters
    ----------
    manifest_training : mapping
        The training part of a manifest; a gate that was muted counts as passed.
    """
    found = []
    for gate in manifest_training.get("gates") or ():
        check = CHECKS.get(gate["gate"], Check(gate["gate"], ""))
        passed = bool(gate.get("passed") or gate.get("muted"))
        found.append(Asked(gate["gate"], passed, *check, str(gate.get("says", ""))))
    return sorted(found, key=lambda one: one.passed)
