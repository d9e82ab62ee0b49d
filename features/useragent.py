"""What a user-agent string says: system, in-app browser, script, Android version.

The string names what the browser claims to be; a script can claim anything. RFC 9110, section
10.1.5, defines the field; the marks looked for are those the vendors document.
"""

from __future__ import annotations

import re
from math import nan
from typing import Literal, NamedTuple

LONGEST = 400
"""Characters that are read."""

System = Literal["android", "ios", "windows", "mac", "linux", "other"]

_ANDROID = re.compile(r"android (\d{1,2})")
_IN_APP = re.compile(r"; wv\)|fban|fbav|fb_iab|instagram|whatsapp|snapchat|line/|micromessenger")
_SCRIPT = re.compile(
    r"bot\b|crawl|spider|curl|wget|python|okhttp|axios|java/|go-http|headless|selenium|postman"
    r"|puppeteer|playwright|node-fetch|phantomjs|scrapy|httpclient"
)


class UserAgent(NamedTuple):
    """One user agent.

    Parameters
    ----------
    system : str
        ``android``, ``ios``, ``windows``, ``mac``, ``linux`` or ``other``.
    in_app : bool
        Opened inside an app such as Instagram or Facebook, or an Android web view.
    script : bool
        Names itself a bot, a program's HTTP library or a remote-controlled browser.
    android_version : float
        Major version; NaN where it is not Android or not told.
    """

    system: System
    in_app: bool
    script: bool
    android_version: float


def read_user_agent(text: str | None) -> UserAgent | None:
    """Read a user-agent string; never fails, whatever it holds.

    Parameters
    ----------
    text : str or None
        As sent; the first 400 characters are read.

    Returns
    -------
    UserAgent or None
        None where the field is empty.
    """
    return _read(text[:LONGEST]) if text else None


def _read(text: str) -> UserAgent:
    found = text.lower()
    version = _ANDROID.search(found)
    return UserAgent(
        system=_system(found),
        in_app=_IN_APP.search(found) is not None,
        script=_SCRIPT.search(found) is not None,
        android_version=float(version[1]) if version is not None else nan,
    )


def _system(found: str) -> System:
    if "android" in found:
        return "android"
    if "iphone" in found or "ipad" in found or "ios/" in found:
        return "ios"
    if "windows" in found:
        return "windows"
    if "macintosh" in found or "mac os" in found:
        return "mac"
    return "linux" if "linux" in found or "x11" in found else "other"
