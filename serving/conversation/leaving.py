"""What a parcel that leaves ends: questions, offers, and a change that was not settled in time."""

from __future__ import annotations

from serving.conversation.asking import detail_of
from serving.conversation.talking import WINDOW_US
from serving.store.log import Log
from serving.store.orders import Held
from serving.store.outbox import newest_of, stop_asking
from serving.store.tasks import add_task

# What is said last to somebody who is about to change something.
_CHANGING = ("menu", "days", "ask_address", "show_address", "address_unclear")


def leave(log: Log, held: Held, now_us: int) -> None:
    """End what was asked about an order that ships; a person sees to whoever is cut off by it.

    Their last words stay as they are: the parcel goes where it was sent, unless somebody tells
    the courier in time.
    """
    newest = newest_of(log.connection, held.number)
    stop_asking(log.connection, held.number, gone=True)
    if newest is None or newest.purpose != "talk":
        return
    detail = detail_of(newest)
    if detail.get("step") in _CHANGING:
        add_task(log.connection, held, "inbox", "a change cut off by the shipment", now_us=now_us,
                 seq=detail.get("about"), until_us=int(detail["heard_us"]) + WINDOW_US)  # fmt: skip
