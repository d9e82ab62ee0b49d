"""Columns chosen by hand: a guess is shown, corrected, and becomes an ordinary mapping."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import FormData

from serving.pages.column_choice import (
    FIELDS,
    Described,
    Side,
    choice_of,
    fault_of,
    mapping_yaml,
)
from serving.pages.setup_files import BY_HAND, Plan
from serving.pages.words import words
from tests.serving import shop
from tests.serving.pages.rooms import Person, Rooms, visited
from training.columns_command import described
from training.importing.guessing import EXPORT_NAMES, REPORT_NAMES
from training.mapping import ExportMapping
from training.mapping_file import load_mapping

ORDERS = """Bill No.;Booked on;Paymt;Net Amount;PIN;Notes
B-1;03/04/2026 10:30;Cash;1,200.00;560034;x
B-2;04/04/2026 11:30;GPay;900;110001;y
B-3;05/04/2026 11:30;Voucher;900;110001;z
"""
REPORT = """AWB,Ref No,Last scan,Delivered on,RTO date,RTO reason
A1,B-1,Delivered OK,09/04/2026,,N/A
A2,B-2,RTO recd,,12/04/2026,Refused by buyer
A3,B-3,Gone,,,
"""
SAY = words("en")


def _held(tmp_path: Path, text: str, reads: str) -> Described:
    path = tmp_path / f"{reads}.csv"
    path.write_text(text, "utf-8")
    return Described(described(path, reads))


def _form(page: str) -> dict[str, str]:
    """What a browser would send of the page's form, untouched."""
    page = page[page.index('action="/app/setup/columns"') :]
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        first = re.search(r'<option value="([^"]*)"', options)
        sent[name] = (chosen or first)[1]  # type: ignore[index]
    return {name: unescape(value) for name, value in sent.items()}


def _mapping(tmp_path: Path, side: Side, held: Described, **changed: Any) -> ExportMapping:
    choice = held.guess(side)
    choice.columns.update(changed)
    path = tmp_path / "own.yaml"
    path.write_text(mapping_yaml(held.completed(choice, side), side, held), "utf-8")
    return load_mapping(str(path))


def test_the_form_asks_for_what_is_guessed() -> None:
    assert set(FIELDS["export"]) == set(EXPORT_NAMES)
    assert set(FIELDS["report"]) == set(REPORT_NAMES)


def test_a_choice_becomes_a_mapping_that_import_reads(tmp_path: Path) -> None:
    mapping = _mapping(tmp_path, "export", _held(tmp_path, ORDERS, "orders"))
    assert mapping.columns["created_at"].format == ("%d/%m/%Y %H:%M",)
    assert mapping.columns["payment_mode"].values == {
        "Cash": "cod", "GPay": "prepaid", "Voucher": "unknown",
    }  # fmt: skip
    assert mapping.file.separator == ";"
    assert mapping.row_is == "order"


def test_what_is_known_afterwards_alone_is_named_as_such(tmp_path: Path) -> None:
    mapping = _mapping(tmp_path, "report", _held(tmp_path, REPORT, "outcomes"))
    assert mapping.reads == "outcomes"
    assert mapping.after_outcome == ("Last scan", "Delivered on", "RTO date", "RTO reason")
    assert mapping.columns["outcome_at"].by_outcome["rto"] == ("RTO date",)


def test_reasons_of_returns_are_read_without_a_mapping_of_ones_own(tmp_path: Path) -> None:
    held = _held(tmp_path, REPORT, "outcomes")
    mapping = _mapping(tmp_path, "report", held)
    reasons = mapping.columns["outcome_reason"]
    assert (reasons.values, reasons.unknown) == ({"Refused by buyer": "refused"}, ("N/A",))
    choice = held.guess("report")
    choice.words["outcome_reason"] = dict.fromkeys(choice.words["outcome_reason"], "")
    path = tmp_path / "none.yaml"
    path.write_text(mapping_yaml(choice, "report", held), "utf-8")
    assert "outcome_reason" not in load_mapping(str(path)).columns


def test_rows_that_repeat_an_order_are_its_articles(tmp_path: Path) -> None:
    text = "Order No,Order Date,SKU,Qty\n1,2026-09-01,a,1\n1,2026-09-01,b,2\n"
    mapping = _mapping(tmp_path, "export", _held(tmp_path, text, "orders"))
    assert mapping.row_is == "line"
    assert set(mapping.lines) == {"sku", "quantity"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"order_id": ""}, "Choose a column for “Order number”."),
        ({"pincode": "Paymt"}, "The column Paymt is chosen twice; choose one for each."),
        ({"created_at": "Notes"}, "The column Notes holds no dates that can be read"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    held = _held(tmp_path, ORDERS, "orders")
    choice = held.guess("export")
    choice.columns.update(changed)
    assert fault_of(choice, "export", held, SAY).startswith(says)


def test_words_and_dates_of_another_column_are_shown_before_they_count(tmp_path: Path) -> None:
    held = _held(tmp_path, ORDERS, "orders")
    guess = held.guess("export").columns
    form = {f"export.{name}": column for name, column in guess.items()}
    form |= {"export.payment_mode": "Notes", "export.payment_mode.of": "Paymt"}
    form |= {"export.created_at.of": "Booked on", "export.created_at.as": "%m/%d/%Y %H:%M"}
    choice, unseen = choice_of(FormData(form), "export", held)
    assert unseen == ["payment_mode"]
    assert choice.words["payment_mode"] == dict.fromkeys("xyz", "unknown")
    assert choice.formats["created_at"] == "%m/%d/%Y %H:%M"


async def _done(rooms: Rooms, person: Person) -> str:
    for _ in range(1800):
        page = (await person.get("/setup")).text
        if "<progress" not in page:
            return page
        await asyncio.sleep(0.1)
    raise AssertionError("it never ended")


def test_files_of_no_known_format_are_read_by_choosing_their_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTO_HOME", str(tmp_path))
    for name, kind in (("RTO_HASH_KEY", "hashing"), ("RTO_ENCRYPTION_KEY", "sealing")):
        monkeypatch.setenv(name, shop.secret(kind).get_secret_value())

    async def scene(rooms: Rooms) -> None:
        person = rooms.person()
        assert "Read your files first." in await person.see("/setup/columns")
        answer = await person.client.post(
            "/app/setup/files", headers={"Cookie": f"rto_session={person.token}"},
            data={"csrf": person.csrf, "mapping": "by-hand", "report_mapping": "by-hand"},
            files={"export": ("o.csv", ORDERS.encode()), "report": ("r.csv", REPORT.encode())},
        )  # fmt: skip
        assert answer.status_code == 303
        assert 'href="/app/setup/columns"' in await _done(rooms, person)
        form = _form((await person.get("/setup/columns")).text)
        assert form["export.order_id"] == "Bill No."
        viewer = rooms.person("viewer")
        assert (await viewer.get("/setup/columns")).status_code == 403
        wrong = await person.post("/setup/columns", form | {"export.order_id": ""})
        assert wrong.status_code == 422
        assert "Choose a column for “Order number”." in wrong.text
        assert (await person.post("/setup/columns", form | {"join": "PIN"})).status_code == 303
        page = await _done(rooms, person)
        assert "no order is in the outcome report" in page
        assert (await person.post("/setup/columns", form)).status_code == 303
        page = await _done(rooms, person)
        assert "3 orders were read." in page, page
        assert "Change the columns" in page
        again = _form((await person.get("/setup/columns")).text)
        assert again == form, "what was chosen is shown again"
        assert (await person.post("/setup/use")).status_code == 303
        await _done(rooms, person)
        held = {path.name for path in tmp_path.glob("setup/*/*")}
        names = ("export.csv", "report.csv", "export.columns.json", "report.columns.json", "data")
        assert not held & set(names), "what names customers is deleted once it is in the log"

    visited(tmp_path, scene)


def test_one_file_may_be_known_and_the_other_chosen_by_hand(tmp_path: Path) -> None:
    plan = Plan("export.csv", "shopify-orders", "report.csv", BY_HAND, "Tags")
    plan.keep(tmp_path)
    assert Plan.held(tmp_path) == plan
    assert plan.by_hand == ("report",)
    assert [look[1:4] for look in plan.looks(tmp_path)] == [
        [str(tmp_path / "report.csv"), "--reads", "outcomes"]
    ]
    assert plan.command(tmp_path, "kurtas")[2:] == [
        "--mapping", "shopify-orders", "--merchant", "kurtas", "--out", str(tmp_path / "data"),
        "--outcomes", str(tmp_path / "report.csv"),
        "--outcomes-mapping", str(tmp_path / "report.yaml"), "--join", "Tags",
    ]  # fmt: skip
