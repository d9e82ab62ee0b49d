"""The same work by a real scheduler and two worker processes: equal, and no hanging."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import training.cluster as clusters
from features.errors import ClusterError, SettingsError
from rto import cli
from training.cluster import Cluster, cluster_at, connected, refuse_other_versions, versions
from training.cluster_trees import ClusterOrchard, losses_by_round, scored, stopped
from training.metrics import log_loss
from training.shape import Shape
from training.simulate_command import write_year
from training.trees import Orchard, Sample
from training.world.spec import WorldSpec

distributed = pytest.importorskip("distributed")

# How far a fit over two workers may be from one here, in mean log-loss: bins are found on parts.
TOLERANCE = 0.005
SHAPE = Shape(62, 50)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two worker processes under nannies."""
    dask = pytest.importorskip("dask")
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1"
        ) as cluster,
    ):
        yield cluster.scheduler_address.replace("tcp:", "dask:")


@pytest.fixture
def cluster(address: str) -> Iterator[Cluster]:
    with cluster_at(address) as found:
        yield found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("year") / "data"
    write_year(out, 600, 11, WorldSpec(), quiet=True)
    return out


@pytest.fixture(scope="module")
def lesson() -> tuple[Any, Sample, Sample]:
    """Columns, and the rows that teach and judge."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(4_000, 12)).astype(np.float32)
    z = x[:, 0] - 2.0 * (x[:, 1] > 0.5) + x[:, 2] * x[:, 3] - 1.0
    y = (rng.random(4_000) < 1.0 / (1.0 + np.exp(-z))).astype(np.float64)
    at, weight = np.arange(4_000), rng.uniform(0.5, 2.0, 4_000)
    learn, judge = (Sample(at[s], y[s], weight[s]) for s in (slice(0, 3_000), slice(3_000, None)))
    return x, learn, judge


def rto(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def test_features_are_exactly_those_of_one_machine(
    address: str, data: Path, tmp_path: Path
) -> None:
    for out, more in (("one.parquet", ()), ("two.parquet", ("--on", address))):
        done = rto("features", "--data", data, "--out", tmp_path / out, *more)
        assert done.exit_code == 0, done.output
    one, two = (tmp_path / name for name in ("one.parquet", "two.parquet"))
    assert pq.read_table(one).equals(pq.read_table(two))
    assert one.read_bytes() == two.read_bytes()


def test_a_training_on_a_cluster_makes_a_bundle_whose_scores_are_those_of_one_machine(
    address: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.shape.MOST_LEAVES", 120)
    monkeypatch.setenv("RTO_HOME", str(tmp_path / "home"))
    configuration = tmp_path / "c.yaml"
    configuration.write_text("trees: {num_leaves: 4}\n", encoding="utf-8")
    done = rto("train", "--data", data, "--on", address, "--out", tmp_path / "bundle",
               "--no-tracking", "--config", configuration)  # fmt: skip
    assert done.exit_code == 0, done.output
    probability = []
    for more in ((), ("--on", address)):
        done = rto("score", "--bundle", tmp_path / "bundle", "--history", data,
                   "--orders", data, "--out", tmp_path / "p.parquet", *more)  # fmt: skip
        assert done.exit_code == 0, done.output
        probability.append(pq.read_table(tmp_path / "p.parquet")["probability"].to_pylist())
    assert probability[0] == probability[1]


def test_trees_of_two_workers_are_within_the_tolerance_of_one_machine(
    cluster: Cluster, lesson: tuple[Any, Sample, Sample]
) -> None:
    x, learn, judge = lesson
    loss = []
    for orchard in (Orchard(x, seed=7, threads=1), ClusterOrchard(x, cluster, seed=7)):
        (trial,) = orchard.trials((SHAPE,), [(learn, judge)], lambda _: None)
        booster = orchard.fit(SHAPE, trial.rounds, learn, lambda _: None)
        assert booster.num_trees() == trial.rounds
        p = np.asarray(booster.predict(x[judge.at]))
        loss.append((trial.loss, log_loss(judge.y, p, judge.weight)))
    assert np.abs(np.subtract(loss[0], loss[1])).max() < TOLERANCE


def test_a_lost_worker_costs_the_fit_a_new_beginning_and_nothing_else(
    cluster: Cluster, lesson: tuple[Any, Sample, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, learn, _ = lesson
    orchard = ClusterOrchard(x, cluster, seed=7)
    attempts: list[tuple[str, ...]] = []
    watched = orchard._watched

    def counted(fitting: Any, workers: tuple[str, ...]) -> Any:
        attempts.append(workers)
        if len(attempts) == 1:
            killer.start()
        return watched(fitting, workers)

    killer = threading.Thread(target=kill_one_in_the_fit, args=(cluster,))
    monkeypatch.setattr(orchard, "_watched", counted)
    booster = orchard.fit(Shape(62, 50), 600, learn, lambda _: None)
    killer.join()
    assert len(attempts) == 2
    assert attempts[0] != attempts[1]
    assert booster.num_trees() == 600


def kill_one_in_the_fit(cluster: Cluster) -> None:
    """Kill a worker as soon as LightGBM runs on both."""
    processes = cluster.client.run(os.getpid)
    until = time.monotonic() + 30.0
    while time.monotonic() < until:
        running = [w for w, keys in cluster.client.processing().items()
                   if any("_train_part" in str(key) for key in keys)]  # fmt: skip
        if len(running) == 2:
            os.kill(processes[running[0]], signal.SIGKILL)
            return
        threading.Event().wait(0.02)


def test_a_lost_worker_s_chunk_is_read_by_another(cluster: Cluster, tmp_path: Path) -> None:
    calls = ((str(tmp_path / "once"), k) for k in range(4))
    assert list(cluster.map(die_once, calls, count=4)) == [0, 1, 2, 3]


def die_once(mark: str, k: int) -> int:
    """Kills the process it runs in, the first time it is called."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return k
    os.kill(os.getpid(), signal.SIGKILL)
    return -1


def test_work_that_kills_every_worker_ends_in_a_sentence(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="lost again and again"):
        list(cluster.map(die, [()], count=1))


def die() -> None:
    """Kills the process it runs in."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_curve_of_a_cluster_is_the_loss_of_the_model_so_far(
    lesson: tuple[Any, Sample, Sample],
) -> None:
    x, learn, judge = lesson
    booster = Orchard(x, seed=7, threads=1).fit(SHAPE, 12, learn, lambda _: None)
    text = booster.model_to_string()
    sums = losses_by_round(text, x[judge.at], judge.y, judge.weight)
    for rounds in (1, 5, 12):
        p = np.asarray(booster.predict(x[judge.at], num_iteration=rounds))
        expected = log_loss(judge.y, p, judge.weight) * judge.weight.sum()
        assert sums[rounds - 1] == pytest.approx(expected, rel=1e-9)
    raw = booster.predict(x[judge.at], raw_score=True, num_iteration=5)
    np.testing.assert_array_equal(scored(text, x[judge.at], 5), raw)


def test_a_curve_ends_where_early_stopping_would_have_ended_it() -> None:
    assert stopped(np.array([1.0, 0.5, *[0.7] * 29, 0.4])) == [1.0, 0.5, *[0.7] * 29, 0.4]
    assert stopped(np.array([1.0, 0.5, *[0.7] * 30, 0.4])) == [1.0, 0.5, *[0.7] * 30]


@pytest.mark.parametrize("address_", ["http://here:8786", "dask://here", "dask://here:99999", "x"])
def test_an_address_that_is_none_is_refused(address_: str) -> None:
    with pytest.raises(SettingsError, match="is no cluster; write dask://host:port"):
        connected(address_)


def test_a_scheduler_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_S", 0.3)
    with pytest.raises(SettingsError, match="no Dask scheduler answers at dask:"):
        connected("dask://127.0.0.1:9")


def test_a_greeting_that_says_more_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[object] = [AssertionError(), "greeted"]

    def client(*_: object, **__: object) -> object:
        answer = answers.pop(0)
        if isinstance(answer, AssertionError):
            raise answer
        return answer

    monkeypatch.setattr("distributed.Client", client)
    assert connected("dask://127.0.0.1:9") == "greeted"
    answers[:] = [AssertionError()] * 9
    with pytest.raises(SettingsError, match="no Dask scheduler answers"):
        connected("dask://127.0.0.1:9")


def test_a_scheduler_without_workers_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_S", 2.0)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=True, dashboard_address=":0", host="127.0.0.1"
        ) as empty,
        pytest.raises(SettingsError, match="has no workers; start some with: dask worker tcp://"),
    ):
        Cluster(empty.scheduler_address.replace("tcp:", "dask:"))


def test_without_dask_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(SettingsError, match=r"pip install 'rto\[dask\]'"):
        connected("dask://127.0.0.1:9")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({**versions(), "lightgbm": "4.0.0"}, "has lightgbm 4.0.0 and this program"),
        ({**versions(), "rto": "other"}, "has rto other and this program"),
        (ModuleNotFoundError("No module named 'training'"), "cannot run this program"),
    ],
)
def test_a_worker_with_other_versions_is_named(answer: object, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        refuse_other_versions({"tcp://a:1": versions(), "tcp://b:2": answer}, versions())
