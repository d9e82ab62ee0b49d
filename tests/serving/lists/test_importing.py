"""A file of entries: every line is in, or named with the reason."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from features.errors import DataError
from features.keys import Hasher
from rto import cli
from serving.lists.file import MOST, Defaults, read_list
from serving.lists.known import Lists
from serving.store.lists import entries
from tests.serving.client import Shop, played
from tests.serving.shop import order

PHONES = Defaults(list="block", field="phone")


def faults(body: str, defaults: Defaults = PHONES) -> dict[int, str]:
    """What is wrong with which line."""
    return {line.number: line.fault for line in read_list(body.encode(), defaults) if line.fault}


def entry_of(body: str, defaults: Defaults = PHONES) -> dict[str, str]:
    """The only line of a file."""
    (line,) = read_list(body.encode(), defaults)
    assert line.entry is not None, line.fault
    return line.entry


@pytest.mark.parametrize(
    "body",
    [
        "9876543210",
        "phone\n9876543210\n",
        "\ufeffPhone\r\n9876543210\r\n\r\n",
        "value,field\n9876543210,phone",
        "value;field\n9876543210;PHONE\n",
        "field\tvalue\nphone\t 9876543210 \n",
        'mobile,reason\n"9876543210",\n',
    ],
)
def test_files_as_people_save_them_are_read(body: str) -> None:
    assert entry_of(body) == {"list": "block", "field": "phone", "value": "9876543210"}


def test_a_line_says_more_than_the_defaults() -> None:
    body = "email,list,reason,by,expires\nasha@example.com,Allow,friend,Meera,2027-03-31\n"
    assert entry_of(body, Defaults(list="block", reason="all", by="x")) == {
        "list": "allow", "field": "email", "value": "asha@example.com", "reason": "friend",
        "by": "Meera", "expires_at": "2027-04-01T00:00:00+05:30",
    }  # fmt: skip


def test_what_is_wrong_with_a_line_is_said_by_its_number() -> None:
    body = (
        "value,field,list,expires_at\n9876543210,phone,block,\n,phone,block,\nx,fax,block,\n"
        "x,phone,grey,\n9.19877E+11,phone,block,\n\n1,phone,block,soon\n1,phone,block,,x\n"
    )
    assert {number: fault.split(";")[0] for number, fault in faults(body).items()} == {
        3: "value: is missing",
        4: "field: must be one of phone, email, ip, device, pincode",
        5: "list: must be one of block, allow",
        6: "value: the spreadsheet has cut the number",
        8: "expires_at: write a day such as 2027-03-31, or a time with its zone",
        9: "it has more columns than the first line",
    }


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "has no entries"),
        (b"phone\n", "has no entries"),
        (b"phone\n\xff\n", "no UTF-8"),
        (b"PK\x00\x03", "the file is no text"),
        (b"name,reason\nAsha,x\n", "the first line must name the columns"),
        (b"phone,email\n1,2\n", "phone and email both hold values"),
        (b"phone,colour\n1,2\n", 'the column "colour" is unknown'),
        (b"phone,reason,reason\n1,2,3\n", 'two columns are called "reason"'),
        (b"phone\n" + b"9\n" * (MOST + 1), "more than 100000 lines"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(body: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_list(body, PHONES)


async def send(ask: Shop, body: str, query: str = "") -> dict[str, Any]:
    """Post a file."""
    sent = {"Authorization": f"Bearer {ask._key}", "Content-Type": "text/csv"}
    answer = await ask._client.request(
        "POST", f"/v1/lists/import{query}", content=body.encode(), headers=sent
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_imported_list_decides_the_next_order_and_keeps_no_number(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        numbers = [f"98765{i:05d}" for i in range(200)]
        body = "phone,reason\n" + "".join(f"{number},again\n" for number in numbers)
        first = await send(ask, body + "12345,short\n", "?list=block&by=Meera")
        assert first == {"lines": 201, "taken": 200,
                         "refused": [{"line": 202, "detail": "value: is no phone"}]}  # fmt: skip
        placed = order(order_id="1", customer={"phone": "+91 98765 00150"})
        assert (await ask("POST", "/v1/score", placed))["rule"] == "block list: phone"
        again = await send(ask, body, "?list=block")
        assert again["taken"] == 200
        held = entries(ask.service.connection, "kurtas")
        assert len(held) == 200
        assert (held[0].hint, held[0].reason) == ("…0000", "again")
        assert held[0].added_by.startswith("key ")
        lists = ask.service.lists
        assert set(Lists(ask.service.connection, Hasher([bytes(32)]))._of("kurtas").places) == set(
            lists._of("kurtas").places
        )
        gone = f"/v1/lists?entry_id={held[3].entry_id}"
        await ask("DELETE", gone, status=204)
        assert "9876500150" not in str(
            ask.service.connection.execute("SELECT body FROM event WHERE kind='list'").fetchall()
        )

    played(tmp_path, scene)


def test_the_command_imports_and_writes_what_it_could_not_take(tmp_path: Path) -> None:
    def rto(*words: str) -> str:
        done = CliRunner().invoke(cli, words, env={"RTO_HOME": str(tmp_path / "home")})
        assert done.exit_code == 0, done.output
        return done.output

    rto("merchant", "add", "kurtas")
    file, refused = tmp_path / "phones.csv", tmp_path / "refused.csv"
    file.write_text("phone\n9876543210\n9.19E+11\nsoon\n")
    said = rto("list", "import", str(file), "--merchant", "kurtas", "--list", "block",
               "--refused", str(refused))  # fmt: skip
    assert "Took 1 of 3 lines" in said
    assert "phones.csv line 3: value: the spreadsheet has cut the number" in said
    with refused.open() as written:
        assert [row[0] for row in csv.reader(written)] == ["line", "3", "4"]
    shown = rto("list", "show", "kurtas")
    assert "block  phone" in shown
    assert "…3210" in shown
    assert "9876543210" not in shown
