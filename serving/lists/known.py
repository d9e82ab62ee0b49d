"""The merchants' allow and block lists, as a decision asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from features.device import normal_device
from features.email import normal_email
from features.history.fact import FIRST_WHO, Fact
from features.ip import normal_ip
from features.keys import ALT_PHONE, DEVICE, EMAIL, IP, PHONE, RECEIVER, Hasher, plain_key
from features.order import Order
from features.phone import normal_phone
from models.decision import Overrule
from serving.store.connection import Connection
from serving.store.faults import LogDownError
from serving.store.lists import Entry, changed_entries, entries, list_version

# A change made by another process counts after this long at most.
REMEMBERED_S = 1.0

_NORMAL: dict[str, Callable[[str], str | None]] = {
    "phone": normal_phone,
    "email": normal_email,
    "ip": normal_ip,
    "device": normal_device,
}
_SLOTS = (
    ("phone", PHONE),
    ("phone", RECEIVER),
    ("phone", ALT_PHONE),
    ("email", EMAIL),
    ("ip", IP),
    ("device", DEVICE),
)
_HINT = 4


class Said(NamedTuple):
    """What a merchant's lists say about one order, and at which version."""

    version: int
    overrules: tuple[Overrule, ...]


@dataclass(slots=True)
class _Known:
    """One merchant's entries by what they are about, and when they were last looked after."""

    version: int = 0
    entries: dict[tuple[str, int], dict[str, Entry]] = field(default_factory=dict)
    places: dict[str, Entry] = field(default_factory=dict)
    checked_s: float = float("-inf")

    def put(self, entry: Entry) -> None:
        """Take an entry in, in place of one of the same value and list."""
        said = self.entries.setdefault((entry.field, entry.key), {})
        if (old := said.get(entry.list)) is not None:
            self.places.pop(old.entry_id, None)
        said[entry.list] = self.places[entry.entry_id] = entry

    def drop(self, entry_id: str) -> None:
        """Take an entry out, where it is in."""
        if (entry := self.places.pop(entry_id, None)) is not None:
            said = self.entries[entry.field, entry.key]
            del said[entry.list]
            if not said:
                del self.entries[entry.field, entry.key]


class Lists:
    """Entries in memory, by merchant.

    Parameters
    ----------
    connection : Connection
        For reading.
    hasher : Hasher
        Of the installation's secret.
    clock : callable
        Seconds that only rise.
    """

    def __init__(
        self, connection: Connection, hasher: Hasher, clock: Callable[[], float] = monotonic
    ) -> None:
        self._connection = connection
        self._hasher = hasher
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def say(self, order: Order, fact: Fact, now_us: int) -> Said:
        """Everything that the lists say about an order with these keys."""
        known = self._of(order.merchant_id)
        if not known.entries:
            return Said(known.version, ())
        found = (e for key in _keys(order, fact) for e in known.entries.get(key, {}).values())
        live = [e for e in found if e.expires_us is None or e.expires_us > now_us]
        return Said(known.version, tuple(dict.fromkeys(map(_overrule, live))))

    def key_of(self, merchant_id: str, field: str, value: str) -> int | None:
        """The key under which orders carry a value; None for one that no order can carry.

        >>> Lists(None, Hasher([bytes(32)])).key_of("m", "phone", "soon") is None
        True
        """
        if field == "pincode":
            digits = "".join(value.split())
            right = len(digits) == 6 and digits.isascii() and digits.isdigit()
            return plain_key("pincode", merchant_id, digits) if right else None
        normal = _NORMAL[field](value)
        return self._hasher(field, merchant_id, normal) if normal else None

    def forget(self, merchant_id: str) -> None:
        """Look after this merchant's lists again next time."""
        if (known := self._known.get(merchant_id)) is not None:
            known.checked_s = float("-inf")

    def _of(self, merchant_id: str) -> _Known:
        known, now = self._known.setdefault(merchant_id, _Known()), self._clock()
        if now < known.checked_s + REMEMBERED_S:
            return known
        with suppress(LogDownError):  # the entries read last stay in force
            self._follow(known, merchant_id)
            known.checked_s = now
        return known

    def _follow(self, known: _Known, merchant_id: str) -> None:
        """Read what has changed; a list may be long, and orders wait meanwhile."""
        version = list_version(self._connection, merchant_id)
        if version == known.version:
            return
        if not known.version:
            added, gone = entries(self._connection, merchant_id), list[str]()
        else:
            added, gone = changed_entries(self._connection, merchant_id, known.version)
        for entry_id in gone:
            known.drop(entry_id)
        for entry in added:
            known.put(entry)
        known.version = version


def hint_of(field: str, value: str) -> str:
    """As much of a value as people need to know it again.

    >>> hint_of("phone", "+919876543210"), hint_of("pincode", "560034")
    ('…3210', '560034')
    """
    return value if field == "pincode" else f"…{value.strip()[-_HINT:]}"


def _keys(order: Order, fact: Fact) -> Iterator[tuple[str, int]]:
    for about, slot in _SLOTS:
        if key := int(fact[FIRST_WHO + slot]):
            yield about, key
    if order.pincode:
        yield "pincode", plain_key("pincode", order.merchant_id, order.pincode)


def _overrule(entry: Entry) -> Overrule:
    if entry.list == "block":
        return Overrule("block_list", f"block list: {entry.field}", "block")
    return Overrule("allow_list", f"allow list: {entry.field}", "ship")
