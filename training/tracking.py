"""MLflow's record of training: runs, numbers, files, registered versions and who is champion."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXPERIMENT = "rto"
REGISTERED = "rto"
CHAMPION = "champion"

# Set before the first import: no telemetry, no progress bars, no chatter about migrations.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True, slots=True)
class Registered:
    """One trained model as the registry knows it."""

    version: str
    number: int
    run_id: str
    digest: str
    champion: bool
    bundle: str


class Tracker:
    """A tracking store, opened late because importing MLflow takes seconds.

    Parameters
    ----------
    uri : str
        ``sqlite:///…`` or the address of a tracking server.
    artifacts : Path
        Folder of artifacts for a SQLite store; a server has its own.
    """

    def __init__(self, uri: str, artifacts: Path) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        if uri.startswith("sqlite:///"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        with _quiet():
            from mlflow import MlflowClient

            self._client: Any = MlflowClient(uri, uri)
            found = self._client.get_experiment_by_name(EXPERIMENT)
            own = artifacts.resolve().as_uri() if uri.startswith("sqlite:///") else None
            self._experiment: str = (
                found.experiment_id
                if found is not None
                else self._client.create_experiment(EXPERIMENT, artifact_location=own)
            )

    def run(
        self,
        name: str,
        *,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
        files: Path | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """Record one finished run and return its id; numbers that are not finite are left out."""
        with _quiet():
            run_id: str = self._client.create_run(
                self._experiment, run_name=name, tags=dict(tags or {})
            ).info.run_id
            for key, value in parameters.items():
                self._client.log_param(run_id, key, str(value)[:500])
            for key, number in metrics.items():
                if number == number and abs(number) != float("inf"):
                    self._client.log_metric(run_id, key, float(number))
            if files is not None:
                self._client.log_artifacts(run_id, str(files))
            self._client.set_terminated(run_id)
        return run_id

    def register(self, version: str, *, run_id: str, bundle: Path, digest: str) -> int:
        """Register a bundle under the one model name and return the registry's own number."""
        with _quiet():
            if not self._client.search_registered_models(f"name='{REGISTERED}'"):
                self._client.create_registered_model(REGISTERED)
            created = self._client.create_model_version(
                REGISTERED,
                source=bundle.resolve().as_uri(),
                run_id=run_id,
                tags={"version": version, "digest": digest, "bundle": str(bundle.resolve())},
            )
        return int(created.version)

    def models(self) -> tuple[Registered, ...]:
        """Every registered version, newest first."""
        with _quiet():
            if not self._client.search_registered_models(f"name='{REGISTERED}'"):
                return ()
            aliases = self._client.get_registered_model(REGISTERED).aliases
            found = self._client.search_model_versions(f"name='{REGISTERED}'")
        champion = aliases.get(CHAMPION)
        rows = [
            Registered(
                version=v.tags.get("version", v.version),
                number=int(v.version),
                run_id=v.run_id or "",
                digest=v.tags.get("digest", ""),
                champion=str(v.version) == str(champion),
                bundle=v.tags.get("bundle", ""),
            )
            for v in found
        ]
        return tuple(sorted(rows, key=lambda row: -row.number))

    def crown(self, version: str) -> bool:
        """Point the alias ``champion`` at a version; False where the registry does not know it."""
        known = [row for row in self.models() if row.version == version]
        if not known:
            return False
        with _quiet():
            self._client.set_registered_model_alias(REGISTERED, CHAMPION, str(known[0].number))
        return True


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's and its database tools' notices off the terminal; errors still show."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
