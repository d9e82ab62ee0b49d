"""How our processes speak HTTP."""

from __future__ import annotations

from typing import Any

import uvicorn


def http_of(app: Any, *, drain_s: int, **more: Any) -> uvicorn.Config:
    """An application behind the fast parser and event loop; requests are counted, not logged.

    Parameters
    ----------
    drain_s : int
        How long what was begun may take to end.
    more
        Further settings of uvicorn's.
    """
    return uvicorn.Config(
        app, http="httptools", loop="uvloop", lifespan="on", access_log=False,
        log_level="warning", server_header=False, timeout_graceful_shutdown=drain_s, **more,
    )  # fmt: skip
