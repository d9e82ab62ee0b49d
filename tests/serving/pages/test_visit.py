"""Nobody sees or changes what their role and their shop do not open, whatever the route."""

from __future__ import annotations

from pathlib import Path

from fastapi.routing import APIRoute

from serving.pages.application import PAGES
from serving.pages.visit import least_role
from serving.store.accounts import ROLES
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


def test_another_shops_orders_are_not_there(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        other = await rooms.ask.with_key("sarees", "live")
        await other("POST", "/v1/score", order(order_id="theirs"))
        await rooms.ask("POST", "/v1/score", order(order_id="ours"))
        ours, theirs = rooms.person(), rooms.person(merchant_id="sarees", email="b@example.com")
        for method, path, tags in ROUTES:
            if method == "GET" and "open" not in tags:
                page = await ours.get(path.replace("{order_id:path}", "theirs"))
                assert page.status_code == (404 if "{order_id" in path else 200), path
                assert ">theirs<" not in page.text, path
        assert (await ours.get("/orders/ours")).status_code == 200
        assert (await theirs.get("/orders/theirs")).status_code == 200
        assert (await theirs.get("/orders/ours")).status_code == 404
        turned = await ours.post("/shop", {"merchant_id": "sarees"})
        assert turned.status_code == 422

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
