"""Email addresses: normalised, valid or not, and what their two halves tell."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

LONGEST = 320
"""Characters of an email field that are read: RFC 3696 (erratum 1690) allows no valid one more."""

_DOMAINS = Path(__file__).with_name("tables") / "email_domains.csv"
_SEPARATORS = re.compile(r"[\s,;|/]+")
_CROWDED = re.compile(r"[\s,;|/<>():\"']|\.$")
# Of ASCII text the same, but for its last character.
_CROWD = bytes(code for code in range(128) if chr(code) != "." and _CROWDED.match(chr(code)))
_BRACKETED = re.compile(r"<([^<>]*@[^<>]*)>")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+\-=?^_`{}~.]{1,64}")
_DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)
_WITHOUT_DOTS = frozenset({"gmail.com", "googlemail.com"})
_WITH_TAGS = _WITHOUT_DOTS | {"outlook.com", "hotmail.com", "live.com", "icloud.com", "proton.me"}


class Email(NamedTuple):
    """One email field, in lower case and cut at its at-sign.

    Parameters
    ----------
    local, domain : str
        The two halves; ``domain`` is empty where there is no single at-sign.
    local_valid, domain_valid : bool
        Whether each half could be one, by form alone.
    """

    local: str
    domain: str
    local_valid: bool
    domain_valid: bool

    @property
    def valid(self) -> bool:
        """Whether mail could be addressed to it; whether it arrives is another question."""
        return self.local_valid and self.domain_valid


def read_email(text: str | None) -> Email | None:
    """Read an email field; never fails, whatever it holds.

    Parameters
    ----------
    text : str or None
        As typed; of several addresses the first counts, ``mailto:`` and angle brackets fall away.

    Returns
    -------
    Email or None
        None where the field is empty.
    """
    return _read(text[:LONGEST]) if text else None


# The keys of an order and its signals ask about the same field in turn.
@lru_cache(256)
def _read(text: str) -> Email | None:
    found = text.strip().lower()
    if not found:
        return None
    if _is_crowded(found):
        found = _first_address(found)
    local, at, domain = found.rpartition("@")
    if not at:
        return Email(found, "", local_valid=False, domain_valid=False)
    if not domain.isascii():
        domain = _punycode(domain)
    return Email(local, domain, _is_local(local), _is_domain(domain))


def normal_email(text: str | None) -> str | None:
    """Bring an email to the one form under which history counts it.

    Lower case, no ``+tag`` at the providers that ignore it, no dots at Gmail, which ignores them
    too (Google, *Dots don't matter in Gmail addresses*), so that one mailbox is one key.

    Parameters
    ----------
    text : str or None
        As typed.

    Returns
    -------
    str or None
        None where it is no valid address.

    >>> normal_email(" Asha.Rao+shop@GoogleMail.com "), normal_email("asha@")
    ('asharao@gmail.com', None)
    """
    email = read_email(text)
    if email is None or not email.valid:
        return None
    local, domain = email.local, email.domain
    if domain in _WITH_TAGS:
        local = local.partition("+")[0] or local
    if domain in _WITHOUT_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def domain_kind(domain: str) -> str:
    """What ``tables/email_domains.csv`` knows of a domain.

    Parameters
    ----------
    domain : str
        In lower case.

    Returns
    -------
    str
        ``free`` (a public mailbox), ``disposable`` (a mailbox of minutes), ``typo`` (a known
        misspelling of a public one), ``placeholder`` (no mailbox by definition or by habit), or
        ``other``.
    """
    return _domain_kinds().get(domain, "other")


@cache
def _domain_kinds() -> dict[str, str]:
    rows = (line.split(",") for line in _DOMAINS.read_text("utf-8").splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[0] != "domain"}


def _is_crowded(text: str) -> bool:
    if text.isascii() and text[-1] != ".":
        return len(text.encode().translate(None, _CROWD)) < len(text)
    return _CROWDED.search(text) is not None


def _first_address(text: str) -> str:
    """The first address of a crowded field; blanks inside a single one fall away."""
    bracketed = _BRACKETED.search(text)
    if bracketed is not None:
        text = bracketed[1]
    elif text.count("@") > 1 or "," in text or ";" in text:
        parts = _SEPARATORS.split(text)
        text = next((part for part in parts if "@" in part), text)
    return "".join(text.split()).strip("<>()\"'.:,;").removeprefix("mailto:")


def _is_local(local: str) -> bool:
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return not dots and _LOCAL.fullmatch(local) is not None


# Providers are few, and a whole pattern with groups costs as much as the rest of an address.
@lru_cache(4096)
def _is_domain(domain: str) -> bool:
    return len(domain) <= 253 and _DOMAIN.fullmatch(domain) is not None


def _punycode(domain: str) -> str:
    """A domain of another script as the name system writes it; as it is where that fails."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
