"""The pages' own stylesheet and scripts, held in memory; their addresses change with them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from serving.pages.menu import PREFIX
from serving.pages.visit import OPEN

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
          "svg": "image/svg+xml"}  # fmt: skip
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}

router = APIRouter()


class Asset(NamedTuple):
    """One file."""

    content: bytes
    media_type: str
    mark: str


@cache
def assets() -> dict[str, Asset]:
    """Every file of ``serving/pages/static``, by name."""
    found = {}
    for file in files("serving.pages").joinpath("static").iterdir():
        content = file.read_bytes()
        mark = hashlib.sha256(content).hexdigest()[:12]
        found[file.name] = Asset(content, _TYPES[file.name.rpartition(".")[2]], mark)
    return found


def address_of(name: str) -> str:
    """The address of a file as it is now, which may be kept for ever."""
    return f"{PREFIX}/static/{assets()[name].mark}/{name}"


@router.get("/static/{mark}/{name}", tags=OPEN)
async def static(request: Request, mark: str, name: str) -> Response:  # noqa: ARG001
    """One file; an address of another version gets this one's, unkept."""
    asset = assets().get(name)
    if asset is None:
        return Response(status_code=404)
    headers = _HEADERS if mark == asset.mark else {}
    return Response(asset.content, 200, headers, asset.media_type)
