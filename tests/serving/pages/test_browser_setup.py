"""Set-up in a real browser, by somebody without a terminal: from two files to live."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serving.home import Home
from serving.store.merchants import add_merchant
from tests.serving import process, shop
from tests.serving.pages.browser import look_over, signed_in
from tests.serving.pages.exports import write_exports
from tests.serving.shop import order

ORDERS = 700
MINUTES_MS = 300_000
SMALL = """trees: {num_leaves: 4, learning_rate: 0.2}
threads: 1
labels: weights
half_life_days: null
"""
ODD = """Bill;Booked;Paymt;Net Amount;Area;Last scan
B-1;03/04/2026;Cash;1,200.00;560034 (Blr);Done
B-2;04/04/2026;GPay;900;110001 (Del);Done
B-3;05/04/2026;GPay;900;110001 (Del);Kaput
"""


def test_a_merchant_comes_from_two_files_to_live_without_a_terminal(tmp_path: Path) -> None:
    exported, courier = write_exports(tmp_path, ORDERS)
    home = tmp_path / "home"
    home.mkdir()
    (home / "train.yaml").write_text(SMALL, encoding="utf-8")
    with process.served(home) as server, signed_in(server) as page:
        with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
            add_merchant(log.connection, "sarees", "Sarees", invented=True, now_us=1)
        _columns_by_hand(page, server.url, tmp_path)
        page.get_by_text("Choose other files").click()
        page.get_by_label("Your shop's orders").set_input_files(exported)
        page.get_by_label("Your courier's report with the outcomes").set_input_files(courier)
        page.get_by_role("button", name="Read them").click()
        page.get_by_text("700 orders were read.").wait_for(timeout=MINUTES_MS)
        page.get_by_role("button", name="Yes, the columns are right: learn").click()
        page.get_by_text("What it was asked: 10 of 10 passed").wait_for(timeout=MINUTES_MS)
        page.get_by_role("button", name="Put it in use").click()
        page.get_by_text("new ones are scored by rto-").wait_for(timeout=MINUTES_MS)
        page.get_by_text("That cost you about ₹").wait_for(timeout=MINUTES_MS)
        page.get_by_role("link", name="Costs").click()
        page.get_by_label("Shipping back", exact=True).fill("120")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved as revision 1.").wait_for()
        page.goto(f"{server.url}/app/setup")
        page.get_by_role("button", name="Go live").click()
        page.get_by_text("You are live.").wait_for()
        placed = order(created_at=datetime.now(UTC).isoformat(), dispatch_cutoff=None)
        with server.client() as client:
            answer = client.post("/v1/score", json=placed).json()
        assert answer["model"].startswith("rto-"), "the shop's own model decides"
        assert answer["policy"] == 2
        look_over(page, f"{server.url}/app/setup")
        look_over(page, f"{server.url}/app/model")
        page.get_by_role("button", name="Use the model of all shops instead").click()
        page.get_by_text("The model of all shops decides again.").wait_for()


def _columns_by_hand(page: Any, address: str, folder: Path) -> None:
    """A file of no known format: the guess is looked at, mended and read."""
    odd = folder / "odd.csv"
    odd.write_text(ODD, encoding="utf-8")
    page.goto(f"{address}/app/setup")
    page.get_by_label("Your shop's orders").set_input_files(odd)
    page.get_by_label("Where they come from").select_option("by-hand")
    page.get_by_role("button", name="Read them").click()
    page.get_by_role("link", name="Choose the columns").click(timeout=MINUTES_MS)
    look_over(page, f"{address}/app/setup/columns")
    page.get_by_label("The first one, 03/04/2026, reads").select_option(label="3 Apr 2026, 00:00")
    page.get_by_label("Pincode").select_option("Area")
    page.get_by_label("What became of it").select_option("Last scan")
    page.get_by_role("button", name="Read them").click()
    page.get_by_text("Look at how Last scan is understood").wait_for()
    page.get_by_label("Kaput").select_option("Lost")
    page.get_by_role("button", name="Read them").click()
    page.get_by_text("3 orders were read.").wait_for(timeout=MINUTES_MS)
    page.get_by_text("not known yet 2, Lost 1").wait_for()
    page.get_by_role("link", name="Change the columns").wait_for()
