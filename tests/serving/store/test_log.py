"""The log keeps its promises on both engines: one order of commits, no late rows, one schema."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from features.errors import RefusedError, SettingsError, StoreError
from serving.home import Home
from serving.keyring import open_keyring
from serving.store import migrations
from serving.store.changes import Change, changes_between
from serving.store.connection import Connection, connect
from serving.store.contacts import Contacts
from serving.store.faults import LogDownError, TakenError
from serving.store.log import Decision, Log, last_seq
from serving.store.merchants import access, add_merchant, new_key
from serving.store.orders import Held, find_order
from serving.store.policies import StaleRevisionError, policy_body, save_policy
from serving.store.who import Stored, read_records, stored_seq, write_records
from tests.serving import shop

EACH = 60
WRITERS = 3


def _open(folder: Path) -> Connection:
    connection = connect(shop.settings_in(folder).store_url)
    migrations.migrate(connection)
    return connection


def _place(log: Log, order_id: str) -> Held:
    return log.place(
        "m", order_id, b"{}", fact=bytes(512), state=0, digest=b"d", at_us=0, known_us=0
    )


def _append_some(url: str, name: str) -> None:
    connection = connect(url)
    log = Log(connection)
    for i in range(EACH):
        log.begin()
        log.append("policy", {"by": name, "i": i}, at_us=0, known_us=0)
        _place(log, f"{name}-{i}")
        log.commit()
    connection.close()


def test_a_reader_never_skips_a_row_that_is_committed_late(tmp_path: Path) -> None:
    _open(tmp_path).close()
    url = shop.settings_in(tmp_path).store_url
    writers = [threading.Thread(target=_append_some, args=(url, f"w{n}")) for n in range(WRITERS)]
    reader, seen = connect(url, readonly=True), [0]
    for writer in writers:
        writer.start()
    while seen[-1] < 2 * EACH * WRITERS:
        assert any(writer.is_alive() for writer in writers) or last_seq(reader) > seen[-1]
        found = reader.execute("SELECT seq FROM event WHERE seq > ? ORDER BY seq", (seen[-1],))
        seen += [seq for (seq,) in found]
    for writer in writers:
        writer.join()
    reader.close()
    assert seen == list(range(2 * EACH * WRITERS + 1))


def test_what_is_rolled_back_leaves_nothing_and_its_positions_are_given_again(
    tmp_path: Path,
) -> None:
    connection = _open(tmp_path)
    log = Log(connection)
    log.begin()
    _place(log, "a")
    log.rollback()
    assert not connection.in_transaction
    assert (last_seq(connection), find_order(connection, "m", "a")) == (0, None)
    log.begin()
    assert _place(log, "b").number == 1
    log.commit()
    connection.close()


def test_an_order_of_the_same_id_is_refused_by_the_commit_at_the_latest(tmp_path: Path) -> None:
    connection = _open(tmp_path)
    log = Log(connection)
    for expected in (True, False):
        log.begin()
        try:
            _place(log, "a")
            log.commit()
        except TakenError:
            log.rollback()
            assert not expected
        else:
            assert expected
    assert last_seq(connection) == 1
    connection.close()


def test_what_is_written_is_read_back_of_every_kind(tmp_path: Path) -> None:
    connection = _open(tmp_path)
    log, contacts = Log(connection), Contacts(shop.KEYRING.sealing)
    log.begin()
    assert add_merchant(connection, "m", "Mérçhant", invented=True, now_us=1)
    assert not add_merchant(connection, "m", "again", invented=True, now_us=1)
    key = new_key(connection, "m", "test", now_us=1)
    assert save_policy(log, "m", {"mode": "act"}, expected=0, now_us=1) == 1
    held = _place(log, "ऑर्डर ✓ '; --")
    contacts.keep(connection, held.number, b'{"phone":"1"}')
    contacts.keep(connection, held.number, b'{"phone":"2"}')
    log.append("delivered", {}, at_us=5, known_us=6, order=held, becomes=1)
    log.decide(held, Decision(bytes(16), b"{}", b"row", 0, 7))
    write_records(connection, [Stored(-5, b"one", 3), Stored(2**62, b"two", 3)], 3)
    write_records(connection, [Stored(-5, b"three", 4)], 4)
    log.commit()
    reader = connect(shop.settings_in(tmp_path).store_url, readonly=True)
    opened = access(reader, key)
    assert opened is not None
    assert opened.test
    assert policy_body(reader, "m") == {"mode": "act", "revision": 1}
    found = find_order(reader, "m", "ऑर्डर ✓ '; --")
    assert found is not None
    assert (found.state, found.test, found.decided_seq) == (1, False, log.seq)
    assert contacts.of(reader, held.number) == {"phone": "2"}
    moved = [c.becomes for c in changes_between(reader, 0, log.seq) if isinstance(c, Change)]
    assert moved == [0, 1]
    assert read_records(reader, [2**62, -5, 7]) == [(2**62, b"two", 3), (-5, b"three", 4)]
    assert stored_seq(reader) == 4
    with reader.snapshot():
        assert len(list(reader.stream("SELECT seq, body FROM event"))) == log.seq
    with pytest.raises((LogDownError, StoreError)):
        reader.execute("DELETE FROM who")
    with pytest.raises(StaleRevisionError):
        save_policy(log, "m", {}, expected=0, now_us=1)
    reader.close()
    connection.close()


def test_an_order_id_with_the_character_nul_is_kept_or_refused_in_one_sentence(
    tmp_path: Path,
) -> None:
    connection = _open(tmp_path)
    log = Log(connection)
    log.begin()
    if connection.remote:
        with pytest.raises(RefusedError, match="the character NUL"):
            _place(log, "a\0b")
        log.rollback()
    else:
        _place(log, "a\0b")
        log.commit()
        assert find_order(connection, "m", "a\0b") is not None
    connection.close()


def test_a_new_step_is_taken_while_others_read_and_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open(tmp_path).close()
    url = shop.settings_in(tmp_path).store_url
    writer = threading.Thread(target=_append_some, args=(url, "w"))
    writer.start()
    more = (
        "ALTER TABLE orders ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
        "CREATE TABLE hue (name TEXT PRIMARY KEY, value BLOB, number INTEGER) WITHOUT ROWID",
    )
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, more))
    connection = connect(url)
    migrations.migrate(connection)
    migrations.migrate(connection)
    assert migrations.version_of(connection) == len(migrations.STEPS)
    monkeypatch.undo()
    with pytest.raises(StoreError, match="install the newer program"):
        migrations.migrate(connection)
    writer.join()
    assert last_seq(connection) == 2 * EACH
    colours = connection.execute("SELECT DISTINCT colour FROM orders").fetchall()
    assert colours == [("red",)]
    connection.close()


def test_one_connection_at_a_time_owns_the_log_on_a_server(tmp_path: Path) -> None:
    first = _open(tmp_path)
    second = connect(shop.settings_in(tmp_path).store_url)
    assert first.own()
    assert second.own() is not second.remote
    first.close()
    assert second.own()
    second.close()


def test_a_connection_that_was_lost_owns_the_log_again_unless_another_does(tmp_path: Path) -> None:
    first = _open(tmp_path)
    if not first.remote:
        first.close()
        return
    second = connect(shop.settings_in(tmp_path).store_url)
    end = "SELECT pg_terminate_backend(CAST(? AS INTEGER))"
    for owned_by_another in (False, True):
        assert first.own()
        (pid,) = first.execute("SELECT pg_backend_pid()").fetchone()
        second.execute(end, (pid,)).fetchone()
        with pytest.raises(LogDownError):
            first.execute("SELECT 1").fetchone()
        if owned_by_another:
            assert second.own()
            with pytest.raises(LogDownError, match="taken over"):
                first.revive()
        else:
            first.revive()
            assert not second.own()
    first.close()
    second.close()


def test_a_write_begins_anew_where_the_server_had_closed_the_connection(tmp_path: Path) -> None:
    connection = _open(tmp_path)
    other = connect(shop.settings_in(tmp_path).store_url)
    if connection.remote:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        other.execute("SELECT pg_terminate_backend(CAST(? AS INTEGER))", (pid,)).fetchone()
    log = Log(other)
    log.connection = connection
    log.begin()
    assert _place(log, "a").number == 1
    log.commit()
    assert last_seq(other) == 1
    connection.close()
    other.close()


def test_a_server_s_database_needs_secrets_that_are_not_made_up(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    if not settings.on_postgresql:
        assert open_keyring(settings).hashing.version == 1
        return
    with pytest.raises(SettingsError, match="needs RTO_HASH_KEY and RTO_ENCRYPTION_KEY"):
        Home.open(settings.model_copy(update={"hash_key": None}))
