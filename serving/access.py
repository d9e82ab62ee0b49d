"""Who asks: API keys and page keys, looked up by their hash and remembered for a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from features.errors import RtoError
from serving.store.connection import Connection
from serving.store.merchants import Access, access

# A key revoked elsewhere opens for this long at most.
REMEMBERED_S = 5.0
_MOST = 10_000
_LONGEST_KEY = 200


class NoAccessError(RtoError):
    """No key, or one that does not open this door."""


class Doorkeeper:
    """Checks keys.

    Parameters
    ----------
    connection : Connection
        For reading.
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, connection: Connection, clock: Callable[[], float] = monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._known: dict[str, tuple[float, Access | None]] = {}

    def api(self, authorization: str | None) -> Access:
        """What an ``Authorization`` header opens.

        Raises
        ------
        NoAccessError
            If it names no key of the API.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise NoAccessError("send the header Authorization: Bearer <your API key>")
        found = self._look_up(key.strip())
        if found is None or found.kind == "page":
            raise NoAccessError(
                "this API key is unknown or revoked; make one with `rto key new <merchant>`"
            )
        return found

    def page(self, key: str | None) -> str | None:
        """The merchant whose pages a page key opens, or None."""
        found = self._look_up(key) if key else None
        return found.merchant_id if found is not None and found.kind == "page" else None

    def _look_up(self, key: str) -> Access | None:
        now = self._clock()
        known = self._known.get(key)
        if known is not None and now < known[0]:
            return known[1]
        if len(key) > _LONGEST_KEY:
            return None
        if len(self._known) >= _MOST:
            self._known.clear()
        found = access(self._connection, key)
        self._known[key] = (now + REMEMBERED_S, found)
        return found
