"""Which merchants have their customers told of parcels, and asked about them afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from serving.store.connection import Connection


@dataclass(frozen=True, slots=True)
class News:
    """What a merchant wants of us beside the questions about orders.

    Parameters
    ----------
    tracking : bool
        Customers are told when a parcel leaves, comes today and has come.
    feedback : bool
        Customers are asked how it was, or why it came back.
    """

    tracking: bool = False
    feedback: bool = False


def news_wanted(connection: Connection, merchant_id: str) -> News:
    """What a merchant has switched on; nothing before it has."""
    found = connection.execute(
        "SELECT tracking, feedback FROM parcel_news WHERE merchant_id=?", (merchant_id,)
    ).fetchone()
    return News() if found is None else News(bool(found[0]), bool(found[1]))


def want_news(connection: Connection, merchant_id: str, wanted: News) -> None:
    """Switch on and off."""
    connection.execute(
        """INSERT INTO parcel_news (merchant_id, tracking, feedback) VALUES (?,?,?)
           ON CONFLICT (merchant_id) DO UPDATE
           SET tracking = excluded.tracking, feedback = excluded.feedback""",
        (merchant_id, int(wanted.tracking), int(wanted.feedback)),
    )
