"""What returns, Money and Model: whole for a young shop, and for one with a year behind it."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from features.days import DAY_US
from serving.board.advice import CAUSES, advice, advice_on_cause
from serving.board.findings import DIMENSIONS, Finding
from serving.board.reading import catch_up
from serving.board.refresh import refresh
from serving.board.summary import Summary
from serving.pages.returns import TITLES
from serving.pages.words import catalogue
from tests.serving import shop
from tests.serving.board.invented import write_year
from tests.serving.pages.rooms import Rooms, visited

PAGES = Path(__file__).parents[3] / "serving" / "pages"
TABLES = ("/returns/table?by=sku", "/returns/expected", "/money/weeks", "/money/campaigns",
          "/model/table", "/worth/table")  # fmt: skip
NOW = shop.NOON + 3 * DAY_US


def count(rooms: Rooms) -> None:
    """What the summary's process does."""
    with Summary.open(rooms.house.settings.board) as summary:
        catch_up(summary, rooms.house.home.connection)
        for merchant_id in ("kurtas", "sarees"):
            refresh(summary, rooms.house.home.connection, merchant_id, now_us=NOW)


def test_before_anything_is_counted_the_pages_say_so(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        viewer = rooms.person("viewer")
        for path in ("/returns", "/money"):
            assert "are being counted" in await viewer.see(path)
        assert "No model was trained yet" in await viewer.see("/model")
        for path in TABLES:
            answer = await viewer.get(path)
            assert len(answer.text.splitlines()) == 1, path
        count(rooms)
        for path in ("/returns", "/money", "/returns?by=cause"):
            assert "No week is old enough yet" in await viewer.see(path)

    visited(tmp_path, scene, clock=shop.Clock(NOW))


def test_a_year_is_told(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        write_year(rooms.house.home, 3_000, now_us=NOW)
        await shop.add_shop(rooms.service, "sarees")
        count(rooms)
        owner = rooms.person("owner")
        for by in TITLES:
            page = await owner.see(f"/returns?by={by}&days=365&sort=rate")
            assert "Measured on orders placed until" in page, by
            assert "What to do" in page
        assert "stand out in all" in await owner.see("/returns?by=payment_mode&days=365")
        page = await owner.see("/today")
        for said in ("in them that were scored, about", "comparison group cost between",
                     "Measured on orders placed until"):  # fmt: skip
            assert said in page
        page = await owner.see("/money")
        for said in ("Returns cost you", "What was saved", "comparison group", "next 30 days",
                     "Net of returns", "What a customer is worth"):  # fmt: skip
            assert said in page
        assert "orders nobody interfered with" in await owner.see("/model")
        page = await owner.see("/worth")
        for said in ("How this is counted", "Ask customer", "orders of settled weeks"):
            assert said in page
        for path in TABLES:
            answer = await owner.get(path)
            assert len(answer.text.splitlines()) > 3, path
            assert answer.headers["content-type"].startswith("text/csv")
        stranger = rooms.person("owner", merchant_id="sarees", email="other@example.com")
        for path in ("/returns?by=sku", "/money", "/model", *TABLES):
            assert "KRT-" not in (await stranger.get(path)).text
            assert "diwali-sale" not in (await stranger.get(path)).text

    visited(tmp_path, scene, clock=shop.Clock(NOW))


def test_odd_addresses_are_taken_as_the_usual(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        count(rooms)
        owner = rooms.person("owner")
        for path in ("/returns?by=x&days=y&sort=%27", "/money?days=-1", "/returns/table?by=<b>"):
            assert (await owner.get(path)).status_code == 200

    visited(tmp_path, scene, clock=shop.Clock(NOW))


def test_ad_spend_is_taken_in_by_operators_and_refused_with_a_sentence(tmp_path: Path) -> None:
    async def send(rooms: Rooms, text: bytes, role: str = "operator") -> httpx2.Response:
        person = rooms.person(role)  # type: ignore[arg-type]
        return await rooms.client.post(
            "/app/money/spend", data={"csrf": person.csrf},
            files={"file": ("spend.csv", text, "text/csv")},
            headers={"Cookie": f"rto_session={person.token}"},
        )  # fmt: skip

    async def scene(rooms: Rooms) -> None:
        good = b"day,campaign,spend\n2026-11-01,diwali-sale,1200.50\n"
        assert (await send(rooms, good)).status_code == 303
        count(rooms)
        with Summary.open(rooms.house.settings.board) as summary:
            found = summary.connection.execute("SELECT campaign, paise FROM spend").fetchall()
        assert found == [("diwali-sale", 120050)]
        for bad, says in ((b"a,b\n", "names no column"), (b"\xff\xfe\x00", "UTF-8"),
                          (b"day,campaign,spend\nx,y,1\n", "row 2")):  # fmt: skip
            answer = await send(rooms, bad)
            assert answer.status_code == 422
            assert says in answer.text
        assert (await send(rooms, good, "viewer")).status_code == 403

    visited(tmp_path, scene, clock=shop.Clock(NOW))


def test_a_spreadsheet_takes_no_value_for_a_formula(tmp_path: Path) -> None:
    from serving.pages.returns import written

    assert written(["a"], [["=1+1"], ["-x"], [3]]) == "a\r\n'=1+1\r\n'-x\r\n3\r\n"


@pytest.mark.parametrize("dimension", [*DIMENSIONS, "cause"])
def test_every_finding_that_stands_out_has_an_advice(dimension: str) -> None:
    for cause in CAUSES:
        worse = Finding(cause, 99, 99, 50, 0.5, 0.4, 0.6, "more", cause, 0)
        assert advice(dimension, worse)
        assert advice_on_cause(cause)
    assert not advice("sku", Finding("a", 9, 9, 2, 0.2, 0.0, 0.6, "few", "", 0))


def test_every_sentence_of_these_pages_is_said_in_hindi() -> None:
    words = catalogue("hi")
    sentences = set(CAUSES.values()) | set(TITLES.values())
    for name in ("returns", "money", "model", "counting"):
        text = (PAGES / "templates" / f"{name}.html").read_text("utf-8")
        sentences |= set(re.findall(r'_\("((?:[^"\\]|\\.)*)"', text))
    for name in ("returns", "money"):
        text = (PAGES / f"{name}.py").read_text("utf-8")
        sentences |= set(re.findall(r'say\(\s*"((?:[^"\\]|\\.)*)"', text))
    missing = sorted(sentence for sentence in sentences if sentence not in words)
    assert not missing
    named = re.compile(r"\{(\w+)\}")
    for english, hindi in words.items():
        assert set(named.findall(english)) == set(named.findall(hindi)), english
