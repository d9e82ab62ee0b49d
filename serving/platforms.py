"""Merchants that a platform creates and configures in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from features.errors import RefusedError, RtoError
from models.policy import Policy
from serving.audit import audit
from serving.parsing import parse_plain
from serving.schemas import NewMerchant
from serving.store.log import Log
from serving.store.merchants import Access, add_merchant, merchant
from serving.store.policies import newest_revision, save_policy

MOST = 1_000


@dataclass(frozen=True, slots=True)
class CreateMerchants:
    """Work for the writer.

    Parameters
    ----------
    access : Access
        Of a platform key.
    items : sequence
        As posted.
    """

    access: Access
    items: Sequence[object]
    now_us: int

    def __call__(self, log: Log) -> list[dict[str, Any]]:
        return [self._result(log, item) for item in self.items]

    def _result(self, log: Log, item: object) -> dict[str, Any]:
        named = item.get("merchant_id") if isinstance(item, dict) else None
        merchant_id = named if isinstance(named, str) else ""
        try:
            request, warnings = parse_plain(NewMerchant, item)
            if not request.merchant_id.isprintable():
                raise RefusedError("merchant_id: must be printable characters")
            policy = _policy_in(request.policy)
        except RtoError as error:
            return {"merchant_id": merchant_id, "result": "invalid", "detail": str(error)}
        result = self._create(log, request)
        if result == "refused":
            said = "this id is taken; choose another"
            return {"merchant_id": request.merchant_id, "result": result, "detail": said}
        revision = self._configure(log, request.merchant_id, policy)
        return {
            "merchant_id": request.merchant_id, "result": result, "policy": revision,
            "detail": "; ".join(warnings),
        }  # fmt: skip

    def _create(self, log: Log, request: NewMerchant) -> str:
        platform, name = self.access.merchant_id, request.name or request.merchant_id
        known = merchant(log.connection, request.merchant_id)
        if known is not None:
            mine = known.platform == platform and known.closed_us is None
            return "unchanged" if mine else "refused"
        add_merchant(
            log.connection, request.merchant_id, name, invented=False, now_us=self.now_us,
            platform=platform,
        )  # fmt: skip
        log.append(
            "merchant", {"name": name, "invented": False, "platform": platform},
            at_us=self.now_us, known_us=self.now_us, merchant_id=request.merchant_id,
        )  # fmt: skip
        audit(log, "merchant added", request.merchant_id, now_us=self.now_us, by=self.access)
        return "added"

    def _configure(self, log: Log, merchant_id: str, policy: Policy | None) -> int:
        newest = newest_revision(log.connection, merchant_id)
        if policy is None:
            return newest
        audit(log, "policy saved", merchant_id, now_us=self.now_us, by=self.access)
        return save_policy(log, merchant_id, policy.to_json(), expected=newest, now_us=self.now_us)


def _policy_in(body: dict[str, object] | None) -> Policy | None:
    if body is None:
        return None
    return Policy.from_json({name: value for name, value in body.items() if name != "revision"})
