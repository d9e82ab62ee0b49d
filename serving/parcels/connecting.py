"""A merchant's courier connected, and how that stands: for the command line and the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serving.parcels.passing import SCHEME
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.courier_orders import keep_login, watch_shipments, watched_parcels
from serving.store.couriers import COURIERS, Courier
from serving.store.deliveries import dead_of, waiting_of
from serving.store.log import Log
from serving.store.subscriptions import subscriptions_of
from serving.webhooks.subscriptions import Arranging


def connect_courier(
    log: Log, contacts: Contacts, merchant_id: str, account: Courier, now_us: int
) -> str:
    """Save a courier; it is called from now on, or again from where it refused to be.

    Returns
    -------
    str
        The endpoint under which its scans come in.
    """
    provider = COURIERS[account.courier]
    endpoint = provider.keep(log.connection, contacts, merchant_id, account)
    keep_login(log.connection, merchant_id, account.courier, None)
    Arranging(merchant_id, contacts, now_us).pass_on(log, account.courier, on=account.calls)
    if account.calls:
        watch_shipments(log.connection, merchant_id, account.courier, now_us)
    return endpoint


@dataclass(frozen=True, slots=True)
class Connected:
    """How a courier of a merchant's stands.

    Parameters
    ----------
    stopped : str or None
        Why it is not called now.
    waiting, dead : int
        What is still to be passed on, and what it never took.
    watched : int
        Parcels it is asked about.
    """

    courier: str
    endpoint: str
    called: bool
    stopped: str | None
    waiting: int
    dead: int
    watched: int


def couriers_of(
    connection: Connection, contacts: Contacts, merchant_id: str
) -> Iterator[Connected]:
    """A merchant's couriers."""
    following = {
        one.url.removeprefix(SCHEME): one.subscription_id
        for one in subscriptions_of(connection, contacts, merchant_id)
        if one.url.startswith(SCHEME)
    }
    for name, provider in COURIERS.items():
        held = provider.of(connection, contacts, merchant_id)
        if held is None:
            continue
        follower = following.get(name, "")
        yield Connected(
            name, held.endpoint, held.account.calls, held.stopped,
            waiting_of(connection, follower), dead_of(connection, follower),
            watched_parcels(connection, merchant_id, name),
        )  # fmt: skip
