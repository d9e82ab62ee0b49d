"""Break the code on purpose, one mutant at a time, and report which the tests do not notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TESTS = (
    "tests/features/history",
    "tests/features/test_keys.py",
    "tests/training/test_pastlog.py",
    "tests/training/test_matrix.py",
)
COPIED = ("features", "models", "training", "tests", "pyproject.toml", "rto.py")
AT_ONCE = 2


class Mutant(NamedTuple):
    """One breakage: ``find`` in ``file`` becomes ``put``."""

    name: str
    file: str
    find: str
    put: str


def mutants() -> list[Mutant]:
    """All of them, checked to break exactly one place."""
    listed = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))
    found = [Mutant(name, **fields) for name, fields in listed.items()]
    for mutant in found:
        times = (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.find)
        if times != 1:
            sys.exit(f"{mutant.name}: its text stands {times} times in {mutant.file}, not once")
    return found


def survives(mutant: Mutant | None) -> bool:
    """Whether the tests pass with the mutant in a copy of the tree (None: unchanged)."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder)
        _copy(tree)
        if mutant is not None:
            path = tree / mutant.file
            text = path.read_text(encoding="utf-8").replace(mutant.find, mutant.put)
            path.write_text(text, encoding="utf-8")
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TESTS]
        environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(words, cwd=tree, env=environment, capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"{mutant}: the tests could not run\n{run.stdout[-2000:]}{run.stderr[-500:]}")
        return run.returncode == 0


def _copy(tree: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "released", ".*cache")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=ignored)
        else:
            shutil.copy(source, tree / name)


def main() -> None:
    """Exit 1 when a mutant survives, or when the unbroken code does not pass."""
    wanted = sys.argv[1:]
    chosen = [mutant for mutant in mutants() if not wanted or mutant.name in wanted]
    if not survives(None):
        sys.exit("the tests fail without any mutant; mend that first")
    alive = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for mutant, lives in zip(chosen, pool.map(survives, chosen), strict=True):
            print(f"{'ALIVE ' if lives else 'killed'} {mutant.name}", flush=True)  # noqa: T201
            alive += [mutant.name] if lives else []
    print(f"{len(chosen) - len(alive)} of {len(chosen)} killed")  # noqa: T201
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
