"""A merchant's policy: one frozen, numbered revision of thresholds, costs, arms and manners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Literal, TypeAlias, TypeVar

from features.errors import RefusedError
from models.actions import ACTIONS, Action
from models.arms import Shares
from models.costs import ASSUMED_EFFECTS, CostModel, Costs, Effect
from models.thresholds import Thresholds, automatic

Mode: TypeAlias = Literal["observe", "act"]
OnFailure: TypeAlias = Literal["ship", "hold"]

HOUR_S = 3_600
TYPICAL_AMOUNT_PAISE = 1_200_00
"""Assumed until the merchant's own orders say otherwise."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One revision of how a merchant treats risk; nothing else about a merchant enters a decision.

    Parameters
    ----------
    revision : int
        Counts up from 0; 0 is the shipped default, written by nobody.
    mode : {"observe", "act"}
        ``observe`` ships everything and records what it would have done.
    thresholds : Thresholds
        For orders to be paid at the door, wholly or partly, or in an unknown way.
    prepaid_thresholds : Thresholds
        For prepaid orders; of these only hold and block are used.
    model : CostModel
        Money and effects as they were when the revision was saved.
    shares : Shares
        Comparison and exploration shares.
    explore_step : float
        How far exploration moves every threshold, in log-odds.
    tiers : tuple of float
        Where ``medium`` and ``high`` begin.
    max_wait_s : int
        The longest a waiting order waits when its dispatch cut-off is not given.
    max_action_age_s : int
        Orders older than this when decided are late and shipped.
    on_failure : {"ship", "hold"}
        What happens to an order decided while the store is out of reach.
    share_with_network : bool
        Whether orders placed under this revision count for, and read, what the merchants who
        share know together.
    """

    revision: int = 0
    mode: Mode = "observe"
    thresholds: Thresholds = field(default_factory=Thresholds)
    prepaid_thresholds: Thresholds = field(default_factory=Thresholds)
    model: CostModel = field(default_factory=CostModel)
    shares: Shares = field(default_factory=Shares)
    explore_step: float = 0.25
    tiers: tuple[float, float] = (0.15, 0.30)
    max_wait_s: int = 4 * HOUR_S
    max_action_age_s: int = 6 * HOUR_S
    on_failure: OnFailure = "ship"
    share_with_network: bool = False

    def faults(self) -> tuple[str, ...]:
        """Everything that forbids saving this policy, one sentence each; empty when it is valid."""
        return (
            *self._manners(),
            *self.thresholds.faults(),
            *(f"prepaid orders: {fault}" for fault in self.prepaid_thresholds.faults()),
            *self.model.faults(),
            *self.shares.faults(),
        )

    def _manners(self) -> tuple[str, ...]:
        """Sentences on the policy's own fields."""
        medium, high = self.tiers
        checks = {
            "revision must not be negative": self.revision >= 0,
            'mode must be "observe" or "act"': self.mode in ("observe", "act"),
            'on_failure must be "ship" or "hold"': self.on_failure in ("ship", "hold"),
            "explore_step must lie between 0 and 2 log-odds": 0 <= self.explore_step <= 2,
            "tiers must rise: 0 < medium < high < 1": 0 < medium < high < 1,
            "max_wait_s must lie between a minute and a week": 60
            <= self.max_wait_s
            <= 168 * HOUR_S,
            "max_action_age_s must lie between a minute and a week": 60
            <= self.max_action_age_s
            <= 168 * HOUR_S,
        }
        return tuple(f"policy: {sentence}" for sentence, holds in checks.items() if not holds)

    def checked(self) -> Policy:
        """This policy, if it may be saved.

        Raises
        ------
        RefusedError
            With one sentence per fault.
        """
        if faults := self.faults():
            raise RefusedError("; ".join(faults))
        return self

    def to_json(self) -> dict[str, object]:
        """Plain values, as stored with the revision and shown by ``GET /v1/policy``."""
        body: dict[str, object] = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ("thresholds", "prepaid_thresholds", "model", "shares", "tiers")
        }
        return body | {
            "thresholds": asdict(self.thresholds),
            "prepaid_thresholds": asdict(self.prepaid_thresholds),
            "costs": asdict(self.model.costs),
            "effects": {action: asdict(effect) for action, effect in self.model.effects.items()},
            "shares": asdict(self.shares),
            "tiers": list(self.tiers),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Policy:
        """Read a whole policy; what is absent takes its default, what is unknown is refused.

        Absent thresholds are the cheapest under the costs and effects given, as in
        :func:`default_policy`; a threshold is switched off only by naming the others or null.

        Raises
        ------
        RefusedError
            With one sentence per fault.
        """
        return _Reader(body).policy().checked()


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
        parts = {
            name: self.part(name, plain.pop(name), Thresholds)
            if name in plain
            else automatic(model, TYPICAL_AMOUNT_PAISE, actions)
            for name, actions in _AUTOMATIC.items()
        }
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
            "str": (str,),
            "bool": (bool,),
        }
        if kind is None:
            raise RefusedError(f'policy: "{name}" is unknown; remove it')
        if type(value) not in accepted[kind]:
            raise RefusedError(f"policy: {name} must be {_KINDS[kind]}")
        return value


_KINDS = {
    "float": "a number",
    "float | None": "a number or null",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
}

# Which actions each kind of order may get; see default_policy.
_AUTOMATIC: Mapping[str, tuple[Action, ...]] = {
    "thresholds": ACTIONS,
    "prepaid_thresholds": ("ship", "hold"),
}

_FLAT = {
    "revision": "int",
    "mode": "str",
    "on_failure": "str",
    "explore_step": "float",
    "max_wait_s": "int",
    "max_action_age_s": "int",
    "share_with_network": "bool",
}


def default_policy(
    average_amount_paise: int = TYPICAL_AMOUNT_PAISE,
    *,
    costs: Costs | None = None,
    effects: Mapping[Action, Effect] | None = None,
    revision: int = 0,
    mode: Mode = "observe",
) -> Policy:
    """The policy a merchant starts with: observing, with the cheapest thresholds for their orders.

    Prepaid orders are only held, never blocked, by default: their money is there, and refusing it
    should be a person's decision.

    Parameters
    ----------
    average_amount_paise : int
        The merchant's typical order.
    """
    model = CostModel(costs or Costs(), effects or ASSUMED_EFFECTS)
    return Policy(
        revision=revision,
        mode=mode,
        model=model,
        thresholds=automatic(model, average_amount_paise, _AUTOMATIC["thresholds"]),
        prepaid_thresholds=automatic(model, average_amount_paise, _AUTOMATIC["prepaid_thresholds"]),
    )
