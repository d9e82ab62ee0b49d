"""Where an order was typed: its device, browser and network address."""

from __future__ import annotations

from functools import lru_cache
from math import nan

from features.feature import Feature
from features.ip import read_ip
from features.order import Order
from features.useragent import LONGEST as LONGEST_AGENT
from features.useragent import read_user_agent

LONGEST = 200
"""Characters of an identifier that are kept."""

_PLACEHOLDERS = frozenset(
    {"null", "none", "nil", "nan", "undefined", "unknown", "default", "test", "na", "n/a", "device"}
)
_BRACES = str.maketrans("", "", "{}")
_BLANKS_AND_BRACES = bytes(code for code in range(128) if chr(code).isspace() or chr(code) in "{}")
_DASHES = {"-", ":", "_"}
_REASON = "device_signals"
_NO_AGENT = "NaN without a user agent"


def _agent(name: str, unit: str, says: str) -> Feature:
    return Feature(name, unit, _REASON, f"{says}; {_NO_AGENT}.", "device", text=True)


FEATURES: tuple[Feature, ...] = (
    _agent("device_android", "flag", "1 when the user agent names Android, else 0"),
    _agent("device_ios", "flag", "1 when the user agent names an iPhone or iPad, else 0"),
    _agent("device_desktop", "flag", "1 for Windows, macOS and desktop Linux, else 0"),
    _agent(
        "device_in_app",
        "flag",
        "1 when the shop was opened inside an app such as Instagram or in a web view, else 0",
    ),
    _agent(
        "device_script",
        "flag",
        "1 when the user agent names a bot, an HTTP library or a remote-controlled browser, else 0",
    ),
    Feature(
        "device_android_version",
        "count",
        _REASON,
        "Major version of Android; NaN without a user agent and on other systems.",
        "device",
        text=True,
    ),
    Feature(
        "ip_unreadable",
        "flag",
        _REASON,
        "1 when the address field holds no IP address, 0 when it does; NaN when it is empty.",
        "ip",
        text=True,
    ),
    Feature(
        "ip_not_public",
        "flag",
        _REASON,
        "1 for a private, shared, loopback or reserved address, else 0; NaN without a readable "
        "one.",
        "ip",
        text=True,
    ),
    Feature(
        "ip_v6",
        "flag",
        _REASON,
        "1 for IPv6, 0 for IPv4 (also inside IPv6); NaN without a readable address.",
        "ip",
        text=True,
    ),
)
"""In the order of ``signals``."""

_UNKNOWN_AGENT = (nan,) * 6
_DESKTOP = frozenset({"windows", "mac", "linux"})


def signals(order: Order) -> tuple[float, ...]:
    """Device, browser and network address of an order, as numbers.

    Parameters
    ----------
    order : Order
        ``user_agent`` and ``ip`` are read.

    Returns
    -------
    tuple of float, shape (len(FEATURES),)
        NaN is unknown.
    """
    agent = order.user_agent
    return (*(_of_agent(agent[:LONGEST_AGENT]) if agent else _UNKNOWN_AGENT), *_of_ip(order.ip))


def normal_device(text: str | None) -> str | None:
    """Bring a device identifier to the one form under which history counts it.

    Parameters
    ----------
    text : str or None
        As the shop's script sent it.

    Returns
    -------
    str or None
        Lower case without blanks and braces; None for a placeholder that many devices share: a
        word such as ``undefined``, or one character repeated, such as the all-zero advertising
        identifier that phones give to apps without consent.

    >>> normal_device("{6F9619FF-8B86-D011-B42D-00C04FC964FF}"), normal_device("00000000-0000")
    ('6f9619ff-8b86-d011-b42d-00c04fc964ff', None)
    """
    if not text:
        return None
    found = text[:LONGEST].lower()
    if found.isascii():
        found = found.encode().translate(None, _BLANKS_AND_BRACES).decode()
    else:
        found = "".join(found.split()).translate(_BRACES)[:LONGEST]
    return None if found in _PLACEHOLDERS or _is_one_mark(found) else found


def _is_one_mark(text: str) -> bool:
    """Whether one character is repeated, punctuation aside; the first few mostly tell otherwise."""
    return len(set(text[:8]) - _DASHES) < 2 and len(set(text) - _DASHES) < 2


@lru_cache(maxsize=4096)
def _of_agent(text: str) -> tuple[float, ...]:
    agent = read_user_agent(text)
    if agent is None:
        return _UNKNOWN_AGENT
    return (
        float(agent.system == "android"),
        float(agent.system == "ios"),
        float(agent.system in _DESKTOP),
        float(agent.in_app),
        float(agent.script),
        agent.android_version,
    )


def _of_ip(text: str | None) -> tuple[float, float, float]:
    if not text:
        return nan, nan, nan
    address = read_ip(text)
    if address is None:
        return 1.0, nan, nan
    return 0.0, float(not address.public), float(address.six)
