"""A town of customers who come back, its shops, and what is done to their log."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.days import DAY_US, SECOND_US
from features.directory import Directory
from features.keys import Hasher
from features.tables import Folder, read_folder
from models.policy import Policy
from serving.api import create_app
from serving.folds import publish_fold
from serving.home import Home
from serving.moments import rfc3339
from serving.rows import Rows
from serving.service import Service
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.policies import save_policy
from serving.upkeep.erasure import Person, erase
from serving.upkeep.export import export_log
from serving.upkeep.recheck import Recheck, Rechecked
from tests.serving import shop

SHOPS = ("kurtas", "sarees", "shirts", "bags")
PINCODES = ("560034", "560001", "110001", "400050", "999999", "56003", None)
LINES = ("12 MG Road", "Flat 4B Lake View", "asdf asdf", "near temple", "घर नंबर 7")


class Town:
    """Customers who come back, share devices and addresses, and shop at four merchants."""

    def __init__(self, seed: int) -> None:
        self._pick = random.Random(seed)
        self.clock = shop.Clock()
        self._placed: list[str] = []

    def order(self, number: int) -> dict[str, Any]:
        """The next order."""
        pick = self._pick
        who = pick.choice((pick.randrange(25), pick.randrange(400)))
        self.clock.us += pick.choice((1, 50_000_000, 3_000_000_000, DAY_US // 3))
        created = rfc3339(self.clock.us - pick.choice((0, 30 * SECOND_US, 2 * DAY_US)))
        self._placed.append(created)
        return self._said(number, who, created)

    def revision(self, number: int) -> dict[str, Any]:
        """An order that came to say something else."""
        self.clock.us += 1
        return self._said(number, self._pick.randrange(60), self._placed[number])

    def _said(self, number: int, who: int, created: str) -> dict[str, Any]:
        pick = self._pick
        return shop.order(
            order_id=f"o{number}",
            created_at=created,
            payment_mode=pick.choice(("cod", "cod", "prepaid", "partial_cod", None)),
            amount=pick.choice((None, 499, 1299.5, 20000)),
            coupons=pick.choice((None, [], ["DIWALI10"], ["A", "B"])),
            items=pick.choice((None, [self._item(), self._item()], [self._item()])),
            customer={
                "id": f"c-{who}" if who % 3 else None,
                "name": "Asha Rao",
                "phone": f"+91 90000 {who:05d}" if who % 7 else "12345",
                "alt_phone": f"+91 90000 {who % 40 + 50:05d}" if who % 5 == 0 else None,
                "email": f"asha{who}@example.com" if who % 2 else None,
            },
            shipping_address={
                "name": pick.choice(("Asha Rao", "Ravi Rao")),
                "phone": f"+91 90000 {(who + pick.randrange(2)):05d}",
                "line1": f"{pick.choice(LINES)} {who // 4}",
                "city": pick.choice(("Bengaluru", "Delhi", "bangalore")),
                "state": pick.choice(("Karnataka", "Delhi", None)),
                "pincode": pick.choice(PINCODES),
            },
            device={"ip": f"203.0.113.{who % 40}", "device_id": f"d-{who // 3}"},
            extra={"basket_minutes": pick.randrange(30)} if who % 2 else None,
        )

    def _item(self) -> dict[str, Any]:
        kind = self._pick.randrange(6)
        return {"sku": f"S{kind}", "category": f"k{kind % 3}", "quantity": 1, "price": 100 * kind}

    def outcomes(self, number: int) -> list[dict[str, Any]]:
        """Reports on earlier orders: late, repeated, contradicted, corrected, unknown."""
        pick = self._pick
        return [
            {
                "order_id": f"o{pick.randrange(number + 2)}",
                "outcome": pick.choice(
                    ("delivered", "delivered", "rto", "rto", "cancelled", "lost", "returned")
                ),
                "outcome_at": rfc3339(self.clock.us - pick.choice((0, DAY_US))),
                "reason": pick.choice((None, "refused", "damaged", "wrong_item")),
                "correction": pick.random() < 0.1,
            }
            for _ in range(pick.randrange(4))
        ]


@asynccontextmanager
async def door(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of its API."""
    transport = httpx2.ASGITransport(app=create_app(service))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def share(service: Service, merchants: Sequence[str]) -> None:
    """Let merchants share into the network."""
    policy = Policy(share_with_network=True).to_json()
    for merchant in merchants:
        save = partial(save_policy, merchant_id=merchant, body=policy, expected=0, now_us=shop.NOON)
        await service.writer.submit(save)


async def buy(
    client: httpx2.AsyncClient, town: Town, number: int, key: str, *, back: int = 31
) -> None:
    """The next order of a shop, and what it tells of earlier ones, at most ``4 * back`` orders."""
    headers = {"Authorization": f"Bearer {key}"}
    order = json.dumps(town.order(number))
    answer = await client.post("/v1/score", content=order, headers=headers)
    assert answer.status_code == 200, answer.text
    reports = json.dumps(town.outcomes(number))
    told = await client.post("/v1/outcomes", content=reports, headers=headers)
    assert told.status_code == 200, told.text
    if number % 7 == 6:
        again = number - 4 * (number % back) if number > 130 else number
        await revise(client, headers, town.revision(again))


async def revise(
    client: httpx2.AsyncClient, headers: dict[str, str], order: dict[str, Any]
) -> None:
    """Change an order as it stands."""
    path = f"/v1/orders/{order['order_id']}"
    held = await client.get(path, headers=headers)
    match = {"If-Match": f'"{held.json()["revision"]}"'}
    answer = await client.put(path, content=json.dumps(order), headers=headers | match)
    assert answer.status_code == 200, answer.text


def open_home(home: Path) -> Home:
    """A home whose log may be written to."""
    settings = shop.settings_in(home)
    return Home(settings, shop.KEYRING, connect(settings.store_url))


def fold_now(home: Path, now_us: int) -> None:
    """Publish a fold."""
    with open_home(home) as held:
        publish_fold(held.connection, held.settings.folds_dir, now_us=now_us)


def erase_phone(home: Path, clock: shop.Clock, phone: str) -> None:
    """Erase a person with several orders."""
    clock.us += 1
    with open_home(home) as held:
        done = erase(held, Person(phone), now_us=clock())
    assert done.orders > 3, phone
    assert done.keys > 1, phone


def export(home: Path, out: Path, *, with_contacts: bool = True) -> Folder:
    """The log as a data folder."""
    connection = connect(shop.settings_in(home).store_url, readonly=True)
    export_log(connection, Contacts(shop.KEYRING.sealing), out, with_contacts=with_contacts)
    connection.close()
    return read_folder(out)


def logged_rows(home: Path, folder: Folder) -> NDArray[np.float64]:
    """The features of each order's first decision as they were logged."""
    connection = connect(shop.settings_in(home).store_url, readonly=True)
    rows = {
        (merchant, order_id): np.frombuffer(data)
        for merchant, order_id, data in connection.execute(
            """SELECT o.merchant_id, o.order_id, e.data FROM orders o
               JOIN event e ON e.number = o.number AND e.kind = 'decided' AND e.revision = 0"""
        )
    }
    connection.close()
    return np.stack([rows[key] for key in names(folder.orders)])


def names(table: pa.Table) -> list[tuple[str, str]]:
    """Merchant and order id of every row."""
    columns = (table.column(c).to_pylist() for c in ("merchant_id", "order_id"))
    return list(zip(*columns, strict=True))


def recheck(home: Path) -> Rechecked:
    """Compute all decisions again."""
    settings = shop.settings_in(home)
    connection = connect(settings.store_url, readonly=True)
    rows = Rows(Directory.open(), Hasher(list(shop.KEYRING.hashing.keys.values())))
    try:
        contacts = Contacts(shop.KEYRING.sealing)
        return Recheck(connection, rows, contacts, settings.folds_dir).run()
    finally:
        connection.close()
