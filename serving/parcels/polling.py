"""Couriers asked about parcels and orders of which nothing was heard: a lost push loses nothing."""

from __future__ import annotations

import asyncio
import logging
import threading

import httpx2

from features.days import SECOND_US
from features.errors import StoreError
from features.settings import Settings
from serving.home import Home
from serving.moments import now_us
from serving.parcels.accounts import Accounts
from serving.parcels.calls import PATIENCE_US, CourierFaultError, DeclinedError, DeniedError
from serving.parcels.couriers import Scan
from serving.parcels.passing import Passing
from serving.parcels.tracking import Scanned
from serving.store.contacts import Contacts
from serving.store.courier_orders import asked_about, due_orders, due_parcels, free_from
from serving.store.couriers import Tracking, called_couriers
from serving.store.orders import orders_numbered

_log = logging.getLogger("rto.polling")

_LOOK_S = 5.0
# Who asks and dies leaves what is asked about again then.
_LEASE_US = 120 * SECOND_US
_PARCELS, _ORDERS = 50, 20


class Poller:
    """Asks for one worker; what it is told becomes the same events as a courier's own push.

    Parameters
    ----------
    accounts : Accounts
        Its connection belongs to the poller alone.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._passing = Passing(accounts)

    async def look(self) -> bool:
        """Ask each account about what is due; whether there may be more."""
        connection, contacts = self._accounts.home.connection, self._accounts.contacts
        more = False
        for tracking in list(called_couriers(connection, contacts)):
            name = tracking.account.courier
            now = self._accounts.clock()
            if free_from(connection, tracking.merchant_id, name) > now + PATIENCE_US:
                continue
            try:
                more |= await self._parcels(tracking) + await self._orders(tracking) > 0
            except CourierFaultError as error:
                _log.info("%s was not asked for %s: %s", name, tracking.merchant_id, error)
            except DeclinedError as error:
                _log.warning("%s does not tell %s: %s", name, tracking.merchant_id, error)
            except DeniedError as error:
                self._passing.denied(tracking, str(error), None)
        return more

    async def _parcels(self, tracking: Tracking) -> int:
        """Ask about parcels that have been silent for long."""
        connection, name = self._accounts.home.connection, tracking.account.courier
        due = due_parcels(
            connection, tracking.merchant_id, name, self._accounts.clock(), _PARCELS, _LEASE_US
        )
        if due:
            scans = await self._accounts.open(tracking).track([awb for awb, _, _ in due])
            self._take(tracking, due, scans)
        return len(due) // _PARCELS

    def _take(self, tracking: Tracking, due: list[tuple[str, int, int]], scans: list[Scan]) -> None:
        """Take in what is new, and ask about the others later."""
        home, now = self._accounts.home, self._accounts.clock()
        numbers = {awb: number for awb, number, _ in due}
        with home.transaction() as log:
            for awb, _, heard_us in due:
                asked_about(
                    log.connection, tracking.merchant_id, tracking.account.courier, awb, heard_us,
                    now,
                )  # fmt: skip
            work = Scanned(
                tracking, sorted(scans, key=lambda scan: scan.at_us), self._accounts.contacts,
                lambda access, _: access, now, numbers,
            )  # fmt: skip
            work(log)

    async def _orders(self, tracking: Tracking) -> int:
        """Look orders up that others may have given a waybill."""
        connection, name = self._accounts.home.connection, tracking.account.courier
        due = due_orders(
            connection, tracking.merchant_id, name, self._accounts.clock(), _ORDERS, _LEASE_US
        )
        for held in orders_numbered(connection, due):
            await self._passing.bring(tracking, held)
        return len(due) // _ORDERS


async def _poll(settings: Settings, stop: threading.Event) -> None:
    with Home.open(settings) as home:
        async with httpx2.AsyncClient(trust_env=False, follow_redirects=False) as client:
            contacts = Contacts(home.keyring.sealing)
            poller = Poller(Accounts(home, contacts, client, now_us))
            while not stop.is_set():
                more = False
                try:
                    home.connection.revive()
                    more = await poller.look()
                except (StoreError, OSError):
                    _log.exception("asking couriers failed; trying again")
                if not more:
                    await asyncio.sleep(_LOOK_S)


def keep_polling(settings: Settings, stop: threading.Event) -> None:
    """Ask couriers until ``stop`` is set."""
    asyncio.run(_poll(settings, stop))
