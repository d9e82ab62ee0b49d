"""The way inside: pages change a merchant's data through the API, as the person who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
from pydantic_core import from_json, to_json

from features.errors import RefusedError, StoreError
from serving.access import speaking_for
from serving.store.accounts import Member

_LIMIT_S = 90.0


class InsideRefusedError(RefusedError):
    """The API refused, with a sentence for the person.

    Parameters
    ----------
    says : str
    status : int
        Of its answer.
    """

    def __init__(self, says: str, status: int) -> None:
        super().__init__(says)
        self.status = status


class InsideAwayError(StoreError):
    """The scoring process does not answer."""


class Inside:
    """Asks the scoring process.

    Parameters
    ----------
    address : str
        Where it listens.
    trust : str
        The secret of this start (``serving.processes.trust``).
    transport : AsyncBaseTransport, optional
        Instead of the network.
    """

    def __init__(
        self, address: str, trust: str, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._trust = trust
        self._client = httpx2.AsyncClient(
            base_url=address, timeout=_LIMIT_S, transport=transport, trust_env=False
        )

    async def ask(
        self,
        member: Member,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        revision: int | None = None,
    ) -> Any:
        """The API's answer to a request on somebody's behalf.

        Parameters
        ----------
        path : str
            Percent-encoded where it holds an order's id.
        body : optional
            Sent as JSON; bytes are a CSV file.
        revision : int, optional
            What was read before it was changed.

        Raises
        ------
        InsideRefusedError
            If the request is at fault, or the role does not allow it.
        InsideAwayError
            If no answer came.
        """
        who = speaking_for(self._trust, member.account.account_id, member.role, member.merchant_id)
        kind = "text/csv" if isinstance(body, bytes) else "application/json"
        headers = {"Authorization": who, "Content-Type": kind}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        content = body if body is None or isinstance(body, bytes) else to_json(body)
        try:
            answer = await self._client.request(
                method, path, content=content, params=params, headers=headers
            )
        except httpx2.TransportError as error:
            raise InsideAwayError(
                "the service is being restarted; nothing was changed, try again in a moment"
            ) from error
        found = from_json(answer.content) if answer.content else None
        if answer.status_code >= 400:
            raise InsideRefusedError(_sentence(found), answer.status_code)
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _sentence(problem: Any) -> str:
    if not isinstance(problem, dict):
        return "the service refused this without saying why"
    faults = [f"{fault['field']} {fault['message']}" for fault in problem.get("errors", ())]
    return "; ".join(faults) or str(problem.get("detail", "the service refused this"))
