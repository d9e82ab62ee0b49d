"""A backup is one instant of the log, without keys; it comes back on either engine."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

import serving.upkeep.backup
from features.errors import RefusedError, StoreError
from features.history.fact import FACT_SIZE
from features.settings import Settings
from serving.home import Home
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.copying import tables_of
from serving.store.log import Decision, Log, last_seq
from serving.store.migrations import STEPS
from serving.store.orders import find_order
from serving.store.owner import Owner
from serving.upkeep.backup import About, about_of, backup, backups, restore
from tests.serving import postgres, shop

_KEPT = ("event", "orders", "decision", "contact", "who", "merchant", "api_key", "policy")


@pytest.fixture
def lived(tmp_path: Path) -> Settings:
    """A log with orders of all kinds, an outcome, and its keys."""
    settings = shop.settings_in(tmp_path)
    Home.open(settings).close()

    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            for name in ("a", "b", "ऑर्डर"):
                await service.desk.score(shop.LIVE, shop.body(order_id=name))
            await service.desk.score(shop.TEST, shop.body(order_id="test"))

    asyncio.run(scene())
    return settings


def _elsewhere(settings: Settings, folder: Path, engine: str) -> Settings:
    """An empty installation with the same keys."""
    keys = {
        "hash_key": f"1:{shop.KEYRING.hashing.newest.hex()}",
        "encryption_key": f"1:{shop.KEYRING.sealing.newest.hex()}",
    }
    url = ""
    if engine == "postgresql":
        postgres.need_binaries()
        url = postgres.shared().database()
    return Settings(home=folder, database_url=url, **keys)  # type: ignore[arg-type]


def _backup(settings: Settings, file: Path) -> Path:
    keyed = settings.model_copy(
        update=_elsewhere(settings, settings.home, "sqlite").model_dump(
            include={"hash_key", "encryption_key"}
        )
    )
    with Home.open(keyed) as home:
        about = backup(home, file, now_us=shop.NOON)
        assert about.orders == 4
        assert [(made.file, made.seq) for made in backups(home.connection)] == [
            (str(file), about.seq)
        ]
    return file


def _rows(settings: Settings, table: str, until: int) -> list[tuple[object, ...]]:
    connection = connect(settings.store_url, readonly=True)
    where = f"WHERE seq <= {until}" if table == "event" else ""
    found = connection.execute(f"SELECT * FROM {table} {where}").fetchall()
    connection.close()
    return sorted(found, key=repr)


@pytest.mark.parametrize("onto", ["sqlite", "postgresql"])
def test_every_row_comes_back_on_either_engine(lived: Settings, tmp_path: Path, onto: str) -> None:
    file = _backup(lived, tmp_path / "log.backup")
    to = _elsewhere(lived, tmp_path / "elsewhere", onto)
    about = restore(to, file, now_us=shop.NOON)
    for table in _KEPT:
        assert _rows(to, table, about.seq) == _rows(lived, table, about.seq), table
    connection = connect(to.store_url)
    held = find_order(connection, "kurtas", "ऑर्डर")
    assert held is not None
    contact = Contacts(shop.KEYRING.sealing).of(connection, held.fact_seq)
    assert contact is not None
    assert contact["phone"] == "+91 98765 43210"
    log = Log(connection)
    log.begin()
    log.append("policy", {}, at_us=0, known_us=0)
    log.commit()
    connection.close()


def test_a_restored_log_serves_as_if_nothing_had_happened(lived: Settings, tmp_path: Path) -> None:
    file = _backup(lived, tmp_path / "log.backup")
    to = _elsewhere(lived, tmp_path / "elsewhere", "sqlite")
    restore(to, file, now_us=shop.NOON)

    async def scene(home: Path) -> list[dict[str, object]]:
        async with shop.serving(home) as service:
            first = await service.desk.score(shop.LIVE, shop.body(order_id="a"))
            new = await service.desk.score(shop.LIVE, shop.body(order_id="new"))
            return [first, new["evidence"]]

    assert asyncio.run(scene(to.home)) == asyncio.run(scene(lived.home))


def test_no_key_and_no_contact_lies_open_in_a_backup(lived: Settings, tmp_path: Path) -> None:
    content = _backup(lived, tmp_path / "log.backup").read_bytes()
    for keys in (shop.KEYRING.hashing, shop.KEYRING.sealing):
        assert keys.newest not in content
        assert keys.newest.hex().encode() not in content
    for secret in (b"98765", b"Asha", b"asha@example.com", b"Lake View"):
        assert secret not in content
    assert (tmp_path / "log.backup").stat().st_mode & 0o077 == 0


def test_a_backup_is_one_instant_of_a_log_that_is_written_to(
    lived: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = threading.Event()

    def write() -> None:
        connection = connect(lived.store_url)
        log, n = Log(connection), 0
        while not copied.is_set():
            n += 1
            log.begin()
            held = log.place(
                "m",
                f"w{n}",
                b"{}",
                fact=bytes(8 * FACT_SIZE),
                state=0,
                digest=None,
                at_us=0,
                known_us=0,
            )
            log.decide(held, Decision(n.to_bytes(16, "big"), b"{}", None, 0, 0))
            log.commit()
        connection.close()

    described = serving.upkeep.backup._described

    def stop(*arguments: Any) -> About:
        copied.set()
        writer.join()
        return described(*arguments)

    monkeypatch.setattr(serving.upkeep.backup, "_described", stop)
    writer = threading.Thread(target=write)
    writer.start()
    with Home.open(lived) as home:
        backup(home, tmp_path / "log.backup", now_us=shop.NOON)
    copy = connect(tmp_path / "log.backup")
    counted = copy.execute(
        "SELECT (SELECT count(*) FROM decision), (SELECT count(*) FROM orders)"
    ).fetchone()
    assert counted[0] == counted[1]
    assert last_seq(copy) == about_of(tmp_path / "log.backup").seq
    copy.close()


def test_nothing_is_replaced(lived: Settings, tmp_path: Path) -> None:
    file = _backup(lived, tmp_path / "log.backup")
    with Home.open(lived) as home, pytest.raises(RefusedError, match="replaces nothing"):
        backup(home, file, now_us=shop.NOON)
    keyed = _elsewhere(lived, lived.home, "sqlite").model_copy(
        update={"database_url": lived.database_url}
    )
    with pytest.raises(RefusedError, match=r"holds \d+ events; a restore replaces nothing"):
        restore(keyed, file, now_us=shop.NOON)
    empty = _elsewhere(lived, tmp_path / "elsewhere", "sqlite")
    owner = Owner.claim(empty.claim)
    with pytest.raises(RefusedError, match="already served"):
        restore(empty, file, now_us=shop.NOON)
    owner.release()


def test_what_cannot_be_restored_is_refused_in_one_sentence(
    lived: Settings, tmp_path: Path
) -> None:
    file = _backup(lived, tmp_path / "log.backup")
    to = _elsewhere(lived, tmp_path / "elsewhere", "sqlite")
    with pytest.raises(RefusedError, match="under other keys"):
        restore(to.model_copy(update={"hash_key": to.encryption_key}), file, now_us=1)
    with pytest.raises(RefusedError, match="there are no keys"):
        restore(Settings(home=tmp_path / "elsewhere"), file, now_us=1)
    (tmp_path / "other").write_text("no backup")
    with pytest.raises(RefusedError, match="is no backup of rto"):
        restore(to, tmp_path / "other", now_us=1)
    newer = sqlite3.connect(file)
    newer.execute(f"PRAGMA user_version={len(STEPS) + 1}")
    newer.close()
    with pytest.raises(StoreError, match="install the newer program"):
        restore(to, file, now_us=1)
    assert not to.database.exists()


def test_every_table_of_the_schema_is_copied(tmp_path: Path) -> None:
    with Home.open(Settings(home=tmp_path)) as home:
        copied = tables_of(home.connection)
    assert set(_KEPT) <= set(copied)
    assert copied["decision"] == ("decision_id", "seq")
