"""Keys, keyring, ownership and schema of an installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import RefusedError, SettingsError, StoreError
from features.history.fact import FACT_SIZE
from features.settings import Settings, load_settings, settings_table
from serving.home import Home
from serving.keyring import VersionedKeys, open_keyring
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.merchants import access, add_merchant, new_key
from serving.store.migrations import STEPS, migrate
from serving.store.owner import Owner
from tests.serving import shop

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


def test_a_database_with_another_layout_of_facts_is_refused(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    for size in (FACT_SIZE, FACT_SIZE + 1):
        with Home.open(settings) as home, home.transaction() as log:
            log.connection.execute("DELETE FROM orders")
            log.place(
                "m", str(size), b"{}", fact=bytes(8 * size), state=0, digest=None,
                at_us=0, known_us=0,
            )  # fmt: skip
    with pytest.raises(StoreError, match=f"keeps {FACT_SIZE + 1} numbers an order, this program"):
        Home.open(settings)


def test_the_first_start_makes_keys_outside_the_database_folder(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    with Home.open(settings) as home:
        first = home.keyring
    assert settings.keys_file.parent != settings.database.parent
    assert settings.keys_file.stat().st_mode & 0o077 == 0
    assert open_keyring(settings) == first


def test_a_database_without_its_keys_is_refused(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    Home.open(settings).close()
    settings.keys_file.unlink()
    with pytest.raises(SettingsError, match=r"keys\.json is missing"):
        Home.open(settings)


def test_keys_of_the_settings_need_no_file(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, hash_key=f"1:{ONE.hex()},2:{TWO.hex()}", encryption_key=f"1:{ONE.hex()}"
    )
    keyring = open_keyring(settings)
    assert keyring.hashing.keys == {1: ONE, 2: TWO}
    assert (keyring.hashing.newest, keyring.hashing.first) == (TWO, ONE)
    assert not settings.keys_file.exists()


@pytest.mark.parametrize("text", ["", "1", "x:00", "1:zz", f"1:{ONE.hex()[:-2]}"])
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="RTO_HASH_KEY"):
        VersionedKeys.parse(text, name="RTO_HASH_KEY")


def test_contacts_open_with_every_key_still_held_and_for_their_order_only(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        connection = home.connection
        Contacts(VersionedKeys({1: ONE})).keep(connection, 7, b'{"phone":"1"}')
        rotated = Contacts(VersionedKeys({1: ONE, 2: TWO}))
        rotated.keep(connection, 8, b'{"phone":"2"}')
        assert rotated.of(connection, 7) == {"phone": "1"}
        assert rotated.of(connection, 8) == {"phone": "2"}
        assert rotated.of(connection, 9) is None
        connection.execute("UPDATE contact SET number = 9 WHERE number = 8")
        for contacts, number in ((rotated, 9), (Contacts(VersionedKeys({2: TWO})), 7)):
            with pytest.raises(StoreError, match="RTO_ENCRYPTION_KEY"):
                contacts.of(connection, number)


def test_a_key_is_stored_hashed_and_opens_until_it_is_revoked(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    with Home.open(settings) as home:
        connection = home.connection
        assert add_merchant(connection, "m", "M", invented=False, now_us=1)
        assert not add_merchant(connection, "m", "M", invented=False, now_us=1)
        live, test = (new_key(connection, "m", kind, now_us=1) for kind in ("live", "test"))
        assert live.startswith("rto_live_")
        assert test.startswith("rto_test_")
        opened = access(connection, test)
        assert opened is not None
        assert opened.test
        assert access(connection, live[:-1]) is None
        connection.execute("UPDATE api_key SET revoked_us = 2")
        assert access(connection, live) is None
        with pytest.raises(RefusedError, match="rto merchant add nobody"):
            new_key(connection, "nobody", "live", now_us=1)
    held = b"".join(file.read_bytes() for file in settings.database.parent.iterdir())
    assert live.encode() not in held


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    connection = connect(path)
    migrate(connection)
    connection.execute(f"PRAGMA user_version={len(STEPS) + 1}")
    with pytest.raises(StoreError, match="install the newer program"):
        migrate(connection)
    connection.close()


def test_every_commit_is_flushed(tmp_path: Path) -> None:
    connection = connect(tmp_path / "log.sqlite3")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def test_one_process_owns_the_log_until_it_and_its_children_end(tmp_path: Path) -> None:
    database = tmp_path / "log.sqlite3"
    owner = Owner.claim(database)
    with pytest.raises(RefusedError, match=f"already served by process {os.getpid()}"):
        Owner.claim(database, grace_s=0)
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(owner.handle,)
    )
    owner.release()
    with pytest.raises(RefusedError):
        Owner.claim(database, grace_s=0)
    child.communicate(b"\n")
    Owner.claim(database).release()


def test_settings_come_from_environment_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in os.environ if n.startswith("RTO_")]:
        monkeypatch.delenv(name)
    dotenv = tmp_path / ".env"
    dotenv.write_text("RTO_HOME=/from/file\nRTO_LOG_LEVEL=error\nOTHER=1\n")
    monkeypatch.setenv("RTO_HOME", "/from/environment")
    settings = load_settings(dotenv)
    assert (str(settings.home), settings.log_level) == ("/from/environment", "error")
    assert str(settings.database) == "/from/environment/store/rto.sqlite3"
    dotenv.write_text("RTO_HOEM=1\n")
    with pytest.raises(SettingsError, match="RTO_HOEM is not a setting"):
        load_settings(dotenv)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("RTO_RETENTION_DAYS", "3", "RTO_RETENTION_DAYS: "),
        ("RTO_DATABASE_URL", "mysql://x", "must begin with sqlite:/// or postgresql://"),
        ("RTO_HASH_KEY", "changeme", "example value"),
        ("RTO_ENCRYPTION_KEY", "1:" + 64 * "0", "example value"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=says):
        load_settings(None)


def test_secrets_are_masked_where_settings_are_shown() -> None:
    settings = Settings(hash_key=f"1:{ONE.hex()}")
    shown = {name: value for name, value, _ in settings_table(settings)}
    assert shown["RTO_HASH_KEY"] == "********"
    assert all(meaning for _, _, meaning in settings_table(settings))
