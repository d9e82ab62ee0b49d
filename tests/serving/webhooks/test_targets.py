"""Nothing is delivered to where only this machine or its network leads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from features.errors import RefusedError
from serving.webhooks.targets import Address, ForbiddenTargetError, allowed_address, read_target


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/", "ftp://shop.example.com/", "https://", "https:///x", "shop",
        "https://user:secret@shop.example.com/", "https://shop.example.com:99999/",
        "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://0.0.0.0/",
        "https://169.254.169.254/latest", "https://100.64.0.1/", "https://[fd00::1]/",
        "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/", "https://224.0.0.1/", "https://2130706433/",
        "https://0x7f.0.0.1/", "https://127.1/", "https://intranet/", "https://shop_x.example.com/",
        "https://shop.example.com/\n", "https://शॉप.example.com/",
        f"https://a.example.com/{'x' * 2000}",
        "https://127.0.0.1/", "http://localhost/", "https://[::1]/", "https://127.9.9.9:8443/",
        "https://-a.example.com/", "https://a..example.com/",
    ],
)  # fmt: skip
def test_an_address_that_others_do_not_reach_is_refused(url: str) -> None:
    with pytest.raises(RefusedError, match=r"^url: "):
        read_target(url, nearby=False)


@pytest.mark.parametrize(
    ("url", "nearby", "at"),
    [
        ("https://shop.example.com", False, "https://93.184.215.14:443/"),
        ("https://SHOP.example.com.:8443/a?b=c#d", False, "https://93.184.215.14:8443/a?b=c"),
        ("https://8.8.8.8/x", False, "https://8.8.8.8:443/x"),
        ("https://[2001:4860:4860::8888]/x", False, "https://[2001:4860:4860::8888]:443/x"),
        ("http://127.0.0.1:8000/x", True, "http://127.0.0.1:8000/x"),
    ],
)
def test_it_is_connected_to_the_address_that_was_checked(url: str, nearby: bool, at: str) -> None:
    target = read_target(url, nearby=nearby)
    found = asyncio.run(allowed_address(target, nearby=nearby, resolve=_leads("93.184.215.14")))
    assert target.at(found) == at


@pytest.mark.parametrize("leads", [["127.0.0.1"], ["10.0.0.1"], ["93.184.215.14", "::1"]])
def test_a_name_is_judged_by_every_address_it_leads_to(leads: list[str]) -> None:
    target = read_target("https://shop.example.com", nearby=False)
    with pytest.raises(ForbiddenTargetError):
        asyncio.run(allowed_address(target, nearby=False, resolve=_leads(*leads)))


def test_a_name_that_leads_nowhere_is_an_ordinary_fault() -> None:
    target = read_target("https://shop.example.com", nearby=False)
    with pytest.raises(OSError, match="nowhere"):
        asyncio.run(allowed_address(target, nearby=False, resolve=_leads()))


def _leads(*addresses: str):  # type: ignore[no-untyped-def]
    async def resolve(host: str, port: int) -> Sequence[Address]:
        return [ip_address(one) for one in addresses]

    return resolve
