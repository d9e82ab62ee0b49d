"""The merchant's pages: the orders scored last, with what was decided and why."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.orders import latest
from serving.service import Service
from serving.store.merchants import merchant
from serving.templating import page

COOKIE = "rto_page"
LISTED = 100
_COOKIE_S = 30 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.get("/")
async def orders(request: Request, key: str | None = None) -> Response:
    """The first page; a page key in the address becomes a cookie and leaves the address."""
    service: Service = request.app.state.service
    if key is not None:
        return _enter(service, key)
    merchant_id = service.doorkeeper.page(request.cookies.get(COOKIE))
    if merchant_id is None:
        return page("closed.html", status=401, title="Closed")
    return page(
        "orders.html",
        title="Orders",
        merchant=merchant(service.connection, merchant_id),
        orders=latest(service.connection, merchant_id, LISTED),
        policy=service.policies.now(merchant_id),
        model=service.scorer.version,
    )


@router.get("/favicon.ico")
async def favicon() -> Response:
    """None; browsers ask all the same."""
    return Response(status_code=204)


def _enter(service: Service, key: str) -> Response:
    if service.doorkeeper.page(key) is None:
        return page("closed.html", status=401, title="Closed")
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(COOKIE, key, max_age=_COOKIE_S, httponly=True, samesite="lax")
    return response
