"""A data folder: what is read is what was written, and every fault names its place."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.shelf import Shelf
from features.tables import (
    About,
    orders_of,
    read_events,
    read_folder,
    read_items,
    split_coupons,
    write_folder,
)

HEAD = "order_id,created_at"
ROW = "1,2026-11-20T10:15:00+05:30"


def write_csv(folder: Path, *lines: str) -> Path:
    (folder / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_an_absent_column_is_unknown_not_zero(tmp_path: Path) -> None:
    (order,) = orders_of(read_folder(write_csv(tmp_path, HEAD, ROW)).orders)
    assert order.merchant_id == "merchant"
    assert order.amount_paise is None
    assert order.coupons is None
    assert order.payment_mode == "unknown"
    assert order.created_us == 1_763_613_900_000_000 + 365 * 86_400_000_000


def test_order_ids_and_pincodes_keep_their_zeros(tmp_path: Path) -> None:
    folder = write_csv(tmp_path, f"{HEAD},pincode", "00012,2026-11-20T10:15:00Z,056003")
    (order,) = orders_of(read_folder(folder).orders)
    assert (order.order_id, order.pincode) == ("00012", "056003")


def test_rupees_become_whole_paise(tmp_path: Path) -> None:
    folder = write_csv(tmp_path, f"{HEAD},amount", f"{ROW},1299.05")
    (order,) = orders_of(read_folder(folder).orders)
    assert order.amount_paise == 129_905


def test_further_columns_become_extras_of_their_kind(tmp_path: Path) -> None:
    folder = write_csv(tmp_path, f"{HEAD},minutes,style", f"{ROW},4,JNE1")
    read = read_folder(folder)
    (order,) = orders_of(read.orders)
    assert read.extras == ("minutes", "style")
    assert dict(order.extra) == {"minutes": 4.0, "style": "JNE1"}


def test_lines_of_items_go_with_their_order(tmp_path: Path) -> None:
    write_csv(tmp_path, HEAD, ROW)
    (tmp_path / "items.csv").write_text("order_id,sku,quantity,price\n1,A,2,10.50\n1,B,1,3\n")
    read = read_folder(tmp_path)
    (order,) = orders_of(read.orders, read.items)
    assert [(line.sku, line.quantity, line.price_paise) for line in order.lines] == [
        ("A", 2, 1050),
        ("B", 1, 300),
    ]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("amount", "1.234", r'row 2 column amount: "1.234" is not an amount'),
        ("amount", "ten", r'row 2 column amount: "ten" is not an amount'),
        ("promised_at", "2026-11-20 10:15", r"row 2 column promised_at: .* with an offset"),
        ("quantity", "two", r'row 2 column quantity: "two" is not a whole number'),
    ],
)
def test_a_faulty_value_is_named_with_its_place(
    tmp_path: Path, column: str, value: str, says: str
) -> None:
    write_csv(tmp_path, f"{HEAD},{column}", f"{ROW},", f"2,2026-11-20T10:15:00Z,{value}")
    with pytest.raises(DataError, match=says):
        read_folder(tmp_path)


def test_a_word_outside_its_vocabulary_is_named(tmp_path: Path) -> None:
    write_csv(tmp_path, f"{HEAD},payment_mode", f"{ROW},C.O.D.")
    with pytest.raises(DataError, match=r'"C.O.D." is not one of cod, prepaid'):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("order_id", "1"), "column created_at: is missing"),
        ((HEAD, ",2026-11-20T10:15:00Z"), "row 1 column order_id: is empty"),
        ((HEAD, ROW, ROW), "stands there 2 times"),
    ],
)
def test_a_table_that_is_no_list_of_orders_is_refused(
    tmp_path: Path, lines: tuple[str, ...], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read_folder(write_csv(tmp_path, *lines))


def test_a_fault_names_the_file(tmp_path: Path) -> None:
    write_csv(tmp_path, f"{HEAD},amount", f"{ROW},ten")
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'orders.csv'} row 1 column amount: ")


def test_a_column_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column order_id: stands there twice"):
        read_folder(write_csv(tmp_path, f"{HEAD},order_id", f"{ROW},2"))


def test_a_header_alone_is_a_table_of_no_orders(tmp_path: Path) -> None:
    assert read_folder(write_csv(tmp_path, f"{HEAD},payment_mode")).orders.num_rows == 0


@pytest.mark.parametrize("column", ["city", "extra_of_its_own"])
def test_a_column_of_lists_is_refused(tmp_path: Path, column: str) -> None:
    orders = read_folder(write_csv(tmp_path, HEAD, ROW)).orders.select(["order_id", "created_at"])
    write_folder(tmp_path, orders.append_column(column, pa.array([["a"]])))
    with pytest.raises(DataError, match=f"column {column}: holds list<"):
        read_folder(tmp_path)


def test_numbers_are_text_where_text_is_due(tmp_path: Path) -> None:
    orders = read_folder(write_csv(tmp_path, HEAD, ROW)).orders.select(["created_at"])
    orders = orders.append_column("order_id", pa.array([1.5]))
    write_folder(tmp_path, orders.append_column("pincode", pa.array([560034.0])))
    (order,) = orders_of(read_folder(tmp_path).orders)
    assert (order.order_id, order.pincode) == ("1.5", "560034")


def test_a_folder_without_orders_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="rto import"):
        read_folder(tmp_path)


def test_a_broken_parquet_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "orders.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_folder(tmp_path)


def test_what_is_written_is_read_again_and_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    read = read_folder(write_csv(tmp_path, f"{HEAD},amount,city", f"{ROW},10.00,Pune"))
    about = About(invented=True, source="test", after_outcome=("city",), outcome_delay_days=14)
    for name in ("a", "b"):
        write_folder(tmp_path / name, read.orders, about=about)
    again = read_folder(tmp_path / "a")
    assert again.orders.equals(read.orders)
    assert again.about == about
    first, second = ((tmp_path / name / "orders.parquet").read_bytes() for name in "ab")
    assert first == second


def test_money_that_was_a_float_is_read_exactly_or_refused(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    base = read_folder(write_csv(tmp_path, HEAD, ROW)).orders.select(["order_id", "created_at"])
    target = tmp_path / "floats"
    target.mkdir()
    pq.write_table(base.append_column("amount", pa.array([1299.99])), target / "orders.parquet")
    (order,) = orders_of(read_folder(target).orders)
    assert order.amount_paise == 129_999
    pq.write_table(base.append_column("amount", pa.array([1.005])), target / "orders.parquet")
    with pytest.raises(DataError, match="at most two decimals"):
        read_folder(target)


def test_coupons_are_split_once_each() -> None:
    assert split_coupons(" A|B||A ") == ("A", "B")
    assert split_coupons(None) is None


def test_orders_on_a_shelf_are_those_in_memory_in_whatever_order_the_file_has_them(
    tmp_path: Path,
) -> None:
    rows = [f"{n},2026-11-{20 - n:02d}T10:15:00Z,{n}.50,word{n % 2}" for n in (3, 1, 4, 2)]
    folder = write_csv(tmp_path, f"{HEAD},amount,gift", *rows)
    (folder / "items.csv").write_text("order_id,sku,quantity\n3,kurta,2\n", encoding="utf-8")
    held, shelf = read_folder(folder), Shelf(tmp_path)
    mapped = read_folder(folder, shelf=shelf)
    assert mapped.orders.equals(held.orders)
    assert mapped.orders.column("order_id").to_pylist() == ["4", "3", "2", "1"]
    assert mapped.extras == ("gift",)
    items = read_items(folder, shelf=shelf)
    assert items is not None
    assert items.equals(held.items)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["items.csv", "orders.csv"]


def test_a_fault_in_a_later_piece_of_the_events_names_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.table_file._PIECE", 2)
    ids = pa.array(["1", "2", "3", "4"])
    known = pa.array(["2026-11-20T10:15:00Z", None, "2026-11-20T10:15:00Z", "soon"])
    table = pa.table({"order_id": ids, "event": ids, "known_at": known})
    pq.write_table(table, tmp_path / "events.parquet")
    pieces = read_events(tmp_path, ("order_id", "event", "known_at", "awb"))
    assert pieces is not None
    assert next(pieces).column("awb").null_count == 2
    with pytest.raises(DataError, match="row 4 column known_at"):
        next(pieces)
