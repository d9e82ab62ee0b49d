"""Where a webhook may be delivered: public addresses, looked up anew at every attempt."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

from features.errors import RefusedError

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[Address]]]

LONGEST_URL = 2_000
_NAME = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?"
)
_VISIBLE = re.compile(r"[!-~]+")
_HERE = "localhost"
_NAT64 = IPv6Network("64:ff9b::/96")


class ForbiddenTargetError(RefusedError):
    """The address leads to where nothing may be delivered."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address as it was written, taken apart.

    Parameters
    ----------
    path : str
        With the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def named(self) -> str:
        """Host and port as a ``Host`` header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    def at(self, address: Address) -> str:
        """The same with an address in place of the name, so that it is looked up only once."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def read_target(url: str, *, nearby: bool) -> Target:
    """Take an address apart; no name is looked up here.

    Parameters
    ----------
    nearby : bool
        Whether it may lie on this machine, and so be plain HTTP.

    Raises
    ------
    RefusedError
        If nothing may be delivered there.
    """
    target = _parted(url)
    address = _literal(target.host)
    if target.host == _HERE or (address is not None and address.is_loopback):
        if not nearby:
            raise RefusedError("url: leads to this machine; name an address that others reach")
        return target
    if target.scheme != "https":
        raise RefusedError("url: must begin with https://")
    if address is not None and not _public(address):
        raise RefusedError("url: leads into a private network; name a public address")
    if address is None and not _NAME.fullmatch(target.host):
        raise RefusedError(f'url: "{target.host[:80]}" is no host name')
    return target


async def allowed_address(target: Target, *, nearby: bool, resolve: Resolve) -> Address:
    """Look a target up; one address that may be connected to.

    Every address of the name must be allowed: a name that leads to a private one as well is a
    way into a network, whichever comes first today.

    Raises
    ------
    ForbiddenTargetError
        If one of them is not.
    OSError
        If there is none.
    """
    literal = _literal(target.host)
    found = [literal] if literal is not None else await resolve(target.host, target.port)
    if not found:
        raise OSError("the name leads nowhere")
    local = all(address.is_loopback for address in found)
    if not (local and nearby) and not all(_public(address) for address in found):
        raise ForbiddenTargetError("the name leads into a private network")
    return found[0]


async def resolved(host: str, port: int) -> list[Address]:
    """The addresses of a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(line[4][0]) for line in found]


def _parted(url: str) -> Target:
    if len(url) > LONGEST_URL or not _VISIBLE.fullmatch(url):
        raise RefusedError(f"url: must be at most {LONGEST_URL} visible ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedError("url: is no address such as https://shop.example.com/hook") from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("https", "http") or not host:
        raise RefusedError("url: is no address such as https://shop.example.com/hook")
    if parts.username is not None or parts.password is not None:
        raise RefusedError("url: must hold no user name and no password")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = 443 if parts.scheme == "https" else 80
    return Target(parts.scheme, host, usual if port is None else port, path)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _public(address: Address) -> bool:
    """Whether the whole Internet reaches it; what is wrapped in IPv6 counts as what it wraps."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None and not _public(inner):
            return False
        if address in _NAT64:
            return _public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address.is_global and not address.is_multicast and not address.is_reserved
