"""The door of the pages: passwords, entry links, sessions, and turning to another shop."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from features.days import DAY_US
from features.errors import RefusedError
from serving.audit import audit
from serving.pages.menu import PREFIX
from serving.pages.passwords import checked_password, fits, hashed
from serving.pages.rendering import keep, show, turn_to
from serving.pages.visit import (
    COOKIE,
    OPEN,
    VIEWER,
    form_of,
    house_of,
    token_of,
    visit_of,
)
from serving.pages.words import LANGUAGES
from serving.pages_door import PEER
from serving.store.accounts import (
    Account,
    account_by_email,
    close_session,
    close_sessions,
    link,
    memberships,
    open_session,
    plain_email,
    set_language,
    set_password,
    turn_session,
    use_link,
)

SESSION_DAYS = 14
_BY_ACCOUNT = {"most": 5, "every_s": 60}
_BY_PEER = {"most": 30, "every_s": 10}
_WRONG = "This e-mail address and password do not fit; try again, or ask an owner for a new link."
_OFTEN = "That was too often; wait a minute and try again."

router = APIRouter()


@router.get("/", tags=OPEN)
async def first() -> Response:
    """Where a visit begins."""
    return RedirectResponse(f"{PREFIX}/today", status_code=303)


@router.get("/login", tags=OPEN)
async def door(request: Request, next: str = "") -> Response:  # noqa: A002 - the form's own word
    """The form."""
    return show(request, "login.html", title="Sign in", wrong=None, email="", wish=_wish(next))


@router.post("/login", tags=OPEN)
async def sign_in(request: Request) -> Response:
    """Check address and password; both wrong and unknown take as long and say the same."""
    house, form = house_of(request), form_of(request)
    email, wish = plain_email(str(form.get("email", ""))), _wish(str(form.get("next", "")))
    peer = request.headers.get(PEER.decode(), "")
    enough = house.throttle.take(f"peer {peer}", **_BY_PEER) and house.throttle.take(
        f"account {email}", **_BY_ACCOUNT
    )
    found = account_by_email(house.connection, email) if enough else None
    stored = None if found is None else found.password
    right = enough and await fits(stored, str(form.get("password", "")))
    if found is None or not right:
        return show(request, "login.html", status=401 if enough else 429, title="Sign in",
                    wrong=_WRONG if enough else _OFTEN, email=email, wish=wish)  # fmt: skip
    house.throttle.forget(f"account {email}")
    return _let_in(request, found, wish)


@router.get("/enter/{token}", tags=OPEN)
async def entry(request: Request, token: str) -> Response:
    """What an entry link opens; it is spent by the button, not by whoever previews it."""
    house = house_of(request)
    found = link(house.connection, token, now_us=house.clock())
    if found is None:
        return show(request, "login.html", status=410, title="Sign in", email="", wish="",
                    wrong="This link was used or has ended; ask for a new one.")  # fmt: skip
    return show(request, "enter.html", title="Welcome", account=found, token=token, wrong=None)


@router.post("/enter/{token}", tags=OPEN)
async def enter(request: Request, token: str) -> Response:
    """Spend the link: choose a password, or keep the one there is, and sign in."""
    house, form = house_of(request), form_of(request)
    found = link(house.connection, token, now_us=house.clock())
    if found is None:
        return await entry(request, token)
    chosen = str(form.get("password", ""))
    try:
        new = await hashed(checked_password(chosen)) if chosen else None
    except RefusedError as error:
        return show(request, "enter.html", status=422, title="Welcome", account=found,
                    token=token, wrong=str(error))  # fmt: skip
    with house.transaction() as log:
        if not use_link(log.connection, token):
            return await entry(request, token)
        if new is not None:
            close_sessions(log.connection, found.account_id)
            set_password(log.connection, found.account_id, new)
    return _let_in(request, found, "")


@router.post("/logout", tags=VIEWER)
async def leave(request: Request) -> Response:
    """End the session."""
    with house_of(request).transaction() as log:
        close_session(log.connection, token_of(request))
    response = RedirectResponse(f"{PREFIX}/login", status_code=303)
    response.delete_cookie(COOKIE, path=PREFIX)
    return response


@router.post("/shop", tags=VIEWER)
async def turn(request: Request) -> Response:
    """Look at another merchant of the same person."""
    wanted = str(form_of(request).get("merchant_id", ""))
    if wanted not in {one.merchant_id for one in visit_of(request).others}:
        raise RefusedError("there is no such shop among yours")
    with house_of(request).transaction() as log:
        turn_session(log.connection, token_of(request), wanted)
    return turn_to(request, "/today")


@router.post("/language", tags=VIEWER)
async def speak(request: Request) -> Response:
    """Choose the language of the pages."""
    form = form_of(request)
    language = str(form.get("language", ""))
    if language not in LANGUAGES:
        raise RefusedError(f"choose one of {', '.join(LANGUAGES.values())}")
    with house_of(request).transaction() as log:
        set_language(log.connection, visit_of(request).account_id, language)
    return RedirectResponse(_wish(str(form.get("next", ""))) or f"{PREFIX}/today", status_code=303)


def _let_in(request: Request, found: Account, wish: str) -> Response:
    house, now = house_of(request), house_of(request).clock()
    theirs = memberships(house.connection, found.account_id)
    if not theirs:
        raise RefusedError("this account belongs to no shop any more; ask an owner")
    with house.transaction() as log:
        token = open_session(
            log.connection, found.account_id, theirs[0].merchant_id,
            now_us=now, ends_us=now + SESSION_DAYS * DAY_US,
        )  # fmt: skip
        audit(log, "signed in", theirs[0].merchant_id, now_us=now, by=found.account_id)
    response = RedirectResponse(wish or f"{PREFIX}/today", status_code=303)
    keep(request, response, COOKIE, token, seconds=SESSION_DAYS * 86_400)
    return response


def _wish(path: str) -> str:
    """Where to go after signing in, if that is a page of ours."""
    parts = urlsplit(path)
    ours = path.startswith(f"{PREFIX}/") and not parts.netloc and "\\" not in path
    return path if ours and path.isprintable() else ""
