"""The shipped mappings on the real exports they were written for, where these are at hand."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from features.states import STATES
from features.tables import Folder, read_folder
from training.importing.importer import import_export
from training.importing.report import Report
from training.mapping_file import load_mapping

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
EXPORTS = {
    "amazon-in": "amazon_in/amazon_sale_report.csv.gz",
    "shopee-id": "indonesia_shopee/orders.csv.gz",
    "meesho-orders": "small_in/meesho_orders_2022_08.csv",
    "meesho-forward": "small_in/meesho_forward_2022.csv",
    "amazon-in-small": "small_in/amazon_in_small_seller_2021.csv",
}
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the real exports are not at {DATA}; set SHARED_DATA"
)


class Brought(NamedTuple):
    """One export read by its mapping, beside its own rows."""

    report: Report
    folder: Folder
    rows: list[dict[str, str]]


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Any:
    done: dict[str, Brought] = {}

    def bring(name: str) -> Brought:
        if name not in done:
            path, out = DATA / EXPORTS[name], tmp_path_factory.mktemp(name)
            report = import_export(path, load_mapping(name), out)
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
            done[name] = Brought(report, read_folder(out), rows)
        return done[name]

    return bring


def outcomes_of(orders: pa.Table) -> Counter[str | None]:
    return Counter(orders.column("outcome").to_pylist())


@needs_data
@pytest.mark.parametrize("name", EXPORTS)
def test_every_row_of_a_real_export_is_accounted_for(brought: Any, name: str) -> None:
    told = brought(name).report.export
    assert told.rows == len(brought(name).rows)
    assert told.rows == told.kept + told.merged + told.refused + told.blank
    assert not told.absent


@needs_data
def test_every_amazon_order_is_kept_and_has_an_outcome_exactly_if_its_status_is_final(
    brought: Any,
) -> None:
    got = brought("amazon-in")
    final = {"Shipped - Delivered to Buyer": "delivered", "Shipped - Returned to Seller": "rto",
             "Shipped - Returning to Seller": "rto", "Shipped - Rejected by Buyer": "rto",
             "Cancelled": "cancelled", "Shipped - Lost in Transit": "lost"}  # fmt: skip
    expected = {row["Order ID"]: final.get(row["Status"]) for row in got.rows}
    orders = got.folder.orders
    found = dict(zip(orders.column("order_id").to_pylist(), orders.column("outcome").to_pylist(),
                     strict=True))  # fmt: skip
    assert found == expected
    assert got.report.outcomes["unreported"] == len(
        {row["Order ID"] for row in got.rows if row["Status"] == "Shipped"}
    )


@needs_data
def test_amazon_orders_sum_their_lines_and_learn_outcomes_after_fourteen_days(brought: Any) -> None:
    got = brought("amazon-in")
    lines: dict[str, list[dict[str, str]]] = {}
    for row in got.rows:
        lines.setdefault(row["Order ID"], []).append(row)
    for order in got.folder.orders.to_pylist():
        mine = lines[order["order_id"]]
        assert order["item_count"] == len(mine)
        amounts = [row["Amount"] for row in mine]
        total = None if "" in amounts else sum(round(float(a) * 100) for a in amounts)
        assert (order["amount"] and int(order["amount"] * 100)) == total or total == 0
        if order["outcome"] is not None:
            assert (order["outcome_at"] - order["created_at"]).days == 14
    assert got.folder.items.num_rows == len(got.rows)


@needs_data
def test_amazon_pincodes_and_states_are_clean(brought: Any) -> None:
    orders = brought("amazon-in").folder.orders
    pincodes = {p for p in orders.column("pincode").to_pylist() if p is not None}
    assert all(len(p) == 6 and p.isdigit() for p in pincodes)
    states = {s for s in orders.column("state").to_pylist() if s is not None}
    assert states - set(STATES) == {"APO"}


@needs_data
def test_shopee_failed_deliveries_are_rto_and_december_has_times(brought: Any) -> None:
    got = brought("shopee-id")
    assert outcomes_of(got.folder.orders) == {
        "delivered": 12_180, "cancelled": 1_864, "rto": 181, "lost": 14,
    }  # fmt: skip
    assert got.report.estimated_times == 1_214
    failed = [o for o in got.folder.orders.to_pylist() if o["outcome"] == "rto"]
    expected = [row for row in got.rows if "Pengiriman gagal" in row["Alasan Pembatalan"]]
    assert Counter(o["payment_mode"] for o in failed) == Counter(
        "cod" if row["Metode Pembayaran"].startswith("COD") else "prepaid" for row in expected
    )


@needs_data
def test_shopee_columns_rewritten_after_the_outcome_are_marked(brought: Any) -> None:
    got = brought("shopee-id")
    late = set(got.folder.about.after_outcome)
    assert {"total_paid", "shipping_paid", "shipping_rebate", "shipping_estimate",
            "total_discount", "returned_quantity"} == late & set(got.folder.extras)  # fmt: skip
    assert got.folder.orders.column("amount").null_count == got.folder.orders.num_rows
    options = set(got.folder.orders.column("shipping_option").to_pylist())
    assert "Hemat Kargo" in options
    assert not any("-" in option for option in options)


@needs_data
def test_meesho_returns_are_delivered_orders_with_an_event(brought: Any) -> None:
    got = brought("meesho-forward")
    assert outcomes_of(got.folder.orders) == {"delivered": 86, "rto": 22, None: 26, "cancelled": 4}
    assert got.folder.events.column("event").to_pylist().count("returned") == 36


@needs_data
def test_rows_that_cannot_be_placed_in_time_or_contradict_each_other_are_refused(
    brought: Any,
) -> None:
    small, meesho = brought("amazon-in-small"), brought("meesho-orders")
    assert small.report.export.reasons == {"created_at is empty; every order needs it": 18}
    assert outcomes_of(small.folder.orders) == {"delivered": 142, "rto": 11}
    assert meesho.report.export.reasons == {"order_id stands in several rows that differ": 2}
    assert outcomes_of(meesho.folder.orders) == {"delivered": 109, "cancelled": 66, "rto": 31}
