"""A real server: the supervisor, scoring and worker processes on a free port of loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from serving.commands.user import invite
from serving.home import Home
from serving.moments import now_us
from serving.store.merchants import add_merchant, new_key
from tests.serving import shop

ROOT = Path(__file__).resolve().parents[2]


def environment(home: Path) -> dict[str, str]:
    """The environment without settings of the developer's own."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("RTO_")}
    settings = shop.settings_in(home)
    if settings.on_postgresql:
        assert settings.hash_key is not None
        assert settings.encryption_key is not None
        kept |= {
            "RTO_DATABASE_URL": settings.database_url,
            "RTO_HASH_KEY": settings.hash_key.get_secret_value(),
            "RTO_ENCRYPTION_KEY": settings.encryption_key.get_secret_value(),
        }
    return kept | {"RTO_HOME": str(home), "PYTHONPATH": str(ROOT)}


def rto(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "rto.py"), *arguments],
        env=environment(home), cwd=home, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A running server and the keys to it."""

    home: Path
    url: str
    key: str
    link: str
    process: subprocess.Popen[str]

    def client(self, key: str | None = None) -> httpx2.Client:
        """A client with a key of the API."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60)

    def scoring_pid(self) -> int:
        """The scoring process of the moment."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "serving.processes.scoring"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(found.stdout.split()[0])


def start(
    home: Path, *arguments: str, more: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[str], str]:
    """Start a server, with further settings, and wait for its address."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "rto.py"), "serve", "--port", "0", *arguments],
        env=environment(home) | dict(more or {}), cwd=home, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found is not None, f"the server said {line!r}"
    return process, found[0]


def stop(process: subprocess.Popen[str]) -> int:
    """Ask a server to end and wait for it."""
    process.send_signal(signal.SIGTERM)
    status = process.wait(60)
    if process.stdout is not None:
        process.stdout.close()
    return status


@contextmanager
def served(home: Path, more: Mapping[str, str] | None = None, *arguments: str) -> Iterator[Server]:
    """A server with one merchant, and with further settings and arguments."""
    with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
        add_merchant(log.connection, "kurtas", "Kurtas & Co", invented=True, now_us=1)
        key = new_key(log.connection, "kurtas", "live", now_us=1)
        link = invite(log, "owner@example.com", "kurtas", "owner", now=now_us())
    process, url = start(home, *arguments, more=more)
    try:
        yield Server(home, url, key, link, process)
    finally:
        if process.poll() is None:
            stop(process)
