"""Nobody gets in without a key, and no key shows or changes anything of another merchant."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import string
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rto import cli
from serving.access import AT_ONCE, Doorkeeper, NoAccessError, TooManyError
from serving.api import create_app
from serving.board.reading import catch_up
from serving.board.summary import Summary
from serving.home import Home
from serving.keyring import open_keyring
from serving.openapi import document
from serving.schemas import NewWebhook
from serving.store.channels import WHATSAPP, WhatsApp
from serving.store.connection import connect
from serving.store.couriers import COURIERS, Courier
from serving.store.log import Log
from serving.store.merchants import add_merchant, keys, new_key, revoke_key
from serving.store.migrations import migrate
from serving.store.outbox import Message, put_message
from serving.store.shops import SHOPIFY, Shopify
from serving.store.tasks import add_task, tasks_of
from serving.webhooks.delivering import Deliverer
from serving.webhooks.subscriptions import Arranging
from tests.serving import shop
from tests.serving.client import Shop, played
from tests.serving.receiver import Receiver
from tests.serving.routes.test_routes import LATER
from tests.serving.shop import NOON, order, outcome
from tests.serving.shops.test_shopify import DOMAIN, SECRET, Storefront
from tests.serving.shops.test_shopify import ORDER as PLACED

HOOK = {"url": "https://secret.example.com/rto", "events": ["order.released"]}


async def _lived_in(ask: Shop) -> dict[str, str]:
    """A merchant with something of every kind; the ids of it, by the names in paths."""
    for i in range(3):
        await ask("POST", "/v1/score", order(order_id=f"secret{i}"))
    parcel = {"order_id": "secret0", "awb": "SECRETAWB", "shipped_at": LATER}
    await ask("POST", "/v1/shipments", parcel)
    await ask("POST", "/v1/outcomes", outcome("secret1", "rto"))
    entry = {"list": "block", "field": "phone", "value": "+91 98765 43210", "reason": "secret"}
    told = await ask("POST", "/v1/lists", entry)
    hook = await ask("POST", "/v1/webhooks", HOOK, 201)

    def work(log: Log) -> str:
        held = log.find("kurtas", "secret2")
        assert held is not None
        add_task(log.connection, held, "dispute", "secret", now_us=NOON)
        letter = Message("secretletter", held.number, "kurtas", "talk", "failed", NOON, NOON)
        put_message(log.connection, letter)
        found = tasks_of(log.connection, "kurtas", "dispute", 1)
        return found[0].task_id

    return {
        "order_id": "secret0",
        "entry_id": told["results"][0]["entry_id"],
        "webhook_id": hook["webhook_id"],
        "task_id": await ask.service.writer.submit(work),
        "message_id": "secretletter",
    }


_SAID: dict[str, Any] = {
    "/v1/shipments": {"order_id": "secret0", "awb": "SECRETAWB", "shipped_at": LATER},
    "/v1/outcomes": outcome("secret0", "delivered", correction=True),
    "/override": {"action": "cancel"},
    "/contact": {"response": "refused"},
    "/reply": {"response": "refused"},
    "/note": {"note": "seen"},
    "/message": {"text": "hello"},
    "/redelivery": {"do": "refused"},
    "/replay": {},
    "/done": {},
    "/retry": {},
    "/secret0": order(order_id=None, created_at=None),
}


def _asked(method: str, path: str, ids: dict[str, str]) -> tuple[str, Any]:
    """A request to a route that names everything it can of somebody else's."""
    path = path.format(**ids)
    if path == "/v1/orders" and method == "get":
        path += f"?order_id={ids['order_id']}"
    if path == "/v1/lists" and method == "delete":
        path += f"?entry_id={ids['entry_id']}"
    said = [body for end, body in _SAID.items() if path.endswith(end) and method != "get"]
    return path, said[0] if said else None


def _names_one(method: str, path: str) -> bool:
    """Whether a route is about one thing of a merchant's."""
    return "{" in path or (method, path) in {("get", "/v1/orders"), ("delete", "/v1/lists")}


async def _routes(ask: Shop) -> list[tuple[str, str]]:
    """All of them, those that take something away last."""
    routes = document(create_app(ask.service))["paths"]
    asked = [(m, path) for path, ms in routes.items() for m in ms if path.startswith("/v1/")]
    return sorted(asked, key=lambda one: (one[0] == "delete", *one))


def test_every_route_hides_another_merchants_things(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        ids = await _lived_in(ask)
        before = ask.service.connection.execute(
            "SELECT count(*) FROM event WHERE number IS NOT NULL"
        ).fetchone()
        platform = await ask.with_key("mall", "platform")
        strangers = (
            (await ask.with_key("sarees", "live"), ""),
            (await ask.with_key("sarees", "test"), ""),
            (await ask.with_key("kurtas", "test"), ""),
            (platform, "merchant_id=kurtas"),
            (platform, "merchant_id=mall"),
        )
        scoped = 0
        for who, query in strangers:
            for method, route in await _routes(ask):
                if (method, route) == ("post", "/v1/merchants"):
                    continue
                path, body = _asked(method, route, ids)
                if query:
                    path += ("&" if "?" in path else "?") + query
                answer = await who.raw(method.upper(), path, body, {"If-Match": '"0"'})
                if who is strangers[2][0] and not route.startswith("/v1/orders"):
                    continue  # a test key shows its own merchant's lists, tasks and addresses
                shown = answer.content.lower().replace(b"secret0", b"").replace(b"secretaw", b"")
                assert b"secret" not in shown, (method, path, answer.text)
                assert b"43210" not in answer.content
                if _names_one(method, route):
                    # A test key may not manage anything, whoever's it is.
                    wanted = 403 if b"lacks the scope" in answer.content else 404
                    assert answer.status_code == wanted, (method, path, answer.text)
                    scoped += wanted == 404
        assert scoped > 60
        stories = [await ask("GET", f"/v1/orders/secret{i}") for i in range(3)]
        assert [story["state"] for story in stories] == ["pending", "rto", "pending"]
        assert sum(len(story["events"]) for story in stories) == before[0]
        for method, route in await _routes(ask):
            if _names_one(method, route):  # to whom it belongs all of it is there
                path, body = _asked(method, route, ids)
                answer = await ask.raw(method.upper(), path, body, {"If-Match": '"0"'})
                assert answer.status_code != 404, (method, path, answer.text)

    played(tmp_path, scene)


def test_another_merchants_past_moves_neither_score_nor_evidence(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        sarees = await ask.with_key("sarees", "live")
        alone = await sarees("POST", "/v1/score", order(order_id="before"))
        await _lived_in(ask)
        hats = await ask.with_key("hats", "live")
        beside = await hats("POST", "/v1/score", order(order_id="before"))
        said = ("probability", "evidence", "reasons", "expected_cost", "rule")
        assert [beside[name] for name in said] == [alone[name] for name in said]
        rows = ask.service.connection.execute(
            """SELECT e.data FROM orders o JOIN event e ON e.seq=o.decided_seq
               WHERE o.order_id='before' ORDER BY o.number"""
        ).fetchall()
        assert rows[0] == rows[1]

    played(tmp_path, scene)


def _bent(key: str, pick: random.Random) -> str:
    """Something that is nearly a key."""
    at = pick.randrange(len(key))
    letter = pick.choice(string.ascii_letters)
    return pick.choice(
        (
            key[:at], key[:at] + letter + key[at + 1 :], key + letter, key[at:], key.swapcase(),
            f"rto_live_{pick.randbytes(18).hex()}", key[:at] + "\x00" + key[at:], key[::-1],
            key.replace("live", "page"), f"{key} {key}", key[:at] + "%" + key[at:],
        )
    )  # fmt: skip


def test_of_five_thousand_keys_that_are_none_not_one_opens(tmp_path: Path) -> None:
    connection, pick = connect(tmp_path / "log.sqlite3"), random.Random(3)
    migrate(connection)
    add_merchant(connection, "m", "M", invented=False, now_us=NOON)
    good = [new_key(connection, "m", "live", now_us=NOON) for _ in range(40)]
    for key_id in [line.key_id for line in keys(connection)][::2]:
        revoke_key(connection, key_id, at_us=NOON)
    doorkeeper = Doorkeeper(connection)
    opened = []
    for key in good:
        try:
            opened.append(doorkeeper.api(f"Bearer {key}", "score"))
        except NoAccessError:
            continue
    assert len(opened) == 20
    for _ in range(5_000):
        wrong = _bent(pick.choice(good), pick)
        if wrong in good:
            continue
        with pytest.raises(NoAccessError):
            doorkeeper.api(f"Bearer {wrong}", "score")
    connection.close()


def test_a_key_that_asks_too_often_waits(tmp_path: Path) -> None:
    connection, seconds = connect(tmp_path / "log.sqlite3"), [0.0]
    migrate(connection)
    add_merchant(connection, "m", "M", invented=False, now_us=NOON)
    busy, calm = (f"Bearer {new_key(connection, 'm', 'live', now_us=NOON)}" for _ in range(2))
    doorkeeper = Doorkeeper(connection, clock=lambda: seconds[0])
    for _ in range(int(AT_ONCE)):
        doorkeeper.api(busy, "score")
    with pytest.raises(TooManyError, match="requests a second"):
        doorkeeper.api(busy, "score")
    doorkeeper.api(calm, "score")
    seconds[0] = 0.001
    for _ in range(5):
        doorkeeper.api(busy, "score")
    with pytest.raises(TooManyError):
        doorkeeper.api(busy, "score")
    connection.close()


def _rto(home: Path, *words: str) -> str:
    done = CliRunner().invoke(
        cli, words, env={"RTO_HOME": str(home)}, catch_exceptions=False, input="y\n"
    )
    assert done.exit_code == 0, done.output
    return done.output


def test_a_key_is_replaced_while_the_old_one_still_opens_and_everything_is_audited(
    tmp_path: Path,
) -> None:
    _rto(tmp_path, "merchant", "add", "kurtas")
    old = _rto(tmp_path, "key", "new", "kurtas", "--scope", "score").strip()
    key_id = _rto(tmp_path, "key", "list").split()[0]
    new = _rto(tmp_path, "key", "rotate", key_id).strip()
    settings = shop.settings_in(tmp_path)

    def opens(key: str) -> bool:
        with Home.open(settings) as home:
            try:
                found = Doorkeeper(home.connection).api(f"Bearer {key}", "score")
                return found.scopes == ("score", "checkout")
            except NoAccessError:
                return False

    assert opens(old)
    assert opens(new)
    _rto(tmp_path, "key", "revoke", key_id)
    assert not opens(old)
    assert opens(new)
    told = _rto(tmp_path, "audit", "kurtas")
    assert [line.split(": ")[1].split(" by")[0] for line in told.splitlines()] == [
        "key revoked", "key rotated", "key made", "merchant added",
    ]  # fmt: skip
    assert old not in told
    _rto(tmp_path, "merchant", "close", "kurtas")
    assert not opens(new)


def test_every_answer_carries_strict_headers(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        for method, path in (("GET", "/livez"), ("GET", "/v1/policy"), ("POST", "/v1/score")):
            answer = await ask.raw(method, path)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        page = await ask.raw("GET", "/docs")
        assert page.headers.get_list("content-security-policy")[1:] == []

    played(tmp_path, scene)


PEOPLE = 1_000


def _person(i: int) -> dict[str, str]:
    return {"phone": f"+91 7{i:09d}", "email": f"zq{i}x@example.com", "name": f"Zqxj{i} Wvkp{i}"}


# A number of its own, not digits within a fraction such as .27000000000000002.
_SECRET = re.compile(
    rb"(?<![.\d])(?:91|0)?7000000\d{3}(?!\d)|zq\d+x|zqxj\d+|wvkp\d+", re.IGNORECASE
)


async def _told_and_asked(ask: Shop, told: Receiver, deliverer: Deliverer) -> None:
    """Some of them write on WhatsApp, and a merchant's server hears of everything."""
    account = WhatsApp(
        phone_number_id="123456",
        token="token-of-the-shop",
        app_secret="app secret",
        verify_token="a token to verify",
    )

    def work(log: Any) -> str:
        contacts = ask.service.contacts
        new = NewWebhook(url=told.start(), events=[])
        Arranging("kurtas", contacts, NOON).add(log, new)
        return WHATSAPP.keep(log.connection, contacts, "kurtas", account)

    url = f"/v1/hooks/{await ask.service.writer.submit(work)}"
    await _overruled(ask)
    for i in range(0, PEOPLE, 100):
        who = _person(i)
        number = who["phone"].replace(" ", "").removeprefix("+")
        said = {"from": number, "id": f"wamid.{i}", "timestamp": "1795156200", "type": "text",
                "text": {"body": f"I am {who['name']}, {who['email']}"}}  # fmt: skip
        value = {"metadata": {"phone_number_id": "123456"}, "messages": [said],
                 "contacts": [{"profile": {"name": who["name"]}, "wa_id": number}]}  # fmt: skip
        change = {"changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [change]}).encode()
        signed = hmac.new(b"app secret", body, hashlib.sha256).hexdigest()
        for signature in (signed, "0" * 64):
            answer = await ask.posted(url, body, {"X-Hub-Signature-256": f"sha256={signature}"})
            assert answer.status_code == (200 if signature == signed else 403)
    for _ in range(3):
        await deliverer.look(lambda: NOON)
        while deliverer.busy:
            await deliverer.settle_ended(10, lambda: NOON)
    told.stop()


async def _sent_through_everything(ask: Shop) -> None:
    """A thousand people, by every route that takes personal data, right and wrong."""
    for begin in range(0, PEOPLE, 250):
        people = [(i, _person(i)) for i in range(begin, begin + 250)]
        orders = [
            order(
                order_id=f"o{i}", customer=who | {"id": f"zq{i}x"}, courier=5 if i % 9 else None,
                shipping_address={"name": who["name"], "phone": who["phone"], "pincode": "560034",
                                  "line1": f"{i} {who['name']} House", "city": {"x": who["email"]}},
                extra={"gift note": who["name"]}, device={"ip": who["email"]},
            )
            for i, who in people
        ]  # fmt: skip
        await ask("POST", "/v1/score/batch?reasons=none", orders)


async def _overruled(ask: Shop) -> None:
    """What people do with orders, by hand."""
    for i in range(0, PEOPLE, 100):
        who = _person(i)
        await ask("PUT", f"/v1/orders/o{i}", order(customer=who, order_id=f"o{i}"), If_Match='"0"')
        note = {"note": f"{who['name']} {who['phone']}", "action": "hold", "response": "silent"}
        for what in ("override", "contact", "reply"):
            await ask("POST", f"/v1/orders/o{i}/{what}", note)
        await ask.raw("POST", "/v1/score", {"order_id": {"x": who["email"]}, "created_at": who})
        await ask.raw("POST", f"/v1/orders/{who['email']}/override", {"action": who["phone"]})
        entry = {"list": "block", "field": "phone", "value": who["phone"]}
        await ask("POST", "/v1/lists", [entry, entry | {"field": "email", "value": who["email"]}])
        await ask("POST", "/v1/checkout", {"customer": who})
        past = order(order_id=f"p{i}", customer=who) | {"outcome": "rto", "outcome_at": LATER}
        await ask("POST", "/v1/orders/backfill", [past])


async def _by_the_newest_doors(ask: Shop) -> None:
    """People in a shop's orders, a courier's words, notes and answers to a failed delivery."""
    contacts = ask.service.contacts
    seller = Shopify(domain=DOMAIN, secret=SECRET)
    courier = Courier(courier="generic", token="token-of-the-courier")

    def work(log: Any) -> tuple[str, str]:
        kept = COURIERS["generic"].keep(log.connection, contacts, "kurtas", courier)
        return SHOPIFY.keep(log.connection, contacts, "kurtas", seller), kept

    endpoint, couriers = await ask.service.writer.submit(work)
    front, headers = Storefront(ask, endpoint), {"X-Api-Key": "token-of-the-courier"}
    for i in range(0, PEOPLE, 100):
        who = _person(i)
        to = PLACED["shipping_address"] | {"name": who["name"], "phone": who["phone"]}
        customer = PLACED["customer"] | {"first_name": who["name"], "phone": who["phone"]}
        placed = {"id": i + 1, "name": f"#{i}", "email": who["email"], "shipping_address": to,
                  "customer": customer, "note": who["name"], "tags": who["email"]}  # fmt: skip
        for topic in ("orders/create", "orders/updated", "orders/cancelled"):
            await front.tell(topic, PLACED | placed)
        for status in ("shipped", "ndr", "lost in space"):
            said = {"awb": f"A{i}", "order_id": f"o{i + 1}", "status": status, "courier": "fast",
                    "at": LATER, "remark": f"{who['name']} {who['phone']}"}  # fmt: skip
            await ask.posted(f"/v1/hooks/{couriers}", json.dumps(said).encode(), headers)
        words = f"{who['name']}, {who['phone']}, {who['email']}"
        for what, said in (
            ("note", {"note": words, "assignee": "ravi"}), ("message", {"text": words}),
            ("redelivery", {"do": "address", "address": words}),
        ):  # fmt: skip
            await ask.raw("POST", f"/v1/orders/o{i + 1}/{what}", said)
    found = ask.service.connection.execute(
        "SELECT o.order_id, e.kind FROM event e JOIN orders o ON o.number = e.number"
    )
    taken = {("#100", "placed"), ("o101", "shipped"), ("o101", "ndr"), ("o101", "noted")}
    assert set(found) >= taken


def _held_by(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


def _found(held: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """What lies open, and where."""
    return [(name, secret) for name, data in held.items() for secret in _SECRET.findall(data)]


def test_a_thousand_people_are_found_nowhere_and_after_an_erasure_not_even_sealed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    home, told = tmp_path / "home", Receiver()
    caught: dict[str, bytes] = {}

    async def scene(ask: Shop) -> None:
        await _sent_through_everything(ask)
        with Home(settings, keyring, connect(settings.store_url)) as opened:
            deliverer = Deliverer(opened)
            await _told_and_asked(ask, told, deliverer)
            await _by_the_newest_doors(ask)
            await deliverer.close()
        answer = await ask.raw("GET", "/metrics")
        caught["metrics"] = answer.content
        feed = await ask.raw("GET", "/v1/events?limit=1000")
        caught["feed"] = feed.content
        shown = await ask("GET", "/v1/orders/o0")
        assert shown["order"]["phone"] == _person(0)["phone"]
        caught["log"] = caplog.text.encode()

    caplog.set_level("DEBUG", logger="rto")
    settings = shop.settings_in(home)
    keyring = open_keyring(settings)
    played(home, scene, keyring=keyring)
    out, err = capfd.readouterr()
    caught |= {"out": out.encode(), "err": err.encode()}
    caught["told"] = b"\n".join(body for _, body in told.came)
    assert len(told.came) >= PEOPLE // 100
    with Home.open(settings) as opened, Summary.open(settings.board) as summary:
        catch_up(summary, opened.connection)
    _rto(home, "export", "--out", str(home / "exported"))
    assert _found(_held_by(home) | caught) == []
    seen = json.dumps(_person(7)).encode()
    assert len(_found({"what would be seen": seen, "without blanks": seen.replace(b" ", b"")})) == 8

    assert "Erased" in _rto(home, "erase", "--phone", "7000000100")
    with Home.open(settings) as opened:
        left = opened.connection.execute(
            """SELECT count(*) FROM contact c JOIN event e ON e.seq=c.number
               JOIN orders o ON o.number=e.number WHERE o.order_id IN ('o100', 'p100', '#100')"""
        ).fetchone()
        assert left == (0,)
        others = opened.connection.execute("SELECT count(*) FROM contact").fetchone()
        assert others[0] > PEOPLE - 10
        log = Log(opened.connection)
        assert log.seq > PEOPLE
    assert "Erased 0 sealed" in _rto(home, "erase", "--phone", "7000000100")
    assert "person erased" in _rto(home, "audit")


def test_what_an_erasure_deletes_is_overwritten(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        await ask("POST", "/v1/score", order())

    settings = shop.settings_in(tmp_path)
    played(tmp_path, scene, keyring=open_keyring(settings))
    with Home.open(settings) as home:
        sealed = bytes(home.connection.execute("SELECT sealed FROM contact").fetchone()[0])
    store = settings.database.parent
    assert any(sealed[:64] in file.read_bytes() for file in store.iterdir())
    _rto(tmp_path, "erase", "--email", "asha@example.com")
    assert not any(sealed[:64] in file.read_bytes() for file in store.iterdir())
    assert json.loads(_story(tmp_path))["order"].keys().isdisjoint({"phone", "email"})


def _story(home: Path) -> str:
    from serving.orders import story
    from serving.store.contacts import Contacts

    settings = shop.settings_in(home)
    with Home.open(settings) as opened:
        contacts = Contacts(opened.keyring.sealing)
        return json.dumps(story(opened.connection, contacts, "kurtas", "1001"))
