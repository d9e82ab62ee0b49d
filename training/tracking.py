"""MLflow's record of training: runs, numbers, files, registered versions and their aliases."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.errors import SettingsError
from training.interrupts import uninterrupted
from training.lineage import Lineage

EXPERIMENT = "rto"
REGISTERED = "rto"
CHAMPION, CHALLENGER = "champion", "challenger"

# Set before the first import: no telemetry, no progress bars, no chatter about migrations, and an
# answer within a minute from a server that is not there.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}
_MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Registered:
    """One trained model as the registry knows it."""

    version: str
    number: int
    run_id: str
    digest: str
    champion: bool
    bundle: str
    challenger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished run to be recorded.

    Parameters
    ----------
    parameters, metrics, tags : mappings
        Numbers that are not finite are left out.
    texts : mapping of str to str
        Small files by name: reports, plots.
    folders : mapping of str to Path
        Folders of files by the name they get; an empty name is the run's own folder.
    lineage : Lineage, optional
        The data and the code it came from.
    """

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)
    lineage: Lineage | None = None


class Tracker:
    """A tracking store, opened late because importing MLflow takes seconds.

    Parameters
    ----------
    uri : str
        ``sqlite:///…`` or the address of a tracking server.
    artifacts : Path
        Folder of artifacts for a SQLite store; a server has its own.

    Raises
    ------
    SettingsError
        Here and from every method, when the store cannot be used.
    """

    def __init__(self, uri: str, artifacts: Path) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        self._uri = uri
        with self._told():
            if uri.startswith("sqlite:///"):
                Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            from mlflow import MlflowClient

            self._client: Any = MlflowClient(uri, uri)
            found = self._client.get_experiment_by_name(EXPERIMENT)
            own = artifacts.resolve().as_uri() if uri.startswith("sqlite:///") else None
            self._experiment: str = (
                found.experiment_id
                if found is not None
                else self._client.create_experiment(EXPERIMENT, artifact_location=own)
            )

    def record(self, run: Run) -> str:
        """Record one finished run and return its id; a run cut short is marked as failed."""
        tags = dict(run.tags) | (run.lineage.tags() if run.lineage else {})
        with self._told():
            # A Ctrl-C before we know the run's name would leave one that runs for ever.
            with uninterrupted():
                run_id: str = self._client.create_run(
                    self._experiment, run_name=run.name, tags=tags
                ).info.run_id
            try:
                self._fill(run_id, run)
                self._client.set_terminated(run_id)
            except BaseException:
                with uninterrupted():
                    self._client.set_terminated(run_id, "FAILED")
                raise
        return run_id

    def _fill(self, run_id: str, run: Run) -> None:
        from mlflow.entities import Metric, Param

        parameters = [Param(k, str(v)[:_MOST_LETTERS]) for k, v in run.parameters.items()]
        metrics = [Metric(k, float(v), 0, 0) for k, v in run.metrics.items() if math.isfinite(v)]
        # The store takes at most a hundred parameters at a time.
        for start in range(0, max(len(parameters), 1), 100):
            self._client.log_batch(run_id, params=parameters[start : start + 100])
        self._client.log_batch(run_id, metrics=metrics)
        for name, text in run.texts.items():
            self._client.log_text(run_id, text, name)
        for name, folder in run.folders.items():
            self._client.log_artifacts(run_id, str(folder), name or None)
        if run.lineage is not None:
            self._client.log_inputs(run_id, [run.lineage.dataset()])

    def register(self, version: str, *, run_id: str, folder: str, bundle: Path, digest: str) -> int:
        """Register a run's model folder under the one model name; returns the registry's number."""
        with self._told():
            if not self._client.search_registered_models(f"name='{REGISTERED}'"):
                self._client.create_registered_model(REGISTERED)
            source = f"{self._client.get_run(run_id).info.artifact_uri}/{folder}"
            created = self._client.create_model_version(
                REGISTERED,
                source=source,
                run_id=run_id,
                tags={"version": version, "digest": digest, "bundle": str(bundle.resolve())},
            )
        return int(created.version)

    def models(self) -> tuple[Registered, ...]:
        """Every registered version, newest first."""
        with self._told():
            if not self._client.search_registered_models(f"name='{REGISTERED}'"):
                return ()
            aliases = self._client.get_registered_model(REGISTERED).aliases
            found = self._client.search_model_versions(f"name='{REGISTERED}'")
        rows = [
            Registered(
                version=v.tags.get("version", v.version),
                number=int(v.version),
                run_id=v.run_id or "",
                digest=v.tags.get("digest", ""),
                champion=str(v.version) == str(aliases.get(CHAMPION)),
                bundle=v.tags.get("bundle", ""),
                challenger=str(v.version) == str(aliases.get(CHALLENGER)),
            )
            for v in found
        ]
        return tuple(sorted(rows, key=lambda row: -row.number))

    def challenge(self, version: str) -> bool:
        """Point the alias ``challenger`` at a version; False where the registry has none such."""
        return self._alias(CHALLENGER, version)

    def crown(self, version: str) -> bool:
        """Point the alias ``champion`` at a version; it then challenges nobody.

        False where the registry does not know the version.
        """
        if not self._alias(CHAMPION, version):
            return False
        if any(row.version == version and row.challenger for row in self.models()):
            with self._told():
                self._client.delete_registered_model_alias(REGISTERED, CHALLENGER)
        return True

    def _alias(self, alias: str, version: str) -> bool:
        known = [row for row in self.models() if row.version == version]
        if not known:
            return False
        with self._told():
            self._client.set_registered_model_alias(REGISTERED, alias, str(known[0].number))
        return True

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Keep MLflow quiet, and let what it cannot do end in one sentence."""
        with quiet():
            from mlflow.exceptions import MlflowException

            try:
                yield
            except (MlflowException, OSError) as error:
                says = " ".join(str(error).split())[:200]
                raise SettingsError(
                    f"the MLflow store {self._uri} cannot be used: {says} (see RTO_MLFLOW_URI)"
                ) from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep MLflow's and its database tools' notices off the terminal; errors still show."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
