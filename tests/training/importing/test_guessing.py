"""A file of no known format: its form, its columns, its dates and its words, guessed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from features.errors import DataError
from training.columns_command import columns_, described
from training.importing.guessing import guess_words
from training.importing.profile import form_of
from training.mapping_spec import FileForm

ODD = """Bill No.;Booked on;Paymt;Net Amount;PIN;Mob;Last scan;Party;Add1;Twice;twice
B-1;03/04/2026 10:30;Cash;1,200.00;560034;9800000001;Delivered OK;Buyer One;1 Lake Road;a;b
B-2;04/04/2026 11:30;GPay;900;110001;9800000002;RTO recd;Buyer Two;2 Lake Road;a;b
B-2;05/04/2026 11:30;GPay;900;110001;9800000002;;Buyer Two;2 Lake Road;a;b
"""


def _told(tmp_path: Path, text: str, reads: str = "orders") -> Any:
    path = tmp_path / "odd.csv"
    path.write_bytes(text.encode("cp1252"))
    return json.loads(json.dumps(described(path, reads)))


def test_columns_of_odd_names_are_guessed_by_name_and_by_what_they_hold(tmp_path: Path) -> None:
    told = _told(tmp_path, ODD)
    assert told["file"] == {"encoding": "utf-8", "separator": ";"}
    guess = {ours: column for ours, column in told["guess"].items() if column}
    assert guess == {
        "order_id": "Bill No.", "created_at": "Booked on", "payment_mode": "Paymt",
        "amount": "Net Amount", "pincode": "PIN", "phone": "Mob", "outcome": "Last scan",
        "customer_name": "Party",
    }  # fmt: skip
    columns = {one["name"]: one for one in told["columns"]}
    assert "Twice" not in columns, "a name of two columns cannot be chosen"
    assert columns["Bill No."]["repeats"]
    assert columns["Paymt"]["values"] == {"GPay": 2, "Cash": 1}
    assert columns["Last scan"]["words"]["outcome"] == {
        "Delivered OK": "delivered", "RTO recd": "rto", "": "open",
    }  # fmt: skip


def test_a_date_that_can_be_read_two_ways_is_offered_both_ways(tmp_path: Path) -> None:
    columns = {one["name"]: one for one in _told(tmp_path, ODD)["columns"]}
    assert [one for one, _ in columns["Booked on"]["times"]] == ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]
    later = ODD.replace("05/04/2026", "25/04/2026")
    columns = {one["name"]: one for one in _told(tmp_path, later)["columns"]}
    assert [one for one, _ in columns["Booked on"]["times"]] == ["%d/%m/%Y %H:%M"]
    assert columns["PIN"]["times"] == []


def test_a_column_whose_name_fits_and_whose_words_do_not_is_not_guessed(tmp_path: Path) -> None:
    told = _told(tmp_path, "Order,Date,Financial Status,COD charges\n1,2026-09-01,paid,40\n")
    assert told["guess"]["outcome"] is None
    assert told["guess"]["payment_mode"] != "COD charges"


def test_a_column_of_many_different_cells_holds_no_words(tmp_path: Path) -> None:
    rows = "".join(f"{i},delivered {i}\n" for i in range(61))
    told = _told(tmp_path, f"order,status\n{rows}", "outcomes")
    assert told["columns"][1]["values"] is None
    assert told["guess"]["outcome"] is None


def test_a_file_that_is_not_utf_8_is_read_as_windows_writes(tmp_path: Path) -> None:
    told = _told(tmp_path, "order\tstatus\n1\tDelivered – José\n", "outcomes")
    assert told["file"] == {"encoding": "cp1252", "separator": "\t"}


def test_a_late_byte_that_is_no_utf_8_counts_and_utf_16_is_known(tmp_path: Path) -> None:
    rows = "".join(f"{i},Delivered\n" for i in range(9_000))
    assert _told(tmp_path, f"order,status\n{rows}9001,José\n")["file"]["encoding"] == "cp1252"
    path = tmp_path / "wide.csv"
    path.write_text("order;status\n1;Delivered\n", "utf-16")
    assert form_of(path) == FileForm(encoding="utf-16", separator=";")


def test_a_word_in_two_spellings_is_one_word(tmp_path: Path) -> None:
    told = _told(tmp_path, "order,pay\n1,COD\n2,COD\n3,cod \n")
    assert told["columns"][1]["values"] == {"COD": 3}


def test_a_packed_file_is_unpacked_and_a_broken_one_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = gzip.compress(b"order,status\n1,Delivered\n")
    path = tmp_path / "odd.csv.gz"
    path.write_bytes(whole)
    assert described(path, "outcomes")["rows"] == 1
    path.write_bytes(whole[:12])
    with pytest.raises(DataError, match=r"cannot be read|breaks off"):
        described(path, "outcomes")


@pytest.mark.parametrize(
    ("word", "means"),
    [("RTO Delivered", "rto"), ("Undelivered", "open"), ("DELIVERED", "delivered"),
     ("Return Received", "returned"), ("Returned to Origin", "rto"), ("CANCELED", "cancelled"),
     ("In-Transit", "open"), ("xyz", "unreported"), ("", "open")],
)  # fmt: skip
def test_words_of_couriers_are_understood(word: str, means: str) -> None:
    assert guess_words("outcome", [word]) == {word: means}


@pytest.mark.parametrize(
    ("word", "means"),
    [("Consignee refused to accept", "refused"), ("Door closed", "unreachable"), ("N/A", ""),
     ("", ""), ("Incomplete address", "wrong_address"), ("COD not ready", "no_cash"),
     ("Delivery not attempted", "not_attempted"), ("xyz", "other")],
)  # fmt: skip
def test_reasons_of_couriers_are_understood(word: str, means: str) -> None:
    assert guess_words("outcome_reason", [word]) == {word: means}


def test_a_file_without_rows_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"odd\.csv holds no row|holds no row"):
        _told(tmp_path, "order,status\n")
    with pytest.raises(DataError, match="no such file"):
        described(tmp_path / "none.csv", "orders")


def test_the_command_prints_or_writes_it(tmp_path: Path) -> None:
    path, out = tmp_path / "odd.csv", tmp_path / "told.json"
    path.write_text(ODD, "utf-8")
    printed = CliRunner().invoke(columns_, [str(path)], catch_exceptions=False)
    CliRunner().invoke(columns_, [str(path), "--out", str(out)], catch_exceptions=False)
    assert json.loads(printed.output) == json.loads(out.read_text("utf-8"))
