"""Break the code on purpose, one mutant at a time, and report which the tests do not notice.

Each mutant names the few tests that are there to notice it, so that the whole takes minutes. Two
workers each keep one copy of the tree, and with it the machine code of everything unbroken.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPIED = ("features", "models", "training", "serving", "tests", "pyproject.toml", "rto.py")
AT_ONCE = 2
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")


class Mutant(NamedTuple):
    """One breakage: ``find`` in ``file`` becomes ``put``, which ``tests`` must notice."""

    name: str
    file: str
    find: str
    put: str
    tests: tuple[str, ...]


def mutants() -> list[Mutant]:
    """All of them, checked to break exactly one place.

    A file of mutants may name ``tests`` for all of them at its top; a mutant its own.
    """
    found = []
    for path in sorted(HERE.glob("*.toml")):
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
        usual = listed.pop("tests", ())
        for name, fields in listed.items():
            tests = tuple(fields.pop("tests", usual))
            found.append(Mutant(name, tests=tests, **fields))
    for mutant in found:
        times = (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.find)
        if times != 1:
            sys.exit(f"{mutant.name}: its text stands {times} times in {mutant.file}, not once")
        if not mutant.tests:
            sys.exit(f"{mutant.name}: names no tests")
    return found


class Tree:
    """A copy of the code in which mutants are put and taken out again."""

    def __init__(self, root: Path) -> None:
        self.root, self.cache = root / "tree", root / "cache"
        ignored = shutil.ignore_patterns("__pycache__", "released", ".*cache")
        for name in COPIED:
            source, copy = ROOT / name, self.root / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=ignored)
            else:
                shutil.copy2(source, copy)

    @contextmanager
    def broken(self, mutant: Mutant) -> Iterator[None]:
        """The tree with the mutant in it; its machine code goes with it."""
        path = self.root / mutant.file
        text, stat = path.read_bytes(), path.stat()
        whole = set(self.cache.iterdir()) if self.cache.exists() else set()
        path.write_bytes(text.replace(mutant.find.encode(), mutant.put.encode()))
        try:
            yield
        finally:
            path.write_bytes(text)
            # Numba's cache goes by the time of a source.
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            for folder in set(self.cache.iterdir()) - whole:
                shutil.rmtree(folder)

    def passes(self, tests: Iterable[str]) -> bool:
        """Whether these tests pass in the tree as it is."""
        environment = os.environ | {
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_CACHE_DIR": str(self.cache),
        }
        words = [sys.executable, *PYTEST, *tests]
        run = subprocess.run(words, cwd=self.root, env=environment, capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"the tests could not run\n{run.stdout[-2000:]}{run.stderr[-500:]}")
        return run.returncode == 0


def killed(mutant: Mutant, trees: SimpleQueue[Tree]) -> bool:
    """Whether the mutant's tests notice it."""
    tree = trees.get()
    try:
        with tree.broken(mutant):
            return not tree.passes(mutant.tests)
    finally:
        trees.put(tree)


def main() -> None:
    """Exit 1 when a mutant survives, or when the unbroken code does not pass."""
    wanted = sys.argv[1:]
    chosen = [m for m in mutants() if not wanted or m.name in wanted or m.file in wanted]
    if not chosen:
        sys.exit(f"no mutant is called {' or '.join(wanted)}")
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        made = [Tree(Path(folder) / str(i)) for i in range(AT_ONCE)]
        tests = sorted({test for mutant in chosen for test in mutant.tests})
        if not all(pool.map(lambda tree: tree.passes(tests), made)):
            sys.exit("the tests fail without any mutant; mend that first")
        trees: SimpleQueue[Tree] = SimpleQueue()
        for tree in made:
            trees.put(tree)
        alive = _report(chosen, pool.map(lambda mutant: killed(mutant, trees), chosen))
    minutes = (time.monotonic() - start) / 60
    print(f"{len(chosen) - alive} of {len(chosen)} killed in {minutes:.1f} minutes")  # noqa: T201
    sys.exit(1 if alive else 0)


def _report(chosen: list[Mutant], outcomes: Iterable[bool]) -> int:
    alive = 0
    for mutant, dead in zip(chosen, outcomes, strict=True):
        print(f"{'killed' if dead else 'ALIVE '} {mutant.name}", flush=True)  # noqa: T201
        alive += not dead
    return alive


if __name__ == "__main__":
    main()
