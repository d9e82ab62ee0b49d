"""The pages in a real browser: Debian's Chromium, driven by Playwright; skipped loudly without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from serving.pages.application import PAGES
from serving.pages.menu import MENU
from tests.serving import process
from tests.serving.pages.browser import look_over, signed_in
from tests.serving.process import Server
from tests.serving.shop import order

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
        yield served


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
