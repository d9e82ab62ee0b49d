"""The invented year as a data folder: plausible, complete, and silent about its truth."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from features.directory import Directory
from features.errors import DataError, SettingsError
from features.history.states import (
    ABSENT,
    CANCELLED,
    CLASSES,
    DELIVERED,
    EVENT_CODES,
    LOST,
    PENDING,
    RETURNED,
    RTO,
    RTO_NOT_CUSTOMER,
    event_detail,
    next_state,
)
from features.schema import ORDER_COLUMNS
from features.tables import Folder, read_folder
from training.simulate_command import TRUTH, simulate, write_year
from training.world.devanagari import devanagari
from training.world.spec import WorldSpec, changed

DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 20,000 invented orders."""
    out = tmp_path_factory.mktemp("world")
    write_year(out, 20_000, 5, WorldSpec(merchants=8), quiet=True)
    return out


@pytest.fixture(scope="module")
def folder(path: Path) -> Folder:
    return read_folder(path)


@pytest.fixture(scope="module")
def orders(folder: Folder) -> pd.DataFrame:
    frame: pd.DataFrame = folder.orders.to_pandas()
    return frame


@pytest.fixture(scope="module")
def events(folder: Folder) -> pd.DataFrame:
    assert folder.events is not None
    frame: pd.DataFrame = folder.events.to_pandas()
    return frame


def digests(path: Path) -> dict[str, str]:
    files = sorted(p for p in path.rglob("*") if p.is_file())
    return {str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_year(tmp_path / name, 400, seed, WorldSpec(), quiet=True)
    a, b, c = (digests(tmp_path / name) for name in "abc")
    assert set(a) == set(c)
    assert len(a) == 7
    assert a == b
    assert all(a[f] != c[f] for f in a if f.endswith(".parquet"))


def test_the_folder_says_that_it_is_invented(folder: Folder) -> None:
    assert folder.about.invented
    assert "simulate" in folder.about.source


def test_every_column_of_the_contract_is_filled_somewhere_and_nothing_is_added(
    folder: Folder,
) -> None:
    assert folder.extras == ()
    empty = [c for c in ORDER_COLUMNS if folder.orders[c].null_count == folder.orders.num_rows]
    assert empty == []
    assert folder.items is not None
    assert folder.items.num_rows >= folder.orders.num_rows


def test_unknown_stays_unknown_in_a_plausible_share_of_the_orders(orders: pd.DataFrame) -> None:
    missing = orders.isna().mean()
    assert missing[["order_id", "merchant_id", "created_at", "amount", "sku"]].max() == 0
    assert 0.1 < missing["email"] < 0.6
    assert 0.1 < missing["device_id"] < 0.5
    assert 0 < missing["pincode"] < 0.02


def test_no_column_outside_the_truth_folder_tells_the_truth(path: Path, folder: Folder) -> None:
    assert folder.events is not None
    assert folder.items is not None
    told = {c for t in (folder.orders, folder.events, folder.items) for c in t.column_names}
    truth = set(pd.read_parquet(path / TRUTH / "truth.parquet").columns)
    assert told & truth == {"order_id", "merchant_id", "action"}
    assert folder.events["action"].null_count == folder.events.num_rows
    assert {p.name for p in path.iterdir()} == {
        "orders.parquet", "events.parquet", "items.parquet", "consents.parquet", "folder.json",
        TRUTH,
    }  # fmt: skip


def test_cash_share_and_rto_shares_are_those_of_the_trade(orders: pd.DataFrame) -> None:
    cash = orders.payment_mode.isin(["cod", "partial_cod"])
    assert 0.62 < cash.mean() < 0.68
    final = orders[orders.outcome.isin(["delivered", "rto"])]
    share = (final.outcome == "rto").groupby(final.payment_mode).mean()
    assert 0.21 < share["cod"] < 0.28
    assert 0.02 < share["prepaid"] < 0.04


def test_ends_come_in_plausible_shares(orders: pd.DataFrame) -> None:
    share = orders.outcome.value_counts(normalize=True)
    assert 0.02 < share["cancelled"] < 0.07
    assert 0.002 < share["lost"] < 0.012
    assert 0.001 < orders.outcome.isna().mean() < 0.02
    assert set(orders.cancelled_by.dropna()) == {"customer", "merchant"}


def test_an_rto_is_learned_later_than_a_delivery(orders: pd.DataFrame) -> None:
    days = (orders.outcome_at - orders.created_at).dt.total_seconds() / 86_400
    delivered, rto = days[orders.outcome == "delivered"], days[orders.outcome == "rto"]
    assert 3 < delivered.quantile(0.1) < delivered.quantile(0.8) < 9
    assert 9 < rto.quantile(0.1) < rto.quantile(0.9) < 25


def test_refusal_is_the_first_cause_of_rto_and_unreachable_the_second(
    orders: pd.DataFrame,
) -> None:
    share = orders.outcome_reason.value_counts(normalize=True)
    refused = share[["refused", "changed_mind", "not_as_described", "late"]].sum()
    assert 0.4 < refused < 0.7
    assert 0.12 < share["unreachable"] < 0.35
    assert 0.03 < share["wrong_address"] < 0.15
    assert orders.outcome_reason.notna().equals(orders.outcome == "rto")


def test_an_event_is_known_no_earlier_than_it_happened_and_sometimes_days_later(
    events: pd.DataFrame,
) -> None:
    lag = (events.known_at - events["at"]).dt.total_seconds() / 86_400
    assert lag.min() >= 0
    assert 0.005 < (lag > 1).mean() < 0.1
    assert events.known_at.duplicated().mean() > 0.02


def test_events_stand_in_the_order_of_knowing_with_ties_in_the_contracts_order(
    events: pd.DataFrame,
) -> None:
    assert events.seq.tolist() == list(range(1, len(events) + 1))
    assert events.known_at.is_monotonic_increasing
    code = events.event.map(EVENT_CODES)
    tie = events.known_at.eq(events.known_at.shift()) & (code < code.shift())
    assert not tie.any()


def test_folding_the_events_gives_the_outcome_of_the_orders_table(
    orders: pd.DataFrame, events: pd.DataFrame
) -> None:
    state: dict[tuple[str, str], int] = {}
    columns = [events[c] for c in ("merchant_id", "order_id", "event", "reason", "outcome")]
    for shop, order, kind, reason, outcome in zip(*columns, strict=True):
        detail = event_detail(
            kind,
            reason=reason if isinstance(reason, str) else None,
            outcome=outcome if isinstance(outcome, str) else None,
            action=None,
        )
        before = state.get((shop, order), ABSENT)
        state[shop, order] = next_state(before, EVENT_CODES[kind], detail)
    said = {
        PENDING: None, DELIVERED: "delivered", RETURNED: "delivered", RTO: "rto",
        RTO_NOT_CUSTOMER: "rto", CANCELLED: "cancelled", LOST: "lost",
    }  # fmt: skip
    keys = zip(orders.merchant_id, orders.order_id, strict=True)
    folded = [state[key] for key in keys]
    outcomes = [said[s % CLASSES] for s in folded]
    assert outcomes == [o if isinstance(o, str) else None for o in orders.outcome]
    treated = np.array([s // CLASSES for s in folded], dtype=bool)
    assert (treated == orders.intervention.isin(["verify", "prepaid"])).all()


def test_the_return_leg_is_known_before_its_end_is(events: pd.DataFrame) -> None:
    keys = ["merchant_id", "order_id"]
    begins, ends = (events[events.event == k] for k in ("rto_initiated", "rto_delivered"))
    legs = begins.merge(ends, on=keys, suffixes=("", "_end"), validate="1:1")
    assert len(legs) > 2_000
    assert (legs["at"] < legs.at_end).all()
    assert (legs.known_at <= legs.known_at_end).all()


def test_some_final_states_are_corrected_and_some_deliveries_sent_back(
    events: pd.DataFrame,
) -> None:
    count = events.event.value_counts()
    assert count["correction"] >= 10
    assert count["returned"] > 0.01 * count["delivered"]
    assert events.outcome.notna().equals(events.event == "correction")


def test_treated_and_comparison_orders_carry_arm_response_and_propensity(
    orders: pd.DataFrame,
) -> None:
    treated = orders[orders.intervention != "none"]
    assert set(treated.intervention) == {"verify", "prepaid"}
    assert treated.response.notna().all()
    assert treated.arm.notna().all()
    assert (treated.intervention_at > treated.created_at).all()
    holdout = orders[orders.arm == "holdout"]
    assert (holdout.intervention == "none").all()
    assert np.allclose(holdout.propensity.min(), WorldSpec().holdout_share)
    drawn = orders[orders.arm.notna()]
    assert 0.06 < (drawn.arm == "holdout").mean() < 0.14
    assert orders[orders.model.isna()].propensity.isna().all()
    assert drawn.propensity.between(0.01, 1.0).all()


def test_a_persons_arm_stays_the_same_within_a_quarter(orders: pd.DataFrame) -> None:
    drawn = orders[orders.arm.notna() & orders.customer_id.notna()]
    first = orders.created_at.min().tz_convert("Asia/Kolkata").normalize()
    quarter = (drawn.created_at - first) // (91 * DAY)
    arms = drawn.groupby([drawn.merchant_id, drawn.customer_id, quarter]).arm.nunique()
    assert len(arms) > 100
    assert arms.max() == 1


def test_customers_come_back_and_share_devices_phones_and_addresses(orders: pd.DataFrame) -> None:
    known = orders[orders.customer_id.notna()]
    again = known.duplicated(["merchant_id", "customer_id"]).mean()
    assert 0.2 < again < 0.6
    persons = known.groupby("device_id").customer_id.nunique()
    assert 0.01 < (persons > 1).mean() < 0.3
    phones = orders.groupby(["address_line1", "pincode"]).phone.nunique()
    assert (phones >= 3).sum() > 10


def test_pincodes_are_real_but_for_mistyped_ones(orders: pd.DataFrame) -> None:
    typed = orders.pincode.dropna()
    directory = Directory.open()
    known = typed.map(lambda p: directory.place(p).known)
    assert 0.97 < known.mean() < 1.0
    assert typed.nunique() > 2_000


def test_addresses_are_written_in_english_in_hindi_and_in_mixtures(orders: pd.DataFrame) -> None:
    whole = orders.address_line1.fillna("") + " " + orders.landmark.fillna("")
    hindi = whole.str.contains("[\u0900-\u097f]")
    assert 0.005 < hindi.mean() < 0.1
    assert 0.005 < whole.str.contains("ke pa|ke sam|ke pi|ke bag").mean() < 0.2
    assert whole.str.contains("asdf|qwerty|hjkl").any()
    assert orders.address_line1.notna().all()


def test_phones_and_emails_are_mostly_well_formed_and_wholly_invented(
    orders: pd.DataFrame,
) -> None:
    digits = orders.phone.dropna().str.replace(r"\D", "", regex=True).str[-10:]
    assert 0.98 < digits.str.fullmatch("[6-9][0-9]{9}").mean() < 1.0
    host = orders.email.dropna().str.split("@").str[-1]
    assert host.str.contains("example|^mail$").all()
    assert 0.002 < host.str.match("tempmail|throwaway|tenmin|trash|fake|mailnull").mean() < 0.05


def test_the_sale_is_busier_and_has_its_own_coupon(orders: pd.DataFrame) -> None:
    day = orders.created_at.dt.tz_convert("Asia/Kolkata").dt.strftime("%Y-%m-%d")
    sale = day.between("2025-10-09", "2025-10-18")
    before = day.between("2025-09-17", "2025-09-26")
    assert sale.sum() > 1.6 * before.sum()
    used = orders.coupons.fillna("").str.contains("DIWALI")
    assert used[sale].mean() > 0.1
    assert not used[~sale].any()


def test_the_main_line_and_the_amount_follow_from_the_items(folder: Folder) -> None:
    assert folder.items is not None
    items = folder.items.to_pandas()
    items["total"] = items.price.astype(float) * items.quantity
    goods = items.groupby(["merchant_id", "order_id"]).agg(
        total=("total", "sum"), largest=("total", "max"), lines=("sku", "size")
    )
    orders = folder.orders.to_pandas().merge(goods, on=["merchant_id", "order_id"])
    known = orders[orders.shipping_fee.notna() & orders.cod_fee.notna()].astype(
        dict.fromkeys(("amount", "discount", "shipping_fee", "cod_fee"), float)
    )
    sum_of_parts = known.total - known.discount + known.shipping_fee + known.cod_fee
    assert np.allclose(known.amount, sum_of_parts)
    assert (orders.lines == orders.item_count).all()
    main = orders.merge(items, on=["merchant_id", "order_id", "sku"], suffixes=("", "_line"))
    assert np.allclose(main.total_line, main.largest)


@pytest.mark.parametrize(
    ("orders", "changes"),
    [
        (1, {}),
        (50, {"merchants": 1, "days": 7}),
        (300, {"ring_order_share": 0.0, "prankster_share": 0.0, "policy_merchants": 0.0}),
        (300, {"ring_order_share": 1.0, "acted_share": 1.0, "policy_merchants": 1.0}),
        (200, {"merchants": 300, "snapshot_days": 0.0, "start": "2024-02-29"}),
    ],
)
def test_worlds_at_the_edge_are_still_whole(
    tmp_path: Path, orders: int, changes: dict[str, object]
) -> None:
    write_year(tmp_path, orders, 3, changed(WorldSpec(), changes, source="test"), quiet=True)
    folder = read_folder(tmp_path)
    assert folder.orders.num_rows == orders
    assert folder.events is not None
    assert folder.events.num_rows >= orders


def test_nothing_learned_after_the_snapshot_is_in_the_files(tmp_path: Path) -> None:
    write_year(tmp_path, 1_000, 3, WorldSpec(snapshot_days=0.0), quiet=True)
    folder = read_folder(tmp_path)
    assert folder.events is not None
    end = pd.Timestamp("2026-07-01", tz="Asia/Kolkata")
    assert folder.events.to_pandas().known_at.max() < end
    orders = folder.orders.to_pandas()
    assert orders.outcome_at.max() < end
    fresh = orders.created_at > end - 4 * DAY
    assert orders[fresh].outcome.isna().mean() > 0.5


def run(tmp_path: Path, *options: str, spec: str | None = None) -> object:
    arguments = ["--orders", "60", "--seed", "1", "--out", str(tmp_path / "out"), *options]
    if spec is not None:
        (tmp_path / "spec.yaml").write_text(spec, encoding="utf-8")
        arguments += ["--spec", str(tmp_path / "spec.yaml")]
    return CliRunner().invoke(simulate, arguments).exception


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("cod_share: 7", "cod_share should lie between"),
        ("cod_share: many", "cod_share should be a number"),
        ("nonsense: 1", "nonsense is no parameter"),
        ("days: 30.5", "days should lie between"),
        ("prepaid_silence_ships: 1", "should be a true or false"),
        ("- a\n- b", "should hold lines like"),
        ("a: [", "cannot be read as YAML"),
        ("start: tomorrow", "start should be a day"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(tmp_path: Path, spec: str, says: str) -> None:
    error = run(tmp_path, spec=spec)
    assert isinstance(error, SettingsError)
    assert says in str(error)
    assert not (tmp_path / "out").exists()


def test_options_win_over_the_spec_file_and_the_spec_used_is_kept(tmp_path: Path) -> None:
    assert run(tmp_path, "--days", "40", spec="days: 20\nstart: 2026-01-01") is None
    kept = (tmp_path / "out" / TRUTH / "spec.yaml").read_text(encoding="utf-8")
    assert "days: 40" in kept
    assert "2026-01-01" in kept
    created = read_folder(tmp_path / "out").orders["created_at"].to_pandas()
    assert created.max() - created.min() < 40 * DAY


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in the way", encoding="utf-8")
    arguments = ["--orders", "60", "--seed", "1", "--out", str(tmp_path / "out" / "deep")]
    error = CliRunner().invoke(simulate, arguments).exception
    assert isinstance(error, SettingsError)
    assert "cannot be written" in str(error)


def test_invented_orders_never_take_the_place_of_a_shops_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "orders.csv").write_text("order_id,created_at\n", encoding="utf-8")
    error = run(tmp_path)
    assert isinstance(error, DataError)
    assert "was not invented; name another folder" in str(error)
    assert [path.name for path in out.iterdir()] == ["orders.csv"]
    (out / "orders.csv").unlink()
    for _ in ("once", "again"):
        assert run(tmp_path) is None
    (out / "folder.json").unlink()  # as an interruption leaves it
    assert run(tmp_path) is None


def test_names_are_written_in_devanagari_letter_by_letter() -> None:
    assert devanagari("Ram Nagar 5") == "रम नगर 5"
    assert devanagari("Indore") == "इंदोरे"
