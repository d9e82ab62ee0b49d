"""Where a run came from: the digest of its data and the version of its code."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("features", "models", "training")
SUFFIXES = (".parquet", ".csv", ".json")
_LONGEST_DIGEST = 36  # what MLflow keeps


@dataclass(frozen=True, slots=True)
class Lineage:
    """Data and code of a run.

    Parameters
    ----------
    data : str
        The data folder.
    data_digest : str
        SHA-256 over its tables.
    code_version : str
        Of the installed package.
    code_digest : str
        SHA-256 over the source of the packages that training runs, committed or not.
    commit : str
        Of a git checkout, with ``+changes`` where it had any; empty elsewhere.
    """

    data: str
    data_digest: str
    code_version: str
    code_digest: str
    commit: str

    def tags(self) -> dict[str, str]:
        """As tags of an MLflow run, under the names its pages know."""
        found = {
            "data.sha256": self.data_digest,
            "code.version": self.code_version,
            "code.sha256": self.code_digest,
        }
        return found | ({"mlflow.source.git.commit": self.commit} if self.commit else {})

    def dataset(self) -> Any:
        """As an MLflow dataset input."""
        from mlflow.entities import Dataset, DatasetInput

        return DatasetInput(
            Dataset(
                name=Path(self.data).name or "data",
                digest=self.data_digest[:_LONGEST_DIGEST],
                source_type="local",
                source=self.data,
            )
        )


def lineage(data: Path) -> Lineage:
    """Digest a data folder and name the code that is running."""
    try:
        installed = version("rto")
    except PackageNotFoundError:
        installed = "unknown"
    return Lineage(str(data.resolve()), data_digest(data), installed, code_digest(), _commit())


def data_digest(folder: Path) -> str:
    """SHA-256 over the names and bytes of a data folder's tables."""
    whole = sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in SUFFIXES and not path.name.startswith("."):
            whole.update(f"{path.name}\0{_sha256(path)}\0".encode())
    return whole.hexdigest()


def code_digest() -> str:
    """SHA-256 over the names and bytes of the sources that training runs."""
    whole = sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            whole.update(f"{path.relative_to(ROOT)}\0{_sha256(path)}\0".encode())
    return whole.hexdigest()


def _sha256(path: Path) -> str:
    whole = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            whole.update(part)
    return whole.hexdigest()


def _commit() -> str:
    """The checkout's commit; empty outside one or without git."""
    if not (ROOT / ".git").exists():
        return ""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True, timeout=20
        ).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        return f"{commit}+changes" if git("status", "--porcelain", "-uno") else commit
    except (OSError, subprocess.SubprocessError):
        return ""
