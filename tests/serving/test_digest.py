"""At nine every owner gets yesterday in numbers, once, from a server that really talks SMTP."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr, ValidationError

from features.days import DAY_US, HOUR_US
from features.settings import Settings
from serving.board.reading import catch_up
from serving.board.refresh import refresh
from serving.board.summary import Summary
from serving.commands.user import invite
from serving.digest import Digests
from serving.home import Home
from serving.mail import MailError, MailServer
from serving.store.accounts import account_by_email, set_language, want_digest
from tests.serving import shop
from tests.serving.board.logbook import decide, home_with_shops, place
from tests.serving.mailbox import Mailbox, mailbox

NINE = shop.NOON - 3 * HOUR_US
PEOPLE = (("asha@example.com", "owner"), ("ravi@example.com", "owner"), ("v@example.com", "viewer"))


@pytest.fixture
def server() -> Iterator[Mailbox]:
    with mailbox() as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Two orders yesterday, one today."""
    with home_with_shops(tmp_path) as opened:
        with opened.transaction() as log:
            for number, at in enumerate((NINE - DAY_US, NINE - DAY_US + 1, NINE - 1)):
                held = place(log, f"o{number}", at, amount_paise=1_000_00, items=[{"sku": "bag"}])
                decide(log, held, at, probability=0.5, action="verify")
            for email, role in PEOPLE:
                invite(log, email, "kurtas", role, now=NINE)  # type: ignore[arg-type]
            ravi = account_by_email(log.connection, "ravi@example.com")
            assert ravi is not None
            set_language(log.connection, ravi.account_id, "hi")
        with Summary.open(opened.settings.board) as summary:
            catch_up(summary, opened.connection)
            refresh(summary, opened.connection, "kurtas", now_us=NINE)
        yield opened


def digests(home: Home, url: str) -> Digests:
    settings = home.settings.model_copy(
        update={"mail_from": "rto@example.com", "public_url": "https://rto.example.com"}
    )
    return Digests(settings, MailServer(url))


def part(letter: EmailMessage, kind: str) -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return cast(str, body.get_content())


def test_owners_get_yesterday_once(home: Home, server: Mailbox) -> None:
    sending = digests(home, server.url)
    assert sending.send_due(home, NINE) == 2
    assert sending.send_due(home, NINE + HOUR_US) == 0
    first, second = sorted(server.letters, key=lambda letter: letter["To"])
    assert (first["To"], second["To"]) == ("asha@example.com", "ravi@example.com")
    assert first["Subject"] == "kurtas: 2 orders yesterday"
    text = part(first, "plain")
    for said in ("Orders: 2", "Worth: ₹2,000", "Ask customer: 2", "Units expected back: 1.0",
                 "https://rto.example.com/app/today", "do not exist"):  # fmt: skip
        assert said in text
    assert "<b>₹2,000</b>" in part(first, "html")
    assert "कल 2 ऑर्डर" in second["Subject"]


@pytest.mark.parametrize("hours", [-1, 3, 12])
def test_nothing_is_sent_before_nine_or_after_noon(home: Home, server: Mailbox, hours: int) -> None:
    assert digests(home, server.url).send_due(home, NINE + hours * HOUR_US) == 0
    assert not server.letters


def test_the_next_morning_has_its_own(home: Home, server: Mailbox) -> None:
    sending = digests(home, server.url)
    sending.send_due(home, NINE)
    assert sending.send_due(home, NINE + DAY_US) == 2
    assert {letter["Subject"] for letter in server.letters[2:]} >= {"kurtas: 1 orders yesterday"}


def test_a_server_that_is_away_is_asked_again(home: Home, server: Mailbox) -> None:
    with pytest.raises(MailError):
        digests(home, "smtp://127.0.0.1:9").send_due(home, NINE)
    assert digests(home, server.url).send_due(home, NINE) == 2


def test_an_owner_whom_the_server_refuses_keeps_nobody_from_theirs(
    home: Home, server: Mailbox
) -> None:
    server.refuses = {"asha@example.com"}
    assert digests(home, server.url).send_due(home, NINE) == 1
    assert [letter["To"] for letter in server.letters] == ["ravi@example.com"]


def test_an_owner_who_wants_none_gets_none(home: Home, server: Mailbox) -> None:
    with home.transaction() as log:
        asha = account_by_email(log.connection, "asha@example.com")
        assert asha is not None
        want_digest(log.connection, asha.account_id, "kurtas", wanted=False)
    assert digests(home, server.url).send_due(home, NINE) == 1
    assert [letter["To"] for letter in server.letters] == ["ravi@example.com"]


def test_a_shop_without_orders_gets_no_letter(home: Home, server: Mailbox) -> None:
    with home.transaction() as log:
        invite(log, "other@example.com", "sarees", "owner", now=NINE)
    digests(home, server.url).send_due(home, NINE)
    assert "other@example.com" not in {letter["To"] for letter in server.letters}


def test_without_encryption_no_letter_leaves_this_machine(
    server: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.mail._loopback", lambda _: False)
    with pytest.raises(MailError, match="takes no letters"), MailServer(server.url).open():
        raise AssertionError


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://a:b@", "mail.example.com"])
def test_a_mail_server_must_be_named_rightly(url: str) -> None:
    with pytest.raises(ValidationError, match="RTO_SMTP_URL"):
        Settings(smtp_url=SecretStr(url), mail_from="rto@example.com")


def test_a_sender_is_needed() -> None:
    with pytest.raises(ValidationError, match="RTO_MAIL_FROM"):
        Settings(smtp_url=SecretStr("smtp://mail.example.com"))


def test_what_the_comparison_group_cost_is_said_once_it_is_known(
    home: Home, server: Mailbox
) -> None:
    cost = {"saved_rupees": {"point": None, "low": 120.0, "high": 940.0}}
    window = {"acted": True, "comparison_group": cost}
    with Summary.open(home.settings.board) as summary:
        told = {"basis": {}, "windows": {"90": window}}
        summary.keep_report("kurtas", "saved", told, now_us=NINE)
    digests(home, server.url).send_due(home, NINE)
    text = part(min(server.letters, key=lambda letter: letter["To"]), "plain")
    assert "The comparison group cost between ₹120 and ₹940 in 90 days." in text
