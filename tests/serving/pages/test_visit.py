"""Nobody sees or changes what their role and their shop do not open, whatever the route."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute

from serving.pages.application import PAGES
from serving.pages.visit import least_role
from serving.store.accounts import ROLES, account_by_email
from serving.store.merchants import keys
from tests.serving.pages.rooms import Rooms, visited
from tests.serving.shop import order

ROUTES = [
    (method, route.path, list(route.tags))
    for page in PAGES
    for route in page.router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
]


def _filled(path: str) -> str:
    for name in ("order_id:path", "order_id", "token", "mark", "name", "entry_id", "revision"):
        path = path.replace(f"{{{name}}}", "1001")
    assert "{" not in path, f"say here what stands for the last part of {path}"
    return path


def test_every_route_is_closed_to_strangers_and_to_lesser_roles(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        people = {role: rooms.person(role) for role in ROLES}
        for method, path, tags in ROUTES:
            if "open" in tags:
                continue
            reading = method == "GET"
            stranger = await rooms.client.request(method, f"/app{_filled(path)}", data={})
            assert stranger.status_code == 303, path
            assert stranger.headers["location"].startswith("/app/login"), path
            least = least_role(tags, reading=reading)
            for role in ROLES[: ROLES.index(least)]:
                person = people[role]
                answer = await (person.get if reading else person.post)(_filled(path))
                assert answer.status_code == 403, (path, role)

    visited(tmp_path, scene)


def test_no_route_but_a_persons_own_choices_lets_a_viewer_change_anything() -> None:
    changing = {path for method, path, tags in ROUTES if method != "GET" and "viewer" in tags}
    assert changing == {"/logout", "/shop", "/language", "/thresholds/simulate"}
    open_to_all = {path for _, path, tags in ROUTES if "open" in tags}
    assert open_to_all == {"/", "/login", "/enter/{token}", "/static/{mark}/{name}"}


def test_a_form_without_the_pages_own_token_changes_nothing(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        owner = rooms.person()
        for method, path, tags in ROUTES:
            if method == "GET" or "open" in tags:
                continue
            for wrong in ("", "0" * 64, rooms.person("viewer").csrf):
                answer = await owner.post(_filled(path), {"csrf": wrong})
                assert answer.status_code == 422, path
                assert "open it again and repeat" in answer.text

    visited(tmp_path, scene)


MARK = "of-the-sarees"
"""In what the other shop's people, customers and settings say; no form of ours sends it."""
THEIRS = "order-77"


async def _other_shop(rooms: Rooms) -> dict[str, str]:
    """Another shop with something in every corner; what stands for its things in a form."""
    other = await rooms.ask.with_key("sarees", "live")
    placed = order(order_id=THEIRS, customer={"name": MARK, "phone": "+919811111111"})
    await other("POST", "/v1/score", placed)
    await other("POST", f"/v1/orders/{THEIRS}/note", {"note": MARK})
    entry = {"list": "block", "field": "email", "value": f"{MARK}@example.com", "reason": MARK}
    await other("POST", "/v1/lists", {"entries": [entry]})
    policy = await other("GET", "/v1/policy")
    rule = {"name": MARK, "when": "amount > 5000", "action": "verify"}
    draft = {name: value for name, value in policy.items() if name not in ("revision", "saved")}
    await other("PUT", "/v1/policy", draft | {"rules": [rule], "note": MARK},
                If_Match=f'"{policy["revision"]}"')  # fmt: skip
    hook = {"url": f"https://example.com/{MARK}", "events": ["order.released"]}
    subscribed = await other("POST", "/v1/webhooks", hook, 201)
    theirs = rooms.person(merchant_id="sarees", email=f"{MARK}@example.com")
    listed = (await other("GET", "/v1/lists"))["entries"][0]
    found = rooms.house.connection
    account = account_by_email(found, f"{MARK}@example.com")
    assert account is not None
    for page in (
        f"/orders/{THEIRS}",
        "/rules",
        "/settings/people",
        "/settings/connections",
        "/thresholds",
    ):
        assert MARK in (await theirs.get(page)).text, f"{page} shows its own shop's things"
    return {
        "order": THEIRS, "order_id": THEIRS, "key_id": keys(found, "sarees")[0].key_id, "q": THEIRS,
        "account_id": account.account_id, "entry_id": str(listed["entry_id"]),
        "merchant_id": "sarees", "email": "new@example.com",
        "webhook_id": subscribed["webhook_id"],
    }  # fmt: skip


def _rows_of(rooms: Rooms, merchant_id: str) -> dict[str, list[Any]]:
    """Everything that any table holds of a shop."""
    connection = rooms.house.connection
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
    found = {}
    for (table,) in tables:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()}
        if "merchant_id" in columns:
            asked = f"SELECT * FROM {table} WHERE merchant_id=? ORDER BY 1, 2"
            found[table] = connection.execute(asked, (merchant_id,)).fetchall()
    return found


def test_nothing_of_another_shop_is_shown_or_changed_by_any_route(tmp_path: Path) -> None:
    """Each page is searched for the other shop's words, each form is sent with its ids."""

    async def scene(rooms: Rooms) -> None:
        theirs = await _other_shop(rooms)
        await rooms.ask("POST", "/v1/score", order(order_id="ours"))
        owner, before = rooms.person(), _rows_of(rooms, "sarees")
        assert len(before["event"]) > 4
        for method, path, tags in ROUTES:
            if "open" in tags or path == "/logout":
                continue
            named = re.sub(r"{[^}]*}", THEIRS, path)
            if method == "GET":
                page = await owner.get(f"{named}?{urlencode(theirs)}")
                assert page.status_code == (404 if "{" in path else 200), path
            else:
                page = await owner.post(
                    named, theirs | {"do": "note", "note": "x", "role": "owner"}
                )
            assert MARK not in page.text, path
        assert _rows_of(rooms, "sarees") == before
        assert (await owner.get("/orders/ours")).status_code == 200

    visited(tmp_path, scene)


def test_who_has_two_shops_turns_between_them_and_forms_stay_with_theirs(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await rooms.ask.with_key("sarees", "live")
        person = rooms.person(email="both@example.com")
        rooms.person(merchant_id="sarees", email="both@example.com")
        assert (await person.post("/shop", {"merchant_id": "sarees"})).status_code == 303
        page = await person.get("/today")
        assert '<option value="sarees" selected>' in page.text
        assert (await person.post("/language", {"language": "hi"})).status_code == 422

    visited(tmp_path, scene)


def test_a_role_that_is_taken_away_ends_the_session(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        person = rooms.person("viewer")
        assert (await person.get("/today")).status_code == 200
        with rooms.house.transaction() as log:
            log.connection.execute("DELETE FROM membership")
        assert (await person.get("/today")).status_code == 303

    visited(tmp_path, scene)


def test_a_fault_of_ours_is_a_page_and_says_nothing_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hush")

    async def scene(rooms: Rooms) -> None:
        owner = rooms.person()
        monkeypatch.setattr(rooms.house.inside, "ask", fail)
        answer = await owner.get("/thresholds")
        assert answer.status_code == 500
        assert answer.headers["content-type"].startswith("text/html")
        assert "Something went wrong here; it has been logged." in answer.text
        assert "hush" not in answer.text

    visited(tmp_path, scene)
