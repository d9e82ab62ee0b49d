"""What is read from an IP address field."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from ipaddress import ip_network as network_of

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ip import ip_network, normal_ip, read_ip


@pytest.mark.parametrize(
    ("typed", "normal", "network"),
    [
        ("203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        (" 203.0.113.9:443 ", "203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.9, 10.0.0.1", "203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.9", "203.0.113.0/24"),
        ("[2001:DB8:1:2::9]:443", "2001:db8:1:2::9", "2001:db8:1::/48"),
        ("2001:db8:1:2:0:0:0:9%eth0", "2001:db8:1:2::9", "2001:db8:1::/48"),
    ],
)
def test_one_address_has_one_form_and_one_network(typed: str, normal: str, network: str) -> None:
    assert (normal_ip(typed), ip_network(typed)) == (normal, network)


@pytest.mark.parametrize(
    "typed",
    [
        None,
        "",
        "x",
        "1.2.3",
        "1.2.3.400",
        "01.2.3.4",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.31.255.255",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "1" * 10_000,
    ],
)
def test_what_names_no_customer_is_unknown(typed: str | None) -> None:
    assert normal_ip(typed) is None
    assert ip_network(typed) is None


@given(st.ip_addresses(v=4))
def test_public_agrees_with_the_standard_library_outside_documentation(address: object) -> None:
    found = ip_address(str(address))
    documentation = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    anycast = ("192.0.0.0/24", "192.88.99.0/24")
    if any(found in network_of(each) for each in (*documentation, *anycast)):
        return
    read = read_ip(str(found))
    assert read is not None
    assert read.public == (found.is_global and not found.is_multicast)


@given(st.ip_addresses())
def test_a_public_address_lies_in_its_network(address: object) -> None:
    network = ip_network(str(address))
    assert (network is None) == (normal_ip(str(address)) is None)
    if network is not None:
        inside = normal_ip(str(address))
        assert inside is not None
        assert ip_address(inside) in network_of(network)


@given(st.text(max_size=300) | st.text("0123456789abcdef:.%[],", max_size=50))
def test_any_text_gives_a_stable_address_or_none(text: str) -> None:
    normal = normal_ip(text)
    assert normal is None or normal_ip(normal) == normal


PARTS = ("", "0", "01", "1", "255", "256", "0001", "ffff", "2001", "::ffff")


@given(
    st.text("0123456789abcdefABCDEF:.", max_size=24)
    | st.builds(str.join, st.sampled_from(":."), st.lists(st.sampled_from(PARTS), max_size=9))
    | st.ip_addresses().map(str)
)
def test_a_bare_address_is_read_as_the_standard_library_reads_it(text: str) -> None:
    found, expected = read_ip(text), _by_the_library(text)
    assert (found and found.packed) == (expected and expected.packed)


def _by_the_library(text: str) -> IPv4Address | IPv6Address | None:
    if text.count(":") == 1:  # a port
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
