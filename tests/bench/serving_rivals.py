"""The bare model behind ``mlflow models serve``: the same trees, ready-made features, no more."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import lightgbm as lgb
import mlflow.lightgbm
import numpy as np

ROWS = 2_000
PATH = "/invocations"
_START_S, _LOOK_S = 120, 0.5


@contextmanager
def served_bare(bundle: Path, folder: Path, core: int) -> Iterator[tuple[str, Path]]:
    """Let mlflow serve a bundle's trees on one processor.

    Yields
    ------
    (url, bodies)
        Where rows are posted, and a file with a different one in every line.
    """
    booster = lgb.Booster(model_file=bundle / "trees.txt")
    bodies = folder / "rows"
    if not bodies.exists():
        mlflow.lightgbm.save_model(booster, str(folder / "model"), pip_requirements=["lightgbm"])
        bodies.write_text("\n".join(_rows(booster)))
    port = _free_port()
    process = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-m", "mlflow", "models", "serve",
         "--model-uri", str(folder / "model"), "--env-manager", "local", "--port", str(port),
         "--workers", "1"],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url + PATH, bodies.read_text().partition("\n")[0])
        yield url, bodies
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _rows(booster: lgb.Booster) -> Iterator[str]:
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
        values = [None if np.isnan(value) else round(float(value), 6) for value in row]
        yield json.dumps({"inputs": [values]})


def _wait(url: str, body: str) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with suppress(httpx2.HTTPError):
            headers = {"Content-Type": "application/json"}
            httpx2.post(url, content=body, headers=headers, timeout=10).raise_for_status()
            return
        time.sleep(_LOOK_S)
    raise TimeoutError(f"{url} does not answer")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
