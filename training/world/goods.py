"""What the shops sell: categories, products, prices, and how honest the pictures are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from training.world.chance import Floats, Ints


class Category(NamedTuple):
    """A kind of goods: product words, usual price in rupees, weight, and how it sells.

    ``impulse`` and ``appeal`` are log-odds: how readily it is bought on a whim, and how readily
    it is taken at the door.
    """

    name: str
    code: str
    words: tuple[str, ...]
    price: float
    grams: int
    impulse: float
    appeal: float
    returns: float
    package: str


CATEGORIES: tuple[Category, ...] = (
    Category(
        "kurta",
        "KRT",
        ("Cotton Kurta", "Chikankari Kurta", "Anarkali Kurta", "Straight Kurta"),
        799,
        350,
        0.3,
        -0.05,
        1.5,
        "poly bag",
    ),
    Category(
        "saree",
        "SAR",
        ("Banarasi Saree", "Georgette Saree", "Cotton Saree", "Silk Blend Saree"),
        1199,
        600,
        0.3,
        -0.1,
        1.3,
        "poly bag",
    ),
    Category(
        "t-shirt",
        "TSH",
        ("Oversized T-shirt", "Polo T-shirt", "Graphic T-shirt", "Round Neck T-shirt"),
        499,
        220,
        0.5,
        0.0,
        1.2,
        "poly bag",
    ),
    Category(
        "shoes",
        "SHO",
        ("Running Shoes", "Sneakers", "Loafers", "Sports Sandals"),
        1299,
        900,
        0.2,
        -0.2,
        1.8,
        "box",
    ),
    Category(
        "jewellery",
        "JWL",
        ("Kundan Necklace Set", "Oxidised Jhumka", "Bangles Set", "Layered Chain"),
        449,
        120,
        0.7,
        -0.2,
        0.8,
        "bubble mailer",
    ),
    Category(
        "skin care",
        "SKN",
        ("Vitamin C Serum", "Ubtan Face Pack", "Sunscreen SPF 50", "Night Cream"),
        549,
        180,
        0.1,
        0.3,
        0.2,
        "box",
    ),
    Category(
        "supplement",
        "SUP",
        ("Ashwagandha Capsules", "Whey Protein", "Biotin Gummies", "Multivitamin"),
        899,
        500,
        0.2,
        0.1,
        0.2,
        "box",
    ),
    Category(
        "earphones",
        "EAR",
        ("Wireless Earbuds", "Neckband", "Wired Earphones", "Gaming Headset"),
        1099,
        150,
        0.5,
        -0.35,
        1.0,
        "box",
    ),
    Category(
        "watch",
        "WAT",
        ("Smart Watch", "Analog Watch", "Fitness Band", "Couple Watch Set"),
        1499,
        250,
        0.7,
        -0.5,
        1.0,
        "box",
    ),
    Category(
        "kitchen",
        "KIT",
        ("Non-stick Kadai", "Vegetable Chopper", "Steel Bottle", "Lunch Box"),
        699,
        800,
        0.0,
        0.25,
        0.6,
        "box",
    ),
    Category(
        "bedsheet",
        "BED",
        ("King Size Bedsheet", "Cotton Dohar", "Cushion Covers", "Fitted Sheet"),
        899,
        1200,
        0.0,
        0.2,
        0.7,
        "poly bag",
    ),
    Category(
        "toys",
        "TOY",
        ("Building Blocks", "RC Car", "Soft Toy", "Wooden Puzzle"),
        599,
        450,
        0.3,
        0.1,
        0.5,
        "box",
    ),
)
_COLOURS = ("Black", "Red", "Blue", "Maroon", "Green", "White", "Pink", "Mustard")
_MARKS = ("S", "M", "L", "XL", "A", "B", "C", "D")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every product of every shop, shop by shop; one row per product."""

    offsets: Ints
    cumulative: Floats
    category: Ints
    price_paise: Ints
    cost_paise: Ints
    grams: Ints
    appeal: Floats
    impulse: Floats
    returns: Floats
    sku: list[str]
    name: list[str]


def invent_shelf(rng: np.random.Generator, mixes: Floats, price: Floats, spread: float) -> Shelf:
    """Stock the shops.

    Parameters
    ----------
    mixes : shape (n_merchants, n_categories)
        Share of each category in a shop.
    price : shape (n_merchants,)
        A shop's price level.
    spread : float
        How much products of one shop differ in being taken at the door, in log-odds.
    """
    sizes = rng.integers(30, 160, len(mixes))
    offsets = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    shop = np.repeat(np.arange(len(mixes)), sizes)
    n = len(shop)
    category = (np.cumsum(mixes, axis=1)[shop] <= rng.random(n)[:, None]).sum(axis=1)
    category = np.minimum(category, len(CATEGORIES) - 1).astype(np.int64)
    usual = np.array([c.price for c in CATEGORIES])[category]
    rupees = np.maximum(99, np.round(usual * price[shop] * rng.lognormal(0, 0.4, n) / 50) * 50 - 1)
    popularity = rng.pareto(1.3, n) + 0.05
    return Shelf(
        offsets=offsets,
        cumulative=np.cumsum(popularity),
        category=category,
        price_paise=(rupees * 100).astype(np.int64),
        cost_paise=np.round(rupees * rng.uniform(28, 55, n)).astype(np.int64),
        grams=(_of(category, "grams") * rng.uniform(0.7, 1.4, n)).astype(np.int64),
        appeal=_of(category, "appeal") + spread * rng.normal(0, 1, n),
        impulse=_of(category, "impulse") + rng.normal(0, 0.25, n),
        returns=_of(category, "returns") * rng.lognormal(0, 0.4, n),
        sku=_skus(shop, category),
        name=_names(rng, category),
    )


def _of(category: Ints, trait: str) -> Floats:
    return np.array([getattr(c, trait) for c in CATEGORIES], dtype=np.float64)[category]


def _skus(shop: Ints, category: Ints) -> list[str]:
    first = {int(s): int(np.flatnonzero(shop == s)[0]) for s in np.unique(shop)}
    return [
        f"{CATEGORIES[c].code}-{i - first[int(s)] + 1:03d}-{_MARKS[i % len(_MARKS)]}"
        for i, (s, c) in enumerate(zip(shop, category, strict=True))
    ]


def _names(rng: np.random.Generator, category: Ints) -> list[str]:
    colour = rng.integers(0, len(_COLOURS), len(category))
    kind = rng.integers(0, 4, len(category))
    return [
        f"{CATEGORIES[c].words[k]} {_COLOURS[o]}"
        for c, k, o in zip(category, kind, colour, strict=True)
    ]
