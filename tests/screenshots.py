"""``make screenshots``: a picture of each page of the demo, on a phone and on a desk.

It serves the demo under RTO_HOME (``rto demo --stop`` sets it up), goes live, posts some hundred
orders, and lets Debian's Chromium look at every page of the menu.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import click
import httpx2
from playwright.sync_api import Browser, sync_playwright

from features.settings import Settings, load_settings
from serving.demo import OWNER, Demo, request_of
from serving.pages.menu import MENU

CHROMIUM = "/usr/bin/chromium"
WIDTHS = {"phone": (375, 812), "desk": (1440, 900)}
POSTED = 260
TALLEST = 2_000


@contextmanager
def server(settings: Settings) -> Iterator[str]:
    """The demo's server; its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "rto", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"RTO_HOME": str(settings.home)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, "the server did not start"
        try:
            yield found[0]
        finally:
            process.terminate()


def go_live(demo: Demo, client: httpx2.Client) -> str:
    """Let the policy act, and post orders like the shop's own; the number of one of them."""
    policy = client.get("/v1/policy")
    if policy.json()["mode"] == "observe":
        acting = policy.json() | {"mode": "act"}
        client.put("/v1/policy", json=acting, headers={"If-Match": policy.headers["etag"]})
    pick = random.Random(5)
    rows = pick.sample(demo.recent_orders(2_000).to_pylist(), POSTED)
    now = datetime.now(UTC)
    bodies = []
    for i, row in enumerate(rows):
        body = request_of(row, f"K-{now:%d%H%M}-{i + 1:03}", now)
        body["dispatch_cutoff"] = (
            now + timedelta(minutes=pick.choice((70, 110, 340, 500)))
        ).isoformat()
        bodies.append(body)
    for start in range(0, len(bodies), 100):
        client.post("/v1/score/batch", json=bodies[start : start + 100]).raise_for_status()
    return str(bodies[0]["order_id"])


def look(browser: Browser, url: str, paths: Sequence[str], out: Path, language: str) -> None:
    """One picture of each page at each width."""
    link = _told("user", "add", OWNER, "--merchant", os.environ["DEMO_MERCHANT"], "--role", "owner")
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{url}{link}")
    page.screenshot(path=out / "enter-desk.png")
    page.get_by_role("button").click()
    for width, (across, down) in WIDTHS.items():
        page.set_viewport_size({"width": across, "height": down})
        for path in paths:
            page.goto(f"{url}/app{path}")
            name = "order" if path.startswith("/orders/") else path.strip("/").replace("/", "-")
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.screenshot(
                path=out / f"{name}-{width}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": across, "height": min(max(tall, down), TALLEST)},
            )


def _told(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "rto", *words], check=True, capture_output=True, text=True
    )
    return done.stdout.split()[-1]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("var/screenshots"))
@click.option("--only", multiple=True, help="Paths below /app; default every page of the menu.")
@click.option("--language", default="en-IN")
def main(out: Path, only: tuple[str, ...], language: str) -> None:
    """Make the pictures."""
    settings = load_settings()
    demo = Demo(settings, "127.0.0.1", 8000)
    os.environ["DEMO_MERCHANT"] = demo.merchant()
    out.mkdir(parents=True, exist_ok=True)
    with server(settings) as url, sync_playwright() as playwright:
        key = (demo.folder / "key").read_text("utf-8")
        with httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as client:
            newest = go_live(demo, client)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        paths = list(only) or [*(entry.path for entry in MENU)]
        if not only:
            paths.append(f"/orders/{quote(newest, safe='')}")
        look(browser, url, paths, out, language)
        browser.close()


if __name__ == "__main__":
    main()
