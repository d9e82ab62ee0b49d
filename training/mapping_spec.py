"""The pieces of a mapping: where one column comes from, how dates and the file are written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from training.mapping_patterns import check_date_format, check_extract, check_zone


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _column_or_spec(value: object) -> object:
    return {"column": value} if isinstance(value, str | list | tuple) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]


class Part(BaseModel):
    """A piece of a mapping: frozen, and no key but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Part):
    """One line of a decision over several columns: ``is`` where every pattern of ``when`` fits."""

    when: dict[str, Texts] = Field(min_length=1)
    value: str = Field(alias="is")


class MonthOf(Part):
    """A stand-in for a missing time: the month another column names, spread by row order.

    Rows of the same month are taken to be in time order and set evenly over it, which is all an
    export without times can say.
    """

    column: str
    format: str

    @model_validator(mode="after")
    def _says_the_month(self) -> MonthOf:
        check_date_format(self.format)
        return self


class Spec(Part):
    """Where one of our columns comes from and how it is cleaned.

    Several names in ``column`` mean the first that is filled. ``values`` and ``rules`` translate
    words (``*`` and ``?`` stand for any text and any character, ``""`` for an empty cell).
    """

    column: Texts = ()
    constant: str | None = None
    values: dict[str, str] | None = None
    rules: tuple[Rule, ...] = ()
    by_outcome: dict[Literal["delivered", "rto", "cancelled", "lost"], Texts] = {}
    format: Texts = ()
    zone: str | None = None
    when_empty: MonthOf | None = None
    unknown: Texts = ()
    extract: str | None = None
    separator: str = ","
    kind: Literal["text", "number"] = "text"
    gather: Literal["first", "sum", "main", "join"] | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Spec:
        origins = [bool(self.column), self.constant is not None, bool(self.rules),
                   bool(self.by_outcome)]  # fmt: skip
        if sum(origins) != 1:
            raise ValueError("needs exactly one of column, constant, rules, by_outcome")
        for pattern in self.format:
            check_date_format(pattern)
        if self.zone is not None:
            check_zone(self.zone)
        if self.extract is not None:
            check_extract(self.extract)
        return self

    def sources(self) -> tuple[str, ...]:
        """The columns of the export this one is read from, each once."""
        names = [
            *self.column,
            *(name for rule in self.rules for name in rule.when),
            *(name for texts in self.by_outcome.values() for name in texts),
        ]
        if self.when_empty is not None:
            names.append(self.when_empty.column)
        return tuple(dict.fromkeys(names))

    def words(self) -> tuple[str, ...]:
        """Every value a translated column can take."""
        constant = () if self.constant is None else (self.constant,)
        return (*(self.values or {}).values(), *(rule.value for rule in self.rules), *constant)


Specs = dict[str, Annotated[Spec, BeforeValidator(_column_or_spec)]]


class FileForm(Part):
    """How the export is written down."""

    encoding: Literal["utf-8", "utf-16", "cp1252", "latin-1"] = "utf-8"
    separator: Literal[",", ";", "\t", "|"] = ","


class Dates(Part):
    """How the export writes times, where a column does not say otherwise.

    Formats are those of ``datetime.strptime``, tried in order, or ``iso``. Times without an offset
    are on a clock of ``zone``.
    """

    format: Texts = ("iso",)
    zone: str = "Asia/Kolkata"

    @model_validator(mode="after")
    def _can_be_read(self) -> Dates:
        for pattern in self.format:
            check_date_format(pattern)
        check_zone(self.zone)
        return self
