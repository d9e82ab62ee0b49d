"""Import, end to end on invented exports: kept, merged, refused, and what the folder says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from features.errors import DataError, MappingError
from training.importing.importer import import_export

Make = Callable[..., Any]
Bring = Callable[..., Any]

HEADER = "order,date,status\n"
LINES = {
    "row_is": "line",
    "columns": {"amount": {"column": "total", "gather": "sum"}, "coupons": "codes"},
    "lines": {"sku": "sku", "category": "kind", "quantity": "qty", "total": "total"},
}


def test_an_order_per_row_comes_over_with_its_outcome_and_the_assumed_delay(bring: Bring) -> None:
    got = bring(HEADER + "A,2024-01-01,ok\nB,2024-01-02,back\nC,2024-01-03,moving\n")
    assert [(o["order_id"], o["outcome"]) for o in got.orders] == [
        ("A", "delivered"), ("B", "rto"), ("C", None),
    ]  # fmt: skip
    assert got.orders[0]["created_at"] == datetime(2023, 12, 31, 18, 30, tzinfo=UTC)
    assert got.orders[0]["outcome_at"] == datetime(2024, 1, 10, 18, 30, tzinfo=UTC)
    assert got.orders[2]["outcome_at"] is None
    assert got.about.outcome_delay_days == 10
    assert got.report.outcome_times == {"assumed": 2, "raised": 0}


def test_an_outcome_never_reported_stays_an_order_without_one(bring: Bring) -> None:
    got = bring(HEADER + "A,2024-01-01,never\nB,2024-01-02,ok\n")
    assert [o["outcome"] for o in got.orders] == [None, "delivered"]
    assert got.report.outcomes == {"unreported": 1, "delivered": 1}


def test_an_export_without_outcomes_leaves_them_unknown(bring: Bring, make_mapping: Make) -> None:
    mapping = make_mapping()
    mapping.columns.pop("outcome")
    got = bring("order,date\nA,2024-01-01\n", mapping)
    assert got.orders[0]["outcome"] is None
    assert "reads no outcome" in got.report.as_text()


def test_a_status_the_mapping_does_not_know_refuses_its_row_only(bring: Bring) -> None:
    got = bring(HEADER + "A,2024-01-01,ok\nB,2024-01-02,eaten\n")
    assert [o["order_id"] for o in got.orders] == ["A"]
    assert got.refused == (
        "row,reason,order,date,status,further cells\n"
        '2,"outcome ""eaten"" is not in the mapping\'s values; add it there",B,2024-01-02,eaten,\n'
    )


def test_rows_without_an_id_or_a_time_are_refused(bring: Bring) -> None:
    got = bring(HEADER + "A,2024-01-01,ok\n ,2024-01-02,ok\nC,,ok\nD,2024-01-01,ok\n")
    assert got.report.export.reasons == {
        "order_id is empty": 1, "created_at is empty; every order needs it": 1,
    }  # fmt: skip


def test_more_than_half_refused_means_a_wrong_mapping(bring: Bring, tmp_path: Path) -> None:
    text = HEADER + "A,01/13/2024,ok\nB,01/14/2024,ok\nC,2024-01-01,ok\n"
    with pytest.raises(
        DataError, match=r"2 of 3 rows cannot be read, 2 of them because created_at"
    ):
        bring(text)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["refused.csv"]
    bring(HEADER + "A,2024-01-01,ok\n")


def test_a_few_dates_that_fit_only_exchanged_mean_that_all_are_wrong(
    bring: Bring, make_mapping: Make
) -> None:
    text = HEADER + "".join(f"A{d},04-{d:02d}-22,ok\n" for d in [*range(1, 13), 30])
    with pytest.raises(DataError, match=r"04-30-22.* would fit with day and month exchanged"):
        bring(text, make_mapping(dates={"format": "%d-%m-%y"}))
    got = bring(text, make_mapping(dates={"format": "%m-%d-%y"}))
    assert got.report.export.kept == 13


def test_orders_from_the_future_are_counted_as_a_sign_of_misread_dates(bring: Bring) -> None:
    now = datetime(2024, 2, 1, tzinfo=UTC)
    got = bring(HEADER + "A,2024-01-01,ok\nB,2024-11-01,ok\nC,2024-12-01,ok\n", now=now)
    assert "2 orders lie in the future; are dates.format" in got.report.as_text()
    later = datetime(2025, 1, 1, tzinfo=UTC)
    got = bring(HEADER + "A,2024-01-01,ok\nB,2024-11-01,ok\n", now=later)
    assert "future" not in got.report.as_text()


def test_a_folder_that_cannot_be_written_is_told(make_mapping: Make, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text(HEADER + "A,2024-01-01,ok\n")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        import_export(tmp_path / "o.csv", make_mapping(), tmp_path / "file" / "out")


def test_a_header_without_rows_is_refused(bring: Bring) -> None:
    with pytest.raises(DataError, match="a header and no rows"):
        bring(HEADER)


def test_equal_rows_of_an_order_are_merged_and_differing_ones_refused(bring: Bring) -> None:
    got = bring(HEADER + "A,2024-01-01,ok\nA,2024-01-01,ok\nB,2024-01-01,ok\nB,2024-01-02,ok\n"
                "C,2024-01-01,ok\nC,2024-01-01,\nD,2024-01-01,ok\nE,2024-01-01,ok\n")  # fmt: skip
    told = got.report.export
    assert (told.rows, told.kept, told.merged, told.refused) == (8, 3, 1, 4)
    assert "order_id stands in rows 3, 4, which differ in created_at" in got.refused
    assert "order_id stands in rows 5, 6, which differ in outcome" in got.refused


@pytest.mark.parametrize(("policy", "outcome"), [("first", None), ("last", "delivered")])
def test_a_mapping_can_let_the_first_or_last_row_of_an_order_count(
    bring: Bring, make_mapping: Make, policy: str, outcome: str | None
) -> None:
    text = HEADER + "A,2024-01-01,moving\nB,2024-01-01,back\nA,2024-01-01,ok\n"
    got = bring(text, make_mapping(repeated_orders=policy))
    assert {o["order_id"]: o["outcome"] for o in got.orders} == {"A": outcome, "B": "rto"}
    assert (got.report.export.merged, got.report.export.refused) == (1, 0)


def test_lines_are_gathered_with_sums_and_the_sku_of_the_largest_line(
    bring: Bring, make_mapping: Make
) -> None:
    text = ("order,date,status,sku,kind,qty,total,codes\n"
            "A,2024-01-01,ok,s1,top,2,100.50,X\nB,2024-01-01,ok,b1,bag,1,10,\n"
            "A,2024-01-01,ok,s2,set,1,250,\"X,Y\"\nA,2024-01-01,ok,s3,saree,1,250,\n")  # fmt: skip
    got = bring(text, make_mapping(**LINES))
    order = got.orders[0]
    assert (order["sku"], order["category"], order["quantity"], order["item_count"]) == (
        "s2", "set", 4, 3,
    )  # fmt: skip
    assert (order["amount"], order["coupons"]) == (Decimal("600.50"), "X|Y")
    assert [(i["order_id"], i["sku"], i["price"]) for i in got.items] == [
        ("A", "s1", Decimal("50.25")), ("A", "s2", Decimal("250.00")),
        ("A", "s3", Decimal("250.00")), ("B", "b1", Decimal("10.00")),
    ]  # fmt: skip


def test_an_order_with_one_line_of_unknown_amount_has_no_known_amount(
    bring: Bring, make_mapping: Make
) -> None:
    text = ("order,date,status,sku,kind,qty,total,codes\n"
            "A,2024-01-01,ok,s1,top,2,100,\nA,2024-01-01,ok,s2,top,,,\n")  # fmt: skip
    order = bring(text, make_mapping(**LINES)).orders[0]
    assert (order["amount"], order["quantity"], order["sku"]) == (None, None, "s1")


def test_a_refused_line_takes_its_order_with_it(bring: Bring, make_mapping: Make) -> None:
    text = ("order,date,status,sku,kind,qty,total,codes\n"
            "A,2024-01-01,ok,s1,top,2,100,\nA,2024-01-01,ok,s2,top,1,9.999,\n"
            "B,2024-01-01,ok,s1,top,1,5,\nC,2024-01-01,ok,s1,top,1,5,\n")  # fmt: skip
    got = bring(text, make_mapping(**LINES))
    assert [o["order_id"] for o in got.orders] == ["B", "C"]
    assert list(got.report.export.reasons.values()) == [1, 1]
    assert "another line of the order was refused" in got.refused
    assert 'amount ""9.999"" has more than two decimals' in got.refused


def test_order_facts_on_the_first_line_only_fill_the_whole_order(
    bring: Bring, make_mapping: Make
) -> None:
    text = "order,date,status,city,sku\nA,2024-01-01,ok,Pune,s1\nA,,,,s2\n"
    mapping = make_mapping(
        row_is="line", lines={"sku": "sku"},
        columns={"city": "city", "outcome": {
            "column": "status", "values": {"ok": "delivered"}, "gather": "first"}},
    )  # fmt: skip
    got = bring(text, mapping)
    assert [(o["city"], o["outcome"], o["item_count"]) for o in got.orders] == [
        ("Pune", "delivered", 2)
    ]


def test_lines_that_say_the_same_are_kept_and_told(bring: Bring, make_mapping: Make) -> None:
    row = "A,2024-01-01,ok,s1,top,1,5,\n"
    got = bring("order,date,status,sku,kind,qty,total,codes\n" + row * 2, make_mapping(**LINES))
    assert (got.report.repeated_lines, got.orders[0]["item_count"]) == (1, 2)


def test_missing_times_are_spread_over_their_month_in_row_order(
    bring: Bring, make_mapping: Make
) -> None:
    when = {"column": "date", "when_empty": {"column": "file", "format": "%BSales%Y.xlsx"}}
    rows = "".join(f"A{i},,ok,DecemberSales2024.xlsx\n" for i in range(5))
    text = f"order,date,status,file\nB,2024-12-10,ok,DecemberSales2024.xlsx\n{rows}"
    got = bring(text, make_mapping(columns={"created_at": when}))
    orders = [o for o in got.orders if o["order_id"] != "B"]
    assert [o["order_id"] for o in orders] == [f"A{i}" for i in range(5)]
    assert orders[0]["created_at"] == datetime(2024, 12, 3, 20, 54, tzinfo=UTC)
    assert got.report.estimated_times == 5


def test_an_outcome_is_never_learned_before_its_order(bring: Bring, make_mapping: Make) -> None:
    mapping = make_mapping(columns={"outcome_at": {"column": "done", "format": "iso"}})
    got = bring("order,date,status,done\nA,2024-01-05,ok,2024-01-01T10:00:00+05:30\n", mapping)
    assert got.orders[0]["outcome_at"] == got.orders[0]["created_at"]
    assert got.report.outcome_times == {"assumed": 0, "raised": 1}


def test_a_parcel_sent_back_later_is_delivered_and_has_an_event(bring: Bring) -> None:
    got = bring(HEADER + "A,2024-01-01,sent back\nB,2024-01-02,back\nC,2024-01-03,moving\n")
    assert [o["outcome"] for o in got.orders] == ["delivered", "rto", None]
    events = got.events.select(["order_id", "event"]).to_pylist()
    assert [(e["order_id"], e["event"]) for e in events] == [
        ("A", "placed"), ("B", "placed"), ("C", "placed"), ("A", "delivered"), ("A", "returned"),
        ("B", "rto_initiated"),
    ]  # fmt: skip
    assert got.events.column("seq").null_count == len(events)


def test_foreign_currency_is_refused_where_only_rupees_may_stand(
    bring: Bring, make_mapping: Make
) -> None:
    text = "order,date,status,cur\nA,2024-01-01,ok,INR\nB,2024-01-01,ok,USD\nC,2024-01-01,ok,\n"
    got = bring(text, make_mapping(only={"cur": ["INR", ""]}))
    assert [o["order_id"] for o in got.orders] == ["A", "C"]
    assert 'cur ""USD"" is not INR' in got.refused


def test_an_absent_optional_column_is_unknown_and_told(bring: Bring, make_mapping: Make) -> None:
    mapping = make_mapping(columns={"city": "town"}, optional_columns=["town"])
    got = bring(HEADER + "A,2024-01-01,ok\n", mapping)
    assert got.orders[0]["city"] is None
    assert "city (optional, not in this file)" in got.report.as_text()
    with pytest.raises(MappingError, match='no column "town"'):
        bring(HEADER + "A,2024-01-01,ok\n", make_mapping(columns={"city": "town"}))


def test_the_merchant_is_the_option_then_the_column_then_one_for_all(
    bring: Bring, make_mapping: Make
) -> None:
    text = "order,date,status,shop\nA,2024-01-01,ok,s1\nA,2024-01-01,ok,s2\nB,2024-01-01,ok,\n"
    mapping = make_mapping(columns={"merchant_id": "shop"})
    assert [o["merchant_id"] for o in bring(text, mapping).orders] == ["merchant", "s1", "s2"]
    single = bring(HEADER + "A,2024-01-01,ok\n", merchant="m7")
    assert single.orders[0]["merchant_id"] == "m7"


def test_the_report_shows_no_personal_data(bring: Bring, make_mapping: Make) -> None:
    mapping = make_mapping(columns={"phone": "p", "customer_name": "n", "pincode": "z"})
    text = ("order,date,status,p,n,z\nA,2024-01-01,ok,'+919000000001, Asha Rao ,560034.0\n"
            "B,2024-01-01,ok,9000000002.0,Ravi,12\n")  # fmt: skip
    got = bring(text, mapping)
    assert [o["phone"] for o in got.orders] == ["+919000000001", "9000000002"]
    told = got.report.as_text() + got.report.as_json()
    assert '"560034.0" → "560034"' in told
    assert 'pincode not recognised, kept as typed: "12"' in told
    assert got.report.export.changed["phone"] == {"rows": 2, "examples": {}}
    assert not any(secret in told for secret in ("900000000", "Asha", "Ravi"))


def test_a_refused_cell_that_may_be_personal_is_not_shown(bring: Bring, make_mapping: Make) -> None:
    mapping = make_mapping(extra={"note": {"column": "n", "values": {"gift": "gift"}}})
    got = bring("order,date,status,n\nA,2024-01-01,ok,gift\nB,2024-01-01,ok,call Asha\n", mapping)
    assert "extra.note is not in the mapping's values" in got.report.as_text()
    assert "Asha" not in got.report.as_text() + got.report.as_json()
    assert got.refused.endswith("B,2024-01-01,ok,call Asha,\n")


def test_a_folder_of_other_origin_is_not_overwritten(bring: Bring, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "orders.parquet").write_bytes(b"precious")
    with pytest.raises(DataError, match="was not made by an import"):
        bring(HEADER + "A,2024-01-01,ok\n")


def test_importing_again_replaces_everything_and_writes_the_same_bytes(
    bring: Bring, tmp_path: Path
) -> None:
    text = HEADER + "A,2024-01-01,sent back\nB,2024-01-01,eaten\n"
    first = bring(text)
    before = {p.name: p.read_bytes() for p in first.out.iterdir()}
    assert {"events.parquet", "refused.csv"} <= set(before)
    assert {p.name: p.read_bytes() for p in bring(text).out.iterdir()} == before
    again = bring(HEADER + "A,2024-01-01,ok\n")
    assert not (again.out / "events.parquet").exists()
    assert not again.refused


def test_a_report_mapping_given_as_the_orders_mapping_is_refused(
    make_mapping: Make, tmp_path: Path
) -> None:
    (tmp_path / "o.csv").write_text(HEADER)
    with pytest.raises(MappingError, match="give it as --outcomes-mapping"):
        import_export(tmp_path / "o.csv", courier_mapping(make_mapping), tmp_path / "out")


def courier_mapping(make: Make) -> Any:
    return type(make()).model_validate({
        "name": "courier", "says": "An invented courier", "reads": "outcomes", "row_is": "line",
        "outcome_delay_days": 3, "extra": {"awb": "awb"},
        "columns": {
            "order_id": "ref",
            "outcome": {"column": "state", "values": {
                "DEL": "delivered", "RTO": "rto", "OUT": "open", "CAN": "cancelled",
                "RET": "returned"}},
            "outcome_at": {"by_outcome": {"delivered": "del", "rto": "rto"}, "format": "iso"},
            "outcome_reason": {"column": "why", "values": {"*refus*": "refused", "*": "other"}},
        },
    })  # fmt: skip


REPORT = (
    "ref,state,del,rto,why,awb\n"
    "1001,DEL,2024-01-04T12:00:00,,,W1\n"
    "'1002,RTO,,2024-01-06,Customer refused,W2\n"
    "1003.0,CAN,,,,W3\n1003,DEL,,,,W4\n"
    "7,DEL,2024-01-04T12:00:00,,,W5\n"
)


def test_a_couriers_report_is_joined_and_its_share_told(bring: Bring, make_mapping: Make) -> None:
    text = HEADER + "".join(f"#{1001 + i},2024-01-01,moving\n" for i in range(4))
    got = bring(text, outcomes=(REPORT, courier_mapping(make_mapping), None))
    assert [(o["outcome"], o["outcome_reason"], o["awb"]) for o in got.orders] == [
        ("delivered", None, "W1"), ("rto", "refused", "W2"), ("delivered", None, "W3"),
        (None, None, None),
    ]  # fmt: skip
    times = [o["outcome_at"] for o in got.orders]
    assert times[:3] == [
        datetime(2024, 1, 4, 6, 30, tzinfo=UTC), datetime(2024, 1, 6, 18, 30, tzinfo=UTC),
        datetime(2024, 1, 3, 18, 30, tzinfo=UTC),
    ]  # fmt: skip
    join = got.report.join
    assert (join.orders_joined, join.orders, join.rows_joined, join.rows) == (3, 4, 4, 5)
    assert "75.0% of the orders are in the report (3 of 4)" in got.report.as_text()
    assert got.about.after_outcome == ("awb",)


def test_an_rto_is_known_with_its_first_parcel_and_a_delivery_with_its_last(
    bring: Bring, make_mapping: Make
) -> None:
    report = (
        "ref,state,del,rto,why,awb\n"
        "1,RTO,,2024-01-09T10:00:00,,a\n1,RTO,,2024-01-05T10:00:00,,b\n"
        "1,DEL,2024-01-03T10:00:00,,,c\n"
        "2,DEL,2024-01-09T10:00:00,,,d\n2,DEL,2024-01-05T10:00:00,,,e\n"
        "3,RET,2024-01-07T10:00:00,,,f\n"
    )
    text = HEADER + "1,2024-01-01,moving\n2,2024-01-01,moving\n3,2024-01-01,moving\n"
    got = bring(text, outcomes=(report, courier_mapping(make_mapping), None))
    known = [(o["outcome"], o["outcome_at"].day) for o in got.orders]
    assert known == [("rto", 5), ("delivered", 9), ("delivered", 7)]


def test_the_courier_outweighs_the_shop_only_with_a_final_state(
    bring: Bring, make_mapping: Make
) -> None:
    text = HEADER + "1,2024-01-01,no\n2,2024-01-01,no\n3,2024-01-01,moving\n"
    report = "ref,state,del,rto,why,awb\n1,RTO,,2024-01-03,,a\n2,OUT,,,,b\n3,OUT,,,,c\n"
    got = bring(text, outcomes=(report, courier_mapping(make_mapping), None))
    assert [o["outcome"] for o in got.orders] == ["rto", "cancelled", None]
    assert got.orders[1]["outcome_at"] == datetime(2024, 1, 10, 18, 30, tzinfo=UTC)


def test_the_join_column_can_be_one_the_mapping_does_not_read(
    bring: Bring, make_mapping: Make
) -> None:
    text = "order,date,status,ship\nA,2024-01-01,moving,W9\nB,2024-01-01,moving,W8\n"
    report = "ref,state,del,rto,why,awb\nw9,RTO,,2024-01-03,,a\n"
    got = bring(text, outcomes=(report, courier_mapping(make_mapping), "ship"))
    assert [o["outcome"] for o in got.orders] == ["rto", None]


def test_a_join_that_finds_nobody_is_refused_showing_no_key(
    bring: Bring, make_mapping: Make
) -> None:
    report = "ref,state,del,rto,why,awb\nHYP-77,RTO,,2024-01-03,,a\n"
    says = r"with --join \(the orders' keys look like 9999, the report's like aaa-99\)"
    with pytest.raises(DataError, match=says) as caught:
        bring(HEADER + "#1001,2024-01-01,moving\n",
              outcomes=(report, courier_mapping(make_mapping), None))  # fmt: skip
    assert "hyp" not in str(caught.value).lower()


def test_orders_that_share_a_key_are_not_joined(bring: Bring, make_mapping: Make) -> None:
    text = HEADER + "#1,2024-01-01,moving\n1,2024-01-01,moving\n2,2024-01-01,moving\n"
    report = "ref,state,del,rto,why,awb\n1,RTO,,2024-01-03,,a\n2,RTO,,2024-01-03,,a\n"
    got = bring(text, outcomes=(report, courier_mapping(make_mapping), None))
    assert {o["order_id"]: o["outcome"] for o in got.orders} == {"#1": None, "1": None, "2": "rto"}
    assert got.report.join.ambiguous == 2


def mostly(good: list[str], *bad: str) -> st.SearchStrategy[str]:
    """Good cells nine times in ten, or nearly every example would be refused as a whole."""
    return st.sampled_from([*good * (9 * len(bad) // len(good) + 1), *bad])


ROW = st.tuples(
    mostly(["A", "B", "C", "D", "E", "F", "G", "H"], "", " "),
    mostly(["2024-01-01"], "2024-01-02", "", "01/02/2024"),
    mostly(["ok", "back", "no", "moving", ""], "eaten"),
    mostly(["1", "2", "0", ""], "x"),
    mostly(["5", "5.00", "", "₹1,000"], "9.999"),
)


@given(rows=st.lists(ROW, min_size=1, max_size=12), by_line=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_kept_merged_refused_or_blank(
    bring: Bring, make_mapping: Make, rows: list[tuple[str, ...]], by_line: bool
) -> None:
    text = "order,date,status,qty,total\n" + "".join(
        ",".join(f'"{cell}"' for cell in row) + "\n" for row in rows
    )
    mapping = make_mapping(
        row_is="line" if by_line else "order",
        columns={"amount": {"column": "total", "gather": "sum"}},
        lines={"quantity": "qty", "total": "total"},
    )
    try:
        got = bring(text, mapping)
    except DataError:
        event("refused as a whole")
        return
    event("brought over")
    told = got.report.export
    assert told.rows == len(rows) == told.kept + told.merged + told.refused + told.blank
    assert told.kept == len(got.items)
    assert sum(told.reasons.values()) == told.refused == max(got.refused.count("\n") - 1, 0)
    assert sum(got.report.outcomes.values()) == got.report.orders == len(got.orders)
