"""One scoring process: everything the desk stands on, opened, kept up to date and closed."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import Self

from features.directory import Directory
from features.errors import RefusedError
from features.keys import Hasher
from features.settings import Settings
from models.scorer import Scorer
from serving.access import Doorkeeper
from serving.catching_up import catch_up, store_changed
from serving.checkout import Checkout
from serving.conversation.acting import Acting
from serving.conversation.persons import Persons
from serving.degraded.reach import Reach
from serving.degraded.standby import Standby
from serving.desk import Desk
from serving.history import History
from serving.judge import Judge
from serving.keyring import Keyring, open_keyring
from serving.line import Line
from serving.lists.known import Lists
from serving.metrics import Metrics
from serving.model import Champion
from serving.moments import now_us
from serving.policy.policies import Policies
from serving.policy.reviews import Reviews
from serving.processes.warmup import warm_up
from serving.reception import Reception
from serving.rows import Rows
from serving.shops.polling import Polling
from serving.shops.taking import Taking
from serving.simulating.simulations import Simulations
from serving.store.changes import Change
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.faults import LogDownError
from serving.store.log import last_seq
from serving.store.meta import arm_secret
from serving.store.opening import make_ready
from serving.store.renames import Renamed
from serving.store.who import stored_keys
from serving.upkeep.vitals import Vitals, gauges
from serving.writer import BusyError, Writer

_log = logging.getLogger("rto.service")

_TICK_S = 1.0
_CHECKPOINT_TICKS = 30
# A server that does not answer within these is out of reach; reads hold up the event loop.
_READ_S, _WRITE_S = 2.0, 5.0
# Who has waited this long for the log is answered without it: a busy disk may well take as long.
LATE_S = 3.0
# A log that answers nothing for this long is given up, and decisions go to the spool at once.
STUCK_S, _WATCH_S = 5.0, 0.25
_EXIT_SOFTWARE = 70


class Service:
    """The parts of a scoring process and their upkeep.

    Parameters
    ----------
    settings : Settings
    keyring : Keyring
    champion : Champion
        The model.
    clock : callable
        Microseconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        champion: Champion,
        *,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.champion = champion
        with closing(connect(settings.store_url)) as first:
            make_ready(first, keyring.hashing.keys)
        self._writing = connect(settings.store_url, patient=False, limit_s=_WRITE_S)
        if not self._writing.own():
            self._writing.close()
            raise RefusedError(
                "the log is already served by another process; stop it first, or set another "
                "RTO_DATABASE_URL"
            )
        self.connection = connect(settings.store_url, readonly=True, limit_s=_READ_S)
        self.reach = Reach()
        self.history = History(self.connection, settings.folds_dir)
        self.writer = Writer(self._writing, self._landed)
        self.metrics = Metrics(lambda: gauges(self))
        self.vitals = Vitals(self.connection, clock)
        self.policies = Policies(self.connection)
        self.doorkeeper = Doorkeeper(self.connection)
        self.contacts = Contacts(keyring.sealing)
        hasher = Hasher(list(keyring.hashing.keys.values()))
        self.rows = Rows(Directory.open(), hasher)
        self.lists = Lists(self.connection, hasher)
        self.line = Line(flushing=lambda: self.writer.busy)
        self.judge = Judge(
            history=self.history,
            rows=self.rows,
            models=champion,
            policies=self.policies,
            lists=self.lists,
            reviews=Reviews(self.connection),
            arm_secret=arm_secret(self.connection),
            clock=clock,
        )
        self.desk = Desk(
            connection=self.connection,
            writer=self.writer,
            judge=self.judge,
            reception=Reception(keyring.digest_key(), self.doorkeeper.speaking, clock),
            contacts=self.contacts,
            metrics=self.metrics,
            line=self.line,
            clock=clock,
        )
        self.persons = Persons.of(keyring)
        self.acting = Acting(self.desk)
        self.checkout = Checkout(self.judge, self.metrics)
        self.simulations = Simulations(settings.store_url)
        self.standby = Standby(self.desk, self.contacts, self.reach, settings.spool)
        self.taking = Taking(self.desk, self.standby, self.doorkeeper.speaking, clock)
        self.polling = Polling(self.taking, self.contacts, settings.shopify_url, clock)
        self._upkeep: tuple[asyncio.Task[None], ...] = ()
        self._storing: asyncio.Task[None] | None = None
        self._due: list[tuple[int, list[Change | Renamed]]] = []
        self._stored_by, self._marked = -1, -1
        self.draining = False

    @classmethod
    def open(cls, settings: Settings, champion: Champion) -> Self:
        """Open with the keys of the settings, or those made on first start, and catch up."""
        service = cls(settings, open_keyring(settings), champion)
        service.catch_up()
        return service

    @property
    def scorer(self) -> Scorer:
        """The model in force."""
        return self.champion.scorer

    def catch_up(self) -> None:
        """Take in what the log holds, whether or not it takes writes now."""
        catch_up(self.history.ledger, self._writing, must_store=False)

    async def start(self) -> None:
        """Catch up with the log and begin to write."""
        self.catch_up()
        self.history.follow_fold()
        self.vitals.begin()
        await self.champion.follow(self.connection)
        history = self.history
        warm_up(self.rows, history.ledger, history.windows, self.scorer, self.clock())
        self.writer.start(asyncio.get_running_loop(), self.history.seq)
        self.standby.open()
        await self._merge()
        self._upkeep = (
            asyncio.create_task(self._keep_up()),
            asyncio.create_task(self._watch()),
        )
        if not self.connection.remote:
            learning = history.ledger.seen.learn(partial(stored_keys, self.settings.store_url))
            self._upkeep += (asyncio.create_task(learning),)

    async def stop(self) -> None:
        """Finish what was begun, store the who-records and close the files."""
        self.draining = True
        for task in self._upkeep:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.simulations.stop()
        await self.writer.stop()
        if self._storing is not None:
            await self._storing
        try:
            if not self.writer.stuck_s:
                store_changed(self.history.ledger, self._writing)
        except LogDownError as error:  # the next start replays a little more of the log
            _log.warning("the who-records could not be stored: %s", error)
        self.standby.close()
        self._writing.close()
        self.connection.close()

    async def tick(self) -> None:
        """Follow what other processes appended and published, or look for the log again."""
        if not self.reach.up:
            await self._find_log()
        self._settle()
        await self._merge()
        with suppress(BusyError):
            if last_seq(self.connection) > self.history.seq:
                await self.writer.submit(lambda _: None)
        self.history.follow_fold()
        await self.champion.follow(self.connection)
        await self.acting.tick()
        ledger = self.history.ledger
        if ledger.wants_checkpoint or ledger.waits_since(self._stored_by):
            await asyncio.shield(self._store())  # a stop in between waits for it

    async def _keep_up(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(_TICK_S)
            ticks += 1
            try:
                await self.tick()
                if self.reach.up and ticks % _CHECKPOINT_TICKS == 0:
                    self.vitals.look()
                    self._stored_by, self._marked = self._marked, self.history.seq
            except LogDownError as error:
                self.reach.lost(error)
            except Exception:  # noqa: BLE001 - the next second may be better
                _log.exception("upkeep failed")

    def _store(self) -> asyncio.Task[None]:
        """Store changed who-records, beside whatever the desk decides; one after the other."""
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self.history.checkpoint(self.writer, some=True))
        return self._storing

    async def _find_log(self) -> None:
        """Connect again where that is needed, catch up, and see whether the log takes writes."""
        await asyncio.to_thread(self.connection.revive)
        self._settle()
        await self.standby.probe()

    async def _merge(self) -> None:
        if self.standby.spooled:
            try:
                await self.standby.merge()
            except LogDownError as error:
                self.reach.lost(error)

    async def _watch(self) -> None:
        """Let nobody wait for a disk or a server that is slow, or that does not answer at all."""
        while True:
            await asyncio.sleep(_WATCH_S)
            late = f"the log has not answered in {LATE_S:g} s; post again in a moment"
            self.writer.give_up_late(LATE_S, late)
            if self.writer.stuck_s > STUCK_S:
                why = f"no answer in {STUCK_S:g} s"
                self.reach.lost(why)
                self.writer.give_up(f"the log does not answer ({why}); post again in a moment")

    def _landed(self, until: int, changes: list[Change | Renamed]) -> None:
        self._due.append((until, changes))
        try:
            self._settle()
        except LogDownError as error:  # they stay due; decisions see the log up to before them
            self.reach.lost(error)
        self.line.serve()
        # Many short transactions: one for all the records of a busy second holds up whoever waits.
        if self.history.ledger.wants_checkpoint and self.reach.up and not self.draining:
            self._store()

    def _settle(self) -> None:
        """Let history take in what the log holds by now."""
        try:
            while self._due:
                until, changes = self._due[0]
                self.history.prepare(changes)
                self._due.pop(0)
                self.history.landed(until, changes)
                self.vitals.landed(changes)
        except LogDownError:
            raise
        except Exception:  # noqa: BLE001 - whatever it was, the ledger is wrong now
            # A ledger that is not the fold of the log must not decide. A restart replays the log.
            _log.critical("the ledger cannot follow the log; ending this process", exc_info=True)
            os._exit(_EXIT_SOFTWARE)
