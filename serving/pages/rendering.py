"""Templates to answers: every page is rendered here, with its words, its menu and its headers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.pages import formats, terms
from serving.pages.assets import address_of
from serving.pages.menu import MENU, PREFIX
from serving.pages.visit import Visit, house_of
from serving.pages.words import LANGUAGES, language_of, words

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_SAID = "rto_said"
_SAID_S = 60


def show(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Render one template of ``serving/pages/templates``; text is escaped.

    Beside ``values`` a template has ``_`` (the words), ``visit`` (None before signing in),
    ``language``, ``menu``, ``path`` and ``said`` (what the last change had to say).
    """
    visit: Visit | None = getattr(request.state, "visit", None)
    accepted = request.headers.get("accept-language", "")
    language = visit.language if visit else language_of("", accepted)
    said = request.cookies.get(_SAID)
    text = _environment().get_template(template).render(
        {
            "_": words(language),
            "visit": visit,
            "language": language,
            "languages": LANGUAGES,
            "menu": MENU,
            "path": request.url.path.removeprefix(PREFIX),
            "said": unquote(said) if said else None,
            **values,
        }
    )  # fmt: skip
    response = Response(text, status, HEADERS, "text/html; charset=utf-8")
    if said:
        response.delete_cookie(_SAID, path=PREFIX)
    return response


def turn_to(request: Request, path: str, said: str | None = None) -> Response:
    """Send the browser on after a change, with a sentence that the next page shows.

    Parameters
    ----------
    path : str
        Below the pages' prefix, such as ``/queue``.
    """
    response = RedirectResponse(f"{PREFIX}{path}", status_code=303)
    if said:
        keep(request, response, _SAID, quote(said), seconds=_SAID_S)
    return response


def keep(request: Request, response: Response, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that only the pages see, over TLS where they are opened so."""
    secure = house_of(request).settings.public_url.startswith("https:")
    response.set_cookie(
        name, value, max_age=seconds, path=PREFIX, httponly=True, samesite="lax", secure=secure
    )


def table_file(name: str, text: str) -> Response:
    """A CSV to download, for whoever wants the numbers of a chart."""
    headers: Mapping[str, str] = {
        **HEADERS, "Content-Disposition": f'attachment; filename="{name}.csv"',
    }  # fmt: skip
    return Response("\ufeff" + text, 200, headers, "text/csv; charset=utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("serving.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"asset": address_of, "prefix": PREFIX, **terms.NAMES}
    environment.filters |= formats.FILTERS
    return environment
