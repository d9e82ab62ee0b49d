"""The page of webhooks: addresses, what was not taken, and telling it again."""

from __future__ import annotations

import re
from pathlib import Path

from serving.store.deliveries import Delivery, add_deliveries
from serving.store.log import Log
from tests.serving.pages.rooms import Person, Rooms, visited

URL = "https://shop.example.com/rto"
PAGE = "/settings/webhooks"


async def _added(owner: Person) -> str:
    """An address; its id."""
    made = await owner.post(PAGE, {"url": URL, "event": ["order.released"]})
    assert made.status_code == 200
    assert re.search(r'value="whsec_[^"]+" aria-label="Secret"', made.text)
    page = await owner.get(PAGE)
    assert "whsec_" not in page.text
    found = re.search(r'name="webhook" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


async def _given_up(rooms: Rooms, webhook: str) -> None:
    now = rooms.service.clock()

    def work(log: Log) -> None:
        add_deliveries(log.connection, [
            Delivery(f"msg_{n}", webhook, n, "order.released", "dead", now, now, 8, "HTTP 500")
            for n in (1, 2, 3)
        ])  # fmt: skip
        log.connection.execute(
            "UPDATE subscription SET stopped='nobody answered', failing_us=?", (now,)
        )

    await rooms.service.writer.submit(work)


def test_a_secret_is_shown_once_and_what_was_given_up_is_told_again(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        owner = rooms.person("owner")
        webhook = await _added(owner)
        await _given_up(rooms, webhook)
        page = await owner.see(PAGE)
        for said in (URL, "stopped", "nobody answered", "Given up", "HTTP 500", "order.released"):
            assert said in page, said
        one = {"webhook": webhook, "delivery": "msg_1"}
        assert (await owner.post(f"{PAGE}/replay", one)).status_code == 303
        assert "1 are told again." in await owner.see(PAGE)
        await owner.post(f"{PAGE}/replay", {"webhook": webhook})
        assert "2 are told again." in await owner.see(PAGE)
        await owner.post(f"{PAGE}/resume", {"webhook": webhook})
        assert "nobody answered" not in await owner.see(PAGE)
        turned = await owner.post(f"{PAGE}/rotate", {"webhook": webhook})
        assert "whsec_" in turned.text
        await owner.post(f"{PAGE}/remove", {"webhook": webhook})
        assert "Nobody is told what happens yet." in await owner.see(PAGE)

    visited(tmp_path, scene)


def test_only_an_owner_changes_webhooks_and_only_the_shops_own(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        owner = rooms.person("owner")
        webhook = await _added(owner)
        operator = rooms.person("operator")
        assert URL in await operator.see(PAGE)
        assert 'method="post" action="/app/settings/webhooks' not in (await operator.get(PAGE)).text
        for what in ("/rotate", "/resume", "/replay", "/remove", ""):
            assert (await operator.post(PAGE + what, {"webhook": webhook})).status_code == 403
        await rooms.ask.with_key("sarees", "live")
        stranger = rooms.person("owner", merchant_id="sarees", email="b@example.com")
        assert URL not in await stranger.see(PAGE)
        for what in ("rotate", "resume", "replay", "remove"):
            answer = await stranger.post(f"{PAGE}/{what}", {"webhook": webhook})
            assert answer.status_code == 404, what

    visited(tmp_path, scene)


def test_what_cannot_be_told_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        owner = rooms.person("owner")
        for url in ("", "http://127.0.0.1/x", "ftp://x"):
            assert (await owner.post(PAGE, {"url": url})).status_code == 422, url
        assert (await owner.post(f"{PAGE}/rotate", {})).status_code == 422

    visited(tmp_path, scene)
