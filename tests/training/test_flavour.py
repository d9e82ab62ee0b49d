"""The registered model scores a DataFrame of contract orders, on SQLite and on a server alike."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.catalogue import CATALOGUE
from features.errors import RtoError, SettingsError
from features.settings import Settings
from features.tables import Folder, read_folder, write_folder
from models.bundle import Bundle
from tests.training.small_bundle import make_bundle
from tests.training.test_evaluate import a_case
from training.comparison import champion_version
from training.flavour import Flavour
from training.lineage import data_digest
from training.matrix import build
from training.report import report_on
from training.score_command import score_rows
from training.tracked import crown, track_report, track_training, tracker
from training.tracking import Run, Tracker

pytestmark = pytest.mark.filterwarnings("ignore")

SERVER_S = 60.0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "rto-2026-01-02.1"
    exam = {"model": {"log_loss": 0.4}, "differences": {"cod": {"value": -0.1, "low": -0.2,
            "high": None}}}  # fmt: skip
    make_bundle(path, path.name, training={"seed": 7, "labels": {"rto": 99}, "exam": exam})
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, small_world: Folder) -> Path:
    out = tmp_path_factory.mktemp("data")
    world = small_world
    write_folder(out, world.orders, events=world.events, items=world.items, about=world.about)
    return out


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server on loopback, ended by its process id."""
    home = tmp_path_factory.mktemp("server")
    try:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    except OSError as error:
        pytest.skip(f"no port can be opened here, so no tracking server was tested: {error}")
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
             "--workers", "1", "--backend-store-uri", f"sqlite:///{home / 'mlflow.db'}",
             "--artifacts-destination", str(home / "artifacts")]  # fmt: skip
    quiet = os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=quiet, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, home / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SERVER_S
    pause = threading.Event()
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            pause.wait(0.2)
    pytest.fail(f"the tracking server did not answer: {log.read_text()[-500:]}")


def settings_for(home: Path, uri: str = "") -> Settings:
    return Settings(home=home, models_dir=home / "released", mlflow_uri=uri, _env_file=None)


def check_everything(settings: Settings, bundle: Path, data: Path) -> None:
    """Train's record, the aliases, the lineage, and the same probability from the registry."""
    import mlflow

    run_id = track_training(bundle, data=data, settings=settings)
    store = Tracker(settings.tracking_uri, settings.home / "mlflow")
    (row,) = store.models()
    assert (row.version, row.run_id, row.challenger, row.champion) == (
        bundle.name, run_id, True, False,
    )  # fmt: skip
    assert champion_version(settings) is None
    crown(bundle, settings)
    assert champion_version(settings) == bundle.name
    client = mlflow.MlflowClient(settings.tracking_uri, settings.tracking_uri)
    run = client.get_run(run_id)
    assert run.data.params["seed"] == "7"
    assert run.data.metrics["exam.model.log_loss"] == 0.4
    assert run.data.tags["data.sha256"] == data_digest(data)
    assert len(run.data.tags["code.sha256"]) == 64
    assert run.inputs.dataset_inputs[0].dataset.digest == data_digest(data)[:36]
    plots = [file.path for file in client.list_artifacts(run_id, "plots")]
    assert plots == ["plots/exam.svg"]
    mlflow.set_tracking_uri(settings.tracking_uri)
    mlflow.set_registry_uri(settings.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/rto@champion")
    orders = pq.read_table(data / "orders.parquet").to_pandas().iloc[400:420]
    found = model.predict(orders, params={"history": str(data)})
    matrix = build(read_folder(data), threads=1)
    at = [
        int(np.flatnonzero((matrix.orders[["merchant_id", "order_id"]] == key).all(axis=1))[0])
        for key in orders[["merchant_id", "order_id"]].to_numpy().tolist()
    ]
    own = score_rows(Bundle.load(bundle, features=CATALOGUE), matrix, np.array(at))
    np.testing.assert_array_equal(found["probability"], own)
    assert found["order_id"].tolist() == orders["order_id"].tolist()


def test_a_server_holds_run_lineage_aliases_and_a_model_that_scores(
    server: str, bundle: Path, data: Path, tmp_path: Path
) -> None:
    check_everything(settings_for(tmp_path, server), bundle, data)


def test_a_file_holds_reports_models_trained_elsewhere_and_runs_that_were_cut_short(
    bundle: Path, tmp_path: Path
) -> None:
    import mlflow

    settings = settings_for(tmp_path)
    crown(bundle, settings)
    assert champion_version(settings) == bundle.name
    with pytest.raises(SettingsError):
        tracker(settings).record(Run(name="cut", parameters={"a\nb": 1}))
    case = a_case(300)
    report = report_on(case, title="theirs.parquet", replicates=5)
    run_id = track_report(report, page="<p>seen</p>", body="{}", data=tmp_path, settings=settings)
    client = mlflow.MlflowClient(settings.tracking_uri)
    assert {file.path for file in client.list_artifacts(run_id)} == {"report.html", "report.json"}
    found = client.get_run(run_id).data
    assert found.metrics["log_loss"] == pytest.approx(report.numbers["log_loss"].value)
    assert found.params["predictions"] == "theirs.parquet"
    runs = {run.info.run_name: run.info for run in client.search_runs(["1"])}
    assert runs["cut"].status == "FAILED"
    assert runs[bundle.name].status == "FINISHED"


def test_a_store_that_is_not_there_is_one_sentence(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be used: .*RTO_MLFLOW_URI"):
        track_training(bundle, data=None, settings=settings_for(tmp_path, "sqlite:////dev/null/x"))


def test_without_history_every_customer_is_new_and_faults_name_row_and_column(
    bundle: Path, data: Path
) -> None:
    flavour = Flavour(Bundle.load(bundle, features=CATALOGUE))
    row = {"order_id": 7, "created_at": pd.Timestamp("2026-05-01T10:00:00+05:30"), "amount": 500.0}
    two = pd.DataFrame([row | {"payment_mode": "cod"}, row | {"order_id": 8,
                        "payment_mode": "prepaid"}])  # fmt: skip
    found = flavour.predict(two)
    assert found["order_id"].tolist() == ["7", "8"]
    assert found["probability"][0] > found["probability"][1]
    with pytest.raises(RtoError, match='row 2 column payment_mode: "card"'):
        flavour.predict(two.assign(payment_mode=["cod", "card"]))
