"""The sender: takes what is due out of the outbox and sends it, each message at most once."""

from __future__ import annotations

import logging
import random
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import httpx2

from features.days import SECOND_US
from features.errors import StoreError
from features.phone import normal_phone
from features.settings import Settings
from serving.delegating import HandingOver
from serving.home import Home
from serving.messages.templates import filled
from serving.moments import now_us
from serving.orders import content_held
from serving.persons import Persons
from serving.replies import note_message, note_sent
from serving.sending_hours import after_quiet
from serving.store.channels import Channel, WhatsApp, channel_of, delegate_of, switch_channel
from serving.store.contacts import Contacts
from serving.store.erasing import orders_numbered
from serving.store.log import Log
from serving.store.merchants import merchant
from serving.store.outbox import (
    Message,
    anything_due,
    claim,
    doubt,
    message_named,
    opted_out,
    settle,
)
from serving.whatsapp import Sent, send

_log = logging.getLogger("rto.sending")

AT_ONCE = 8
_LOOK_S = 0.5
_ANSWER_S = 40.0
# A claim older than this belongs to a worker that is gone.
_DOUBT_US = 120 * SECOND_US
_TRIES = 6
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 900.0


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message ready to go."""

    channel: Channel
    phone: str
    person: int
    template: dict[str, Any]


class Sender:
    """Sends for one worker.

    Parameters
    ----------
    home : Home
        Its connection belongs to the sender alone.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._contacts = Contacts(home.keyring.sealing)
        self._persons = Persons.of(home.keyring)
        self._url = home.settings.whatsapp_url.rstrip("/")
        self._client = httpx2.Client(timeout=httpx2.Timeout(_ANSWER_S, connect=5.0))
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")
        self._under_way: dict[Future[Sent], tuple[Message, _Letter]] = {}

    def look(self, now: int) -> None:
        """Begin what is due, and settle what has ended."""
        if anything_due(self._home.connection, now):
            self._take(now)
        self.settle_ended(0.0, now)

    def _take(self, now: int) -> None:
        for message in doubt(self._home.connection, now - _DOUBT_US):
            _log.warning("message %s is unknown until its status comes", message.message_id)
        if (free := AT_ONCE - len(self._under_way)) > 0:
            for message in claim(self._home.connection, now, free):
                self._begin(message, now)

    def settle_ended(self, patience_s: float, now: int) -> None:
        """Settle what ends within a time."""
        if not self._under_way:
            return
        done, _ = wait(self._under_way, patience_s, FIRST_COMPLETED)
        for future in done:
            message, letter = self._under_way.pop(future)
            with self._home.transaction() as log:
                self._settle(log, message, letter, future.result(), now)

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._under_way)

    def close(self) -> None:
        """Wait for what is under way, and settle it."""
        while self._under_way:
            self.settle_ended(_ANSWER_S, now_us())
        self._pool.shutdown()
        self._client.close()

    def _begin(self, message: Message, now: int) -> None:
        delegate = delegate_of(self._home.connection, self._contacts, message.merchant_id)
        if delegate is not None:
            with self._home.transaction() as log:
                HandingOver(message, delegate, self._contacts, self._persons, now)(log)
            return
        found = self._letter(message, now)
        if isinstance(found, _Letter):
            account: WhatsApp = found.channel.account
            future = self._pool.submit(
                send, self._client, self._url, account, found.phone, message.message_id,
                found.template,
            )  # fmt: skip
            self._under_way[future] = message, found
            return
        with self._home.transaction() as log:
            if isinstance(found, int):
                settle(log.connection, message, "waiting", due_us=found, why="quiet hours")
            elif settle(log.connection, message, "call", why=found):
                note_message(log, message, {"state": "call", "why": found}, now)

    def _letter(self, message: Message, now: int) -> _Letter | int | str:
        """What to send; or when, in quiet hours; or why a person has to call."""
        connection = self._home.connection
        channel = channel_of(connection, self._contacts, message.merchant_id)
        if channel is None:
            return "no channel"
        if channel.account.sandbox and not self._url.startswith("http://127.0.0.1:"):
            return "the number is a sandbox's, which is not running"
        (held,) = orders_numbered(connection, [message.number])
        content = content_held(connection, self._contacts, held.fact_seq)
        phone = normal_phone(content.get("phone")) or normal_phone(content.get("ship_phone"))
        if content.get("whatsapp_opt_in") is False:
            return "no consent"
        if phone is None:
            return "no phone"
        person = self._persons.mark(message.merchant_id, phone)
        if opted_out(connection, person):
            return "opted out"
        if (later := after_quiet(channel.account, now)) > now:
            return later
        shop = merchant(connection, message.merchant_id)
        name = message.merchant_id if shop is None else shop.name
        template = filled(content, shop=name, message_id=message.message_id)
        return _Letter(channel, phone, person, template)

    def _settle(self, log: Log, message: Message, letter: _Letter, sent: Sent, now: int) -> None:
        connection = log.connection
        newest = message_named(connection, message.message_id) or message
        person, why = letter.person, sent.why or None
        if sent.fault is None:
            if settle(
                connection, newest, "sent", person=person, outside_id=sent.outside_id
            ) and newest.state in ("sending", "unknown"):
                note_sent(log, message, now)
        elif newest.state != "sending":  # its status came before the answer
            return
        elif sent.fault == "unknown":
            settle(connection, newest, "unknown", person=person, why=why)
        elif sent.fault == "account" or (sent.fault == "retry" and message.tries < _TRIES):
            if sent.fault == "account":
                switch_channel(connection, message.merchant_id, why)
                _log.error("WhatsApp is stopped for %s: %s", message.merchant_id, why)
            settle(connection, newest, "waiting", due_us=now + pause_us(message.tries), why=why)
        elif settle(connection, newest, "call", person=person, why=why):
            note_message(log, message, {"state": "call", "why": why}, now)


def pause_us(tries: int) -> int:
    """How long to wait before the next try: doubled each time, with jitter."""
    longest = min(_FIRST_PAUSE_S * 2 ** (tries - 1), _LONGEST_PAUSE_S)
    return int(longest * random.uniform(0.5, 1.0) * SECOND_US)


def keep_sending(settings: Settings, stop: threading.Event) -> None:
    """Send what is due until ``stop`` is set."""
    with Home.open(settings) as home:
        sender = Sender(home)
        try:
            while not stop.wait(0.02 if sender.busy else _LOOK_S):
                try:
                    home.connection.revive()
                    sender.look(now_us())
                except (StoreError, OSError):
                    _log.exception("sending failed; trying again")
        finally:
            sender.close()
