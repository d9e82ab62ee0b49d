"""A merchant's policy: one frozen, numbered revision of thresholds, costs, arms and manners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, TypeAlias

from features.days import IST, from_us
from features.errors import RefusedError
from models.actions import ACTIONS, Action
from models.arms import Shares
from models.condition_text import condition_to_json, written
from models.costs import ASSUMED_EFFECTS, CostModel, Costs, Effect
from models.rules import (
    MOST_RULES,
    MOST_SEGMENTS,
    QuietHours,
    Rule,
    Sale,
    Segment,
    action_faults,
    name_faults,
)
from models.thresholds import Thresholds, automatic

Mode: TypeAlias = Literal["observe", "act"]
OnFailure: TypeAlias = Literal["ship", "hold"]

HOUR_S = 3_600
TYPICAL_AMOUNT_PAISE = 1_200_00
"""Assumed until the merchant's own orders say otherwise."""

# Which actions each kind of order gets where thresholds are worked out; see default_policy.
AUTOMATIC: Mapping[str, tuple[Action, ...]] = {
    "thresholds": ACTIONS,
    "prepaid_thresholds": ("ship", "hold"),
}


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
    segments : tuple of Segment
        Kinds of orders with thresholds of their own; the first that an order belongs to counts.
    rules : tuple of Rule
        The first that applies decides, before thresholds and after lists.
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
    reviews_per_day : int, optional
        Orders held for a person on an Indian day; further ones get the next milder action.
    quiet_hours : QuietHours, optional
        When customers are not written to, beside the quiet hours of the number.
    sale : Sale, optional
        What is different while a sale lasts.
    share_with_network : bool
        Whether orders placed under this revision count for, and read, what the merchants who
        share know together.
    """

    revision: int = 0
    mode: Mode = "observe"
    thresholds: Thresholds = field(default_factory=Thresholds)
    prepaid_thresholds: Thresholds = field(default_factory=Thresholds)
    segments: tuple[Segment, ...] = ()
    rules: tuple[Rule, ...] = ()
    model: CostModel = field(default_factory=CostModel)
    shares: Shares = field(default_factory=Shares)
    explore_step: float = 0.25
    tiers: tuple[float, float] = (0.15, 0.30)
    max_wait_s: int = 12 * HOUR_S
    max_action_age_s: int = 6 * HOUR_S
    on_failure: OnFailure = "ship"
    share_with_network: bool = False
    reviews_per_day: int | None = None
    quiet_hours: QuietHours | None = None
    sale: Sale | None = None

    def faults(self) -> tuple[str, ...]:
        """Everything that forbids saving this policy, one sentence each; empty when it is valid."""
        return (
            *self._manners(),
            *self.thresholds.faults(),
            *(f"prepaid orders: {fault}" for fault in self.prepaid_thresholds.faults()),
            *self.model.faults(),
            *self.shares.faults(),
            *name_faults("segment", self.segments, MOST_SEGMENTS),
            *(fault for segment in self.segments for fault in segment.faults()),
            *name_faults("rule", self.rules, MOST_RULES),
            *action_faults(self.rules),
            *(self.quiet_hours.faults() if self.quiet_hours else ()),
            *(self.sale.faults() if self.sale else ()),
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
            "reviews_per_day must lie between 0 and 1000000, or be null": self.reviews_per_day
            is None
            or 0 <= self.reviews_per_day <= 1_000_000,
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
        plain = ("revision", "mode", "explore_step", "max_wait_s", "max_action_age_s",
                 "on_failure", "share_with_network", "reviews_per_day")  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            "thresholds": asdict(self.thresholds),
            "prepaid_thresholds": asdict(self.prepaid_thresholds),
            "segments": [_segment_json(segment) for segment in self.segments],
            "rules": [_named_json(rule) | {"action": rule.action} for rule in self.rules],
            "costs": asdict(self.model.costs),
            "effects": {action: asdict(effect) for action, effect in self.model.effects.items()},
            "shares": asdict(self.shares),
            "tiers": list(self.tiers),
            "quiet_hours": None if self.quiet_hours is None else _quiet_json(self.quiet_hours),
            "sale": None if self.sale is None else _sale_json(self.sale),
        }

    def sale_on(self, now_us: int) -> Sale | None:
        """The sale, while it is on."""
        return self.sale if self.sale is not None and self.sale.on(now_us) else None

    def reviews_at(self, now_us: int) -> int | None:
        """Reviews that people have time for on that day; None without limit."""
        sale = self.sale_on(now_us)
        if sale is not None and sale.reviews_per_day is not None:
            return sale.reviews_per_day
        return self.reviews_per_day

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
        from models.policy_reading import read_policy  # which makes policies, and so needs them

        return read_policy(body).checked()


def _named_json(named: Rule | Segment) -> dict[str, object]:
    """Name and condition: the tree, and as a person would write it."""
    when = named.when
    return {"name": named.name, "when": condition_to_json(when), "text": written(when)}


def _segment_json(segment: Segment) -> dict[str, object]:
    prepaid = segment.prepaid_thresholds
    return _named_json(segment) | {
        "thresholds": asdict(segment.thresholds),
        "prepaid_thresholds": None if prepaid is None else asdict(prepaid),
    }


def _quiet_json(quiet: QuietHours) -> dict[str, object]:
    begin, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (quiet.begin, quiet.end))
    return {"from": begin, "until": end}


def _sale_json(sale: Sale) -> dict[str, object]:
    begin, end = (from_us(us).astimezone(IST).isoformat() for us in (sale.from_us, sale.until_us))
    return {"from": begin, "until": end, "step": sale.step,
            "reviews_per_day": sale.reviews_per_day}  # fmt: skip


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
        thresholds=automatic(model, average_amount_paise, AUTOMATIC["thresholds"]),
        prepaid_thresholds=automatic(model, average_amount_paise, AUTOMATIC["prepaid_thresholds"]),
    )
