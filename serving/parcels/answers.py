"""What a customer wants after a failed delivery, gathered from all they answered since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.orders import content_held
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.orders import Held
from serving.store.stories import said_since_failure


@dataclass(frozen=True, slots=True)
class Wish:
    """What the courier is to do with a parcel.

    Parameters
    ----------
    seq : int
        The newest answer that it holds.
    awb : str or None
        Of the parcel that failed.
    refused, nobody_came : bool
        The customer does not want it; the customer denies that anybody came.
    day : str or None
        From which day on it is to come.
    address : mapping or None
        The order's content with what the customer corrected; None where nothing was.
    """

    seq: int
    awb: str | None
    refused: bool = False
    nobody_came: bool = False
    day: str | None = None
    address: Mapping[str, Any] | None = None

    @property
    def words(self) -> str:
        """For the courier's people, with a mark by which it is found again."""
        if self.refused:
            said = "The customer does not want the parcel"
        elif self.nobody_came:
            said = "The customer says that nobody came, and wants the parcel"
        else:
            said = "The customer wants the parcel"
        day = f" from {self.day} on" if self.day else ""
        address = ", at the corrected address" if self.address else ""
        return f"{said}{day}{address} (rto {self.seq})"


def wish_of(connection: Connection, contacts: Contacts, held: Held) -> Wish | None:
    """What the customer wants since the last failed delivery; None before they answer."""
    failure, replies = said_since_failure(connection, held.number)
    if failure is None or not replies:
        return None
    changes: dict[str, Any] = {}
    for seq, body in replies:
        if body.get("response") == "corrected":
            sealed: Any = (contacts.of(connection, seq) or {}).get("changes") or {}
            changes |= sealed
    said = {body.get("response") for _, body in replies}
    days = [str(body["ship_after"]) for _, body in replies if body.get("ship_after")]
    awb = failure.get("awb")
    address = content_held(connection, contacts, held.fact_seq) | changes if changes else None
    return Wish(
        seq=replies[-1][0], awb=awb if isinstance(awb, str) else None,
        refused=replies[-1][1].get("response") == "refused",
        nobody_came="not_attempted" in said, day=days[-1] if days else None, address=address,
    )  # fmt: skip
