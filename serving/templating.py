"""Pages rendered here and now: no script, no font, no picture from anywhere else."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """Render one template of ``serving/templates``; text is escaped."""
    text = _environment().get_template(template).render(**values)
    return Response(text, status, HEADERS, "text/html; charset=utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("serving"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    environment.filters["points"] = lambda impact: f"{100 * impact:+.1f}"
    environment.filters["rupees"] = _rupees
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    return environment


def _rupees(paise: int | None) -> str:
    """Rupees with Indian grouping.

    >>> _rupees(12345678900), _rupees(129900), _rupees(None)
    ('₹12,34,56,789', '₹1,299', 'unknown')
    """
    if paise is None:
        return "unknown"
    whole, rest = divmod(paise, 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    text = ",".join([*reversed(groups), tail]) if head else tail
    return f"₹{text}.{rest:02d}" if rest else f"₹{text}"
