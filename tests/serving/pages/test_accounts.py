"""Accounts are connected from a page by the owner, and what is secret is never shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving.pages.account_forms import ACCOUNTS, Account
from serving.store.channels import WHATSAPP
from serving.store.log import body_of
from tests.serving.pages.rooms import Rooms, visited

SECRET = "hush-hush-of-the-kurtas"
FILLED = {
    "phone_number_id": "123456", "key_id": "rzp_test_1", "domain": "kurtas.myshopify.com",
    "header": "x-api-key", "email": "api@example.com",
}  # fmt: skip


def _form(account: Account, **changes: str) -> dict[str, str]:
    """What an owner types, secrets included."""
    form = {one.name: SECRET for one in account.fields if one.kind == "secret"}
    form |= {one.name: FILLED[one.name] for one in account.fields if one.name in FILLED}
    return {"account": account.name} | form | changes


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.name)
def test_an_account_is_connected_stopped_changed_and_forgotten(
    tmp_path: Path, account: Account
) -> None:
    async def scene(rooms: Rooms) -> None:
        owner, viewer = rooms.person(), rooms.person("viewer")
        house = rooms.house

        def held() -> Any:
            return account.provider.of(house.connection, house.contacts, "kurtas")

        assert (await owner.post("/settings/accounts", _form(account))).status_code == 303
        endpoint = held().endpoint
        page = (await owner.get("/settings/accounts")).text
        assert f"/v1/hooks/{endpoint}" in page
        assert SECRET not in page
        assert endpoint not in (await viewer.get("/settings/accounts")).text
        switch = {"account": account.name, "do": "stop"}
        assert (await owner.post("/settings/accounts/switch", switch)).status_code == 303
        assert held().stopped == "stopped by hand"
        secret = account.provider.secret
        assert secret is not None
        kept = {one.name: "" for one in account.fields if one.kind == "secret"}
        await owner.post("/settings/accounts", _form(account, **kept))
        assert getattr(held().account, secret) == SECRET, "a secret left empty stays"
        assert held().stopped is None
        await owner.post("/settings/accounts", _form(account, **{secret: "another " + SECRET}))
        assert getattr(held().account, f"{secret}_before") == SECRET, "the one before still opens"
        assert held().endpoint == endpoint
        await owner.post("/settings/accounts/switch", {"account": account.name, "do": "drop"})
        assert held() is None
        told = house.connection.execute("SELECT body FROM event WHERE kind='audit'").fetchall()
        assert account.did in {body_of(body)["did"] for (body,) in told}
        assert not any(SECRET.encode() in bytes(body) for (body,) in told)

    visited(tmp_path, scene)


def test_what_is_wrong_is_named_by_its_label_and_never_repeated(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        owner = rooms.person()
        whatsapp = ACCOUNTS[0]
        wrong = await owner.post("/settings/accounts", _form(whatsapp, phone_number_id="98 x"))
        assert wrong.status_code == 422
        assert "Phone number ID: " in wrong.text
        short = await owner.post("/settings/accounts", _form(whatsapp, app_secret="tiny-s"))
        assert short.status_code == 422
        assert "tiny-s" not in short.text
        assert WHATSAPP.of(rooms.house.connection, rooms.house.contacts, "kurtas") is None

    visited(tmp_path, scene)
