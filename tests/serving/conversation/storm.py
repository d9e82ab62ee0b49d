"""Many events, repeated and shuffled, and many forged ones: ``python -m`` this module for all.

The tests play a few; the command plays 10,000 events three times each and 5,000 forged ones.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from serving.sandbox.graph import Graph
from serving.standing import life_of
from tests.serving import played as stage
from tests.serving import postgres
from tests.serving.parcels.couriered import patiently
from tests.serving.played import Event, Played, kept, play
from tests.serving.shop import LIVE, ORDER, body

_BUSY = 503


async def ask_many(played: Played, orders: int) -> None:
    """Orders that were asked about, each of another customer."""
    await played.allow(people_a_day=10_000_000)
    for number in range(orders):
        customer = ORDER["customer"] | {"phone": f"+9190000{number:05d}", "id": f"c{number}"}
        order = body(order_id=f"s{number}", customer=customer)
        await patiently(partial(played.service.desk.score, LIVE, order))
    while True:
        before = len(played.graph.sent)
        played.send()
        if len(played.graph.sent) == before:
            return


def events_of(graph: Graph) -> list[Event]:
    """What the carrier and the customers would tell: three statuses and one answer an order."""
    with kept() as told:
        for sent in list(graph.sent):
            for state in ("sent", "delivered", "read"):
                graph.status(sent, state)
            graph.press(sent, 2 if int(sent["to"][-1]) % 2 else 0)
    return told


async def post_all(played: Played, events: list[Event]) -> set[int]:
    """Post them one after the other, again what a busy disk kept from being taken; the statuses."""
    url = f"/v1/hooks/{played.endpoint}"
    found = set()
    for content, headers in events:
        status = _BUSY
        while status == _BUSY:
            answer = await played.client.post(url, content=content, headers=headers)
            status = answer.status_code
        found.add(status)
    return found


def state_of(played: Played) -> list[tuple[str, str, str]]:
    """Stage and message state of every order."""
    connection = played.service.connection
    lines = connection.execute(
        """SELECT o.order_id, o.number, m.state FROM orders o
           JOIN message m ON m.number=o.number AND m.purpose='order_check'
           ORDER BY o.order_id"""
    ).fetchall()
    return [(name, life_of(connection, number).stage, state) for name, number, state in lines]


def shuffled(home: Path, orders: int, seed: int) -> list[tuple[str, str, str]]:
    """The state after all events, three times each, in an order of their own."""
    result: list[tuple[str, str, str]] = []
    graph = Graph("123456", "token-of-the-shop", stage.SECRET)
    graph.url = graph.start()  # type: ignore[attr-defined]

    async def scene(played: Played) -> None:
        await ask_many(played, orders)
        events = events_of(graph) * 3
        random.Random(seed).shuffle(events)
        assert await post_all(played, events) == {200}
        result.extend(state_of(played))

    try:
        play(home, graph, scene)
    finally:
        graph.stop()
    return result


def forge(event: Event, old: Sequence[Event], pick: random.Random) -> Event:
    """An event that its sender did not sign so, or with a secret that is no more."""
    content, headers = event
    name = "X-Hub-Signature-256"
    return pick.choice((
        (content[: pick.randrange(len(content))], headers),
        (json.dumps(json.loads(content), indent=1).encode(), headers),
        (content, {name: f"sha256={pick.randbytes(32).hex()}"}),
        (content, {}),
        (content, {name: headers[name][:-1]}),
        (content.replace(b"delivered", b"failed   ") + b" ", headers),
        pick.choice(old),
    ))  # fmt: skip


def forged(home: Path, count: int) -> tuple[set[int], bool]:
    """The statuses of forged events, and whether they left the log as it was."""
    graph = Graph("123456", "token-of-the-shop", stage.SECRET)
    graph.url = graph.start()  # type: ignore[attr-defined]
    answers: set[int] = set()
    same: list[bool] = []

    async def scene(played: Played) -> None:
        await ask_many(played, 5)
        pick = random.Random(3)
        old = events_of(graph)
        for secret in ("the second secret", "the third secret"):
            await played.allow(app_secret=secret, app_secret_before="")
        graph.app_secret = "the third secret"
        genuine = events_of(graph)
        counts = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM hook_seen)"
        before = (played.service.connection.execute(counts).fetchone(), state_of(played))
        answers.update(await post_all(played, [forge(pick.choice(genuine), old, pick)
                                               for _ in range(count)]))  # fmt: skip
        after = (played.service.connection.execute(counts).fetchone(), state_of(played))
        same.append(before == after)

    try:
        play(home, graph, scene)
    finally:
        graph.stop()
    return answers, all(same)


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=2_500, help="four events each")
    parser.add_argument("--forged", type=int, default=5_000)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    given = parser.parse_args()
    with postgres.homes(3, remote=given.postgresql) as (first, second, third):
        one, two = (shuffled(home, given.orders, seed) for home, seed in ((first, 1), (second, 2)))
        print(f"{4 * given.orders} events three times each: the same final state: {one == two}")  # noqa: T201
        answers, same = forged(third, given.forged)
    print(f"{given.forged} forged: answers {answers}, nothing written: {same}")  # noqa: T201


if __name__ == "__main__":
    main()
