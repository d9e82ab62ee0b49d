"""What pages and routes do with policies: show one, tell its history, save the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.errors import RefusedError
from models.policy import Policy, default_policy
from serving.audit import actor, audit
from serving.moments import rfc3339
from serving.store.connection import Connection
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.policies import Revision, save_policy, saved_revisions

LONGEST_NOTE = 500

# What an answer says beside the policy, and a request need not take out again.
_BESIDE = ("revision", "saved", "note", "by")


class UnknownRevisionError(RefusedError):
    """The merchant has saved no revision of this number."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy as it is to be saved.

    Parameters
    ----------
    note, by : str
        Why it is saved, and who says so.
    """

    policy: Policy
    note: str = ""
    by: str = ""

    @classmethod
    def read(cls, body: Mapping[str, object]) -> Draft:
        """A whole policy with ``note`` and ``by`` beside it; what an answer adds is passed over.

        Raises
        ------
        RefusedError
            With one sentence per fault.
        """
        note, by = (_text(name, body.get(name)) for name in ("note", "by"))
        plain = {name: value for name, value in body.items() if name not in _BESIDE}
        return cls(Policy.from_json(plain), note, by)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_NOTE:
        raise RefusedError(f"{name} must be a text of at most {LONGEST_NOTE} letters")
    return value.strip()


@dataclass(frozen=True, slots=True)
class SavePolicy:
    """Work for the writer: the next revision, unless another was saved since the caller read.

    Parameters
    ----------
    merchant_id : str
    draft : Draft
    expected : int
        The revision that was changed.
    by : Access, optional
        The key it is done with; by default the account at the command line.
    """

    merchant_id: str
    draft: Draft
    expected: int
    now_us: int
    by: Access | None = None

    def __call__(self, log: Log) -> dict[str, Any]:
        """The policy as saved.

        Raises
        ------
        StaleRevisionError
            If ``expected`` is not the newest any more.
        """
        draft, who = self.draft, actor(self.by)
        body = draft.policy.to_json()
        revision = save_policy(
            log, self.merchant_id, body, expected=self.expected, now_us=self.now_us,
            author=draft.by or who, note=draft.note,
        )  # fmt: skip
        audit(
            log, "policy saved", self.merchant_id, now_us=self.now_us, by=self.by,
            revision=revision, mode=draft.policy.mode,
        )  # fmt: skip
        saved = Revision(revision, self.now_us, draft.by or who, draft.note, body)
        return body | {"revision": revision, "saved": told(saved)}


def shown(connection: Connection, merchant_id: str, revision: int | None = None) -> dict[str, Any]:
    """A revision of a merchant's policy, by default the newest; 0 is the shipped default.

    Raises
    ------
    UnknownRevisionError
        If the merchant has none of this number.
    """
    before = None if revision is None else revision + 1
    found = saved_revisions(connection, merchant_id, before=before)
    if found and revision in (None, found[0].revision):
        whole = Policy.from_json(found[0].body).to_json()
        return whole | {"revision": found[0].revision, "saved": told(found[0])}
    if revision:
        raise UnknownRevisionError(
            f"there is no revision {revision}; GET /v1/policy/revisions lists them"
        )
    return default_policy().to_json() | {"saved": None}


def history(
    connection: Connection, merchant_id: str, *, before: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Who saved which revision, when and why, newest first."""
    return [
        {"revision": one.revision, "mode": one.body.get("mode"), **told(one)}
        for one in saved_revisions(connection, merchant_id, before=before, limit=limit)
    ]


def told(revision: Revision) -> dict[str, Any]:
    """Who saved it, when and why."""
    return {"at": rfc3339(revision.saved_us), "by": revision.author, "note": revision.note}
