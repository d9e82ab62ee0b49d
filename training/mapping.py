"""The mapping: how one merchant's export is read into the contract's tables, as a checked model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from features.schema import AFTER_PLACING, ORDER_COLUMNS, RUPEES, TIME, VOCABULARY
from features.vocabulary import OUTCOMES
from training.mapping_patterns import near
from training.mapping_spec import Dates, FileForm, Part, Spec, Specs, Texts

# What a status of an export can mean: an outcome of the contract, ``returned`` (delivered and sent
# back later), ``open`` (still on its way) or ``unreported`` (this export will never say).
OUTCOME_WORDS = (*OUTCOMES, "returned", "open", "unreported")
LINE_COLUMNS = ("sku", "name", "category", "quantity", "price", "total", "unit_cost", "weight_g")
# Derived from the lines wherever a mapping describes them.
OF_LINES = ("sku", "category", "quantity", "item_count")
OUTCOME_REPORT_COLUMNS = ("order_id", "outcome", "outcome_at", "outcome_reason", "cancelled_by")
PHONES = ("phone", "alt_phone", "ship_phone")
PINCODES = ("pincode", "origin_pincode")

Kind = Literal[
    "text", "identifier", "phone", "pincode", "state", "coupons", "choice", "money", "time",
    "count", "number",
]  # fmt: skip

_KINDS: dict[str, Kind] = {
    "order_id": "identifier",
    "coupons": "coupons",
    "name": "text",
    **dict.fromkeys(PHONES, "phone"),
    **dict.fromkeys(PINCODES, "pincode"),
    **dict.fromkeys(VOCABULARY, "choice"),
}
_EXTRA_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _trimmed(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts)


class ExportMapping(Part):
    """One merchant's export as the contract's tables.

    Parameters
    ----------
    name, says : str
        The short name, and one sentence on which export it reads.
    row_is : {"order", "line"}
        Whether a row is a whole order, or one line of an order gathered by ``order_id``.
    reads : {"orders", "outcomes"}
        An export of orders, or a courier's report of what became of them.
    columns, lines, extra : dict of str to Spec
        The contract's columns of an order, of its lines, and further columns kept as extras.
    only : dict of str to tuple of str
        Columns of the export that must hold one of these words (``*`` and ``?`` as above); rows
        that do not are refused.
    after_outcome : tuple of str
        Columns of the export that are filled or edited once the outcome is known. They may only
        feed what became of an order, or extras, which then can never become features.
    optional_columns : tuple of str
        Columns of the export that some versions of it lack.
    outcome_delay_days : float, optional
        Days from the order to the moment its outcome was learned, where the export has no time.
    repeated_orders : {"refuse", "first", "last"}
        Which row counts where an order stands in several different ones (``row_is: order``).
    country : {"IN", "other"}
        Whether states are states of India.
    notes : tuple of str
        What a reader of results on this export must know; printed with the report.
    """

    name: str
    says: str
    row_is: Literal["order", "line"]
    reads: Literal["orders", "outcomes"] = "orders"
    file: FileForm = FileForm()
    dates: Dates = Dates()
    country: Literal["IN", "other"] = "IN"
    columns: Specs
    lines: Specs = Field(default_factory=dict)
    extra: Specs = Field(default_factory=dict)
    only: dict[str, Texts] = Field(default_factory=dict)
    after_outcome: tuple[str, ...] = ()
    optional_columns: tuple[str, ...] = ()
    outcome_delay_days: float | None = Field(default=None, ge=0, le=365)
    repeated_orders: Literal["refuse", "first", "last"] = "refuse"
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> ExportMapping:
        _check_names(self)
        _check_words(self)
        _check_lines(self)
        _check_lawful(self)
        return self

    def parts(self) -> Iterator[tuple[str, str, Spec]]:
        """Every described column as section, name, spec."""
        for section in ("columns", "lines", "extra"):
            for name, spec in getattr(self, section).items():
                yield section, name, spec

    def sources(self) -> tuple[str, ...]:
        """Every column of the export the mapping names, each once."""
        named = [source for _, _, spec in self.parts() for source in spec.sources()]
        return tuple(dict.fromkeys([*named, *self.only, *self.after_outcome]))

    def never_features(self) -> tuple[str, ...]:
        """What ``folder.json`` lists: the named sources, and the extras drawn from them."""
        late = set(_trimmed(self.after_outcome))
        extras = [name for name, spec in self.extra.items()
                  if late & set(_trimmed(spec.sources())) or self.reads == "outcomes"]  # fmt: skip
        return tuple(dict.fromkeys([*extras, *_trimmed(self.after_outcome)]))


def kind_of(name: str, spec: Spec, *, section: str, country: str) -> Kind:
    """How a column is cleaned: by what it is, not by what the export calls it."""
    if section == "extra":
        return "number" if spec.kind == "number" else "text"
    if name in ("price", "total", "unit_cost") and section == "lines":
        return "money"
    if name == "weight_g":
        return "count"
    if name == "state":
        return "state" if country == "IN" else "text"
    if name in _KINDS:
        return _KINDS[name]
    if ORDER_COLUMNS[name] in (RUPEES, TIME):
        return "money" if ORDER_COLUMNS[name] == RUPEES else "time"
    return {"int32": "count", "double": "number"}.get(str(ORDER_COLUMNS[name]), "text")  # type: ignore[return-value]


def _check_names(mapping: ExportMapping) -> None:
    outcomes = mapping.reads == "outcomes"
    allowed = OUTCOME_REPORT_COLUMNS if outcomes else tuple(ORDER_COLUMNS)
    for name in mapping.columns:
        if name not in allowed:
            where = "an outcome report" if outcomes else "an order"
            raise ValueError(f"columns.{name} is no column of {where}{near(name, allowed)}")
    for name in mapping.lines:
        if name not in LINE_COLUMNS:
            raise ValueError(f"lines.{name} is no column of a line{near(name, LINE_COLUMNS)}")
    for name in mapping.extra:
        if name in ORDER_COLUMNS or not _EXTRA_NAME.fullmatch(name):
            raise ValueError(
                f"extra.{name} must be a new name in lower_case that no column of an order has"
            )
    for name in ("order_id", "outcome") if outcomes else ("order_id", "created_at"):
        if name not in mapping.columns:
            raise ValueError(f"columns.{name} is missing; every row needs it")


def _check_words(mapping: ExportMapping) -> None:
    for section, name, spec in mapping.parts():
        kind = kind_of(name, spec, section=section, country=mapping.country)
        words = OUTCOME_WORDS if name == "outcome" else VOCABULARY.get(name, ())
        if kind == "choice":
            for word in spec.words():
                if word and word not in words:
                    raise ValueError(
                        f'{section}.{name} turns a value into "{word}", which is not one of '
                        f"{', '.join(words)}"
                    )
        if spec.by_outcome and name != "outcome_at":
            raise ValueError(f"{section}.{name} has by_outcome, which only outcome_at can have")
        if spec.when_empty and name != "created_at":
            raise ValueError(f"{section}.{name} has when_empty, which only created_at can have")
        if (spec.format or spec.zone) and kind != "time":
            raise ValueError(f"{section}.{name} has a date format but is no time")
        if spec.gather == "sum" and kind not in ("money", "count", "number"):
            raise ValueError(f"{section}.{name} cannot be summed: it is no number")


def _check_lines(mapping: ExportMapping) -> None:
    twice = [name for name in OF_LINES if name in mapping.columns] if mapping.lines else []
    if twice:
        raise ValueError(f"columns.{twice[0]} is worked out from lines; leave it out of columns")
    if "price" in mapping.lines and "total" in mapping.lines:
        raise ValueError("lines.price and lines.total say the same thing; keep one")
    if mapping.repeated_orders != "refuse" and mapping.row_is == "line":
        raise ValueError('repeated_orders only applies where "row_is" is order')


def _check_lawful(mapping: ExportMapping) -> None:
    late = set(_trimmed(mapping.after_outcome))
    for section, name, spec in mapping.parts():
        drawn = sorted(late & set(_trimmed(spec.sources())))
        if drawn and section != "extra" and name not in (*AFTER_PLACING, "order_id"):
            raise ValueError(
                f'{section}.{name} is read from "{drawn[0]}", which after_outcome says is known '
                "only after the outcome; leave it out, or keep it under extra"
            )
    needs_delay = "outcome" in mapping.columns and mapping.reads == "orders"
    if (needs_delay or mapping.reads == "outcomes") and mapping.outcome_delay_days is None:
        raise ValueError(
            "outcome_delay_days is missing; state after how many days an outcome without a time "
            "was learned"
        )
