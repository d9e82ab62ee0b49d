"""Source: a file of any kind becomes rows, or one sentence."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import DataError, MappingError
from training.importing.source import Source
from training.mapping_spec import FileForm


def rows_of(path: Path, form: FileForm | None = None) -> tuple[Source, list[tuple[str, ...]]]:
    source = Source.open(path, form or FileForm())
    rows: list[tuple[str, ...]] = []
    for batch in source.batches():
        columns = [batch.texts(i).to_pylist() for i in range(len(source.header))]
        rows += list(zip(*columns, strict=True))
    return source, rows


def write(tmp_path: Path, data: bytes, name: str = "orders.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(rows=st.lists(st.tuples(st.text("abc", min_size=1), CELL, CELL), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_csv_writes_is_read_back_cell_by_cell(
    tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("a", "b", "c"), *rows])
    source, read = rows_of(write(tmp_path, text.getvalue().encode()))
    assert read == rows
    assert (source.rows, source.blank, source.refused) == (len(rows), 0, {})


def test_gzip_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    data = "\ufefforder,city\r\n1,कोच्चि\r\n".encode()
    source, rows = rows_of(write(tmp_path, gzip.compress(data), "orders.csv.gz"))
    assert source.header == ("order", "city")
    assert rows == [("1", "कोच्चि")]


def test_another_encoding_is_read_when_the_mapping_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, "order;note\n1;₹5 “ok”\n".replace("₹", "Rs").encode("cp1252"))
    _, rows = rows_of(path, FileForm(encoding="cp1252", separator=";"))
    assert rows == [("1", "Rs5 “ok”")]


def test_a_file_that_is_not_utf8_is_refused_naming_line_and_byte(tmp_path: Path) -> None:
    path = write(tmp_path, b"order,city\n1,Pune\n2,Caf\xe9\n")
    with pytest.raises(DataError, match=r"line 3, byte 23 is 0xe9; save it as UTF-8"):
        rows_of(path)


def test_the_bad_byte_of_a_header_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 1, byte 3 is 0xe9"):
        rows_of(write(tmp_path, b"caf\xe9,b\n1,2\n"))


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "is empty"), (b"\n\n", "is empty"), (b" , \n1,2\n", "is empty"),
     (b"PK\x03\x04xlsx", "Excel workbook"), (b"PAR1", "parquet"),
     (b"\xff\xfea\x00", "UTF-16"), (b"\x1f\x8bbroken", "cannot be read")],
)  # fmt: skip
def test_what_is_no_csv_is_refused_in_a_sentence(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        rows_of(write(tmp_path, data))


def test_a_gzip_that_breaks_off_is_refused(tmp_path: Path) -> None:
    body = "\n".join(f"{i},{i * 7919}" for i in range(5000)).encode()
    with pytest.raises(DataError, match="breaks off"):
        rows_of(write(tmp_path, gzip.compress(b"a,b\n" + body)[:-4000]))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        rows_of(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="is a folder"):
        rows_of(tmp_path)


def test_ragged_rows_are_refused_and_empty_surplus_is_cut(tmp_path: Path) -> None:
    data = b"a,b\n1,2\n1\n1,2,3\n1,2,,\n\n , \n"
    source, rows = rows_of(write(tmp_path, data))
    assert rows == [("1", "2"), ("1", "2")]
    assert source.refused == {
        2: "has 1 cells where the header has 2",
        3: "has 3 cells where the header has 2",
    }
    assert (source.rows, source.blank) == (6, 2)


def test_a_lone_quote_costs_its_row_only(tmp_path: Path) -> None:
    source, rows = rows_of(write(tmp_path, b'a,b\n1,"x"y\n2,z\n'))
    assert rows == [("2", "z")]
    assert "quote" in source.refused[1]


def test_a_quote_that_is_never_closed_stops_the_import_at_its_row(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 2: opens a quote that is never closed"):
        rows_of(write(tmp_path, b'a,b\n1,2\n3,"oh\n4,5\n'))


def test_columns_are_found_despite_blanks_and_letter_case(tmp_path: Path) -> None:
    source = Source.open(write(tmp_path, b"Order ID,Sales  Channel \n1,2\n"), FileForm())
    assert (source.index("order id"), source.index("Sales Channel")) == (0, 1)


def test_a_missing_column_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    source = Source.open(write(tmp_path, b"Order ID,City\n1,2\n"), FileForm())
    with pytest.raises(MappingError, match=r'no column "Order-ID"; did you mean "Order ID"\?'):
        source.require("Order-ID")


def test_a_name_that_fits_two_columns_is_refused(tmp_path: Path) -> None:
    source = Source.open(write(tmp_path, b"Date,Date\n1,2\n"), FileForm())
    with pytest.raises(MappingError, match="the name of 2 columns"):
        source.index("Date")
