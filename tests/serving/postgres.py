"""A PostgreSQL server from the system's binaries, in a temporary folder, on a socket of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.serving import shop

_ACCOUNT = "nobody"  # initdb refuses to run as root
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_connections": "40",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
}
_NUMBERS = count()


def binaries() -> Path | None:
    """The folder of the newest installed server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _version(initdb: Path) -> int:
    name = initdb.parents[1].name
    return int(name) if name.isdigit() else 0


def need_binaries() -> Path:
    """The folder of the server's programs; without one the test is skipped, loudly."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return found


class Server:
    """One server with its own data; it can be stopped, started and frozen.

    Parameters
    ----------
    parent : Path, optional
        Where its folder is made; the system's folder for temporary files without one.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._bin = need_binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="rto-pg-", dir=parent))
        if os.geteuid() == 0:
            shutil.chown(self.folder, _ACCOUNT)
        self._data = self.folder / "data"
        self._run(
            self._bin / "initdb", "-D", self._data, "-U", "rto", "-A", "trust", "-E", "UTF8",
            "--no-sync", "--locale=C", "--no-instructions",
        )  # fmt: skip
        settings = _SETTINGS | {"unix_socket_directories": str(self.folder)}
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run(self._bin / "pg_ctl", "-D", self._data, "-w", "-l", self.folder / "log", "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it as a power cut would (``immediate``), or in good order (``fast``)."""
        self._run(self._bin / "pg_ctl", "-D", self._data, "-m", how, "-w", "stop")

    def freeze(self) -> None:
        """Let every process of the server hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        """Of the process that started all others of the server."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def _signal(self, what: signal.Signals) -> None:
        main = self.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in (main, *map(int, children)):
            os.kill(pid, what)

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql:///{name}?host={self.folder}&user=rto"

    def database(self) -> str:
        """The address of a database that is new and empty."""
        name = f"t{next(_NUMBERS)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def remove(self) -> None:
        """End it and delete what it held."""
        if (self._data / "postmaster.pid").exists():
            self.thaw()
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: object) -> None:
        who = {"user": _ACCOUNT, "group": "nogroup", "extra_groups": []}
        done = subprocess.run(
            [str(part) for part in command], cwd="/", stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            **(who if os.geteuid() == 0 else {}),
        )  # type: ignore[call-overload]  # fmt: skip
        assert done.returncode == 0, done.stdout


@cache
def shared() -> Server:
    """One server for all tests of this process that do it no harm."""
    server = Server()
    atexit.register(server.remove)
    return server


@contextmanager
def own_server(parent: Path | None = None) -> Iterator[Server]:
    """A server for one test that will harm it."""
    server = Server(parent)
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def homes(count: int, *, remote: bool) -> Iterator[list[Path]]:
    """New home folders, each with a database of a server of their own where wanted."""
    with ExitStack() as stack:
        made = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(count)]
        if remote:
            server = stack.enter_context(own_server())
            for home in made:
                (home / shop.DATABASE_URL).write_text(server.database())
        yield made
