"""The bare model behind model servers: the same trees, ready-made features, no more."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
import lightgbm as lgb
import mlflow.lightgbm
import numpy as np

from features.errors import RefusedError
from tests.bench.serving_process import cpu_of_all, wrk

ROWS = 2_000
_SCRIPT = Path(__file__).with_name("rows.lua")
_START_S, _LOOK_S = 120, 0.5


class Served(NamedTuple):
    """A server: where rows are posted, a file with a different one in every line, its process."""

    url: str
    path: str
    bodies: Path
    pid: int


class Found(NamedTuple):
    """What wrk found, and what the server spent on a row."""

    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failed: int
    cpu_us: float


def load(served: Served, connections: int, seconds: int) -> Found:
    """Post rows from the other processor."""
    before = cpu_of_all(served.pid)
    found = wrk(served.url, connections, seconds, _SCRIPT, str(served.bodies), served.path)
    rows = max(1, found["requests"])
    return Found(
        rows / found["seconds"], found["p50_ms"], found["p95_ms"], found["p99_ms"],
        int(found["refused"] + found["broken"]), (cpu_of_all(served.pid) - before) / rows * 1e6,
    )  # fmt: skip


@contextmanager
def mlflow_served(bundle: Path, folder: Path, core: int) -> Iterator[Served]:
    """Let ``mlflow models serve`` serve a bundle's trees on one processor."""
    booster = lgb.Booster(model_file=bundle / "trees.txt")
    if not (folder / "model").exists():
        mlflow.lightgbm.save_model(booster, str(folder / "model"), pip_requirements=["lightgbm"])
    bodies = folder / "mlflow.rows"
    bodies.write_text("\n".join(json.dumps({"inputs": [row]}) for row in _rows(booster)))
    port = _free_port()
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder / "model"),
        "--env-manager", "local", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    with _running(command, core, folder) as pid:
        yield _ready(Served(f"http://127.0.0.1:{port}", "/invocations", bodies, pid))


@contextmanager
def mlserver_served(bundle: Path, folder: Path, core: int) -> Iterator[Served]:
    """Let MLServer serve them, from an environment of its own that is made on first use."""
    program = _mlserver(folder.parent / "mlserver-environment")
    home, port = folder / "mlserver", _free_port()
    home.mkdir(parents=True, exist_ok=True)
    trees = bundle / "trees.txt"
    ports = {"http_port": port, "grpc_port": _free_port(), "metrics_port": _free_port()}
    settings = {"host": "127.0.0.1", "parallel_workers": 0, "debug": False, **ports}
    model = {"name": "trees", "implementation": "mlserver_lightgbm.LightGBMModel",
             "parameters": {"uri": str(trees)}}  # fmt: skip
    (home / "settings.json").write_text(json.dumps(settings))
    (home / "model-settings.json").write_text(json.dumps(model))
    bodies = folder / "mlserver.rows"
    rows = _rows(lgb.Booster(model_file=trees))
    bodies.write_text("\n".join(json.dumps(_of_open_inference(row)) for row in rows))
    with _running([str(program), "start", str(home)], core, folder) as pid:
        yield _ready(Served(f"http://127.0.0.1:{port}", "/v2/models/trees/infer", bodies, pid))


def _mlserver(environment: Path) -> Path:
    """MLServer's program; it pins libraries that ours do not share an environment with."""
    uv, program = Path(sys.executable).with_name("uv"), environment / "bin" / "mlserver"
    if not program.exists():
        wanted = Path(__file__).with_name("mlserver.txt")
        python = environment / "bin" / "python"
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, environment],
            [uv, "pip", "install", "--quiet", "--python", python, "--requirement", wanted],
        ):
            if subprocess.run([str(word) for word in command], check=False).returncode:
                raise RefusedError(f"MLServer could not be installed from {wanted.name}; see above")
    return program


def _of_open_inference(row: list[float | None]) -> dict[str, object]:
    """A row as the Open Inference Protocol has it; it knows no missing value, so 0 stands there."""
    data = [0.0 if value is None else value for value in row]
    return {"inputs": [{"name": "x", "shape": [1, len(row)], "datatype": "FP64", "data": data}]}


@contextmanager
def _running(command: Sequence[str], core: int, folder: Path) -> Iterator[int]:
    """A server on one processor; all of its processes end with the context."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command], env=os.environ | {"PATH": programs},
            cwd=folder, start_new_session=True, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _rows(booster: lgb.Booster) -> Iterator[list[float | None]]:
    """Rows on both sides of the trees' thresholds; a tenth of the values is missing."""
    splits = booster.trees_to_dataframe().dropna(subset=["split_feature"])
    rng = np.random.default_rng(3)
    rows = np.zeros((ROWS, booster.num_feature()))
    for column, name in enumerate(booster.feature_name()):
        at = splits.loc[splits["split_feature"] == name, "threshold"].to_numpy(np.float64)
        if len(at):
            rows[:, column] = rng.choice(at, ROWS) + rng.normal(0, 1e-3, ROWS)
            rows[rng.random(ROWS) < 0.1, column] = np.nan
    for row in rows:
        yield [None if np.isnan(value) else round(float(value), 6) for value in row]


def _ready(served: Served) -> Served:
    """Wait until it answers."""
    body = served.bodies.read_text().partition("\n")[0]
    headers = {"Content-Type": "application/json"}
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with suppress(httpx2.HTTPError):
            url = served.url + served.path
            httpx2.post(url, content=body, headers=headers, timeout=10).raise_for_status()
            return served
        time.sleep(_LOOK_S)
    raise TimeoutError(f"{served.url} does not answer; see server.log in the benchmark's folder")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


RIVALS: Mapping[str, Callable[[Path, Path, int], AbstractContextManager[Served]]] = {
    "`mlflow models serve`": mlflow_served,
    "MLServer": mlserver_served,
}
