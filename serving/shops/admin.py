"""Shopify's Admin API: one request at a time within the shop's allowance (read 2026-11-23)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from pydantic_core import from_json

from features.errors import RtoError

# What the shop answers who may not come in any more: unknown token, unpaid, closed, locked.
_REVOKED = (401, 402, 403, 404, 423)
# Points that are left for others, such as another process of ours with the same token.
SPARED = 100.0
_LONGEST_REST_S, _THROTTLED_TRIES = 5.0, 4


class ShopFaultError(RtoError):
    """The shop did not do what it was asked to."""


class RevokedError(RtoError):
    """The shop takes nothing from us any more.

    Parameters
    ----------
    token : str
        That opened nothing.
    """

    def __init__(self, says: str, token: str = "") -> None:
        super().__init__(says)
        self.token = token


@dataclass
class Allowance:
    """The points that a shop still gives, as its answers say; they come back at a rate it names.

    Who asks reserves what the request may cost, so that requests side by side do not spend the
    same points.

    Parameters
    ----------
    clock, sleep : callable
        Seconds that pass.
    """

    left: float = 1_000.0
    rate: float = 50.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _seen_s: float = field(default=0.0, init=False)
    _reserved: float = field(default=0.0, init=False)
    _line: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def reserve(self, cost: float) -> None:
        """Wait in line until so many points can be spent."""
        async with self._line:
            while (short := cost + SPARED - self._now()) > 1e-3:
                await self.sleep(min(_LONGEST_REST_S, short / self.rate))
            self._reserved += cost

    def settle(self, cost: float, told: Mapping[str, Any]) -> None:
        """Give a reservation back, and take what an answer says is left."""
        self._reserved -= cost
        status = ((told.get("extensions") or {}).get("cost") or {}).get("throttleStatus") or {}
        left, rate = status.get("currentlyAvailable"), status.get("restoreRate")
        if isinstance(left, int | float) and isinstance(rate, int | float) and rate > 0:
            self.left, self.rate, self._seen_s = float(left), float(rate), self.clock()

    def _now(self) -> float:
        grown = self.rate * (self.clock() - self._seen_s) if self._seen_s else 0.0
        return self.left + min(grown, self.rate * _LONGEST_REST_S) - self._reserved


@dataclass(frozen=True, slots=True)
class Admin:
    """The Admin API of one shop.

    Parameters
    ----------
    url : str
        Of the API, its version included.
    """

    client: httpx2.AsyncClient
    url: str
    token: str
    allowance: Allowance

    async def ask(self, query: str, variables: Mapping[str, Any], cost: float) -> dict[str, Any]:
        """The data that a query or mutation gives.

        Parameters
        ----------
        cost : float
            Points that it may cost.

        Raises
        ------
        RevokedError
            If the token opens nothing.
        ShopFaultError
            If there is no answer, or it tells of errors.
        """
        answer, told = await self._posted(query, variables, cost)
        if answer.status_code in _REVOKED:
            raise RevokedError(f"HTTP {answer.status_code}", self.token)
        if throttled(answer, told):
            raise ShopFaultError("throttled")
        if answer.status_code != 200:
            raise ShopFaultError(f"HTTP {answer.status_code}")
        if errors := told.get("errors"):
            raise ShopFaultError(_first(errors))
        data = told.get("data")
        return data if isinstance(data, dict) else {}

    async def done(self, query: str, variables: Mapping[str, Any], name: str) -> None:
        """Have a mutation done.

        Raises
        ------
        RevokedError, ShopFaultError
            If it is not.
        """
        told = (await self.ask(query, variables, MUTATION)).get(name) or {}
        if errors := told.get("userErrors") or told.get("orderCancelUserErrors"):
            raise ShopFaultError(f"{name}: {_first(errors)}")

    async def _posted(
        self, query: str, variables: Mapping[str, Any], cost: float
    ) -> tuple[httpx2.Response, dict[str, Any]]:
        """One request, repeated a little later while the shop asks to be spared."""
        for _ in range(_THROTTLED_TRIES):
            await self.allowance.reserve(cost)
            told: dict[str, Any] = {}
            try:
                answer = await self.client.post(
                    f"{self.url}/graphql.json",
                    json={"query": query, "variables": dict(variables)},
                    headers={"X-Shopify-Access-Token": self.token},
                )
                told = _read(answer)
            finally:
                self.allowance.settle(cost, told)
            if not throttled(answer, told):
                break
            await self.allowance.sleep(cost / self.allowance.rate)
        return answer, told


# What Shopify charges for any mutation.
MUTATION = 10.0


def throttled(answer: httpx2.Response, told: Mapping[str, Any]) -> bool:
    """Whether the shop asks to be spared."""
    errors = told.get("errors")
    listed = errors if isinstance(errors, list) else []
    codes = [(e.get("extensions") or {}).get("code") for e in listed if isinstance(e, dict)]
    return answer.status_code == 429 or "THROTTLED" in codes


def _first(errors: object) -> str:
    first = errors[0] if isinstance(errors, list) and errors else errors
    said = first.get("message") if isinstance(first, dict) else first
    return str(said)[:150]


def _read(answer: httpx2.Response) -> dict[str, Any]:
    try:
        told = from_json(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
