"""Letters by SMTP: one connection for a handful of them, encrypted before any password is said."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from features.errors import StoreError

_LIMIT_S = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


class MailError(StoreError):
    """The mail server is away, or will not take letters from us."""


class MailServer:
    """Where letters go.

    Parameters
    ----------
    url : str
        ``smtp://user:password@host:587`` or ``smtps://host``; user and password are optional.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._at_once = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    @contextmanager
    def open(self) -> Iterator[smtplib.SMTP]:
        """A connection that is ready to take letters.

        Raises
        ------
        MailError
            If there is none to be had.
        """
        try:
            connection = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(f"the mail server {self._host} takes no letters: {error}") from None
        try:
            yield connection
        finally:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._at_once:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=_LIMIT_S, context=context
            )
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=_LIMIT_S)
        try:
            connection.ehlo()
            if not self._at_once and not _loopback(self._host):
                connection.starttls(context=context)  # one without it gets no letter
                connection.ehlo()
            if self._user:
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection


def letter(sender: str, to: str, subject: str, text: str, html: str) -> EmailMessage:
    """A letter in plain text, and the same in HTML."""
    made = EmailMessage()
    made["From"], made["To"] = sender, to
    made["Subject"] = " ".join(subject.split())
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    return made


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
