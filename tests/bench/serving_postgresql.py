"""The path with its log on PostgreSQL: what application and server spend on an order."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench.report import say
from tests.bench.serving_process import cpu_of_all, rto, started
from tests.bench.serving_shop import WARM_UP_S, act_on_a_quarter
from tests.serving import postgres, shop

_SHARED = ("data", "bundle", "bodies", "merchant")


def on_postgresql(home: Path, orders: int, seconds: int) -> list[tuple[str, ...]]:
    """A row of the table; the server is on the other processor, beside wrk."""
    place = home / "postgresql"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in _SHARED:
        (place / name).symlink_to(home / name)
    with postgres.own_server() as server:
        settings = {
            "RTO_DATABASE_URL": server.database(),
            "RTO_HASH_KEY": shop.secret("hashing").get_secret_value(),
            "RTO_ENCRYPTION_KEY": shop.secret("sealing").get_secret_value(),
        }
        say(f"loading {orders:,} orders into PostgreSQL")
        rto(place, "load", "--data", str(place / "data"), **settings)
        merchant = (place / "merchant").read_text()
        (place / "key").write_text(rto(place, "key", "new", merchant, **settings).split()[-1])
        with started(place, core=0, **settings) as (running, _):
            act_on_a_quarter(running)
            running.load(16, WARM_UP_S, "acted")
            before = cpu_of_all(server.pid)
            run = running.load(16, seconds, "acted")
            spent = (cpu_of_all(server.pid) - before) / (run.rate * seconds) * 1e6
    *waits, mine, _ = run.cells()
    name = "PostgreSQL, 16 connections, a quarter acted on and explained"
    return [(name, f"{orders:,}", *waits, f"{mine} + {spent:,.0f}", "")]
