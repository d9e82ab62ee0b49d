"""The demo: an invented year, a model trained on it, and a running server with a few orders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import urljoin

import click

from features.errors import RtoError
from features.settings import Settings
from serving.home import Home
from serving.invented import Invented, request_of
from serving.processes.supervisor import Child, bind
from serving.sandbox.setting import connect_sandbox

ORDERS = 40_000
SEED = 7
OWNER = "owner@example.com"
_POSTED = 8
_READY_S = 120.0
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo lies and what it serves on."""

    settings: Settings
    host: str
    port: int
    orders: int = ORDERS
    sandbox_port: int = 8010

    @property
    def folder(self) -> Path:
        """Data, bundle and API key of the demo."""
        return self.settings.home / "demo"

    @property
    def past(self) -> Invented:
        """The invented orders."""
        return Invented(self.folder / "data")

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://{self.host}:{self.port}"

    def run(self, *, stay: bool) -> None:
        """Set up what is missing, serve, score a few orders and (``stay``) keep serving.

        Raises
        ------
        SettingsError
            If the port is in use; said before the minutes of setting up, and before another
            server there is taken for ours.
        """
        bind(self.host, self.port).close()
        bind("127.0.0.1", self.sandbox_port).close()
        self._set_up()
        sandbox = self._sandbox()
        server = subprocess.Popen(
            _rto("serve", "--host", self.host, "--port", str(self.port)),
            env=os.environ
            | {
                "RTO_WHATSAPP_URL": f"{self.sandbox_url}/graph/v23.0",
                "RTO_RAZORPAY_URL": f"{self.sandbox_url}/razorpay",
            },
        )
        try:
            _wait_for("server", f"{self.url}/readyz", lambda: _refuse_ended(server))
            _wait_for("sandbox", f"{self.sandbox_url}/state", sandbox.tend)
            _show(list(self._post_orders()))
            if stay:
                self._greet()
            while stay and server.poll() is None:
                sandbox.tend()
                time.sleep(_LOOK_S)
        except KeyboardInterrupt:
            click.echo("\nstopping")
        finally:
            _stop(server)
            sandbox.ask_to_end()
            sandbox.end(time.monotonic() + _READY_S)

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox answers."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def _sandbox(self) -> Child:
        """The sandbox, started; its accounts are made anew each time."""
        path, doubtful = self.folder / "sandbox.json", self.folder / "doubtful.json"
        merchant = self.past.merchant
        if not doubtful.exists():
            doubtful.write_text(json.dumps(list(self.past.doubtful())), encoding="utf-8")
        with Home.open(self.settings) as home:
            setting = connect_sandbox(home, merchant, self.folder.resolve())
        path.touch(mode=0o600)
        path.write_text(setting.model_dump_json(), encoding="utf-8")
        life, _ = os.pipe()  # closes with this process, however that ends
        child = Child(
            ["-m", "serving.sandbox.command", str(path), "--port", str(self.sandbox_port),
             "--api", f"http://{_reached(self.host)}:{self.port}", "--life", str(life)], (life,),
        )  # fmt: skip
        child.start()
        return child

    def _set_up(self) -> None:
        done = self.folder / "ready"
        if done.exists():
            return
        data, bundle = self.folder / "data", self.folder / "bundle"
        for unfinished in (data, bundle):  # of a set-up that was interrupted
            shutil.rmtree(unfinished, ignore_errors=True)
        start = (datetime.now(UTC) - timedelta(days=366)).date().isoformat()
        # The year ends today, so its last parcels are still on the road.
        self.folder.mkdir(parents=True, exist_ok=True)
        world = self.folder / "world.yaml"
        world.write_text("snapshot_days: 1\n", encoding="utf-8")
        click.secho("1/4  Inventing a year of orders", bold=True)
        _call("simulate", "--orders", str(self.orders), "--seed", str(SEED), "--start", start,
              "--spec", str(world), "--out", str(data))  # fmt: skip
        click.secho("2/4  Training on what was known of them", bold=True)
        _call("train", "--data", str(data), "--out", str(bundle))
        version = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["version"]
        click.secho("3/4  Promoting the model", bold=True)
        _call("promote", str(version))
        click.secho("4/4  Loading the past orders into the live store", bold=True)
        _call("load", "--data", str(data))
        self._make_key()
        done.write_text("The demo is set up; delete this folder to begin anew.\n", encoding="utf-8")

    def _make_key(self) -> None:
        path = self.folder / "key"
        path.touch(mode=0o600)
        path.write_text(_told("key", "new", self.past.merchant), encoding="utf-8")

    def _post_orders(self) -> Iterator[dict[str, Any]]:
        """Orders like the merchant's latest, placed anew by the same customers."""
        recent = self.past.recent(40 * _POSTED)
        stamp = datetime.now(UTC).strftime("%d%H%M%S")
        for i in range(_POSTED):
            row = recent.slice(i * 40, 1).to_pylist()[0]
            body = request_of(row, f"demo-{stamp}-{i + 1}", datetime.now(UTC))
            yield self._post("/v1/score", body) | {"request": body}

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        key = (self.folder / "key").read_text(encoding="utf-8")
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def _greet(self) -> None:
        link = _told("user", "add", OWNER, "--merchant", self.past.merchant, "--role", "owner")
        click.echo(f"""
All of this is invented data. The service is running; stop it with Ctrl-C.

  the merchant's pages   {urljoin(self.url, link)}
  the sandbox            {self.sandbox_url}/   the customer's phone: place an order, answer, watch
  API documentation      {self.url}/docs
  API key of the demo    {self.folder / "key"}
""")


def _reached(host: str) -> str:
    """An address of this machine under which a server on ``host`` answers it."""
    return "127.0.0.1" if host in ("0.0.0.0", "") else host


def _show(answers: list[dict[str, Any]]) -> None:
    """The scores as a small table."""
    click.secho(f"\n{'pays':8} {'rupees':>8}  {'risk':>5}  {'advice':8} why", bold=True)
    for answer in answers:
        body = answer["request"]
        why = (
            "; ".join(r["text"] for r in answer["reasons"] if r["impact"] >= 0.01)
            or "nothing unusual"
        )
        click.echo(
            f"{body['payment_mode']:8} {body['amount']:8.0f}  {answer['probability']:5.1%}  "
            f"{answer['policy_action']:8} {shorten(why, 100, placeholder=' …')}"
        )


def _rto(*words: str) -> list[str]:
    return [sys.executable, "-m", "rto", *words]


def _told(*words: str) -> str:
    """The last word that a command prints."""
    made = subprocess.run(_rto(*words), check=True, capture_output=True, text=True)
    return made.stdout.split()[-1]


def _call(*words: str) -> None:
    if subprocess.run(_rto(*words), check=False).returncode != 0:
        raise RtoError(f"the demo stopped at rto {words[0]}; its message stands above")


def _wait_for(what: str, url: str, meanwhile: Callable[[], object]) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        meanwhile()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(_LOOK_S)
    raise RtoError(f"the {what} was not ready after {_READY_S:.0f} seconds")


def _refuse_ended(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        raise RtoError("the server ended before it was ready; its message stands above")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
