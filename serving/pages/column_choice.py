"""Columns chosen by hand: what a file holds, what was chosen, and the mapping that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml
from starlette.datastructures import FormData

from features.vocabulary import REASONS_OF_OUTCOME
from serving.board.advice import CAUSES
from serving.pages.words import Words

Side: TypeAlias = Literal["export", "report"]
SIDES: tuple[Side, ...] = ("export", "report")
REPORT = {
    "order_id": "Order number",
    "outcome": "What became of it",
    "delivered_at": "When it was delivered",
    "returned_at": "When it came back",
    "outcome_reason": "Why it came back",
}
EXPORT = {
    "order_id": "Order number",
    "created_at": "When it was placed",
    "payment_mode": "How it is paid",
    "amount": "Amount of the whole order",
    "pincode": "Pincode",
    "phone": "Phone",
    "email": "E-mail",
    "customer_name": "Customer's name",
    "address_line1": "Address",
    "address_line2": "Address, second line",
    "city": "City",
    "state": "State",
    "discount": "Discount",
    "coupons": "Coupon",
    "sku": "Article number",
    "quantity": "Pieces",
    "price": "Price of one piece, if a row is an article",
    **{name: title for name, title in REPORT.items() if name != "order_id"},
}
FIELDS: Mapping[Side, Mapping[str, str]] = {"export": EXPORT, "report": REPORT}
REQUIRED: Mapping[Side, tuple[str, ...]] = {
    "export": ("order_id", "created_at"),
    "report": ("order_id", "outcome"),
}
MEANINGS = {
    "payment_mode": {
        "cod": "COD",
        "prepaid": "Prepaid",
        "partial_cod": "Partly COD",
        "unknown": "Leave out",
    },
    "outcome": {
        "delivered": "Delivered",
        "rto": "Came back",
        "returned": "Returned after delivery",
        "cancelled": "Cancelled",
        "lost": "Lost",
        "open": "Not known yet",
        "unreported": "Leave out",
    },
    "outcome_reason": {
        "": "Leave out",
        **{reason: CAUSES[reason] for reason in REASONS_OF_OUTCOME},
    },
}
TIMES = ("created_at", "delivered_at", "returned_at")
_ENDS = {"delivered": "delivered_at", "rto": "returned_at"}
ROWS = {"order": "a whole order", "line": "one article of an order"}
_OF_LINES = ("sku", "quantity", "price")
_DELAY_DAYS = 14
"""Assumed until an outcome without a date was known, as in the shipped mappings."""


@dataclass(frozen=True)
class Described:
    """What ``rto columns`` says of a file."""

    told: Mapping[str, Any]

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """Its columns by name."""
        return {one["name"]: one for one in self.told["columns"]}

    def guess(self, side: Side) -> Choice:
        """The choice to begin with."""
        columns = {name: found or "" for name, found in self.told["guess"].items()}
        key = self.columns.get(columns["order_id"], {})
        choice = Choice(columns, row_is="line" if key.get("repeats") else "order")
        return self.completed(choice, side)

    def completed(self, choice: Choice, side: Side) -> Choice:
        """A choice with the guessed dates and words of every column it has none for."""
        formats, words = dict(choice.formats), dict(choice.words)
        for name in FIELDS[side]:
            column = self.columns.get(choice.columns.get(name, ""))
            if column and name in TIMES and name not in formats and column["times"]:
                formats[name] = column["times"][0][0]
            if column and name in MEANINGS and name not in words:
                words[name] = column["words"][name]
        return Choice(choice.columns, formats, words, choice.row_is)


@dataclass(frozen=True)
class Choice:
    """What somebody chose for one file, by our columns."""

    columns: dict[str, str]
    formats: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    row_is: str = "order"


def described(folder: Path, side: Side) -> Described | None:
    """What the file of one side holds; None where its columns are not chosen by hand."""
    try:
        return Described(json.loads(described_in(folder, side).read_text("utf-8")))
    except OSError:
        return None


def described_in(folder: Path, side: Side) -> Path:
    """Where ``rto columns`` writes what a file holds."""
    return folder / f"{side}.columns.json"


def chosen(folder: Path, side: Side, held: Described) -> Choice:
    """The choice of before, or the guess."""
    try:
        return Choice(**json.loads(_kept_in(folder, side).read_text("utf-8")))
    except OSError:
        return held.guess(side)


def keep_choice(folder: Path, side: Side, choice: Choice) -> None:
    """Keep a choice, to be shown again."""
    _kept_in(folder, side).write_text(json.dumps(asdict(choice)), "utf-8")


def choice_of(form: FormData, side: Side, held: Described) -> tuple[Choice, list[str]]:
    """What a form chose, and our columns whose dates or words it could not show yet."""
    columns, unseen = {}, []
    formats: dict[str, str] = {}
    words: dict[str, dict[str, str]] = {}
    for name in FIELDS[side]:
        column = str(form.get(f"{side}.{name}", ""))
        columns[name] = column if column in held.columns else ""
        if not columns[name] or (name not in TIMES and name not in MEANINGS):
            continue
        about = held.columns[column]
        if form.get(f"{side}.{name}.of") != column:
            unseen += [name] if name in MEANINGS or len(about["times"]) > 1 else []
        elif name in TIMES:
            sent = form.get(f"{side}.{name}.as")
            if sent in {one for one, _ in about["times"]}:
                formats[name] = str(sent)
        else:
            words[name] = _words_of(form, f"{side}.{name}", name, about)
    row_is = "line" if form.get(f"{side}.row_is") == "line" else "order"
    return held.completed(Choice(columns, formats, words, row_is), side), unseen


def _words_of(form: FormData, key: str, name: str, column: Mapping[str, Any]) -> dict[str, str]:
    sent = {
        value: str(form.get(f"{key}.{i}", "")) for i, value in enumerate(column["values"] or ())
    }
    return {value: word for value, word in sent.items() if word in MEANINGS[name]}


def fault_of(choice: Choice, side: Side, held: Described, say: Words) -> str:
    """Why a choice cannot be read, in one sentence; empty where it can."""
    titles = FIELDS[side]
    for name in REQUIRED[side]:
        if not choice.columns[name]:
            return say("Choose a column for “{field}”.", field=say(titles[name]))
    used: dict[str, str] = {}
    for name, column in choice.columns.items():
        if not column:
            continue
        both = {name, used.setdefault(column, name)}
        if len(both) > 1 and both != {"delivered_at", "returned_at"}:
            return say("The column {column} is chosen twice; choose one for each.", column=column)
        if name in TIMES and not held.columns[column]["times"]:
            return say("The column {column} holds no dates that can be read; choose another.",
                       column=column)  # fmt: skip
        if name in MEANINGS and held.columns[column]["values"] is None:
            return say("The column {column} holds too many different words; choose another.",
                       column=column)  # fmt: skip
    return ""


def mapping_yaml(choice: Choice, side: Side, held: Described) -> str:
    """The mapping a choice amounts to, as ``rto import`` reads every other one."""
    plain = {name: column for name, column in choice.columns.items()
             if column and name not in (*MEANINGS, *TIMES)}  # fmt: skip
    lines: dict[str, str] = {}
    if side == "export" and choice.row_is == "line":
        lines = {name: plain.pop(name) for name in _OF_LINES if name in plain}
    plain.pop("price", None)  # a price of a whole order's row says nothing that its amount does not
    late = [choice.columns.get(name, "") for name in REPORT if name != "order_id"]
    told: dict[str, Any] = {
        "name": "own",
        "says": "Columns chosen on the page",
        "reads": "orders" if side == "export" else "outcomes",
        # A courier's report may hold a parcel in several rows; the furthest one counts.
        "row_is": choice.row_is if side == "export" else "line",
        "file": held.told["file"],
        "dates": {"format": "iso", "zone": "Asia/Kolkata"},
        "columns": plain | _told_columns(choice),
        "lines": lines,
        "after_outcome": [column for column in dict.fromkeys(late) if column],
        "outcome_delay_days": _DELAY_DAYS,
    }
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False)


def _told_columns(choice: Choice) -> dict[str, Any]:
    """The columns that are more than a name: dates and words."""
    told: dict[str, Any] = {
        name: {"column": choice.columns[name], **_meant(choice.words[name])}
        for name in MEANINGS
        if choice.columns.get(name) and any(choice.words[name].values())
    }
    if choice.columns.get("created_at"):
        told["created_at"] = {
            "column": choice.columns["created_at"], "format": choice.formats["created_at"],
        }  # fmt: skip
    ends = {word: choice.columns[name] for word, name in _ENDS.items() if choice.columns.get(name)}
    if ends and "outcome" in told:
        formats = [choice.formats[_ENDS[word]] for word in ends]
        told["outcome_at"] = {"by_outcome": ends, "format": list(dict.fromkeys(formats))}
    return told


def _meant(words: Mapping[str, str]) -> dict[str, Any]:
    """What each word is read as, and the words that say nothing."""
    values = {word: meaning for word, meaning in words.items() if meaning}
    silent = [word for word, meaning in words.items() if not meaning and word]
    return {"values": values, "unknown": silent} if silent else {"values": values}


def _kept_in(folder: Path, side: Side) -> Path:
    return folder / f"{side}.choice.json"
