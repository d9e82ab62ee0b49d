"""A thousand orders scored live through the API have the features that batch computes.

In between: outcomes, revisions, folds, exports, restarts and persons who are erased.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import CATALOGUE, N_SIGNALS
from serving.store.connection import connect
from tests.serving import shop
from tests.serving.town import (
    SHOPS,
    Town,
    buy,
    door,
    erase_phone,
    export,
    fold_now,
    logged_rows,
    recheck,
    share,
)
from training.matrix import build

ORDERS = 1_000


async def _live(home: Path, town: Town) -> None:
    """Score the orders, with outcomes, folds, exports and restarts in between."""
    keys: list[str] = []
    for part in range(4):
        async with shop.serving(home, clock=town.clock) as service, door(service) as client:
            if not keys:
                keys += [await shop.add_shop(service, merchant) for merchant in SHOPS]
                await share(service, SHOPS[:3])
            for number in range(part * ORDERS // 4, (part + 1) * ORDERS // 4):
                await buy(client, town, number, keys[number % len(keys)])
                if number % 60 == 30:
                    fold_now(home, town.clock())
                    await service.tick()
                if number % 400 == 7:
                    export(home, home / "meanwhile")
                if number % 300 == 270:
                    erase_phone(home, town.clock, f"+91 90000 {number // 300:05d}")
                    await service.tick()
                if number % 90 == 45:
                    await service.history.checkpoint(service.writer)
        if part < 2:
            erase_phone(home, town.clock, f"+91 90000 {10 + part:05d}")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a thousand live orders."""
    home = tmp_path_factory.mktemp("lived")
    shop.run(_live(home, Town(seed=7)))
    return home


@pytest.fixture
def copied(lived: Path, tmp_path: Path) -> Path:
    """The same, free to be spoilt."""
    shutil.copytree(lived, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.mark.parametrize("with_contacts", [True, False])
def test_a_thousand_live_orders_have_the_features_of_batch(
    lived: Path, tmp_path: Path, with_contacts: bool
) -> None:
    folder = export(lived, tmp_path, with_contacts=with_contacts)
    assert folder.orders.num_rows == ORDERS
    live, batch = logged_rows(lived, folder).astype(np.float32), build(folder, threads=1).values
    wrong = (live != batch) & ~(np.isnan(live) & np.isnan(batch))
    assert [CATALOGUE[i].name for i in np.flatnonzero(wrong.any(axis=0))] == []
    # The comparison means something only where history was there to be read.
    known = np.nan_to_num(live[:, N_SIGNALS:]).max(axis=0) > 0
    assert known.mean() > 0.8
    net = [i for i, f in enumerate(CATALOGUE[N_SIGNALS:]) if f.name.startswith("net_phone")]
    assert known[net].all()


def test_a_recheck_finds_every_decision_bit_for_bit(copied: Path) -> None:
    for fold in list(shop.settings_in(copied).folds_dir.iterdir())[::2]:
        shutil.rmtree(fold)  # half of them are counted again
    found = recheck(copied)
    assert (found.equal > ORDERS, found.erased > 20, found.differences) == (True, True, [])


def test_a_recheck_notices_an_altered_log(copied: Path) -> None:
    connection = connect(shop.settings_in(copied).database)
    connection.execute(
        """UPDATE event SET becomes = 1 WHERE seq =
           (SELECT min(seq) FROM event WHERE kind = 'rto_initiated')"""
    )
    connection.close()
    assert recheck(copied).differences
