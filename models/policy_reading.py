"""A policy from plain values: every value of the wrong kind is named and refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar

from features.days import to_us
from features.errors import RefusedError
from models.actions import Action
from models.arms import Shares
from models.condition_text import condition_from_json
from models.conditions import Condition
from models.costs import ASSUMED_EFFECTS, CostModel, Costs, Effect
from models.policy import AUTOMATIC, TYPICAL_AMOUNT_PAISE, Policy
from models.rules import MOST_RULES, MOST_SEGMENTS, QuietHours, Rule, Sale, Segment
from models.thresholds import Thresholds, automatic

T = TypeVar("T")

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_KINDS = {
    "float": "a number",
    "float | None": "a number or null",
    "int": "a whole number",
    "int | None": "a whole number or null",
    "str": "text",
    "bool": "true or false",
}
_FLAT = {
    "revision": "int",
    "mode": "str",
    "on_failure": "str",
    "explore_step": "float",
    "max_wait_s": "int",
    "max_action_age_s": "int",
    "share_with_network": "bool",
    "reviews_per_day": "int | None",
}


def read_policy(body: Mapping[str, object]) -> Policy:
    """The policy, not yet checked for sense.

    Raises
    ------
    RefusedError
        If a value is of the wrong kind, or unknown.
    """
    return _Reader(body).policy()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns plain values into a policy and says which of them are of the wrong kind."""

    body: Mapping[str, object]

    def policy(self) -> Policy:
        """The policy, not yet checked for sense."""
        plain = dict(self.body)
        model = self.model(plain.pop("costs", {}), plain.pop("effects", {}))
        shares = self.part("shares", plain.pop("shares", {}), Shares)
        tiers = self.tiers(plain.pop("tiers", list(Policy().tiers)))
        parts: dict[str, object] = {
            name: self.part(name, plain.pop(name), Thresholds)
            if name in plain
            else automatic(model, TYPICAL_AMOUNT_PAISE, actions)
            for name, actions in AUTOMATIC.items()
        }
        parts |= {
            "segments": self.named(
                "segment", plain.pop("segments", []), MOST_SEGMENTS, self.segment
            ),
            "rules": self.named("rule", plain.pop("rules", []), MOST_RULES, self.rule),
        }
        if "quiet_hours" in plain:
            parts["quiet_hours"] = self.quiet(plain.pop("quiet_hours"))
        parts["sale"] = self.sale(plain.pop("sale", None))
        flat = {name: self.value(name, value, _FLAT.get(name)) for name, value in plain.items()}
        return Policy(**flat, **parts, shares=shares, tiers=tiers, model=model)  # type: ignore[arg-type]

    def model(self, costs: object, effects: object) -> CostModel:
        """Money and effects, sound enough to work thresholds out from."""
        model = CostModel(self.part("costs", costs, Costs), self.effects(effects))
        if faults := model.faults():
            raise RefusedError("; ".join(faults))
        return model

    def part(self, name: str, body: object, shape: type[T]) -> T:
        """One nested object, every field of it a number (or null for a threshold)."""
        kinds = {f.name: str(f.type) for f in fields(shape)}  # type: ignore[arg-type]
        return shape(
            **{
                key: self.value(f"{name}.{key}", value, kinds.get(key))
                for key, value in self.mapping(name, body).items()
            }
        )

    def effects(self, body: object) -> Mapping[Action, Effect]:
        """The effects named, over the assumed ones."""
        named = {
            action: self.part(f"effects.{action}", effect, Effect)
            for action, effect in self.mapping("effects", body).items()
        }
        return {**ASSUMED_EFFECTS, **named}  # type: ignore[dict-item]

    def named(
        self, what: str, body: object, most: int, read: Callable[[Mapping[str, object]], T]
    ) -> tuple[T, ...]:
        """Rules or segments, in their order; a fault names which of them it is in."""
        if not isinstance(body, list | tuple):
            raise RefusedError(f"policy: {what}s must be a list")
        if len(body) > most:
            raise RefusedError(f"{what}s: {len(body)} are too many; keep at most {most}")
        found = []
        for number, one in enumerate(body, start=1):
            try:
                found.append(read(self.mapping(f"{what} {number}", one)))
            except RefusedError as error:
                name = one.get("name") if isinstance(one, Mapping) else None
                called = f' "{name[:80]}"' if isinstance(name, str) and name else ""
                raise RefusedError(f"{what} {number}{called}: {error}") from None
        return tuple(found)

    def rule(self, body: Mapping[str, object]) -> Rule:
        """One rule."""
        self.only(body, ("name", "when", "text", "action"))
        action = self.value("action", body.get("action"), "str")
        return Rule(name=self.name(body), when=self.when(body), action=action)  # type: ignore[arg-type]

    def segment(self, body: Mapping[str, object]) -> Segment:
        """One segment."""
        self.only(body, ("name", "when", "text", "thresholds", "prepaid_thresholds"))
        own = self.part("thresholds", body.get("thresholds"), Thresholds)
        prepaid = body.get("prepaid_thresholds")
        return Segment(
            name=self.name(body),
            when=self.when(body),
            thresholds=own,
            prepaid_thresholds=None
            if prepaid is None
            else self.part("prepaid_thresholds", prepaid, Thresholds),
        )

    def name(self, body: Mapping[str, object]) -> str:
        """What it is called, without blanks around."""
        return str(self.value("name", body.get("name"), "str")).strip()

    @staticmethod
    def when(body: Mapping[str, object]) -> Condition:
        """The condition: a tree or a text in ``when``, else in ``text``."""
        return condition_from_json(body["when"] if "when" in body else body.get("text"))

    @staticmethod
    def only(body: Mapping[str, object], names: tuple[str, ...]) -> None:
        """Refuse what is unknown."""
        if odd := [str(name)[:40] for name in body if name not in names]:
            raise RefusedError(f'"{odd[0]}" is unknown; remove it')

    def quiet(self, body: object) -> QuietHours | None:
        """Two times of the day in India, or null for none."""
        if body is None:
            return None
        said = self.mapping("quiet_hours", body)
        self.only(said, ("from", "until"))
        minutes = []
        for name in ("from", "until"):
            clock = _CLOCK.fullmatch(str(said.get(name)))
            if clock is None:
                raise RefusedError(f"quiet_hours: {name} must be a time of the day such as 21:00")
            minutes.append(60 * int(clock[1]) + int(clock[2]))
        return QuietHours(begin=minutes[0], end=minutes[1])

    def sale(self, body: object) -> Sale | None:
        """A sale with its two times, or null for none."""
        if body is None:
            return None
        said = self.mapping("sale", body)
        self.only(said, ("from", "until", "step", "reviews_per_day"))
        begin, end = (_instant(f"sale: {name}", said.get(name)) for name in ("from", "until"))
        return Sale(
            from_us=begin,
            until_us=end,
            step=self.value("sale.step", said.get("step", 0.0), "float"),  # type: ignore[arg-type]
            reviews_per_day=self.value(  # type: ignore[arg-type]
                "sale.reviews_per_day", said.get("reviews_per_day"), "int | None"
            ),
        )

    def tiers(self, body: object) -> tuple[float, float]:
        """Two probabilities."""
        if not isinstance(body, list | tuple) or len(body) != 2:
            raise RefusedError("policy: tiers must be two probabilities, medium and high")
        medium, high = (self.value("tiers", value, "float") for value in body)
        return (medium, high)  # type: ignore[return-value]

    @staticmethod
    def mapping(name: str, body: object) -> Mapping[str, object]:
        """A JSON object, or a sentence."""
        if not isinstance(body, Mapping):
            raise RefusedError(f"policy: {name} must be an object")
        return body

    @staticmethod
    def value(name: str, value: object, kind: str | None) -> object:
        """One plain value of the kind its field has, or a sentence."""
        accepted: dict[str, tuple[type, ...]] = {
            "float": (int, float),
            "float | None": (int, float, type(None)),
            "int": (int,),
            "int | None": (int, type(None)),
            "str": (str,),
            "bool": (bool,),
        }
        if kind is None:
            raise RefusedError(f'policy: "{name}" is unknown; remove it')
        if type(value) not in accepted[kind]:
            raise RefusedError(f"policy: {name} must be {_KINDS[kind]}")
        return value


def _instant(name: str, value: object) -> int:
    """Microseconds of an RFC 3339 time with an offset."""
    try:
        return to_us(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError):
        raise RefusedError(f"{name} must be a time such as 2026-10-19T00:00:00+05:30") from None
