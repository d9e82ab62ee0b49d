"""The command ``rto import``: a Shopify export with a Shiprocket report, its report, its faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from features.errors import RtoError
from features.tables import read_folder
from rto import cli

SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,\
Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,\
Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Phone,\
Shipping Name,Shipping Address1,Shipping Address2,Shipping City,Shipping Zip,Shipping Province,\
Shipping Phone,Cancelled at,Payment Method,Tags,Source,Vendor,Phone
#1001,asha@example.com,pending,,fulfilled,2024-03-02 09:00:00 +0530,yes,INR,1450.00,0.00,0.00,\
1299.00,DIWALI10,151.00,Standard,2024-03-01 10:15:00 +0530,1,Cotton kurta,950.00,KRT-01,Asha Rao,\
'+919000000001,Asha Rao,"Flat 12B, Lake View",80 Feet Road,Bengaluru,'560034,KA,'+919000000001,,\
Cash on Delivery (COD),,web,Acme,
#1001,asha@example.com,,,,,,,,,,,,,,,1,Dupatta,500.00,DUP-02,,,,,,,,,,,,,,Acme,
#1002,ravi@example.com,paid,2024-03-01 11:00:00 +0530,,,no,INR,700.00,0.00,0.00,700.00,,0.00,\
Standard,2024-03-01 11:00:00 +0530,1,Stole,700.00,STL-01,Ravi Das,,Ravi Das,4 MG Road,,Pune,\
'411001,MH,,2024-03-01 18:00:00 +0530,Razorpay,,web,Acme,
#1003,tara@example.com,pending,,fulfilled,,no,INR,700.00,0.00,0.00,700.00,,0.00,Standard,\
2024-03-02 11:00:00 +0530,1,Stole,700.00,STL-01,Tara Sen,,Tara Sen,9 Park Street,,Kolkata,'700016,\
WB,,,manual,,web,Acme,
"""
SHIPROCKET = """\
Order ID,Status,AWB Code,Courier Company,Order Delivered Date,RTO Initiated Date,\
RTO Delivered Date,Latest NDR Reason
1001,DELIVERED,W1,Delhivery,05-03-2024 14:10,N/A,N/A,N/A
1003,RTO IN TRANSIT,W3,Xpressbees,,08-03-2024 09:00,,Customer refused delivery
"""


def run(*arguments: str) -> Result:
    command = cli.get_command(None, "import")  # type: ignore[arg-type]
    assert command is not None
    return CliRunner().invoke(command, arguments, catch_exceptions=True)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "orders.csv").write_text(SHOPIFY, encoding="utf-8")
    (tmp_path / "shipments.csv").write_text(SHIPROCKET, encoding="utf-8")
    return {name: str(tmp_path / name) for name in ("orders.csv", "shipments.csv", "out")}


def test_a_shopify_export_is_joined_to_its_shiprocket_report(files: dict[str, str]) -> None:
    result = run(
        files["orders.csv"], "--mapping", "shopify-orders", "--outcomes", files["shipments.csv"],
        "--outcomes-mapping", "shiprocket-shipments", "--out", files["out"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    folder = read_folder(Path(files["out"]))
    orders = {order["order_id"]: order for order in folder.orders.to_pylist()}
    first, cancelled, back = orders["#1001"], orders["#1002"], orders["#1003"]
    assert (first["outcome"], first["payment_mode"], first["phone"]) == (
        "delivered", "cod", "+919000000001",
    )  # fmt: skip
    assert (str(first["amount"]), first["item_count"], first["sku"]) == ("1299.00", 2, "KRT-01")
    assert (first["state"], first["pincode"], first["coupons"]) == (
        "karnataka", "560034", "DIWALI10",
    )  # fmt: skip
    assert (cancelled["outcome"], cancelled["payment_mode"]) == ("cancelled", "prepaid")
    assert (back["outcome"], back["outcome_reason"], back["awb"]) == ("rto", "refused", "W3")
    assert back["outcome_at"].isoformat() == "2024-03-08T03:30:00+00:00"
    assert {"awb", "courier_company", "Financial Status", "Tags"} <= set(folder.about.after_outcome)
    assert "66.7% of the orders are in the report (2 of 3)" in result.output
    assert "Asha" not in result.output


def test_the_shipped_mappings_are_listed() -> None:
    result = run("--list-mappings")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == [
        "amazon-in", "amazon-in-small", "meesho-forward", "meesho-orders", "shiprocket-shipments",
        "shopee-id", "shopify-orders",
    ]  # fmt: skip


def test_a_wrong_mapping_is_one_sentence_and_writes_nothing(files: dict[str, str]) -> None:
    Path(files["orders.csv"]).write_text(SHOPIFY.replace("Name,", "Number,", 1), encoding="utf-8")
    result = run(files["orders.csv"], "--mapping", "shopify-orders", "--out", files["out"])
    assert isinstance(result.exception, RtoError)
    assert 'orders.csv: has no column "Name"' in str(result.exception)
    assert not Path(files["out"]).exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [(("--outcomes", "shipments.csv"), "--outcomes needs --outcomes-mapping"),
     (("--join", "Name"), "need --outcomes")],
)  # fmt: skip
def test_half_a_join_is_refused(files: dict[str, str], options: tuple[str, ...], says: str) -> None:
    result = run(
        files["orders.csv"], "--mapping", "shopify-orders", *options, "--out", files["out"]
    )
    assert result.exit_code == 2
    assert says in result.output


def test_an_unknown_command_is_none() -> None:
    assert cli.get_command(None, "fly") is None  # type: ignore[arg-type]


def test_a_file_of_another_shop_system_names_the_mapping_that_fits(files: dict[str, str]) -> None:
    wrong = run(files["orders.csv"], "--mapping", "meesho-orders", "--out", files["out"])
    assert isinstance(wrong.exception, RtoError)
    assert str(wrong.exception) == (
        "orders.csv: is no file for the mapping meesho-orders; its columns are those of"
        " --mapping shopify-orders"
    )
    none = run(files["orders.csv"], "--out", files["out"])
    assert none.exit_code == 2
    assert "its columns are those of --mapping shopify-orders" in none.output
    unknown = run(files["shipments.csv"], "--out", files["out"])
    assert "shipments.csv is in no format that comes with the program" in unknown.output
