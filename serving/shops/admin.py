"""Shopify's Admin API: one request at a time within the shop's allowance (read 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from pydantic_core import from_json

from features.errors import RtoError
from serving.shops.allowance import Allowance

# What the shop answers who may not come in any more: unknown token, unpaid, closed, locked.
_REVOKED = (401, 402, 403, 404, 423)
_THROTTLED_TRIES = 4


class ShopFaultError(RtoError):
    """The shop did not do what it was asked to."""


class CostlyError(ShopFaultError):
    """The shop takes no request that may cost so much.

    Parameters
    ----------
    cost : float
        Points that it might.
    """

    def __init__(self, says: str, cost: float) -> None:
        super().__init__(says)
        self.cost = cost


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
        CostlyError, ShopFaultError
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
            if (too_much := _cost_of(errors)) is not None:
                raise CostlyError(_first(errors), too_much)
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
                await self.allowance.settle(cost, told)
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


def _cost_of(errors: object) -> float | None:
    """What a request might cost that was refused for that."""
    first = errors[0] if isinstance(errors, list) and errors else None
    more = first.get("extensions") if isinstance(first, dict) else None
    if not isinstance(more, dict) or more.get("code") != "MAX_COST_EXCEEDED":
        return None
    return float(more.get("cost") or 0.0)


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
