"""A child process that scores orders and says which were answered, until it is cut off.

``python -m tests.serving.store.doomed HOME FIRST COUNT [--lazy]`` writes ``answered <id>`` to its
standard output after each answer. ``--lazy`` commits without flushing, which must lose orders.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.serving import shop

_AT_ONCE = 4


async def score_on(home: Path, first: int, count: int, out: int, *, lazy: bool = False) -> None:
    """Score orders ``first`` to ``first + count``, some of them side by side."""
    async with shop.serving(home) as service:
        if lazy:
            service.desk.writer._log.connection.execute("PRAGMA synchronous=NORMAL")

        async def one(number: int) -> None:
            answer = await service.desk.score(shop.LIVE, shop.body(order_id=f"o{number}"))
            os.write(out, f"answered {answer['order_id']} {answer['decision_id']}\n".encode())

        for begin in range(first, first + count, _AT_ONCE):
            await asyncio.gather(*(one(n) for n in range(begin, begin + _AT_ONCE)))


if __name__ == "__main__":
    where, begin, many = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    asyncio.run(score_on(where, begin, many, 1, lazy="--lazy" in sys.argv))
