"""Device, browser and network address of an order."""

from __future__ import annotations

from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.device import FEATURES, normal_device, signals
from features.order import Order
from features.useragent import read_user_agent

ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; SM-A137F) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
WEB_VIEW = ANDROID.replace("SM-A137F", "SM-A137F Build/TP1A; wv")
INSTAGRAM = IPHONE + " Instagram 309.0.0.28.111"
HEADLESS = LINUX + " HeadlessChrome/120.0.0.0"


def seen(*, agent: str | None = None, ip: str | None = None) -> dict[str, float]:
    order = Order(merchant_id="m", order_id="1", created_us=0, user_agent=agent, ip=ip)
    return dict(zip((feature.name for feature in FEATURES), signals(order), strict=True))


@pytest.mark.parametrize(
    ("text", "system", "in_app", "script", "version"),
    [
        (ANDROID, "android", False, False, 13.0),
        (WEB_VIEW, "android", True, False, 13.0),
        (IPHONE, "ios", False, False, nan),
        (INSTAGRAM, "ios", True, False, nan),
        (WINDOWS, "windows", False, False, nan),
        (MAC, "mac", False, False, nan),
        (LINUX, "linux", False, False, nan),
        (HEADLESS, "linux", False, True, nan),
        ("python-requests/2.32", "other", False, True, nan),
        ("curl/8.5.0", "other", False, True, nan),
        ("Googlebot/2.1", "other", False, True, nan),
        ("Android", "android", False, False, nan),
        ("?", "other", False, False, nan),
    ],
)
def test_a_user_agent_tells_its_kind(
    text: str, system: str, in_app: bool, script: bool, version: float
) -> None:
    agent = read_user_agent(text)
    assert agent is not None
    assert (agent.system, agent.in_app, agent.script) == (system, in_app, script)
    assert agent.android_version == pytest.approx(version, nan_ok=True)


def test_systems_are_flags_that_exclude_each_other() -> None:
    for agent, name in ((ANDROID, "android"), (IPHONE, "ios"), (WINDOWS, "desktop")):
        found = seen(agent=agent)
        assert {kind for kind in ("android", "ios", "desktop") if found[f"device_{kind}"]} == {name}


def test_an_order_without_agent_and_address_is_unknown_and_not_zero() -> None:
    assert all(isnan(value) for value in seen().values())


@pytest.mark.parametrize(
    ("ip", "unreadable", "not_public", "v6"),
    [
        ("203.0.113.9", 0.0, 0.0, 0.0),
        ("10.0.0.1", 0.0, 1.0, 0.0),
        ("2001:db8::1", 0.0, 0.0, 1.0),
        ("::1", 0.0, 1.0, 1.0),
        ("localhost", 1.0, nan, nan),
    ],
)
def test_an_address_tells_whether_it_can_be_a_customers(
    ip: str, unreadable: float, not_public: float, v6: float
) -> None:
    found = seen(ip=ip)
    values = [found["ip_unreadable"], found["ip_not_public"], found["ip_v6"]]
    assert values == pytest.approx([unreadable, not_public, v6], nan_ok=True)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("D-1", "d-1"),
        ("{ { D-1 } }", "d-1"),
        (" {6F9619FF-8B86-D011-B42D-00C04FC964FF} ", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("00000000-0000-0000-0000-000000000000", None),
        ("Undefined", None),
        ("", None),
        (None, None),
    ],
)
def test_a_placeholder_identifies_no_device(typed: str | None, normal: str | None) -> None:
    assert normal_device(typed) == normal


@given(st.none() | st.text(max_size=600), st.none() | st.text(max_size=300))
def test_any_text_gives_flags_or_unknown(agent: str | None, ip: str | None) -> None:
    found = seen(agent=agent, ip=ip)
    version = found.pop("device_android_version")
    assert isnan(version) or 0 <= version <= 99
    assert all(isnan(value) or value in (0.0, 1.0) for value in found.values())


@given(st.text(max_size=300))
def test_a_normal_device_stays_as_it_is(text: str) -> None:
    normal = normal_device(text)
    assert normal is None or normal_device(normal) == normal
