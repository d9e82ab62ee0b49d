"""The pages, in the order of the menu."""

from __future__ import annotations

from typing import NamedTuple

PREFIX = "/app"


class Entry(NamedTuple):
    """One page of the menu."""

    path: str
    title: str


MENU: tuple[Entry, ...] = (
    Entry("/today", "Today"),
    Entry("/queue", "Queue"),
    Entry("/inbox", "Inbox"),
    Entry("/orders", "Orders"),
    Entry("/failed", "Failed deliveries"),
    Entry("/returns", "What returns"),
    Entry("/money", "Money"),
    Entry("/worth", "What it was worth"),
    Entry("/thresholds", "Thresholds"),
    Entry("/rules", "Rules and lists"),
    Entry("/model", "Model"),
    Entry("/settings", "Settings"),
    Entry("/setup", "Set-up"),
)
