"""The pages in a real browser: Debian's Chromium, driven by Playwright; skipped loudly without."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic_core import to_json

from features.days import DAY_US
from serving.home import Home
from serving.moments import now_us, uuid7
from serving.pages.application import PAGES
from serving.pages.menu import MENU
from serving.store.contacts import Contacts
from serving.store.merchants import new_key
from serving.store.outbox import Message, put_message
from serving.store.tasks import add_task
from tests.serving import process
from tests.serving.pages.browser import look_over, signed_in
from tests.serving.process import ROOT, Server
from tests.serving.shop import order, settings_in

ORDERS = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that acts, with orders that wait for a person."""
    with process.served(tmp_path_factory.mktemp("shop")) as served, served.client() as client:
        policy = client.get("/v1/policy")
        body = policy.json() | {
            "mode": "act",
            "thresholds": {"verify": None, "prepaid": None, "hold": 0.01, "block": None},
            "shares": {"holdout": 0.0, "explore": 0.0},
        }
        saved = client.put("/v1/policy", json=body, headers={"If-Match": policy.headers["etag"]})
        assert saved.status_code == 200, saved.text
        for number in range(ORDERS):
            _score(client, f"order {number}", 800 + 100 * number)
        wrote(served.home, "order 5", "Is it <b>pure</b> cotton?")
        yield served


def wrote(home: Path, order_id: str, text: str) -> None:
    """What a customer wrote that is no answer, as the hook leaves it."""
    with Home.open(settings_in(home)) as opened, opened.transaction() as log:
        held, now = log.find("kurtas", order_id), now_us()
        assert held is not None
        body = {"purpose": "order_check", "state": "unclear"}
        seq = log.append("message", body, at_us=now, known_us=now, order=held)
        contacts = Contacts(opened.keyring.sealing)
        contacts.keep(log.connection, seq, to_json({"note": text}))
        add_task(log.connection, held, "inbox", "a reply that is no answer", now_us=now, seq=seq,
                 until_us=now + DAY_US)  # fmt: skip
        put_message(log.connection, Message(
            uuid7(now).hex, held.number, "kurtas", "order_check", "unknown", now, now))  # fmt: skip


def _score(client: Any, order_id: str, amount: int, **more: Any) -> Any:
    placed = order(
        order_id=order_id,
        amount=amount,
        created_at=datetime.now(UTC).isoformat(),
        dispatch_cutoff=None,
        **more,
    )
    answer = client.post("/v1/score", json=placed)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[Any]:
    """A signed-in page."""
    with signed_in(server) as page:
        yield page


def _pages(server: Server, page: Any) -> list[str]:
    """Every page that needs nothing more said, and one order's; a new one is in by itself."""
    found = []
    for each in PAGES:
        for route in each.router.routes:
            if not isinstance(route, APIRoute) or "open" in route.tags or "{" in route.path:
                continue
            if "GET" not in (route.methods or ()):
                continue
            answer = page.request.get(f"{server.url}/app{route.path}")
            assert answer.ok, route.path
            if answer.headers["content-type"].startswith("text/html"):
                found.append(route.path)
    assert {entry.path for entry in MENU} <= set(found)
    return [*found, "/orders/order%203"]


def test_no_page_has_a_grave_fault_or_scrolls_sideways(server: Server, page: Any) -> None:
    for path in _pages(server, page):
        look_over(page, f"{server.url}/app{path}")


def test_a_dragged_threshold_changes_rupees_and_decides_the_next_order(
    server: Server, page: Any
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.url}/app/thresholds")
    saving = page.locator(".meaning .value").first
    before = saving.inner_text()
    handle = page.locator("[data-set=thresholds] .handle.hold-fill")
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 10, steps=5)
    page.mouse.up()
    assert saving.inner_text() != before
    assert float(page.locator("[name='thresholds.hold']").input_value()) > 30
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Work it out").click()
    page.locator("#simulated strong").first.wait_for()
    page.get_by_label("Note").fill("fewer reviews")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved as revision 2").wait_for()
    with server.client() as client:
        answer = _score(client, "after the change", 900)
    assert (answer["policy"], answer["action"]) == (2, "ship")
    page.get_by_role("button", name="Return to this 1").click()
    page.get_by_text("Back to revision 1").first.wait_for()
    with server.client() as client:
        assert _score(client, "after the return", 900)["action"] == "hold"


def test_the_queue_is_worked_by_keyboard_and_in_bulk(server: Server, page: Any) -> None:
    page.goto(f"{server.url}/app/queue")
    first = page.locator(".order").first.get_attribute("data-order")
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.get_by_text(f"Ship: order {first}.").wait_for()
    assert page.locator(f"[data-order='{first}']").count() == 0
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.locator(".bar").get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancel: 2 orders.").wait_for()
    with server.client() as client:
        assert client.get(f"/v1/orders/{first}").json()["decision"]["dispatch"] == "go"


def test_a_list_is_imported_and_decides_the_next_order(
    server: Server, page: Any, tmp_path: Path
) -> None:
    """The rest of its customers go on as before; what is no phone number is named by its line."""
    listed = tmp_path / "phones.csv"
    listed.write_text("phone,reason\n9800000077,never takes a parcel\nnobody,\n", "utf-8")
    page.goto(f"{server.url}/app/rules")
    form = page.locator("form[action$='/rules/import']")
    form.get_by_label("List", exact=True).select_option("block")
    form.get_by_label("What").select_option("phone")
    form.get_by_label("CSV file").set_input_files(listed)
    form.get_by_role("button", name="Import").click()
    page.get_by_text("1 values are on the list.").wait_for()
    assert page.get_by_role("row").nth(1).inner_text().startswith("3")
    page.get_by_role("link", name="Back to the lists").click()
    page.get_by_text("never takes a parcel").wait_for()
    with server.client() as client:
        listed_one = _score(client, "of the list", 900, customer={"phone": "+919800000077"})
        another = _score(client, "of nobody's list", 900)
    assert (listed_one["action"], listed_one["rule"]) == ("block", "block list: phone")
    assert another["rule"] is None


def test_a_customer_is_answered_from_the_inbox_and_a_doubtful_message_sent_again(
    server: Server, page: Any
) -> None:
    page.goto(f"{server.url}/app/inbox")
    page.get_by_text("Is it <b>pure</b> cotton?").wait_for()
    page.get_by_text("left to answer freely on WhatsApp").wait_for()
    page.get_by_label("Your answer").fill("Yes, it is.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your answer to order order 5 is on its way.").wait_for()
    page.get_by_text("Nothing waits here.").wait_for()
    page.get_by_role("link", name="Did not arrive").click()
    row = page.locator("tr", has_text="may have arrived")
    row.get_by_text("Send again").click()
    row.get_by_role("button", name="Send although it may have arrived").click()
    page.get_by_text("It is being sent again.").wait_for()


def test_the_storefront_snippet_weighs_a_basket_from_a_page_of_the_shops(
    server: Server, page: Any, tmp_path: Path
) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- storefront -->\n```js\n(.*?)```", text, re.S)
    assert found is not None
    with Home.open(settings_in(server.home)) as opened, opened.transaction() as log:
        key = new_key(log.connection, "kurtas", "live", now_us=now_us(), scopes=("checkout",))
    script = found[1].replace("https://rto.example.com", server.url)
    script = script.replace("rto_live_…", key).replace("timeout(400)", "timeout(15000)")
    (tmp_path / "cart.html").write_text(f"<!doctype html><script>{script}</script>")
    basket = {"amount": 1299, "items": [{"sku": "K", "price": 1299, "quantity": 1}]}
    with server.client(key) as client:
        client.post("/v1/checkout", json=basket).raise_for_status()
    site = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    )
    with site, page.context.browser.new_context() as shop:
        threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
        cart = shop.new_page()
        said: list[str] = []
        cart.on("console", lambda line: said.append(line.text))
        cart.on("response", lambda one: said.append(f"{one.url} {one.status}"))
        cart.goto(f"http://127.0.0.1:{site.server_port}/cart.html")
        told = cart.evaluate("given => offer(given)", basket)
        assert (told["cod"], told["partial_cod"]) == (False, False), said
        cart.route("**/v1/checkout", lambda route: route.abort())
        told = cart.evaluate("given => offer(given)", basket)
        assert told == {"cod": True, "partial_cod": True, "cod_fee": 0}
        site.shutdown()
