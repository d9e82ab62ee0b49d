"""The year: every part of an invented world in the order in which one follows from the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.world.actions import ACTIONS, Chances, Fate, chances, fate
from training.world.baskets import Baskets, invent_baskets
from training.world.chance import Dice
from training.world.couriers import Couriers, invent_couriers
from training.world.customers import Customers, invent_customers
from training.world.door import Luck, draw_luck
from training.world.geography import Geography, invent_geography
from training.world.intent import Intents, invent_intents
from training.world.legacy import Decisions, decide_as_then
from training.world.merchants import Merchants, invent_merchants
from training.world.moments import Moments, invent_moments
from training.world.odds import Odds, settle_odds
from training.world.offices import offices
from training.world.papers import Papers, invent_papers
from training.world.parcels import Parcels, invent_parcels
from training.world.spec import WorldSpec


@dataclass(frozen=True, slots=True)
class Year:
    """All that happened and would have happened; one row per order in ``moments``."""

    spec: WorldSpec
    dice: Dice
    ground: Geography
    couriers: Couriers
    merchants: Merchants
    customers: Customers
    moments: Moments
    baskets: Baskets
    intents: Intents
    papers: Papers
    parcels: Parcels
    odds: Odds
    luck: Luck
    decisions: Decisions
    chances: dict[str, Chances]
    fates: dict[str, Fate]


def _silent(_: str) -> None:
    """Tell nobody."""


def invent_year(
    orders: int, seed: int, spec: WorldSpec | None = None, tell: Callable[[str], None] = _silent
) -> Year:
    """Invent a year.

    Parameters
    ----------
    orders : int
        Number of orders.
    seed : int
        Fixes everything; the same seed and spec give the same year.
    spec : WorldSpec, optional
        What the world is like.
    tell : callable, optional
        Called with the name of each part as it begins.
    """
    spec, dice = spec or WorldSpec(), Dice(seed)
    tell("places")
    ground = invent_geography(offices(), spec, dice)
    couriers = invent_couriers(ground, spec, dice)
    merchants = invent_merchants(ground, spec, orders, dice)
    tell("people")
    customers = invent_customers(ground, merchants, spec, orders, dice)
    tell("orders")
    moments = invent_moments(customers, merchants, spec, orders, dice)
    baskets = invent_baskets(customers, merchants, moments, dice)
    intents = invent_intents(ground, customers, merchants, moments, baskets, spec, dice)
    papers = invent_papers(ground, customers, moments, spec, dice)
    parcels = invent_parcels(ground, couriers, merchants, moments, baskets, papers, dice)
    tell("outcomes")
    odds = settle_odds(
        ground, couriers, customers, merchants, moments, intents, papers, parcels, spec
    )
    luck = draw_luck(dice, len(moments))
    return Year(
        spec=spec, dice=dice, ground=ground, couriers=couriers, merchants=merchants,
        customers=customers, moments=moments, baskets=baskets, intents=intents, papers=papers,
        parcels=parcels, odds=odds, luck=luck,
        decisions=decide_as_then(merchants, moments, baskets, intents, papers, spec, dice),
        chances={a: chances(a, odds, spec) for a in ACTIONS},
        fates={a: fate(a, odds, luck, spec) for a in ACTIONS},
    )  # fmt: skip
