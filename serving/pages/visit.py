"""Who looks at a page: the session's person, role, merchant and language; checked for every route.

A route says in its tags what it takes: ``OPEN`` needs no session, ``VIEWER``, ``OPERATOR`` and
``OWNER`` name the least role. Without a tag, reading takes a viewer and changing an operator.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from fastapi import Request
from starlette.datastructures import FormData

from features.errors import RefusedError, RtoError
from serving.pages.house import House
from serving.pages.words import Words, language_of, words
from serving.problems import TooLargeError
from serving.shops.troubles import Trouble, trouble_of
from serving.store.accounts import ROLES, Member, Role, memberships, session
from serving.store.merchants import Merchant, merchant

COOKIE = "rto_session"
Tags: TypeAlias = list[str | Enum]

OPEN: Tags = ["open"]
VIEWER: Tags = ["viewer"]
OPERATOR: Tags = ["operator"]
OWNER: Tags = ["owner"]
UPLOAD: Tags = ["owner", "upload"]

FORM_BYTES, UPLOAD_BYTES = 1024 * 1024, 1024 * 1024 * 1024


class NotSignedInError(RtoError):
    """Nobody's session; the person is sent to the door."""


class ForbiddenError(RtoError):
    """The role does not allow this."""


class StalePageError(RefusedError):
    """A form that this session's pages did not make."""


@dataclass(frozen=True)
class Visit:
    """One request of a person who is signed in.

    Parameters
    ----------
    others : tuple of Member
        Every merchant of this person, the present one included.
    trouble : Trouble or None
        What is wrong with the merchant's shop, for a banner.
    csrf : str
        What a form must carry; of this session and this merchant only.
    say : callable
        The language's words.
    """

    member: Member
    merchant: Merchant
    others: tuple[Member, ...]
    language: str
    csrf: str
    say: Words
    trouble: Trouble | None = None

    @property
    def merchant_id(self) -> str:
        """Whose pages."""
        return self.member.merchant_id

    @property
    def account_id(self) -> str:
        """Who looks at them."""
        return self.member.account.account_id

    def may(self, role: Role) -> bool:
        """Whether the person has this role or a higher one."""
        return ROLES.index(self.member.role) >= ROLES.index(role)


def house_of(request: Request) -> House:
    """What the application stands on."""
    house: House = request.app.state.house
    return house


def visit_of(request: Request) -> Visit:
    """The visit that ``guard`` has let in."""
    visit: Visit = request.state.visit
    return visit


def form_of(request: Request) -> FormData:
    """The form that ``guard`` has read."""
    form: FormData = request.state.form
    return form


def token_of(request: Request) -> str:
    """The session's token, or nothing."""
    return request.cookies.get(COOKIE, "")


def csrf_of(token: str, merchant_id: str) -> str:
    """What only pages of this session and merchant can know."""
    return hmac.new(token.encode(), merchant_id.encode(), hashlib.sha256).hexdigest()


async def guard(request: Request) -> AsyncIterator[None]:
    """Let a request in, or raise; every route of the pages depends on it.

    Raises
    ------
    NotSignedInError, ForbiddenError, StalePageError, TooLargeError
        If session, role, form or size do not allow it.
    """
    tags: Tags = list(getattr(request.scope["route"], "tags", ()))
    reading = request.method in ("GET", "HEAD")
    if "open" not in tags:
        visit = _visit(request)
        least = least_role(tags, reading=reading)
        if not visit.may(least):
            raise ForbiddenError(
                visit.say("This needs the role {role}; ask an owner.", role=visit.say(least))
            )
        request.state.visit = visit
    if reading:
        yield
        return
    await _read_form(request, tags)
    try:
        _refuse_stale(request, tags)
        yield
    finally:
        await form_of(request).close()  # with the files that were uploaded


def least_role(tags: Tags, *, reading: bool) -> Role:
    """The least role of a route."""
    for role in reversed(ROLES):
        if role in tags:
            return role
    return "viewer" if reading else "operator"


def _visit(request: Request) -> Visit:
    house, token = house_of(request), token_of(request)
    found = session(house.connection, token, now_us=house.clock()) if token else None
    if found is None:
        raise NotSignedInError
    account = found.account
    language = language_of(account.language, request.headers.get("accept-language", ""))
    shop = merchant(house.connection, found.merchant_id)
    assert shop is not None
    return Visit(
        member=found,
        merchant=shop,
        others=tuple(memberships(house.connection, account.account_id)),
        language=language,
        csrf=csrf_of(token, found.merchant_id),
        say=words(language),
        trouble=trouble_of(house.connection, found.merchant_id, house.clock()),
    )


async def _read_form(request: Request, tags: Tags) -> None:
    _refuse_strangers(request)
    length = request.headers.get("content-length", "")
    most = UPLOAD_BYTES if "upload" in tags else FORM_BYTES
    if not length.isdigit() or int(length) > most:
        raise TooLargeError(f"a form may hold {most // 1024 // 1024} MB at most")
    request.state.form = await request.form(max_fields=4_000)


def _refuse_stale(request: Request, tags: Tags) -> None:
    """A form carries what only this session's pages know."""
    if "open" in tags:
        return
    sent = form_of(request).get("csrf") or request.headers.get("x-csrf", "")
    if not hmac.compare_digest(str(sent).encode(), visit_of(request).csrf.encode()):
        raise StalePageError(
            "This page was opened for another session or another shop; open it again and repeat."
        )


def _refuse_strangers(request: Request) -> None:
    """Forms are posted from pages of this address only."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        strange = site not in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        strange = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if strange:
        raise StalePageError("this form was sent from a page of another address")
