"""The pages in a real browser: Debian's Chromium, driven by Playwright; skipped loudly without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serving.pages.menu import MENU
from tests.serving import process
from tests.serving.process import Server
from tests.serving.shop import order

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if not CHROMIUM.exists():
    pytest.skip("no /usr/bin/chromium: apt-get install chromium", allow_module_level=True)

WIDTHS = ((375, 812), (1440, 900))
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


def _score(client: Any, order_id: str, amount: int) -> Any:
    placed = order(
        order_id=order_id,
        amount=amount,
        created_at=datetime.now(UTC).isoformat(),
        dispatch_cutoff=None,
    )
    answer = client.post("/v1/score", json=placed)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def page(server: Server) -> Iterator[Any]:
    """A signed-in page; whatever it asks of another host is an error."""
    strange: list[str] = []

    def only_ours(route: Any) -> None:
        if route.request.url.startswith((server.url, "data:")):
            route.continue_()
        else:
            strange.append(route.request.url)
            route.abort()

    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(locale="en-IN")
        page.set_default_timeout(15_000)
        page.route("**/*", only_ours)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{server.url}/app/enter/{server.link}")
        page.get_by_label("Choose a password").fill("a long password")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/app/today")
        yield page
        browser.close()
    assert strange == []
    assert errors == []


def test_no_page_has_a_grave_fault_or_scrolls_sideways(server: Server, page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    paths = [entry.path for entry in MENU] + ["/orders/order%203"]
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        for path in paths:
            page.goto(f"{server.url}/app{path}")
            found = Axe().run(page).response["violations"]
            grave = [one for one in found if one["impact"] in ("serious", "critical")]
            told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in grave]
            assert told == [], (path, width)
            across = page.evaluate("document.documentElement.scrollWidth")
            assert across <= width, (path, width, across)
            assert page.locator("h1").count() == 1, path


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
