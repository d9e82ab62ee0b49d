"""The hours in which nobody is written to first: those of the number, and those of the policy."""

from __future__ import annotations

from models.policy import Policy
from models.rules import QuietHours
from serving.store.channels import Delegate, WhatsApp
from serving.store.connection import Connection
from serving.store.policies import policy_body

_DAY_HOURS = 24


def after_quiet(
    connection: Connection, merchant_id: str, account: WhatsApp | Delegate, now: int
) -> int:
    """The instant itself, or the first after it that lies in no quiet hours."""
    number = _of_number(account)
    body = policy_body(connection, merchant_id)
    own = Policy.from_json(body).quiet_hours if body is not None else None
    # The end of the one may lie within the other, and only once: there are two of them.
    for _ in range(3):
        for quiet in (number, own):
            now = quiet.after(now) if quiet is not None else now
    return now


def _of_number(account: WhatsApp | Delegate) -> QuietHours | None:
    """The number's own; none where they begin and end at the same hour."""
    begin, end = account.quiet_from % _DAY_HOURS, account.quiet_until % _DAY_HOURS
    return None if begin == end else QuietHours(begin=60 * begin, end=60 * end)
