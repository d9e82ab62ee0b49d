"""The commands of training, from a data folder to a report, as a person types them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from features.catalogue import CATALOGUE
from features.errors import RtoError
from features.tables import read_folder
from rto import cli
from training.options import MOMENT, SPAN
from training.simulate_command import write_year
from training.world.spec import WorldSpec

ORDERS = 1_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("year") / "data"
    write_year(out, ORDERS, 11, WorldSpec(), quiet=True)
    _name_everybody(out / "orders.parquet")
    return out


def _name_everybody(orders: Path) -> None:
    """Give every person of a year a name, number and address that can be searched for."""
    table = pq.read_table(orders)
    which = table["phone"].combine_chunks().dictionary_encode().indices.to_pylist()
    people = [0 if number is None else number for number in which]
    words = {
        "phone": "+917{:09d}", "email": "zq{}x@example.com", "customer_id": "zq{}x",
        "customer_name": "Zqxj{0} Wvkp{0}", "ship_name": "Zqxj{0} Wvkp{0}",
        "address_line1": "{0} Zqxj{0} House",
    }  # fmt: skip
    for name, word in words.items():
        column = pa.array([word.format(person) for person in people])
        table = table.set_column(table.column_names.index(name), name, column)
    pq.write_table(table, orders)


NAMED = re.compile(rb"(?<![.\d])(?:91)?7000000\d{3}(?!\d)|zq\d+x|zqxj\d+|wvkp\d+", re.IGNORECASE)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RTO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RTO_MODELS_DIR", str(tmp_path / "released"))
    return tmp_path


def rto(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def test_train_then_score_gives_each_order_the_probability_the_bundle_gives(
    data: Path, home: Path
) -> None:
    one_thread = home / "c.yaml"
    one_thread.write_text("threads: 1\n", encoding="utf-8")
    done = rto("train", "--data", data, "--out", home / "bundle", "--config", one_thread)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("INVENTED DATA")
    assert "exam on the latest" in done.output
    manifest = json.loads((home / "bundle" / "manifest.json").read_text())
    training = manifest["content"]["training"]
    source = read_folder(data).about.source
    assert training["data"] == {"orders": ORDERS, "invented": True, "source": source}
    assert manifest["version"] in rto("models").output
    scored = rto("score", "--bundle", home / "bundle", "--history", data,
                 "--orders", data / "orders.parquet", "--out", home / "p.parquet")  # fmt: skip
    assert scored.exit_code == 0, scored.output
    table = pq.read_table(home / "p.parquet")
    assert table.num_rows == ORDERS
    probability = table["probability"].to_pylist()
    assert 0.0 < min(probability) < max(probability) < 1.0
    told = rto("evaluate", "--pred", home / "p.parquet", "--data", data,
               "--bundle", home / "bundle", "--json", home / "r.json")  # fmt: skip
    assert told.exit_code == 0, told.output
    kept = {file: file.read_bytes() for file in home.rglob("*") if file.is_file()}
    assert any(file.name == "mlflow.db" for file in kept)
    kept[Path("said")] = (done.output + told.output).encode()
    assert {file.name: found for file, held in kept.items() if (found := NAMED.findall(held))} == {}
    orders = repr(pq.read_table(data / "orders.parquet").to_pylist()).encode()
    assert len(NAMED.findall(orders)) > 5 * ORDERS  # what would be seen
    importance = json.loads((home / "r.json").read_text())["importance"]
    assert importance["same"] == 1.0
    assert sum(reason["share"] for reason in importance["reasons"]) == pytest.approx(1.0)
    assert importance["inputs"][0]["share"] > 0
    page = (home / "home" / "reports" / "p.html").read_text()
    assert manifest["version"] in page
    assert "points" in page
    watched = rto("monitor", "--data", data, "--bundle", home / "bundle", "--json")
    body = json.loads(watched.stdout)
    assert watched.exit_code == (3 if body["alert"] else 0)
    assert body["model"] == manifest["version"]
    assert {"score", "label", "calibration", "ranking"} <= {sign["kind"] for sign in body["signs"]}
    shown = rto("monitor", "--data", data, "--bundle", home / "bundle", "--days", "90")
    assert shown.exit_code == (0 if shown.output.rstrip().endswith("no alert") else 3)
    with pytest.raises(RtoError, match="no model is champion yet; promote one"):
        rto("monitor", "--data", data)
    with pytest.raises(RtoError, match="exists already"):
        rto("train", "--data", data, "--out", home / "bundle", "--no-tracking")


def test_backtest_then_evaluate_report_the_same_orders(data: Path, home: Path) -> None:
    (home / "c.yaml").write_text("threads: 1\n", encoding="utf-8")
    created = read_folder(data).orders["created_at"].to_pylist()
    until = created[int(0.7 * ORDERS)].isoformat()
    done = rto("backtest", "--data", data, "--train-until", until, "--retrain", "18w",
               "--config", home / "c.yaml", "--out", home / "p.parquet")  # fmt: skip
    assert done.exit_code == 0, done.output
    for name in ("constant", "cod", "pincode", "logistic"):
        assert f"\n{name} " in done.output
    made = home / "p.parquet"
    told = rto("evaluate", "--pred", made, "--data", data, "--against", made, "--no-tracking",
               "--json", home / "r.json", "--html", home / "r.html")  # fmt: skip
    assert told.exit_code == 0, told.output
    body = json.loads((home / "r.json").read_text())
    assert body["difference"]["log_loss"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    judged = body["orders"] + sum(body["set_aside"].values())
    assert judged == pq.read_metadata(home / "p.parquet").num_rows
    assert "<svg" in (home / "r.html").read_text()


def test_merchants_held_out_are_reported_as_unseen_and_a_wrong_name_is_refused(
    data: Path, home: Path
) -> None:
    orders = read_folder(data).orders
    first, *others = sorted(set(orders["merchant_id"].to_pylist()))
    made = home / "theirs.parquet"
    theirs = orders.select(["order_id", "merchant_id"])
    constant = pa.array([0.2] * theirs.num_rows)
    pq.write_table(theirs.append_column("probability", constant), made)
    words = ("evaluate", "--pred", made, "--data", data, "--no-tracking", "--json", home / "r.json")
    if others:
        assert rto(*words, "--holdout-merchants", first).exit_code == 0
        parts = json.loads((home / "r.json").read_text())["segments"]
        values = {part["value"] for part in parts if part["by"] == "merchant in training"}
        assert values == {"seen", "unseen in training"}
    with pytest.raises(RtoError, match="nobody is no merchant of this data folder"):
        rto(*words, "--holdout-merchants", "nobody")
    with pytest.raises(RtoError, match="is no file, no bundle's folder"):
        rto(*words, "--against", "elsewhere")
    with pytest.raises(RtoError, match="no model is champion yet"):
        rto(*words, "--against", "champion")


def test_features_writes_every_feature_of_the_catalogue(data: Path, home: Path) -> None:
    assert rto("features", "--data", data, "--out", home / "f.parquet").exit_code == 0
    table = pq.read_table(home / "f.parquet")
    assert table.num_rows == ORDERS
    named = {feature.name for feature in CATALOGUE}
    assert named | {"merchant_id", "order_id", "created_at", "tokens"} == set(table.column_names)


def test_models_of_an_empty_home_say_how_to_make_one(home: Path) -> None:
    assert "rto train" in rto("models").output


def test_models_that_cannot_be_promoted_name_their_gates(home: Path) -> None:
    verdicts = [
        {"gate": "RTO008", "passed": False, "muted": False},
        {"gate": "RTO002", "passed": False, "muted": True},
        {"gate": "RTO001", "passed": True, "muted": False},
    ]
    said = {"training": {"gates": verdicts}}
    folder = home / "home" / "trained" / "rto-2026-01-01.1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"content": said}), encoding="utf-8")
    shown = rto("models").output
    assert "failed RTO008\n" in shown


def test_too_little_data_is_one_sentence(home: Path, tmp_path: Path) -> None:
    write_year(tmp_path / "few", 40, 1, WorldSpec(), quiet=True)
    with pytest.raises(RtoError, match="are needed"):
        rto("train", "--data", tmp_path / "few", "--no-tracking")


def test_a_bare_date_is_midnight_in_india_and_a_zone_is_kept() -> None:
    midnight = datetime(2022, 5, 1, 18, 30, tzinfo=UTC).timestamp() * 1_000_000
    assert MOMENT.convert("2022-05-02", None, None) == midnight
    assert MOMENT.convert("2022-05-01T18:30:00Z", None, None) == midnight
    with pytest.raises(click.BadParameter, match="is no date or time"):
        MOMENT.convert("soon", None, None)


def test_spans_are_hours_days_and_weeks() -> None:
    assert SPAN.convert("24h", None, None) == SPAN.convert("1d", None, None)
    assert SPAN.convert("2w", None, None) == SPAN.convert("14d", None, None)
    for wrong in ("0d", "7", "d7", "-1d"):
        with pytest.raises(click.BadParameter, match="is no span"):
            SPAN.convert(wrong, None, None)


def test_what_cannot_be_written_or_read_is_refused_before_any_work(data: Path, home: Path) -> None:
    taken = home / "file"
    taken.write_text("", encoding="utf-8")
    with pytest.raises(RtoError, match="nothing can be written to"):
        rto("train", "--data", data, "--out", taken / "bundle")
    empty = home / "no-bundle"
    empty.mkdir()
    nothing = home / "no-history"
    nothing.mkdir()
    with pytest.raises(RtoError, match=r"is no bundle: it holds no manifest\.json"):
        rto("score", "--bundle", empty, "--history", nothing, "--orders", data,
            "--out", home / "p.parquet")  # fmt: skip
