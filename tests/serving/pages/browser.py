"""A real browser for the pages: Debian's Chromium, driven by Playwright; skipped loudly without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.serving.process import Server

CHROMIUM = Path("/usr/bin/chromium")
WIDTHS = ((375, 812), (1440, 900))


@contextmanager
def signed_in(server: Server) -> Iterator[Any]:
    """A page of the owner; whatever it asks of another host, and any error in it, is a fault."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium: apt-get install chromium")
    strange: list[str] = []
    errors: list[str] = []

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


def look_over(page: Any, address: str) -> None:
    """One page at both widths: no grave fault, no scrolling sideways, one heading."""
    from axe_playwright_python.sync_playwright import Axe

    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        found = Axe().run(page).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in grave]
        assert told == [], (address, width)
        across = page.evaluate("document.documentElement.scrollWidth")
        assert across <= width, (address, width, across)
        assert page.locator("h1").count() == 1, address
