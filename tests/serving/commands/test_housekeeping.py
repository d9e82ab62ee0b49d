"""What operators do from the command line, one after the other on one installation."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from pathlib import Path

from click.testing import CliRunner

from rto import cli
from serving.home import Home
from serving.keyring import open_keyring
from serving.store.channels import WHATSAPP, WhatsApp
from serving.store.contacts import Contacts
from tests.serving import shop
from tests.serving.client import Shop, open_shop

ACCOUNT = WhatsApp(
    phone_number_id="1234567", token="token-of-a-test", app_secret="secret-of-a-test",
    verify_token="verify-a-test",
)  # fmt: skip
# What stays of a merchant that is closed: the merchant, its past without names, who did what.
STAYS = {"event", "orders", "merchant", "api_key", "policy", "shipment", "review_day"}


def _rto(home: Path, *words: str) -> str:
    """What a command says; a refusal is the sentence of its error."""
    done = CliRunner().invoke(cli, words, env={"RTO_HOME": str(home)}, input="y\n")
    return done.output if done.exception is None else f"refused: {done.exception}"


def _lived_in(home: Path) -> None:
    async def scene() -> None:
        async with open_shop(home, keyring=open_keyring(shop.settings_in(home))) as ask:
            for i in range(3):
                await ask("POST", "/v1/score", shop.order(order_id=f"o{i}"))
            await ask("POST", "/v1/outcomes", [shop.outcome("o0"), shop.outcome("o1", "rto")])
            await _entry(ask)

    asyncio.run(scene())


async def _entry(ask: Shop) -> None:
    await ask("POST", "/v1/lists", [{"list": "block", "field": "phone", "value": "9000000009"}])


def test_an_installation_is_kept_house_of_by_command(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    _lived_in(home)
    assert "Removed the contacts of 2 orders" in _rto(home, "prune", "--older-than", "2026-11-21")
    _rto(home, "backup", str(tmp_path / "log.rto"))
    assert "there are no keys" in _rto(other, "restore", str(tmp_path / "log.rto"))
    shutil.copytree(home / "keys", other / "keys", dirs_exist_ok=True)
    _rto(other, "restore", str(tmp_path / "log.rto"))
    assert "Took 3 whole orders" in _rto(other, "prune", "--older-than", "2026-11-21", "--orders")

    keys = json.loads((other / "keys" / "keys.json").read_text("utf-8"))
    keys["hash"] += f",2:{secrets.token_hex(32)}"
    (other / "keys" / "keys.json").write_text(json.dumps(keys), "utf-8")
    assert "run `rto rehash`" in _rto(other, "audit")
    assert "3 orders and revisions follow version 2" in _rto(other, "rehash")
    assert "is in force already" in _rto(other, "rehash")
    told = _rto(other, "audit")
    assert [line.split(": ")[1].split(" by")[0] for line in told.splitlines()][:3] == [
        "rehashed", "orders pruned", "pruned",
    ]  # fmt: skip


def test_of_a_merchant_that_is_closed_nothing_of_its_own_stays(tmp_path: Path) -> None:
    _lived_in(tmp_path)
    settings = shop.settings_in(tmp_path)
    with Home.open(settings) as home, home.transaction() as log:
        WHATSAPP.keep(log.connection, Contacts(home.keyring.sealing), "kurtas", ACCOUNT)
    assert "3 sealed details" in _rto(tmp_path, "merchant", "close", "kurtas")
    with Home.open(settings) as home:
        assert home.connection.execute("SELECT count(*) FROM contact").fetchone() == (0,)
        owned = {
            name
            for (name,) in home.connection.execute(
                """SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                   WHERE m.type='table' AND c.name='merchant_id'"""
            ).fetchall()
        }
        assert owned >= STAYS
        left = {
            name
            for name in owned
            if home.connection.execute(
                f"SELECT 1 FROM {name} WHERE merchant_id='kurtas' LIMIT 1"
            ).fetchone()
        }
        assert left <= STAYS
