"""Devices and networks: device ids, IP addresses and user agents, shared within homes and rings.

Addresses are those set aside for documentation (RFC 3849, RFC 5737): no real line has one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from training.world.chance import Floats, Ints, logistic
from training.world.columns import choose, digits, hide, joined, text
from training.world.year import Year

_ANDROID = "Mozilla/5.0 (Linux; Android {}) AppleWebKit/537.36 (KHTML, like Gecko) {} Safari/537.36"
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/{} Mobile/15E148 Safari/604.1"
)
# The agent, and the wealth at which it is most usual.
_AGENTS = (
    (_ANDROID.format("10; Redmi 8A", "Chrome/118.0.0.0 Mobile"), -1.2),
    (_ANDROID.format("11; vivo 1904", "Chrome/120.0.0.0 Mobile"), -1.0),
    (_ANDROID.format("12; RMX3501", "Chrome/124.0.0.0 Mobile"), -0.7),
    (_ANDROID.format("13; SM-A047F", "Chrome/126.0.0.0 Mobile"), -0.5),
    (_ANDROID.format("13; CPH2387", "Chrome/131.0.0.0 Mobile"), -0.3),
    (_ANDROID.format("14; K", "Chrome/137.0.0.0 Mobile"), 0.0),
    (_ANDROID.format("14; SM-S911B", "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile"), 0.7),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/138.0.0.0 Safari/537.36",
        0.5,
    ),
    (_IPHONE.format("16_6", "16.6"), 1.0),
    (_IPHONE.format("18_2", "18.2"), 1.5),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.4 Safari/605.1.15",
        1.6,
    ),
)
_IN_APP = " Instagram 361.0.0.35.110 Android"
_POOL = 1 << 16


def typed_devices(year: Year) -> dict[str, pa.Array]:
    """The columns ``device_id``, ``ip`` and ``user_agent`` of each order."""
    rng = year.dice.stream("devices")
    shop = year.moments.shop
    device = _device_numbers(rng, year)
    agent = _agents(rng, year, device)
    n = len(shop)
    seen = rng.random(n)
    return {
        "device_id": hide(
            joined("d-", pa.array(_hex(device, 12))),
            year.merchants.keeps_device[shop] & (seen > 0.06),
        ),
        "ip": hide(_addresses(rng, year), year.merchants.keeps_ip[shop] & (seen < 0.97)),
        "user_agent": hide(agent, rng.random(n) > 0.05),
    }


def _device_numbers(rng: np.random.Generator, year: Year) -> Ints:
    """One device a person, sometimes the household's, sometimes a second; rings pass theirs on."""
    people, person = year.customers, year.moments.person
    n = len(person)
    own = np.arange(len(people))
    household = len(people) + people.household
    shared = rng.random(len(people)) < 0.3
    main = np.where(shared, household, own)
    second = len(people) * 3 + own
    device = np.where(rng.random(n) < 0.12, second[person], main[person])
    ring = people.ring[person]
    passed = len(people) * 5 + ring * 2 + (rng.random(n) < 0.25)
    return np.where((ring >= 0) & (rng.random(n) < 0.85), passed, device).astype(np.int64)


def _hex(values: Ints, width: int) -> list[str]:
    """Scrambled numbers as hex digits (the finaliser of SplitMix64, Steele et al. 2014)."""
    x = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return [f"{v:016x}"[:width] for v in x.tolist()]


def _addresses(rng: np.random.Generator, year: Year) -> pa.Array:
    """A home line, or the mobile network's ever new address, or a hostel's one for all."""
    people, person = year.customers, year.moments.person
    n = len(person)
    pool = np.array([format(i, "x") for i in range(_POOL)], dtype=object)
    words = pa.array(pool, pa.string())
    house = people.household[person]
    wired = rng.random(n) < logistic(0.8 * people.wealth[person] + 0.2)
    ring_line = people.ring[person] >= 0
    carrier = 0x4000 + year.ground.district[people.place[person]] % 0x300
    site = np.where(wired | ring_line, house % _POOL, carrier)
    area = np.where(wired | ring_line, house // _POOL + 0x10, 0x20 + rng.integers(0, 40, n))
    low = np.where(wired | ring_line, people.household[person] % 251, rng.integers(0, _POOL, n))
    six = joined(
        "2001:db8:", words.take(pa.array(area)), ":", words.take(pa.array(site)), "::",
        words.take(pa.array(low)),
    )  # fmt: skip
    net = text(
        ("192.0.2.", "198.51.100.", "203.0.113."), year.ground.district[people.place[person]] % 3
    )
    four = joined(net, digits(1 + people.place[person] % 254))
    hostel = (rng.random(len(people)) < 0.03)[person] & ~ring_line
    return choose(hostel.astype(np.int64), six, four)


def _agents(rng: np.random.Generator, year: Year, device: Ints) -> pa.Array:
    """A phone that fits the purse; advertisements open inside the advertiser's app."""
    people, person = year.customers, year.moments.person
    usual = np.array([w for _, w in _AGENTS])
    taste = year.dice.stream("handsets").random(int(device.max()) + 1)[device]
    purse: Floats = people.wealth[person] + 1.2 * (taste - 0.5)
    agent = np.abs(purse[:, None] - usual).argmin(axis=1)
    plain = text([a for a, _ in _AGENTS], agent)
    in_app = (np.isin(year.baskets.source, (1, 3))) & (agent < 7) & (rng.random(len(person)) < 0.55)
    return choose(in_app.astype(np.int64), plain, joined(plain, _IN_APP))
