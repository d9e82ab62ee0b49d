"""The keys under which history counts an order: who ordered, and where to, what, and whose.

Keys are 64-bit hashes. Those of a person (phone, email, device …) are HMACs under a secret of the
installation, chained over its versions so that stored keys can be brought to a new version without
the text; the others are plain hashes. Every key belongs to one merchant, but for those of the
network, which only the orders of merchants who share into it have. 0 is *absent*.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.device import normal_device
from features.email import normal_email
from features.ip import ip_network, normal_ip
from features.order import Order
from features.phone import normal_phone
from features.place import Place

ABSENT = 0


class Slot(NamedTuple):
    """One who-key of an order and the space of keys it shares with others."""

    name: str
    space: str


# A receiver's number is counted in the same space as buyers' numbers: they are phones.
WHO_SLOTS = (
    Slot("phone", "phone"),
    Slot("receiver", "phone"),
    Slot("email", "email"),
    Slot("device", "device"),
    Slot("ip", "ip"),
    Slot("ip_net", "ip_net"),
    Slot("customer", "customer"),
    Slot("address", "address"),
    Slot("merchant_pincode", "merchant_pincode"),
    Slot("merchant_sku", "merchant_sku"),
    Slot("alt_phone", "phone"),
    Slot("net_phone", "net_phone"),
    Slot("net_email", "net_email"),
    Slot("net_device", "net_device"),
    Slot("net_address", "net_address"),
)
WHO_SPACES = tuple(dict.fromkeys(slot.space for slot in WHO_SLOTS))
PHONE, RECEIVER, EMAIL, DEVICE, IP, IP_NET, CUSTOMER, ADDRESS, MERCHANT_PINCODE, MERCHANT_SKU = (
    range(10)
)
ALT_PHONE, FIRST_NET_SLOT = 10, 11
_HASHED_SPACES = tuple(slot.space for slot in WHO_SLOTS[:MERCHANT_PINCODE])
NET_SLOTS = (PHONE, EMAIL, DEVICE, ADDRESS)
"""Whose values the network's slots take, in their order."""

# By which an order is a person's, the first present.
PERSON_SLOTS = (PHONE, EMAIL, CUSTOMER, ADDRESS)

WHERE_KINDS = (
    "merchant",
    "state",
    "district",
    "city",
    "payment_mode",
    "category",
    "coupon",
    "campaign",
    "courier_pincode",
    "origin_district",
    "network",
    "net_state",
    "net_district",
    "net_pincode",
)
FIRST_NET_KIND = 10
_OWN_KINDS = WHERE_KINDS[:FIRST_NET_KIND]

NO_MERCHANT = ""
LONGEST_ADDRESS = 500
# Blanks and punctuation by range: \W would also drop the vowel signs of Indian scripts.
_NOT_WORD = re.compile(r"[\s!-/:-@\[-`{-~\u0080-\u00bf\u0964\u0965\u2000-\u206f\u3000-\u303f]+")

_ASCII_NOT_WORD = bytes(code for code in range(128) if _NOT_WORD.match(chr(code)))
_NUMBER = struct.Struct("<q")


class Keys(NamedTuple):
    """The keys of one order.

    Parameters
    ----------
    who : sequence of int, one per slot of ``WHO_SLOTS``
    where : sequence of int, one per kind of ``WHERE_KINDS``
    """

    who: Sequence[int] | NDArray[np.int64]
    where: Sequence[int] | NDArray[np.int64]


class Hasher:
    """The keyed hash of personal values.

    Parameters
    ----------
    secrets : sequence of bytes
        One per version, oldest first. The key of version *n* is the HMAC-SHA256, under secret *n*
        and cut to 64 bits, of the key of version *n* − 1.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("a hasher needs at least one secret")
        self._pads = tuple(map(keyed, secrets))

    @property
    def rotated(self) -> bool:
        """Whether there has been another version before the one in force."""
        return len(self._pads) > 1

    def first(self, space: str, merchant_id: str, value: str) -> int:
        """The key of a value under the first version, which no rotation changes."""
        return _number(keyed_hash(*self._pads[0], _message(space, merchant_id, value)))

    def __call__(self, space: str, merchant_id: str, value: str) -> int:
        """The key of one value of a person; never 0."""
        cut = _message(space, merchant_id, value)
        for inner, outer in self._pads:
            cut = keyed_hash(inner, outer, cut)
        return _number(cut)

    def upgraded(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keys of the version before as the newest secret has them; 0 stays 0.

        >>> old, new = Hasher([bytes(32)]), Hasher([bytes(32), bytes([7] * 32)])
        >>> name = ("email", "m", "a@example.com")
        >>> int(new.upgraded(np.array([old(*name)]))[0]) == new(*name)
        True
        """
        inner, outer = self._pads[-1]
        each, back = np.unique(keys, return_inverse=True)
        upgraded = np.array(
            [key and _number(keyed_hash(inner, outer, _NUMBER.pack(key))) for key in each.tolist()],
            np.int64,
        )
        return upgraded[back].reshape(keys.shape)


def keyed(secret: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two beginnings of HMAC-SHA256 under a secret."""
    return _padded(secret, 0x36), _padded(secret, 0x5C)


def _padded(secret: bytes, pad: int) -> hashlib._Hash:
    block = secret if len(secret) <= 64 else hashlib.sha256(secret).digest()
    return hashlib.sha256(bytes(byte ^ pad for byte in block.ljust(64, b"\0")))


def keyed_hash(inner: hashlib._Hash, outer: hashlib._Hash, message: bytes) -> bytes:
    """The first 64 bits of HMAC-SHA256 (RFC 2104), from its two keyed beginnings.

    A third of the time that ``hmac.digest`` takes.
    """
    first = inner.copy()
    first.update(message)
    second = outer.copy()
    second.update(first.digest())
    return second.digest()[: _NUMBER.size]


def _message(kind: str, merchant_id: str, value: str) -> bytes:
    return f"{kind}\x1f{merchant_id}\x1f{value}".encode("utf-8", "surrogatepass")


def keys_of(order: Order, place: Place, hasher: Hasher, *, shares: bool = False) -> Keys:
    """Every key of ``order``; a value that is unknown or unusable has the key 0.

    Parameters
    ----------
    order : Order
    place : Place
        What the directory says of the order's pincode; state and district come from it, and from
        the order's own words where the pincode is unknown.
    hasher : Hasher
    shares : bool
        Whether the merchant shares into the network, as known when the order was placed.
    """
    merchant = order.merchant_id
    phone, receiver, other = _phones(order)
    values = (
        phone,
        receiver,
        normal_email(order.email),
        normal_device(order.device_id),
        normal_ip(order.ip),
        ip_network(order.ip),
        order.customer_id,
        normal_address(order),
    )
    hashed = [
        hasher(space, merchant, value) if value else ABSENT
        for space, value in zip(_HASHED_SPACES, values, strict=True)
    ]
    who = (
        *hashed,
        plain_key("merchant_pincode", merchant, place.pincode or order.pincode),
        plain_key("merchant_sku", merchant, order.sku),
        hasher("phone", merchant, other) if other else ABSENT,
        *_network_who(values, hasher, shares=shares),
    )
    return Keys(who, _where(order, place, shares=shares))


def _phones(order: Order) -> tuple[str | None, str | None, str | None]:
    """The buyer's number, and the receiver's and the alternative one where they are others."""
    phone = normal_phone(order.phone)
    receiver = normal_phone(order.ship_phone) if order.ship_phone != order.phone else None
    other = normal_phone(order.alt_phone)
    receiver = receiver if receiver != phone else None
    return phone, receiver, other if other not in (phone, receiver) else None


def _network_who(values: Sequence[str | None], hasher: Hasher, *, shares: bool) -> tuple[int, ...]:
    """Keys that belong to no merchant, for the orders of those who share."""
    if not shares:
        return (ABSENT,) * len(NET_SLOTS)
    shared = (values[slot] for slot in NET_SLOTS)
    spaces = (slot.space for slot in WHO_SLOTS[FIRST_NET_SLOT:])
    return tuple(
        hasher(space, NO_MERCHANT, value) if value else ABSENT
        for space, value in zip(spaces, shared, strict=True)
    )


def _where(order: Order, place: Place, *, shares: bool) -> tuple[int, ...]:
    merchant = order.merchant_id
    state = place.state or folded(order.state)
    district = place.district and f"{state}|{place.district}"
    pincode = place.pincode or order.pincode
    coupons = "|".join(sorted(order.coupons)) if order.coupons else None
    values = (
        merchant,
        state,
        district,
        folded(order.city),
        order.payment_mode,
        folded(order.category),
        coupons,
        order.utm_campaign or order.utm_source,
        order.courier and pincode and f"{folded(order.courier)}|{pincode}",
        order.origin_pincode and district and f"{order.origin_pincode}|{district}",
    )
    own = [
        plain_key(kind, merchant, value) if value else ABSENT
        for kind, value in zip(_OWN_KINDS, values, strict=True)
    ]
    if not shares:
        return (*own, *(ABSENT,) * (len(WHERE_KINDS) - FIRST_NET_KIND))
    kinds, places = WHERE_KINDS[FIRST_NET_KIND:], ("network", state, district, pincode)
    net = (plain_key(kind, NO_MERCHANT, v) for kind, v in zip(kinds, places, strict=True))
    return (*own, *net)


# Cities, channels and couriers are few, and every order asks about several, twice.
@lru_cache(maxsize=4096)
def folded(text: str | None) -> str | None:
    """Without case, and with single blanks; None is unknown."""
    return " ".join(text.casefold().split()) if text else None


@lru_cache(maxsize=65_536)
def plain_key(kind: str, merchant_id: str, value: str | None) -> int:
    """The unkeyed hash of a value that names no person; 0 where it is unknown."""
    return _plain(kind, merchant_id, value) if value else ABSENT


def order_key(merchant_id: str, order_id: str) -> int:
    """The unkeyed hash of an order's name; not remembered, since every order has another."""
    return _plain("order", merchant_id, order_id)


def _plain(kind: str, merchant_id: str, value: str) -> int:
    message = _message(kind, merchant_id, value)
    return _number(hashlib.blake2b(message, digest_size=_NUMBER.size).digest())


def normal_address(order: Order) -> str | None:
    """The delivery address without case, blanks and punctuation; None without a written line."""
    lines = [line for line in (order.address_line1, order.address_line2) if line]
    if not lines:
        return None
    text = " ".join(lines)[:LONGEST_ADDRESS]
    if text.isascii():
        written = text.lower().encode().translate(None, _ASCII_NOT_WORD).decode()
    else:
        written = _NOT_WORD.sub("", text.casefold())
    return f"{written}|{order.pincode or ''}" if written else None


def person_of(keys: Keys, order_key: int) -> int:
    """The person of an order: first present of phone, email, customer id, address, else itself."""
    for slot in PERSON_SLOTS:
        if keys.who[slot] != ABSENT:
            return int(keys.who[slot])
    return order_key


def first_person_of(order: Order, hasher: Hasher) -> int:
    """The person of an order under the first version of the hash key: see :func:`person_of`.

    Whoever is drawn by it stays where they are when the key is rotated.
    """
    values = (
        normal_phone(order.phone),
        normal_email(order.email),
        order.customer_id,
        normal_address(order),
    )
    for slot, value in zip(PERSON_SLOTS, values, strict=True):
        if value:
            return hasher.first(WHO_SLOTS[slot].space, order.merchant_id, value)
    return order_key(order.merchant_id, order.order_id)


def _number(digest: bytes) -> int:
    number: int = _NUMBER.unpack(digest)[0]
    return number or 1
