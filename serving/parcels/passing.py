"""What was decided and answered, passed on to a merchant's courier.

At every event the order is looked up and brought to how it stands now, so that it does not matter
in which order or how often events arrive, nor what became of an attempt that nobody answered.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from features.days import SECOND_US
from serving.attempts import Taken
from serving.audit import audit
from serving.conversation.life import UNDISPATCHED, Life
from serving.home import Home
from serving.moments import india_day
from serving.orders import content_held
from serving.parcels.accounts import Accounts
from serving.parcels.answers import Wish, wish_of
from serving.parcels.calls import (
    PATIENCE_US,
    CourierFaultError,
    DeclinedError,
    DeniedError,
    SparedError,
)
from serving.parcels.delhivery import Delhivery
from serving.parcels.shiprocket import Found, Shiprocket
from serving.standing import life_of
from serving.store.contacts import Contacts
from serving.store.courier_orders import (
    CourierOrder,
    courier_order,
    free_from,
    keep_courier_order,
    look_again,
    watch,
)
from serving.store.couriers import COURIERS, Courier, Tracking
from serving.store.deliveries import Delivery, EventName
from serving.store.orders import Held, orders_numbered
from serving.store.stories import newest_of_order, number_at, placed_at, wanted_from
from serving.store.subscriptions import Subscription
from serving.store.tasks import add_task

_log = logging.getLogger("rto.parcels")

SCHEME = "courier:"
FOLLOWED: tuple[EventName, ...] = (
    "order.scored", "order.confirmed", "order.corrected", "order.prepaid", "order.cancelled",
    "order.released", "ndr.answered",
)  # fmt: skip
# How soon an order is looked up again that others may have given a waybill, or may not have yet,
# and one whose waybill was just taken away.
_LOOK_US, _SOON_US = 900 * SECOND_US, 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class Passing:
    """Passes on for one worker."""

    accounts: Accounts

    @property
    def _home(self) -> Home:
        return self.accounts.home

    @property
    def _contacts(self) -> Contacts:
        return self.accounts.contacts

    def is_for(self, one: Subscription) -> bool:
        """Whether a subscription is a courier's."""
        return one.url.startswith(SCHEME)

    def may_call(self, one: Subscription, now_us: int) -> bool:
        """Whether the courier neither asks to be spared for long nor refuses us."""
        connection, tracking = self._home.connection, self._tracking(one)
        if tracking is not None and tracking.stopped is not None:
            return False
        provider = one.url.removeprefix(SCHEME)
        return free_from(connection, one.merchant_id, provider) <= now_us + PATIENCE_US

    def _tracking(self, one: Subscription) -> Tracking | None:
        name = one.url.removeprefix(SCHEME)
        courier = next((c for known, c in COURIERS.items() if known == name), None)
        if courier is None:
            return None
        return courier.of(self._home.connection, self._contacts, one.merchant_id)

    async def take(self, delivery: Delivery, one: Subscription) -> Taken:
        """Pass an event on; whatever happens is told, nothing is raised."""
        connection = self._home.connection
        tracking = self._tracking(one)
        if tracking is None or not tracking.account.calls:
            return Taken("the courier was taken away", gone=True)
        number = number_at(connection, delivery.seq)
        if number is None:
            return Taken("the order was removed", removed=True)
        (held,) = orders_numbered(connection, [number])
        try:
            if delivery.event == "ndr.answered":
                await self._answer(tracking, held, again=delivery.tries > 1)
            else:
                await self.bring(tracking, held, delivery.seq)
        except SparedError as error:
            return Taken(str(error), pause_s=error.pause_us / SECOND_US, spared=True)
        except CourierFaultError as error:
            return Taken(str(error))
        except DeclinedError as error:
            self._to_a_person(held, f"{tracking.account.courier}: {error}")
        except DeniedError as error:
            self.denied(tracking, str(error), held)
            return Taken(str(error), spared=True)
        return Taken()

    def denied(self, tracking: Tracking, why: str, held: Held | None) -> None:
        """Call no more until the account is renewed, and say so."""
        name = tracking.account.courier
        _log.error("%s refuses the account of %s: %s", name, tracking.merchant_id, why)
        now = self.accounts.clock()
        with self._home.transaction() as log:
            COURIERS[name].stop(log.connection, tracking.merchant_id, why)
            audit(log, "courier stopped", tracking.merchant_id, now_us=now, courier=name, why=why)
        if held is not None:
            self._to_a_person(held, f"{name} refuses our credentials: renew them")

    async def bring(self, tracking: Tracking, held: Held, seq: int = 0) -> None:
        """Bring an order to how it stands now; nothing is asked for that is so already.

        Parameters
        ----------
        seq : int
            The event that asks for it; nothing is done where a later one has.
        """
        connection, account = self._home.connection, tracking.account
        at = self.accounts.open(tracking)
        known = courier_order(connection, held.number, account.courier, held.merchant_id)
        if not isinstance(at, Shiprocket) or (0 < seq <= known.brought):
            return
        newest, life = newest_of_order(connection, held.number), life_of(connection, held.number)
        if not _ours(life) or (account.orders == "create" and not known.begun and not _goes(life)):
            return
        found = await at.find(held.order_id, known.outside_id)
        if found is None and account.orders == "create" and self._may_go(held):
            self._keep(replace(known, begun=True))
            content = content_held(connection, self._contacts, held.fact_seq)
            found = await at.create(held.order_id, placed_at(connection, held), content)
            known = replace(known, begun=True, revision=held.revision)
        if found is not None:
            known = replace(known, begun=True, outside_id=found.outside_id)
            self._keep(known)
            known = await self._settle(at, held, known, found)
        self._keep(replace(known, brought=newest))
        self._look_again(held, account, known)

    async def _settle(
        self, at: Shiprocket, held: Held, known: CourierOrder, found: Found
    ) -> CourierOrder:
        """Change what of an order there is not as it should be."""
        if found.left or found.cancelled:
            return replace(known, awb=found.awb)
        if life_of(self._home.connection, held.number).stage in ("cancelled", "refused"):
            await at.cancel(found.outside_id)
            return replace(known, awb=None)
        if held.revision > known.revision:
            content = content_held(self._home.connection, self._contacts, held.fact_seq)
            await at.readdress(found.outside_id, content)
            known = replace(known, revision=held.revision)
        goes = self._may_go(held)
        if found.awb and not goes:
            _log.warning("order %s had a waybill while it waits", held.order_id)
            await at.unship(found.awb)
            return replace(known, awb=None)
        if goes and not found.awb and at.account.assign:
            found = replace(found, awb=await at.assign(found))
            if found.awb is None:
                raise CourierFaultError("no courier takes it now")
        if found.awb and goes:
            self._watch(held, at.account, found.awb)
        return replace(known, awb=found.awb)

    def _may_go(self, held: Held) -> bool:
        """Whether it may be fetched now; a customer may have asked for a later day."""
        connection = self._home.connection
        day = wanted_from(connection, held.number)
        today = india_day(self.accounts.clock())
        return _goes(life_of(connection, held.number)) and (day is None or today >= day)

    def _look_again(self, held: Held, account: Courier, known: CourierOrder) -> None:
        """Whoever else gives waybills may do so at any time."""
        life = life_of(self._home.connection, held.number)
        over = not _ours(life) or life.stage in ("cancelled", "refused") or bool(known.awb)
        now = self.accounts.clock()
        late = known.outside_id is not None and account.assign and self._may_go(held)
        pause = _SOON_US if late else _LOOK_US
        look_again(self._home.connection, held.number, account.courier,
                   None if over else now + pause)  # fmt: skip

    async def _answer(self, tracking: Tracking, held: Held, *, again: bool) -> None:
        """Pass on what the customer wants after a failed delivery, once."""
        connection, account = self._home.connection, tracking.account
        known = courier_order(connection, held.number, account.courier, held.merchant_id)
        wish = wish_of(connection, self._contacts, held)
        awb = None if wish is None else wish.awb or known.awb
        on_road = life_of(connection, held.number).stage == "ndr"
        if wish is None or awb is None or wish.seq <= known.passed or not on_road:
            return
        at = self.accounts.open(tracking)
        if isinstance(at, Delhivery):
            await self._ask_delhivery(at, held, known, awb, wish)
        elif not (again and await at.acted(awb, wish)):
            declined = await at.act(awb, wish)
            if declined is not None:
                self._to_a_person(held, f"shiprocket: {declined}")
        self._keep(replace(known, passed=wish.seq, receipt=None))

    async def _ask_delhivery(
        self, at: Delhivery, held: Held, known: CourierOrder, awb: str, wish: Wish
    ) -> None:
        """Ask, and find out what came of it; a day that is refused becomes any day."""
        asked_for, _, receipts = (known.receipt or "").partition(":")
        if asked_for != str(wish.seq):
            receipts = await at.ask_for(awb, wish)
            self._keep(replace(known, receipt=f"{wish.seq}:{receipts}"))
        for receipt in receipts.split():
            came = await at.came_of(receipt)
            if came is None:
                raise SparedError(_SOON_US)
            if came:
                if not came.startswith("RE-ATTEMPT"):
                    await at.try_again(awb)
                self._to_a_person(held, f"delhivery: {came}")

    def _watch(self, held: Held, account: Courier, awb: str) -> None:
        watch(self._home.connection, held.merchant_id, account.courier, awb, held.number,
              self.accounts.clock())  # fmt: skip

    def _keep(self, known: CourierOrder) -> None:
        keep_courier_order(self._home.connection, known)

    def _to_a_person(self, held: Held, why: str) -> None:
        with self._home.transaction() as log:
            add_task(log.connection, held, "call", why, now_us=self.accounts.clock())


def _ours(life: Life) -> bool:
    """Whether there is something to do about it before it leaves."""
    return not life.aside and (life.stage in UNDISPATCHED or life.stage == "cancelled")


def _goes(life: Life) -> bool:
    return life.dispatch == "go"
