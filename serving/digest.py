"""The daily digest: yesterday in numbers, to every owner at nine in the morning, once."""

from __future__ import annotations

import logging
import smtplib
import threading
from collections.abc import Callable
from html import escape

from features.days import DAY_US, IST_SHIFT_US, ist_day
from features.errors import StoreError
from features.settings import Settings
from models.actions import ACTIONS
from serving.board.shelf import Shelf
from serving.board.today import Today, today
from serving.home import Home
from serving.mail import MailServer, letter
from serving.moments import now_us
from serving.pages.formats import day as day_of
from serving.pages.formats import money, whole
from serving.pages.terms import ACTIONS as ACTION_NAMES
from serving.pages.words import Words, language_of, words
from serving.store.accounts import Member, digest_readers
from serving.store.merchants import Merchant, merchants
from serving.store.meta import keep_meta, meta

_log = logging.getLogger("rto.digest")

_FROM_HOUR, _UNTIL_HOUR = 9, 12
_HOUR_US = 3_600_000_000
_LOOK_EVERY_S = 60.0


def keep_digesting(
    settings: Settings, stop: threading.Event, *, clock: Callable[[], int] = now_us
) -> None:
    """Send the digests of each morning, until ``stop`` is set; without a mail server, none."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        stop.wait()
        return
    digests = Digests(settings, MailServer(url))
    while not stop.wait(_LOOK_EVERY_S):
        try:
            with Home.open(settings) as home:
                digests.send_due(home, clock())
        except (StoreError, OSError) as error:
            _log.warning("no digest was sent: %s; trying again until noon", error)


class Digests:
    """The digests of one installation.

    Parameters
    ----------
    settings : Settings
        Names the sender, the summary's file and the pages' address.
    server : MailServer
    """

    def __init__(self, settings: Settings, server: MailServer) -> None:
        self._settings = settings
        self._server = server

    def send_due(self, home: Home, now: int) -> int:
        """Send to each owner what is due between nine and noon; how many letters went out.

        A merchant's digest is marked as sent before it is: a letter that is lost is not repeated.

        Raises
        ------
        MailError
            If the mail server is away; nothing is marked then.
        """
        hour = (now + IST_SHIFT_US) // _HOUR_US % 24
        if not _FROM_HOUR <= hour < _UNTIL_HOUR:
            return 0
        shelf = Shelf(self._settings.board)
        try:
            due = [(one, found) for one in merchants(home.connection)
                   if one.closed_us is None and (found := _due(home, shelf, one, now))]  # fmt: skip
        finally:
            shelf.close()
        if not due:
            return 0
        with self._server.open() as connection:
            return sum(self._send(home, connection, one, found, now) for one, found in due)

    def _send(
        self, home: Home, connection: smtplib.SMTP, one: Merchant, found: Today, now: int
    ) -> int:
        day = str(int(ist_day(now))).encode()
        with home.transaction() as log:
            if meta(home.connection, _sent_name(one.merchant_id)) == day:
                return 0
            keep_meta(log.connection, _sent_name(one.merchant_id), day)
        sent = 0
        for member in digest_readers(home.connection, one.merchant_id):
            sent += self._post(connection, member, one, found)
        return sent

    def _post(self, connection: smtplib.SMTP, member: Member, one: Merchant, found: Today) -> bool:
        say, to = words(language_of(member.account.language, "")), member.account.email
        address = f"{self._settings.public_url}/app/today" if self._settings.public_url else ""
        subject, text, html = written(found, one, say, address)
        try:
            connection.send_message(letter(self._settings.mail_from, to, subject, text, html))
        except (OSError, ValueError, smtplib.SMTPException):
            _log.exception("a digest for an owner of %s was not taken", one.merchant_id)
            return False
        return True


def written(found: Today, one: Merchant, say: Words, address: str) -> tuple[str, str, str]:
    """Subject, plain text and HTML of a digest; counts and rupees only, nobody's name."""
    subject = say("{shop}: {n} orders yesterday", shop=one.name, n=whole(found.orders))
    rows = [(say("Orders"), whole(found.orders)), (say("Worth"), money(found.amount_paise / 100))]
    rows += [(say(ACTION_NAMES[a]), whole(found.actions[a])) for a in ACTIONS if found.actions[a]]
    rows.append((say("On their way"), whole(found.open)))
    if found.units_scored:
        rows.append((say("Units expected back"), f"{found.expected_back:.1f}"))
    notes = []
    if found.measured_until is not None:
        until = day_of(found.measured_until * DAY_US)
        notes.append(say("Measured on orders placed until {day}.", day=until))
    if found.comparison_cost is not None:
        cost = found.comparison_cost["saved_rupees"]
        notes.append(
            say("The comparison group cost between {low} and {high} in 90 days.",
                low=money(cost["low"]), high=money(cost["high"]))
        )  # fmt: skip
    if one.invented:
        notes.append(say("These orders and customers do not exist."))
    if address:
        notes.append(address)
    text = "\n".join([*(f"{name}: {value}" for name, value in rows), "", *notes, ""])
    return subject, text, _html(subject, rows, notes)


def _html(subject: str, rows: list[tuple[str, str]], notes: list[str]) -> str:
    lines = "".join(
        f'<tr><td style="padding:4px 24px 4px 0">{escape(name)}</td>'
        f'<td style="text-align:right"><b>{escape(value)}</b></td></tr>'
        for name, value in rows
    )
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        '<!doctype html><html><body style="font-family:sans-serif;color:#1c2126">'
        f'<h1 style="font-size:18px">{escape(subject)}</h1><table>{lines}</table>{below}'
        "</body></html>"
    )


def _due(home: Home, shelf: Shelf, one: Merchant, now: int) -> Today | None:
    """Yesterday's numbers, unless they went out already or there are none."""
    day = int(ist_day(now))
    if meta(home.connection, _sent_name(one.merchant_id)) == str(day).encode():
        return None
    summary = shelf.of(one.merchant_id)
    if summary is None:
        return None
    found = today(summary, one.merchant_id, day - 1)
    return found if found.orders or found.open else None


def _sent_name(merchant_id: str) -> str:
    """Under which the day of the last digest stands."""
    return f"digest {merchant_id}"
