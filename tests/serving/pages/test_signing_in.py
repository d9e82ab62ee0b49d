"""The door: passwords, links that open once, attempts that run out, and languages."""

from __future__ import annotations

from pathlib import Path

from features.days import DAY_US
from serving.commands.user import invite
from serving.pages.visit import COOKIE
from tests.serving.pages.rooms import Rooms, visited
from tests.serving.shop import Clock

ASHA = "asha@example.com"


def _link(rooms: Rooms) -> str:
    with rooms.house.transaction() as log:
        return invite(log, ASHA, "kurtas", "owner", now=rooms.house.clock())


def test_a_link_lets_in_once_and_its_password_from_then_on(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        link, client = _link(rooms), rooms.client
        shown = await client.get(f"/app/enter/{link}")
        assert ASHA in shown.text
        short = await client.post(f"/app/enter/{link}", data={"password": "short"})
        assert short.status_code == 422
        assert "at least 10 characters" in short.text
        entered = await client.post(f"/app/enter/{link}", data={"password": "ten letters"})
        assert entered.headers["location"] == "/app/today"
        assert (await client.post(f"/app/enter/{link}", data={})).status_code == 410
        client.cookies.clear()
        form = {"email": " Asha@Example.com", "password": "ten letters", "next": "/app/orders?q=2"}
        signed = await client.post("/app/login", data=form)
        assert signed.headers["location"] == "/app/orders?q=2"
        assert COOKIE in client.cookies

    visited(tmp_path, scene)


def test_wrong_and_unknown_say_the_same_until_the_attempts_run_out(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await rooms.client.post(f"/app/enter/{_link(rooms)}", data={"password": "ten letters"})
        for email in (ASHA, "nobody@example.com"):
            for attempt in range(6):
                form = {"email": email, "password": "wrong one"}
                answer = await rooms.client.post("/app/login", data=form)
                assert answer.status_code == (401 if attempt < 5 else 429)
        right = {"email": ASHA, "password": "ten letters"}
        assert (await rooms.client.post("/app/login", data=right)).status_code == 429

    visited(tmp_path, scene)


def test_after_signing_in_nobody_is_sent_to_another_site(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await rooms.client.post(f"/app/enter/{_link(rooms)}", data={"password": "ten letters"})
        wishes = ("https://example.com/app/", "//example.com/app/", "/app/\\example.com", "/v1/x")
        for wish in wishes:
            form = {"email": ASHA, "password": "ten letters", "next": wish}
            answer = await rooms.client.post("/app/login", data=form)
            assert answer.headers["location"] == "/app/today"
            rooms.house.throttle.forget("peer ")
        strange = await rooms.client.post(
            "/app/login", data=right_form(), headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert strange.status_code == 422

    visited(tmp_path, scene)


def right_form() -> dict[str, str]:
    """What Asha types."""
    return {"email": ASHA, "password": "ten letters"}


def test_sessions_and_links_end_by_themselves_and_by_signing_out(tmp_path: Path) -> None:
    clock = Clock()

    async def scene(rooms: Rooms) -> None:
        person, link = rooms.person(), _link(rooms)
        assert (await person.get("/today")).status_code == 200
        assert (await person.post("/logout")).status_code == 303
        assert (await person.get("/today")).status_code == 303
        again = rooms.person()
        clock.us += 15 * DAY_US
        assert (await again.get("/today")).status_code == 303
        assert (await rooms.client.get(f"/app/enter/{link}")).status_code == 410

    visited(tmp_path, scene, clock=clock)


def test_pages_speak_the_language_that_is_chosen_or_accepted(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        person = rooms.person()
        assert '<html lang="hi">' in (await person.get("/today", accept_language="hi-IN")).text
        assert (await person.post("/language", {"language": "en"})).status_code == 303
        assert '<html lang="en">' in (await person.get("/today", accept_language="hi-IN")).text

    visited(tmp_path, scene)
