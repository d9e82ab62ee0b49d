"""The deliverer: the log's new entries become deliveries, and each is posted until it is taken."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from features.days import DAY_US, HOUR_US, SECOND_US
from features.errors import StoreError
from features.settings import Settings
from serving.attempts import Taken
from serving.audit import audit
from serving.home import Home
from serving.moments import now_us
from serving.shops.writing import SCHEME
from serving.store.contacts import Contacts
from serving.store.deliveries import (
    Delivery,
    DeliveryState,
    EventName,
    add_deliveries,
    claim_deliveries,
    drop_old_deliveries,
    due_subscriptions,
    entries_after,
    settle_delivery,
    spare_delivery,
    waiting_of,
)
from serving.store.subscriptions import (
    Subscription,
    listening,
    mark_answered,
    mark_failing,
    move_subscription,
    stop_subscription,
)
from serving.webhooks.announcements import delivery_id_of, events_in
from serving.webhooks.posting import ANSWER_S, AT_ONCE_EACH, Posting
from serving.webhooks.targets import Resolve, resolved

_log = logging.getLogger("rto.delivering")

# Pauses before the second attempt and those after it: a day in all, with jitter.
PAUSES_S = (5, 30, 300, 1_800, 7_200, 18_000, 28_800, 28_800)
FAILING_US = 3 * DAY_US
_AT_ONCE = 32
_LEASE_US = 60 * SECOND_US
_LOOK_S = 0.5
_ENTRIES, _WAITING = 200, 1_000
# A position is written down at the latest after so many entries that were nobody's business.
_STRIDE = 5_000
_KEEP_DELIVERED_US, _KEEP_DEAD_US = 7 * DAY_US, 30 * DAY_US


class Deliverer:
    """Delivers for one worker; everything but the posts runs on one thread.

    Parameters
    ----------
    home : Home
        Its connection belongs to the deliverer alone.
    resolve : callable
        Looks names up.
    clock, sleep : callable
        By which couriers are spared.
    """

    def __init__(
        self, home: Home, resolve: Resolve = resolved, *, clock: Callable[[], int] = now_us,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._home = home
        self._contacts = Contacts(home.keyring.sealing)
        self._posting = Posting(home, resolve, clock, sleep)
        self._under_way: dict[asyncio.Task[Taken], tuple[Delivery, Subscription]] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._swept_us = 0

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._under_way)

    async def look(self, clock: Callable[[], int]) -> None:
        """Feed, begin what is due, and settle what has ended."""
        now = clock()
        everyone = listening(self._home.connection, self._contacts)
        for one in everyone:
            self._feed(one, now)
        self._begin({one.subscription_id: one for one in everyone}, now)
        await self.settle_ended(0.0, clock)
        self._sweep(now)

    async def settle_ended(self, patience_s: float, clock: Callable[[], int]) -> None:
        """Settle what ends within a time."""
        if not self._under_way:
            return
        done, _ = await asyncio.wait(
            self._under_way, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            return
        ended = [(*self._under_way.pop(task), task.result()) for task in done]
        with self._written():
            stopped = [one for one in ended if self._settle(*one, clock())]
        for _, subscription, taken in stopped:
            self._alert(subscription, taken.why or "", clock())

    async def close(self) -> None:
        """Wait for what is under way, and settle it."""
        while self._under_way:
            await self.settle_ended(ANSWER_S, now_us)
        await self._posting.close()

    def _feed(self, one: Subscription, now: int) -> None:
        """Turn a merchant's next entries into deliveries; the log itself is the queue."""
        connection, name = self._home.connection, one.subscription_id
        stored, seen = self._seen.get(name, (one.seq, one.seq))
        at = seen if stored == one.seq else one.seq
        entries, last = entries_after(connection, one.merchant_id, at, _ENTRIES)
        if last == at or (entries and waiting_of(connection, name) >= _WAITING):
            return
        made = [
            Delivery(
                delivery_id_of(name, entry.seq, event), name, entry.seq, event, "waiting", now,
                now, 0, None,
            )
            for entry in entries
            for event in _told(one, events_in(connection, entry))
        ]  # fmt: skip
        if not made and last - one.seq < _STRIDE:
            self._seen[name] = one.seq, last
            return
        with self._written():
            add_deliveries(connection, made)
            move_subscription(connection, name, last, one.seq)

    @contextmanager
    def _written(self) -> Iterator[None]:
        """One transaction."""
        connection = self._home.connection
        connection.begin()
        try:
            yield
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    def _begin(self, everyone: Mapping[str, Subscription], now: int) -> None:
        connection = self._home.connection
        flying = Counter(one.subscription_id for _, one in self._under_way.values())
        for name in due_subscriptions(connection, now):
            one = everyone.get(name)
            free = _AT_ONCE - len(self._under_way)
            if one is None or free <= 0:
                continue
            courier = self._posting.couriers.is_for(one)
            each = 1 if courier or one.failing_us is not None else AT_ONCE_EACH
            if (most := min(free, each - flying[name])) <= 0:
                continue
            if courier and not self._posting.couriers.may_call(one, now):
                continue
            for held in claim_deliveries(
                connection, name, now, most, lease_us=_LEASE_US, alone=courier
            ):
                task = asyncio.create_task(self._posting.attempt(held, one, now))
                self._under_way[task] = held, one

    def _settle(self, held: Delivery, one: Subscription, taken: Taken, now: int) -> bool:
        """Write down what came of it; True where the address is to be switched off."""
        connection, name = self._home.connection, one.subscription_id
        if taken.why is None:
            settle_delivery(connection, held, "delivered", due_us=now, why=None)
            mark_answered(connection, name)
            return False
        if taken.spared:
            due_us = now + int(taken.pause_s * SECOND_US)
            spare_delivery(connection, held, due_us=due_us, why=taken.why)
            return False
        over = held.tries > len(PAUSES_S) or taken.removed
        pause = 0.0 if over else max(PAUSES_S[held.tries - 1], taken.pause_s)
        due_us = now + int(pause * random.uniform(0.8, 1.2) * SECOND_US)
        state: DeliveryState = "dead" if over else "waiting"
        settle_delivery(connection, held, state, due_us=due_us, why=taken.why)
        if taken.removed:
            return False
        since = mark_failing(connection, name, now)
        # An attempt that was under way while the token was renewed says nothing of the new one.
        old = taken.token and self._posting.shops.renewed(one.merchant_id, taken.token)
        off = (taken.gone and not old) or now - since >= FAILING_US
        return off and stop_subscription(connection, name, taken.why)

    def _alert(self, one: Subscription, why: str, now: int) -> None:
        _log.error(
            "webhook %s of %s is switched off: %s", one.subscription_id, one.merchant_id, why
        )
        with self._home.transaction() as log:
            audit(
                log, "webhook switched off", one.merchant_id, now_us=now,
                webhook=one.subscription_id, why=why,
            )  # fmt: skip

    def _sweep(self, now: int) -> None:
        if now - self._swept_us >= HOUR_US:
            self._swept_us = now
            drop_old_deliveries(
                self._home.connection, now - _KEEP_DELIVERED_US, now - _KEEP_DEAD_US
            )


def _told(one: Subscription, events: Sequence[EventName]) -> Sequence[EventName]:
    """What a receiver is told of an entry; a shop is brought up to it once."""
    wanted = [event for event in events if not one.events or event in one.events]
    return wanted[:1] if one.url.startswith(SCHEME) else wanted


async def _deliver(settings: Settings, stop: threading.Event) -> None:
    with Home.open(settings) as home:
        deliverer = Deliverer(home)
        while not stop.is_set():
            try:
                home.connection.revive()
                await deliverer.look(now_us)
                if deliverer.busy:
                    await deliverer.settle_ended(_LOOK_S, now_us)
                    continue
            except (StoreError, OSError):
                _log.exception("delivering failed; trying again")
            await asyncio.sleep(_LOOK_S)
        await deliverer.close()


def keep_delivering(settings: Settings, stop: threading.Event) -> None:
    """Deliver what happens until ``stop`` is set."""
    asyncio.run(_deliver(settings, stop))
