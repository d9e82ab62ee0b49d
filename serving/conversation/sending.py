"""The sender: takes what is due out of the outbox and sends it, each message at most once."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import httpx2

from features.days import SECOND_US
from features.errors import StoreError
from features.settings import Settings
from serving.conversation.asking import ask_without_offer
from serving.conversation.delegating import HandingOver
from serving.conversation.letters import Later, Letter, Letters, NoOffer
from serving.conversation.messages.templates import PICTURE
from serving.conversation.persons import Persons
from serving.conversation.replies import note_message, note_sent, to_call
from serving.conversation.whatsapp import Sent, send
from serving.home import Home
from serving.moments import now_us
from serving.store.channels import DELEGATE, stop_template, switch_channel
from serving.store.claims import anything_due, claim, doubt, merchants_due, stranded
from serving.store.contacts import Contacts
from serving.store.log import Log
from serving.store.opt_outs import opt_out_of_offers
from serving.store.outbox import (
    NEWS,
    Message,
    MessageState,
    address_to,
    message_named,
    settle,
    speak_plainly,
)

_log = logging.getLogger("rto.sending")

# A merchant whose sends hang holds up its own alone.
AT_ONCE, AT_ONCE_EACH = 32, 8
_LOOK_S, _BUSY_S = 0.5, 0.05
_ANSWER_S = 40.0
# A claim older than this belongs to a worker that is gone.
_DOUBT_US = 120 * SECOND_US
_TRIES = 6
# How long a stopped number may hold up a question before a person calls instead.
_STRANDED_US = 1_800 * SECOND_US
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 900.0


class Sender:
    """Sends for one worker.

    Parameters
    ----------
    home : Home
        Its connection belongs to the sender alone.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._url = home.settings.whatsapp_url.rstrip("/")
        self._contacts = Contacts(home.keyring.sealing)
        self._persons = Persons.of(home.keyring)
        self._letters = Letters(
            home.connection, self._contacts, self._persons,
            local=self._url.startswith("http://127.0.0.1:"),
        )  # fmt: skip
        self._client = httpx2.Client(timeout=httpx2.Timeout(_ANSWER_S, connect=5.0))
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="send")
        self._under_way: dict[Future[Sent], tuple[Message, Letter]] = {}

    def look(self, now: int) -> None:
        """Settle what has ended, which makes room, and begin what is due."""
        self.settle_ended(0.0, now)
        if anything_due(self._home.connection, now):
            self._take(now)

    def _take(self, now: int) -> None:
        for message in doubt(self._home.connection, now - _DOUBT_US):
            _log.warning("message %s is unknown until its status comes", message.message_id)
        for message in stranded(self._home.connection, now - _STRANDED_US):
            with self._home.transaction() as log:
                self._give_up(log, message, None, "nothing is sent now", now)
        self._claim(now)

    def _claim(self, now: int) -> None:
        """Begin what is due, each merchant's up to its share: first whose least is under way."""
        flying = Counter(message.merchant_id for message, _ in self._under_way.values())
        if flying.total() >= AT_ONCE:
            return
        due = merchants_due(self._home.connection, now)
        for merchant_id in sorted(due, key=lambda name: flying[name]):
            most = min(AT_ONCE - len(self._under_way), AT_ONCE_EACH - flying[merchant_id])
            if most <= 0:
                return
            for message in claim(self._home.connection, merchant_id, now, most):
                self._begin(message, now)

    def settle_ended(self, patience_s: float, now: int) -> None:
        """Settle what ends within a time."""
        if not self._under_way:
            return
        done, _ = wait(self._under_way, patience_s, FIRST_COMPLETED)
        if not done:
            return
        with self._home.transaction() as log:  # one for all: whoever scores waits for each
            for future in done:
                self._settle(log, *self._under_way[future], future.result(), now)
        for future in done:
            del self._under_way[future]

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
        delegate = DELEGATE.of(self._home.connection, self._contacts, message.merchant_id)
        if delegate is not None:
            with self._home.transaction() as log:
                HandingOver(message, delegate.account, self._contacts, self._persons, now)(log)
            return
        found = self._letters.write(message, now)
        if isinstance(found, Letter):
            address_to(self._home.connection, message, found.person)
            future = self._pool.submit(
                send, self._client, self._url, found.channel.account, found.phone,
                message.message_id, found.content,
            )  # fmt: skip
            self._under_way[future] = message, found
            return
        with self._home.transaction() as log:
            if isinstance(found, Later):
                settle(log.connection, message, "waiting", due_us=found.due_us, why=found.why)
            elif isinstance(found, NoOffer):
                self._without_offer(log, message, found.why, now)
            else:
                self._give_up(log, message, None, found, now)

    def _settle(self, log: Log, message: Message, letter: Letter, sent: Sent, now: int) -> None:
        newest = message_named(log.connection, message.message_id) or message
        if sent.fault is None:
            if settle(
                log.connection,
                newest,
                "sent",
                person=letter.person,
                outside_id=sent.outside_id,
                sent_us=now,
            ) and newest.state in ("sending", "unknown"):
                note_sent(log, message, now)
        elif newest.state == "sending":  # else its status came before the answer
            self._failed(log, newest, letter, sent, now)

    def _failed(self, log: Log, message: Message, letter: Letter, sent: Sent, now: int) -> None:
        """What each class of errors asks for."""
        connection, why = log.connection, sent.why or None
        tried_enough = sent.fault == "retry" and message.tries >= _TRIES
        if letter.template == PICTURE and sent.fault in ("template", "picture"):
            if sent.fault == "template":
                self._stop_template(log, message.merchant_id, PICTURE, sent.why)
            settle(connection, message, "waiting", due_us=now, why=why)
            speak_plainly(connection, message)
        elif sent.fault == "unknown":
            settle(connection, message, "unknown", person=letter.person, why=why, sent_us=now)
        elif sent.fault in ("account", "retry") and not tried_enough:
            if sent.fault == "account":
                switch_channel(connection, message.merchant_id, why)
                _log.error("WhatsApp is stopped for %s: %s", message.merchant_id, why)
            settle(connection, message, "waiting", due_us=now + pause_us(message.tries), why=why)
        elif sent.fault in ("offer", "no_offers") and message.purpose == "prepaid_offer":
            if sent.fault == "no_offers":
                opt_out_of_offers(connection, letter.person, now)
            self._without_offer(log, message, sent.why, now)
        elif sent.fault == "template" and letter.template is not None:
            self._stop_template(log, message.merchant_id, letter.template, sent.why)
            said = f"template {letter.template}: {why}"
            self._give_up(log, message, letter.person, said, now)
        else:
            self._give_up(log, message, letter.person, why or "not sent", now)

    def _stop_template(self, log: Log, merchant_id: str, name: str, why: str) -> None:
        stop_template(log.connection, merchant_id, name, why)
        _log.error("template %s is stopped for %s: %s", name, merchant_id, why)

    def _without_offer(self, log: Log, message: Message, why: str, now: int) -> None:
        """Leave the offer, and ask the question that it held."""
        if settle(log.connection, message, "cancelled", why=why):
            note_message(log, message, {"state": "cancelled", "why": why}, now)
            ask_without_offer(log, message, now)

    def _give_up(
        self, log: Log, message: Message, person: int | None, why: str, now: int
    ) -> None:  # fmt: skip
        """Send it no more: a person is to call, or nobody where it was only news."""
        state: MessageState = "cancelled" if message.purpose in NEWS else "call"
        if settle(log.connection, message, state, person=person, why=why):
            to_call(log, message, state, why, now)


def pause_us(tries: int) -> int:
    """How long to wait before the next try: doubled each time, with jitter."""
    longest = min(_FIRST_PAUSE_S * 2 ** (tries - 1), _LONGEST_PAUSE_S)
    return int(longest * random.uniform(0.5, 1.0) * SECOND_US)


def keep_sending(settings: Settings, stop: threading.Event) -> None:
    """Send what is due until ``stop`` is set."""
    with Home.open(settings) as home:
        sender = Sender(home)
        try:
            while not stop.wait(_BUSY_S if sender.busy else _LOOK_S):
                try:
                    home.connection.revive()
                    sender.look(now_us())
                except (StoreError, OSError):
                    _log.exception("sending failed; trying again")
        finally:
            sender.close()
