"""``make screenshots``: a picture of each page of the demo, on a phone and on a desk.

It serves the demo under RTO_HOME (``rto demo --stop`` sets it up) with its sandbox, goes live,
posts some hundred orders, lets customers answer and deliveries fail, and has Debian's Chromium
look at every page of the menu and the settings.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import click
import httpx2
from playwright.sync_api import Browser, sync_playwright

from features.settings import Settings, load_settings
from serving.demo import Demo
from serving.invented import request_of
from serving.pages.menu import MENU
from serving.pages.settings import TABS

CHROMIUM = "/usr/bin/chromium"
WIDTHS = {"phone": (375, 812), "desk": (1440, 900)}
POSTED = 260
TALLEST = 2_000
MORE = ("/messages", "/settings/webhooks")
# What customers of the sandbox do: press the button of this place, or write.
ANSWERS: tuple[tuple[int | str, ...], ...] = (
    ("Is this pure cotton? My last one shrank.",),
    (0,),
    (1, 0, "Flat 7, Rose Villa, 2nd Cross, near the post office"),
    (0,),
    ("Please call me after six, I cannot read this.",),
    (0,),
)
REMARKS = ("Customer not available", "Address not found", "Consignee refused to accept")
_LOOK_S, _LOOKS = 0.5, 60


@dataclass(frozen=True)
class Stage:
    """The demo, running."""

    url: str
    sandbox: str
    link: str


@contextmanager
def running(settings: Settings) -> Iterator[Stage]:
    """The demo with its sandbox, on ports that are free now."""
    ports = [str(_free()) for _ in range(2)]
    with subprocess.Popen(
        [sys.executable, "-m", "rto", "demo", "--port", ports[0], "--sandbox-port", ports[1]],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"RTO_HOME": str(settings.home)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = ""
        while "API key of the demo" not in said:
            line = process.stdout.readline()
            assert line, f"the demo did not start: {said}"
            said += line
        found = re.search(r"pages\s+(http://[^/]+)(\S+)", said)
        assert found is not None, said
        try:
            yield Stage(found[1], f"http://127.0.0.1:{ports[1]}", found[2])
        finally:
            process.send_signal(signal.SIGINT)


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def go_live(demo: Demo, client: httpx2.Client) -> str:
    """Let the policy act, and post orders like the shop's own; the number of one of them."""
    policy = client.get("/v1/policy")
    if policy.json()["mode"] == "observe":
        acting = policy.json() | {"mode": "act"}
        client.put("/v1/policy", json=acting, headers={"If-Match": policy.headers["etag"]})
    pick = random.Random(5)
    rows = pick.sample(demo.past.recent(2_000).to_pylist(), POSTED)
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


def converse(stage: Stage, merchant: str, folder: Path) -> None:
    """Let customers of the sandbox write and confirm, and parcels of theirs come to no door."""
    with httpx2.Client(base_url=stage.sandbox, headers={"X-Sandbox": "1"}, timeout=60) as phone:
        placed = [phone.post("/order").json()["order_id"] for _ in range(len(ANSWERS))]
        talks = _talks(phone, placed)
        for order_id, answer in zip(talks, ANSWERS, strict=False):
            for said in answer:
                wish = {"button": said} if isinstance(said, int) else {"text": said}
                phone.post("/play", json={"message": talks[order_id]} | wish)
                time.sleep(2 * _LOOK_S)
                talks = _talks(phone, placed)
    confirmed = [order_id for order_id, said in zip(talks, ANSWERS, strict=False) if said == (0,)]
    _fail_deliveries(stage, merchant, folder, confirmed)


def _talks(phone: httpx2.Client, placed: Sequence[str]) -> dict[str, str]:
    """The newest message to each customer, once there is one for every order asked about."""
    for _ in range(_LOOKS):
        phones = phone.get("/state").json()["phones"]
        found = {
            one["order"]["order_id"]: [m for m in one["lines"] if m["from"] == "shop"][-1]["id"]
            for one in phones if one["order"] and one["lines"]
        }  # fmt: skip
        if set(placed) <= set(found):
            break
        time.sleep(_LOOK_S)
    return {order_id: found[order_id] for order_id in placed if order_id in found}


def _fail_deliveries(stage: Stage, merchant: str, folder: Path, orders: Sequence[str]) -> None:
    """Scans of a courier's."""
    account = folder / "courier.json"
    account.write_text(json.dumps({"courier": "generic", "token": "token-of-the-courier"}))
    hook = _told("channel", "courier", merchant, str(account)).removeprefix("server>")
    now = datetime.now(UTC)
    for i, order_id in enumerate(orders):
        for hours, status in ((26, "shipped"), (3, "out_for_delivery"), (2 - i % 2, "ndr")):
            body = {
                "awb": f"AWB-{order_id}", "order_id": order_id, "status": status,
                "courier": ("fast", "steady")[i % 2], "remark": REMARKS[i % len(REMARKS)],
                "at": (now - timedelta(hours=hours)).isoformat(),
            }  # fmt: skip
            httpx2.post(f"{stage.url}{hook}", json=body,
                        headers={"X-Api-Key": "token-of-the-courier"})  # fmt: skip


def look(browser: Browser, stage: Stage, paths: Sequence[str], out: Path, language: str) -> None:
    """One picture of each page at each width."""
    url = stage.url
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{url}{stage.link}")
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
@click.option(
    "--only", multiple=True, help="Paths below /app; default all pages of menu and settings."
)
@click.option("--language", default="en-IN")
def main(out: Path, only: tuple[str, ...], language: str) -> None:
    """Make the pictures."""
    settings = load_settings()
    demo = Demo(settings, "127.0.0.1", 8000)
    out.mkdir(parents=True, exist_ok=True)
    with running(settings) as stage, sync_playwright() as playwright:
        key = (demo.folder / "key").read_text("utf-8")
        with httpx2.Client(
            base_url=stage.url, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as client:
            newest = go_live(demo, client)
        converse(stage, demo.past.merchant, demo.folder)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        paths = list(only) or [
            *dict.fromkeys([*(entry.path for entry in MENU), *(tab for tab, _ in TABS), *MORE])
        ]
        if not only:
            paths.append(f"/orders/{quote(newest, safe='')}")
        look(browser, stage, paths, out, language)
        browser.close()


if __name__ == "__main__":
    main()
