"""The OpenAPI document, and a page that shows it without any outside asset."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import click
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic_core import to_json

from serving.routes.described import REF
from serving.schemas import (
    CheckoutRequest,
    FreeMessage,
    ListEntry,
    NewMerchant,
    NewWebhook,
    NoteRequest,
    OutcomeItem,
    OverrideRequest,
    PastOrder,
    RedeliveryRequest,
    Replay,
    ResponseRequest,
    Retry,
    ScoreRequest,
    Shipment,
    TaskDone,
)
from serving.templating import page

_INPUTS: tuple[type[BaseModel], ...] = (
    ScoreRequest, OutcomeItem, Shipment, PastOrder, CheckoutRequest, OverrideRequest,
    ResponseRequest, NoteRequest, ListEntry, NewMerchant, NewWebhook, Replay, TaskDone,
    RedeliveryRequest, FreeMessage, Retry,
)  # fmt: skip

_ANYWHERE = {
    "429": "Too much is waiting, or this key asks too often; see Retry-After.",
    "503": "The log is out of reach; ask again after Retry-After seconds.",
}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the application."""
    found = get_openapi(
        title="RTO risk",
        version=app.version,
        openapi_version="3.1.0",
        description=(
            "Scores orders for the risk of return to origin, says why, and records every "
            "decision durably."
        ),
        routes=app.routes,
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for model in _INPUTS:
        whole = model.model_json_schema(ref_template=REF)
        schemas.update(whole.pop("$defs", {}))
        schemas[model.__name__] = whole
    schemas["OrderChange"] = _change_of(schemas["ScoreRequest"])
    for framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework, None)
    _secure(found)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def _change_of(order: dict[str, Any]) -> dict[str, Any]:
    """What a change of an order may say: everything but whose and which it is, and since when."""
    fixed = ("order_id", "created_at", "merchant_id")
    said = {name: v for name, v in order["properties"].items() if name not in fixed}
    whole = {name: v for name, v in order.items() if name != "required"}
    return whole | {
        "title": "OrderChange",
        "description": "What an order says from now on; its id and time stay.",
        "properties": said,
    }


def _secure(found: dict[str, Any]) -> None:
    """Name the key on every route of the API, and our own error for the framework's."""
    found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    problem = {"schema": {"$ref": REF.format(model="Problem")}}
    for path, methods in found["paths"].items():
        for operation in methods.values():
            if path.startswith("/v1/"):
                operation["security"] = [{"key": []}]
                for status, says in _ANYWHERE.items():
                    operation["responses"].setdefault(status, {"description": says})
            for status, answer in operation["responses"].items():
                if status.isdigit() and int(status) >= 400 and path.startswith("/v1/"):
                    content = answer.pop("content", {}).get("application/json", problem)
                    if "HTTPValidationError" in str(content):
                        content = problem
                    answer["content"] = {"application/problem+json": content}


def install(app: FastAPI) -> None:
    """Add ``/openapi.json`` and ``/docs``."""

    @cache
    def made() -> dict[str, Any]:
        return document(app)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_json() -> Response:
        return Response(to_json(made()), media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def docs(_: Request) -> Response:
        return page("docs.html", title="API", api=made())


def main() -> None:
    """Print the document, as it is committed and compared in the tests."""
    from serving.api import router

    app = FastAPI(title="RTO risk", version="1")
    app.include_router(router)
    click.echo(json.dumps(document(app), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
