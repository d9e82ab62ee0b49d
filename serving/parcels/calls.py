"""Calls of a courier's interface: paced for everybody who calls, and their answers read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from pydantic_core import from_json

from features.days import SECOND_US
from features.errors import RtoError
from serving.store.connection import Connection
from serving.store.courier_orders import free_from, spare, take_turn

ANSWER_S = 20.0
# A longer wait for one's turn is not waited out, but done later.
PATIENCE_US = 15 * SECOND_US
_SPARED_US = 60 * SECOND_US
_MINUTE_US = 60 * SECOND_US


class CourierFaultError(RtoError):
    """The courier did not do it, or nobody knows; looked up, it may be tried again."""


class SparedError(CourierFaultError):
    """The courier is not to be called for a while.

    Parameters
    ----------
    pause_us : int
        For how long.
    """

    def __init__(self, pause_us: int) -> None:
        super().__init__("the courier asks to be spared")
        self.pause_us = pause_us


class DeclinedError(RtoError):
    """The courier will not do this, however often it is asked."""


class DeniedError(RtoError):
    """The courier takes nothing from us until our credentials are renewed."""


@dataclass(frozen=True, slots=True)
class Calls:
    """One account's calls.

    Parameters
    ----------
    url : str
        Where the interface is.
    a_minute : int
        How many calls the account may make, by all processes together.
    clock, sleep : callable
        Time in microseconds, and what waits for seconds.
    """

    connection: Connection
    client: httpx2.AsyncClient
    url: str
    merchant_id: str
    provider: str
    a_minute: int
    clock: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str], body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx2.Response:  # fmt: skip
        """Make one call when its turn comes; its answer, unless that says to wait or try later.

        Raises
        ------
        CourierFaultError
            If there is no answer, or none that means anything.
        SparedError
            If the turn is too far off, or the courier says that it was called too often.
        """
        await self._turn()
        try:
            answer = await self.client.request(
                method, f"{self.url}{path}", headers=dict(headers), json=body, params=query,
                timeout=ANSWER_S,
            )  # fmt: skip
        except httpx2.HTTPError as error:
            raise CourierFaultError(f"no answer: {type(error).__name__}") from None
        if answer.status_code == 429:
            pause = _asked_us(answer)
            spare(self.connection, self.merchant_id, self.provider, self.clock() + pause)
            raise SparedError(pause)
        if answer.status_code >= 500:
            raise CourierFaultError(said_by(answer))
        return answer

    async def _turn(self) -> None:
        now = self.clock()
        ahead = free_from(self.connection, self.merchant_id, self.provider) - now
        if ahead > PATIENCE_US:
            raise SparedError(ahead)
        at = take_turn(
            self.connection, self.merchant_id, self.provider, now, _MINUTE_US // self.a_minute
        )
        if at > now:
            await self.sleep((at - now) / SECOND_US)


def plain_of(answer: httpx2.Response) -> dict[str, Any]:
    """The object in an answer; an empty one where there is none."""
    try:
        plain = from_json(answer.content)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def said_by(answer: httpx2.Response) -> str:
    """What went wrong, in a line."""
    plain = plain_of(answer)
    errors = plain.get("errors")
    first = next(iter(errors.values()), "") if isinstance(errors, dict) else ""
    named = first[0] if isinstance(first, list) and first else first
    message = str(named or plain.get("message") or "")
    return f"HTTP {answer.status_code} {message}".strip()[:200]


def _asked_us(answer: httpx2.Response) -> int:
    asked = answer.headers.get("retry-after", "")
    seconds = int(asked) if asked.isascii() and asked.isdigit() else 0
    return min(max(_SPARED_US, seconds * SECOND_US), 60 * _SPARED_US)
