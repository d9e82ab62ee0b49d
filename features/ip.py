"""IP addresses: normalised, their network, and whether they say anything about a customer.

Whether an address belongs to a data centre is not known here: no list with a licence that lets us
ship it is part of the package, so no feature pretends to know.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv4Network
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

LONGEST = 200
"""Characters of an address field that are read: a forwarding list of a few hops fits."""

_INSIDE = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/3",
    )
)
_INSIDE_FIRST = tuple(int(network.network_address) for network in _INSIDE)
_INSIDE_LAST = tuple(int(network.broadcast_address) for network in _INSIDE)
_FOUR_INSIDE_SIX = bytes(10) + b"\xff\xff"
_FOUR = 4
# Several features ask about the same field of one order in turn.
_REMEMBERED = 256


class Ip(NamedTuple):
    """One address of a field.

    Parameters
    ----------
    packed : bytes
        Four or sixteen.
    public : bool
        Whether it is one of the open internet, so that it can tell customers apart. Addresses set
        aside for documentation (RFC 5737, RFC 3849) count as public: no real order has one, and
        every example and invented data set does. Private, shared (RFC 6598), loopback, link-local,
        multicast and reserved addresses of IANA's special-purpose registries (RFC 6890) do not,
        nor IPv6 outside 2000::/3.
    """

    packed: bytes
    public: bool

    @property
    def six(self) -> bool:
        """Whether it is IPv6; IPv4 inside IPv6 (``::ffff:192.0.2.1``) is read as IPv4."""
        return len(self.packed) != _FOUR


def read_ip(text: str | None) -> Ip | None:
    """Read an address field; never fails, whatever it holds.

    Parameters
    ----------
    text : str or None
        An IPv4 or IPv6 address, with a port, in brackets, with a zone, or the first of an
        ``X-Forwarded-For`` list.

    Returns
    -------
    Ip or None
    """
    return _read(text[:LONGEST]) if text else None


@lru_cache(_REMEMBERED)
def _read(text: str) -> Ip | None:
    packed = _packed(text)
    return None if packed is None else Ip(packed, _is_public(packed))


def _packed(text: str) -> bytes | None:
    """The four or sixteen bytes of an address field, a fifth of the time ``ipaddress`` takes."""
    first = text.partition(",")[0].strip().strip('"')
    if first.startswith("["):
        first = first[1:].partition("]")[0]
    elif first.count(":") == 1:
        first = first.partition(":")[0]
    try:
        if ":" not in first:
            return inet_pton(AF_INET, first)
        six = inet_pton(AF_INET6, first.partition("%")[0])
    except (OSError, ValueError):
        return None
    return six[12:] if six.startswith(_FOUR_INSIDE_SIX) else six


def _is_public(packed: bytes) -> bool:
    if len(packed) != _FOUR:
        return packed[0] >> 5 == 1
    number = int.from_bytes(packed, "big")
    at = bisect_right(_INSIDE_FIRST, number) - 1
    return number > _INSIDE_LAST[at]


def normal_ip(text: str | None) -> str | None:
    """Bring an address to the one form under which history counts it.

    Parameters
    ----------
    text : str or None
        As ``read_ip`` reads it.

    Returns
    -------
    str or None
        None where it is no address, or not a public one: a proxy's inside address would tie
        strangers together.

    >>> normal_ip("::ffff:8.8.8.8"), normal_ip("10.0.0.1"), normal_ip("2001:4860:0:0::8")
    ('8.8.8.8', None, '2001:4860::8')
    """
    address = read_ip(text)
    return _written(address.packed) if address is not None and address.public else None


def ip_network(text: str | None) -> str | None:
    """The neighbourhood of an address: /24 of IPv4, /48 of IPv6 (one site, RFC 6177).

    Parameters
    ----------
    text : str or None
        As ``read_ip`` reads it.

    Returns
    -------
    str or None
        None where ``normal_ip`` is None.

    >>> ip_network("8.8.8.8"), ip_network("2001:4860:1:2::8"), ip_network("127.0.0.1")
    ('8.8.8.0/24', '2001:4860:1::/48', None)
    """
    address = read_ip(text)
    if address is None or not address.public:
        return None
    if address.six:
        return f"{_written(address.packed[:6] + bytes(10))}/48"
    return f"{_written(address.packed[:3] + bytes(1))}/24"


def _written(packed: bytes) -> str:
    return inet_ntop(AF_INET if len(packed) == _FOUR else AF_INET6, packed)
