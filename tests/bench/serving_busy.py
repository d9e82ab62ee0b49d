"""What else goes on while orders are decided: a draft is simulated, pages are read."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2

from features.days import DAY_US
from features.settings import Settings
from serving.commands.user import invite
from serving.home import Home
from serving.moments import now_us
from serving.store.accounts import account_by_email, open_session
from tests.bench.serving_process import Shop

_EMAIL = "owner@example.com"
_PAGES = ("/app/today", "/app/orders", "/app/returns", "/app/money", "/app/model")


@contextmanager
def busy(shop: Shop) -> Iterator[Counter[str]]:
    """Keep simulation and pages at work; counts what they answered.

    Both are processes of their own and stay on the other processor.
    """
    answered: Counter[str] = Counter()
    with shop.client() as draft, _signed_in(shop) as person:
        pages = itertools.cycle(_PAGES)

        def simulate() -> None:
            draft.post("/v1/policy/simulate", json={"days": 365}).raise_for_status()

        def look() -> None:
            person.get(next(pages)).raise_for_status()

        simulate()  # the first starts its process and reads the merchant's past
        for _ in _PAGES:
            look()
        stop = threading.Event()
        threads = [
            threading.Thread(target=_keep, args=(stop, does, answered, name))
            for does, name in ((simulate, "simulations"), (look, "pages"))
        ]
        for thread in threads:
            thread.start()
        try:
            yield answered
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _keep(
    stop: threading.Event, does: Callable[[], None], answered: Counter[str], name: str
) -> None:
    while not stop.is_set():
        does()
        answered[name] += 1


def _signed_in(shop: Shop) -> httpx2.Client:
    """A browser with an owner's session."""
    merchant_id = (shop.home / "merchant").read_text()
    with Home.open(Settings(home=shop.home)) as home, home.transaction() as log:
        now = now_us()
        invite(log, _EMAIL, merchant_id, "owner", now=now)
        found = account_by_email(log.connection, _EMAIL)
        assert found is not None
        token = open_session(
            log.connection, found.account_id, merchant_id, now_us=now, ends_us=now + DAY_US
        )
    return httpx2.Client(base_url=shop.url, headers={"Cookie": f"rto_session={token}"}, timeout=60)
