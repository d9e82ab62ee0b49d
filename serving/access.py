"""Who asks: API keys, looked up by their hash and remembered, and the pages' own process."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from ipaddress import ip_address
from time import monotonic
from urllib.parse import quote, unquote

from features.errors import RtoError
from serving.moments import now_us
from serving.parsing import FieldsError
from serving.store.connection import Connection
from serving.store.faults import LogDownError
from serving.store.merchants import SCOPES, Access, Merchant, Scope, access, merchant

# A key revoked elsewhere opens for this long at most; while the log is out of reach, for a day
# after it was last seen in it.
REMEMBERED_S = 5.0
TRUSTED_S = 86_400.0
# Requests that one key may send: so many a second, and so many at once after a pause.
PER_SECOND, AT_ONCE = 5_000.0, 10_000.0

PAGES = "Pages"
"""The scheme by which the pages' process asks."""

_SCOPES_OF: dict[str, tuple[Scope, ...]] = {
    "viewer": ("read",), "operator": ("read", "report"), "owner": SCOPES,
}  # fmt: skip
# Baskets that one visitor of a shop's page may have weighed: so many a minute, and at once.
VISITS_PER_MINUTE, VISITS_AT_ONCE = 30.0, 30.0

_MOST = 10_000
_LONGEST_KEY = 200


def speaking_for(trust: str, account_id: str, role: str, merchant_id: str) -> str:
    """The ``Authorization`` header by which the pages' process speaks for a person."""
    return f"{PAGES} {trust} {quote(account_id)} {quote(role)} {quote(merchant_id, safe='')}"


class TooManyError(RtoError):
    """A key asks more often than the limit allows."""


class NoAccessError(RtoError):
    """No key, or one that does not open this door."""


class ScopeError(RtoError):
    """The key opens this merchant, but not for this."""


class UnknownMerchantError(RtoError):
    """No merchant for which this key speaks; whether there is one is nobody's business."""


class Doorkeeper:
    """Checks keys.

    Parameters
    ----------
    connection : Connection
        For reading.
    clock : callable
        Seconds that only rise.
    trust : str, optional
        What the pages' process says to be believed for whom it speaks.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], float] = monotonic,
        trust: str | None = None,
    ) -> None:
        self.trust = trust
        self._connection = connection
        self._clock = clock
        self._known: dict[str, tuple[float, Access | None]] = {}
        self._levels: dict[str, tuple[float, float]] = {}
        self._merchants: dict[str, tuple[float, Merchant | None]] = {}

    def api(self, authorization: str | None, scope: Scope) -> Access:
        """What an ``Authorization`` header opens.

        Raises
        ------
        NoAccessError
            If it names no key of the API.
        ScopeError
            If the key is not for this.
        TooManyError
            If it asks too often.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme == PAGES and self.trust is not None:
            return self._from_pages(key, scope)
        if scheme.lower() != "bearer" or not key:
            raise NoAccessError("send the header Authorization: Bearer <your API key>")
        found = self._look_up(key.strip())
        if found is None:
            raise NoAccessError(
                "this API key is unknown or revoked; make one with `rto key new <merchant>`"
            )
        self._count(found.key_id)
        if scope not in found.scopes:
            raise ScopeError(f'this API key lacks the scope "{scope}"; make one that has it')
        return found

    def speaking(self, found: Access, named: str | None) -> Access:
        """The access to the merchant that a request names; a merchant's own key may name none.

        Raises
        ------
        FieldsError
            If a platform key names no merchant.
        UnknownMerchantError
            If the key does not speak for the merchant.
        """
        if not found.platform:
            if named in (None, "", found.merchant_id):
                return found
            raise UnknownMerchantError(
                "this key speaks for another merchant; leave merchant_id out"
            )
        if not named:
            raise FieldsError([("merchant_id", "is missing; a platform key must name a merchant")])
        if named != found.merchant_id:
            one = self._merchant(named)
            if one is None or one.platform != found.merchant_id or one.closed_us is not None:
                raise UnknownMerchantError(
                    "this platform has no such merchant; create it with POST /v1/merchants"
                )
        return found.to(named)

    def forget_merchant(self, merchant_id: str) -> None:
        """Look this merchant up again next time."""
        self._merchants.pop(merchant_id, None)

    def _from_pages(self, said: str, scope: Scope) -> Access:
        """Whom the pages' process speaks for: it has seen the session and the role."""
        trust, _, rest = said.partition(" ")
        if self.trust is None or not compare_digest(trust.encode(), self.trust.encode()):
            raise NoAccessError("this is not the pages' process of this server")
        account_id, role, merchant_id = map(unquote, rest.split(" "))
        if scope not in _SCOPES_OF[role]:
            raise ScopeError(f'the role "{role}" does not allow this; ask an owner')
        return Access(merchant_id, "live", _SCOPES_OF[role], account_id=account_id)

    def visit(self, access: Access, address: str) -> None:
        """Count a visitor of the page in which a key lies open; networks of IPv6 count as one.

        Raises
        ------
        TooManyError
            If they have asked too often.
        """
        name = f"{access.key_id} {_network(address)}"
        if not self._take(name, VISITS_PER_MINUTE / 60, VISITS_AT_ONCE):
            raise TooManyError(f"a visitor may ask {VISITS_PER_MINUTE:.0f} times a minute")

    def _count(self, key_id: str) -> None:
        """Take one from the key's bucket."""
        if not self._take(key_id, PER_SECOND, AT_ONCE):
            raise TooManyError(f"this key may send {PER_SECOND:.0f} requests a second; slow down")

    def _take(self, name: str, per_second: float, at_once: float) -> bool:
        """Take one from a bucket; False where it is empty."""
        now = self._clock()
        if len(self._levels) >= _MOST:
            self._levels.clear()
        level, at = self._levels.get(name, (at_once, now))
        level = min(at_once, level + (now - at) * per_second)
        self._levels[name] = level - (level >= 1), now
        return level >= 1

    def _merchant(self, merchant_id: str) -> Merchant | None:
        now = self._clock()
        known = self._merchants.get(merchant_id)
        if known is not None and now < known[0]:
            return known[1]
        if len(self._merchants) >= _MOST:
            self._merchants.clear()
        try:
            found = merchant(self._connection, merchant_id)
        except LogDownError:
            if known is None or now > known[0] + TRUSTED_S:
                raise
            return known[1]
        self._merchants[merchant_id] = now + REMEMBERED_S, found
        return found

    def _look_up(self, key: str) -> Access | None:
        now = self._clock()
        known = self._known.get(key)
        if known is not None and now < known[0]:
            return known[1]
        if len(key) > _LONGEST_KEY:
            return None
        if len(self._known) >= _MOST:
            self._known.clear()
        try:
            found = access(self._connection, key, now_us=now_us())
        except LogDownError:
            if known is None or now > known[0] + TRUSTED_S:
                raise
            return known[1]
        self._known[key] = (now + REMEMBERED_S, found)
        return found


def _network(address: str) -> str:
    """An address, or the network of an IPv6 one: a household has 2^64 of those."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else hex(int(found) >> 64)
