"""Lists in memory are those of the store after any changes, made here or elsewhere."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from features.keys import Hasher
from serving.lists.changing import AddEntries, DropEntry
from serving.lists.known import Lists
from serving.store.connection import connect
from serving.store.lists import Entry, entries
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.migrations import migrate
from tests.serving.shop import NOON

LIVE = Access("m", "live")
HASHER = Hasher([bytes(32)])

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("block", "allow", "drop", "look")),
        st.sampled_from(("+91 98765 43210", "+91 98765 43211", "+91 98765 43212")),
    ),
    max_size=30,
)


@settings(max_examples=30, deadline=None)
@given(changes=CHANGES)
def test_what_is_followed_is_what_would_be_read(
    tmp_path_factory: object, changes: list[tuple[str, str]]
) -> None:
    connection = connect(Path(tmp_path_factory.mktemp("lists")) / "log.sqlite3")  # type: ignore[attr-defined]
    migrate(connection)
    seconds, log = [0.0], Log(connection)
    followed = Lists(connection, HASHER, lambda: seconds[0])
    for what, value in changes:
        seconds[0] += 2
        log.begin()
        held = entries(connection, "m")
        if what == "drop" and held:
            DropEntry(LIVE, held[0].entry_id, NOON)(log)
        elif what in ("block", "allow"):
            item = {"list": what, "field": "phone", "value": value}
            AddEntries(LIVE, [item], followed, NOON, lambda access, _: access)(log)
        log.commit()
        if what == "look":
            followed._of("m")
    seconds[0] += 2
    assert _held(followed) == _held(Lists(connection, HASHER)) == set(entries(connection, "m"))
    connection.close()


def _held(lists: Lists) -> set[Entry]:
    known = lists._of("m")
    found = {entry for said in known.entries.values() for entry in said.values()}
    assert found == set(known.places.values())
    assert all(known.entries.values())
    return found
