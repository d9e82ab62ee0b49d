"""Who the customer says to be: names, phones and emails as typed into the order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.world.chance import Flags, Floats, Ints
from training.world.columns import choose, digits, hide, joined, text
from training.world.customers import ORDINARY, PRANKSTER
from training.world.devanagari import devanagari
from training.world.names import MEN, NOT_A_NAME, REGION_OF_LANGUAGE, SURNAMES, WOMEN
from training.world.year import Year

_REGIONS = ("north", "west", "south", "east")
_PREFIXES = (
    98, 99, 97, 96, 95, 94, 93, 91, 90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 80, 79, 78, 77, 76, 75,
    74, 73, 72, 70, 63, 62,
)  # fmt: skip
_MADE_UP = (
    "9999999999",
    "1234567890",
    "0000000000",
    "98765",
    "9876543210",
    "123",
    "99999999",
    "N/A",
)
_MAIL = (
    "mail.example.com",
    "post.example.net",
    "inbox.example.org",
    "corp.example.com",
    "edu.example.org",
)
_MAIL_SHARES = (0.72, 0.1, 0.08, 0.06, 0.04)
_THROWAWAY = (
    "tempmail.example", "tenminutes.example", "throwaway.example", "mailnull.example",
    "trashbox.example", "fakeinbox.example",
)  # fmt: skip
_BROKEN_MAIL = ("mail.example", "mail.examplecom", "mail.example.con", "gmial.example.com", "mail")


def person_names(year: Year) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """First names and surnames of all persons, in Latin and in Devanagari."""
    rng = year.dice.stream("names")
    people = year.customers
    language = [year.ground.language[d] for d in year.ground.district]
    region_of_place = np.array([_REGIONS.index(REGION_OF_LANGUAGE[c]) for c in language])
    region = region_of_place[people.place]
    moved = rng.random(len(people)) < 0.15
    region = np.where(moved, rng.integers(0, len(_REGIONS), len(people)), region)
    first_pool, last_pool, first_at, last_at = _pools()
    sex = people.female.astype(np.int64)
    start, size = first_at[sex, region].T
    first = start + (rng.random(len(people)) ** 1.4 * size).astype(np.int64)
    start, size = last_at[region].T
    last = start + (rng.random(len(people)) ** 1.4 * size).astype(np.int64)
    first_hi = [devanagari(n) for n in first_pool]
    last_hi = [devanagari(n) for n in last_pool]
    return (
        text(first_pool, first),
        text(last_pool, last),
        text(first_hi, first),
        text(last_hi, last),
    )


def _pools() -> tuple[list[str], list[str], Ints, Ints]:
    """All names in a row, and where each sex and region begins and how many it has."""
    first: list[str] = []
    at = np.zeros((2, len(_REGIONS), 2), dtype=np.int64)
    for sex, names in enumerate((MEN, WOMEN)):
        for r, region in enumerate(_REGIONS):
            at[sex, r] = len(first), len(names[region])
            first.extend(names[region])
    last: list[str] = []
    last_at = np.zeros((len(_REGIONS), 2), dtype=np.int64)
    for r, region in enumerate(_REGIONS):
        last_at[r] = len(last), len(SURNAMES[region])
        last.extend(SURNAMES[region])
    return first, last, at, last_at


def typed_names(year: Year, names: tuple[pa.Array, pa.Array, pa.Array, pa.Array]) -> pa.Array:
    """The customer's name as typed in each order."""
    rng = year.dice.stream("typed names")
    person, papers = year.moments.person, year.papers
    n = len(person)
    first, last, first_hi, last_hi = (name.take(pa.array(person)) for name in names)
    care = year.customers.care[person]
    full = joined(first, last, by=" ")
    style = np.select(
        [papers.hindi == 2, rng.random(n) < 0.10 * np.exp(-0.5 * care)], [3, 2],
        np.where(rng.random(n) < 0.16 * np.exp(-0.4 * care), 1, 0),
    )  # fmt: skip
    loud = rng.random(n) < 0.06
    hindi = joined(first_hi, last_hi, by=" ")
    written = choose(style, full, pc.utf8_lower(full), first, hindi)
    written = pc.if_else(pa.array(loud), pc.utf8_upper(written), written)
    kind = year.customers.kind[person]
    nonsense = (kind == PRANKSTER) & (rng.random(n) < 0.45)
    return pc.if_else(
        pa.array(nonsense), text(NOT_A_NAME, rng.integers(0, len(NOT_A_NAME), n)), written
    )


def phone_numbers(rng: np.random.Generator, n: int) -> Ints:
    """Invented ten-digit Indian mobile numbers."""
    prefix = np.array(_PREFIXES)[(rng.random(n) ** 1.5 * len(_PREFIXES)).astype(np.int64)]
    return prefix * 100_000_000 + rng.integers(0, 100_000_000, n)


def typed_phones(year: Year) -> tuple[pa.Array, pa.Array]:
    """The phone and the alternative phone of each order, in the shop's form or the customer's."""
    rng = year.dice.stream("phones")
    people, person, papers = year.customers, year.moments.person, year.papers
    own = phone_numbers(rng, len(people))
    home = phone_numbers(rng, int(people.household.max()) + 1)
    stray = phone_numbers(rng, int(papers.writing.max()) + 1)[papers.writing]
    family = rng.random(len(people)) < 0.06
    number = np.where(family, home[people.household], own)[person]
    number = np.where(papers.wrong_phone, stray, number)
    phone = _formatted(rng, year, number)
    n = len(person)
    broken = joined(pc.utf8_slice_codeunits(digits(number), 0, 9))
    made_up = text(_MADE_UP, rng.integers(0, len(_MADE_UP), n))
    bad = choose((rng.random(n) < 0.5).astype(np.int64), broken, made_up)
    phone = pc.if_else(pa.array(papers.broken_phone), bad, phone)
    has_second = rng.random(n) < 0.12
    second = digits(np.where(family[person], own[person], home[people.household[person]]))
    return hide(phone, rng.random(n) > 0.004), hide(second, has_second)


def _formatted(rng: np.random.Generator, year: Year, number: Ints) -> pa.Array:
    n = len(number)
    plain = digits(number)
    halves = joined(
        "+91 ", pc.utf8_slice_codeunits(plain, 0, 5), " ", pc.utf8_slice_codeunits(plain, 5, 10)
    )
    house_style = rng.integers(0, 2, len(year.merchants.id))[year.moments.shop]
    own_style = 2 + np.searchsorted(np.cumsum([0.4, 0.3, 0.2]), rng.random(n))
    style = np.where(rng.random(n) < 0.85, house_style, own_style)
    return choose(
        style, joined("+91", plain), plain, joined("0", plain), halves, joined("91", plain),
        joined("+91-", plain),
    )  # fmt: skip


def typed_emails(year: Year, names: tuple[pa.Array, pa.Array, pa.Array, pa.Array]) -> pa.Array:
    """The email of each order; many orders have none."""
    rng = year.dice.stream("emails")
    people, person, papers = year.customers, year.moments.person, year.papers
    address = _addresses(rng, len(people), names).take(pa.array(person))
    n = len(person)
    number = digits(papers.writing * 7 % 100_003)
    thrown = joined("user", number, "@", text(_THROWAWAY, papers.writing % len(_THROWAWAY)))
    broken = joined("a", number, "@", text(_BROKEN_MAIL, papers.writing % len(_BROKEN_MAIL)))
    slip = rng.random(n) < 0.004 * np.exp(-0.7 * people.care[person])
    style = np.select([papers.throwaway_email, slip], [1, 2], 0)
    return hide(choose(style, address, thrown, broken), _gives_email(rng, year))


def _gives_email(rng: np.random.Generator, year: Year) -> Flags:
    people, person = year.customers, year.moments.person
    habit: Floats = rng.normal(0, 1, len(people)) + 0.5 * people.wealth + 0.5
    ordinary = people.kind[person] == ORDINARY
    gives: Flags = (habit[person] > 0) | (~ordinary & year.papers.throwaway_email)
    return gives


def _addresses(
    rng: np.random.Generator, n: int, names: tuple[pa.Array, pa.Array, pa.Array, pa.Array]
) -> pa.Array:
    first, last = pc.utf8_lower(names[0]), pc.utf8_lower(names[1])
    number = digits(rng.integers(1, 9_999, n))
    style = np.searchsorted(np.cumsum([0.35, 0.25, 0.2, 0.15]), rng.random(n))
    local = choose(
        style, joined(first, ".", last, number), joined(first, number), joined(first, last),
        joined(pc.utf8_slice_codeunits(first, 0, 1), last, number), joined(last, "_", number),
    )  # fmt: skip
    host = np.searchsorted(np.cumsum(_MAIL_SHARES[:-1]), rng.random(n))
    return joined(local, "@", text(_MAIL, host))
