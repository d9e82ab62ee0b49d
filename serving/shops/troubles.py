"""What is wrong with a connected shop, in a sentence that says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from features.days import HOUR_US
from serving.shops.pace import Pace
from serving.store.connection import Connection
from serving.store.shop_readings import Reading, faulty_readings, reading_of

# A shop that does not answer for less is nobody's trouble.
_AWAY_US = HOUR_US

SAYS = {
    "revoked": (
        "Shopify lets us in no more: save a new token. Until then nothing is held or released "
        "there; what waits goes out afterwards, and nothing is lost."
    ),
    "away": "The shop has not answered for {hours} hours; what waits goes out once it does.",
    "hooks": (
        "{missed} orders came by reading alone, up to a quarter of an hour late: see in Shopify "
        "whether the webhooks are still there."
    ),
    "silent": "No order has come for a while, where {expected} are usual: is the shop open?",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, as a sentence with places for its values."""

    merchant_id: str
    says: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.says.format(**self.values)


def trouble_in(one: Reading, now_us: int) -> Trouble | None:
    """What is wrong with a shop; None where nothing is."""
    lasts_us = now_us - (now_us if one.since_us is None else one.since_us)
    if one.fault is None or (one.fault == "away" and lasts_us < _AWAY_US):
        return None
    values = {
        "hours": round(lasts_us / HOUR_US), "missed": one.missed,
        "expected": round(Pace.read(one.pace).expected),
    }  # fmt: skip
    return Trouble(one.merchant_id, SAYS[one.fault], values)


def troubles(connection: Connection, now_us: int) -> list[Trouble]:
    """What is wrong with any shop."""
    found = (trouble_in(one, now_us) for one in faulty_readings(connection))
    return [one for one in found if one is not None]


def trouble_of(connection: Connection, merchant_id: str, now_us: int) -> Trouble | None:
    """What is wrong with a merchant's shop."""
    one = reading_of(connection, merchant_id)
    return None if one is None else trouble_in(one, now_us)
