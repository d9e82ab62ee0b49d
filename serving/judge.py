"""The judge: what order and past say about it, and what is to be done; nothing is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from features.history.fact import Fact
from features.order import Order
from features.row import Row
from models.arms import draw
from models.condition_fields import Subject
from models.decision import Capacity, OrderFacts, Passive, decide
from models.inputs import missing_extras
from models.prior import Prior
from models.risk import Impact
from models.scorer import Scorer
from serving.apart import set_apart
from serving.decisions import Judgement, Sight, Submission
from serving.drawing import Draw
from serving.history import History
from serving.ledger import Ledger
from serving.line import Effort
from serving.lists.known import Lists
from serving.metrics import Laps
from serving.model import Champion
from serving.moments import uuid7
from serving.policy.policies import Policies
from serving.policy.reviews import Reviews
from serving.rows import UNNUMBERED, Alone, Identity, Rows, joined
from serving.turns import Stages, at_once
from serving.wording import MOST, listed

Explained: TypeAlias = Literal["all", "acted", "none"]

_log = logging.getLogger("rto.judge")

LEFT_OUT = "reasons: left out, the service is busy"

# A degraded decision looks at the payment mode alone.
_PRIOR = Prior()
_UNSEEN = np.empty(0)


class Glance(NamedTuple):
    """What is seen of an order before its past; ``alone`` is None for a degraded decision."""

    identity: Identity
    alone: Alone | None


@dataclass(frozen=True, slots=True)
class Judge:
    """Sees and decides, on the event loop, with nothing awaited in between.

    Parameters
    ----------
    models : Champion
        The models in force.
    arm_secret : bytes
        Draws the arms; it does not change when the hash key is rotated.
    clock : callable
        Microseconds since 1970.
    """

    history: History
    rows: Rows
    models: Champion
    policies: Policies
    lists: Lists
    reviews: Reviews
    arm_secret: bytes
    clock: Callable[[], int]

    def see(
        self,
        submission: Submission,
        laps: Laps,
        *,
        effort: Effort = "full",
        number: int = UNNUMBERED,
    ) -> Sight:
        """Read history and make the row.

        Parameters
        ----------
        effort : {"full", "brief", "degraded"}
            A degraded decision reads neither history nor text.
        number : int
            Of an order judged again, which must not see itself.
        """
        return at_once(self.seeing(submission, laps, effort=effort, number=number))

    def seeing(
        self,
        submission: Submission,
        laps: Laps,
        *,
        effort: Effort = "full",
        number: int = UNNUMBERED,
    ) -> Stages[Sight]:
        """The same in stages; history is read in the last, at the position recorded."""
        glance = yield from self.glancing(submission, laps, effort=effort, number=number)
        if glance.alone is not None:
            self.rows.want(glance.identity, self.history.ledger)
        yield
        return self.look_back(glance, laps)

    def glancing(
        self,
        submission: Submission,
        laps: Laps,
        *,
        effort: Effort = "full",
        number: int = UNNUMBERED,
    ) -> Stages[Glance]:
        """Read what the order says by itself, in stages; no past is needed for it."""
        order, test = submission.order, submission.access.test
        named = set_apart(order) if test else order
        shares = not test and self.policies.now(order.merchant_id).share_with_network
        identity = self.rows.identity(named, number, shares=shares)
        yield
        if effort == "degraded":
            return Glance(identity, None)
        alone = self.rows.alone(order, identity)
        laps.lap("features")
        return Glance(identity, alone)

    def look_back(self, glance: Glance, laps: Laps, ledger: Ledger | None = None) -> Sight:
        """Read the past of an order's keys.

        Parameters
        ----------
        ledger : Ledger, optional
            Another state of the past than the one that is committed.
        """
        history, under, as_of_us = self.history, ledger or self.history.ledger, self.clock()
        read_seq, fold = under.seq, history.fold.boundary
        if glance.alone is None:
            return Sight(glance.identity, None, None, read_seq, fold, as_of_us)
        past = self.rows.past(glance.identity, under, history.windows, as_of_us)
        row = joined(glance.alone, past)
        laps.lap("history")
        return Sight(glance.identity, past, row, read_seq, fold, as_of_us)

    def judge(
        self,
        submission: Submission,
        sight: Sight,
        laps: Laps,
        *,
        explained: Explained = "all",
        drawn: Draw | None = None,
        counts: bool = True,
    ) -> Judgement:
        """Score, decide and explain what was seen.

        Parameters
        ----------
        explained : {"all", "acted", "none"}
            Which orders get reasons.
        drawn : Draw, optional
            Whose arm; by default this order's own person, now.
        counts : bool
            Whether a first decision to hold the order takes one of the day's reviews.
        """
        return at_once(
            self.judging(submission, sight, laps, explained=explained, drawn=drawn, counts=counts)
        )

    def judging(
        self,
        submission: Submission,
        sight: Sight,
        laps: Laps,
        *,
        explained: Explained = "all",
        drawn: Draw | None = None,
        counts: bool = True,
    ) -> Stages[Judgement]:
        """The same in stages; model and policy are each asked for once."""
        order = submission.order
        scorer, row = self._reading(submission, sight)
        risk = scorer.score(row, order.extra)
        laps.lap("model")
        yield
        policy = self.policies.now(order.merchant_id)
        mine = drawn or Draw(sight.identity.person, sight.as_of_us)
        said = self.lists.say(order, self._listed_under(submission, sight), sight.as_of_us)
        number = self._drawn(order.merchant_id, mine)
        left = self.reviews.left(order.merchant_id, policy, sight.as_of_us)
        subject = Subject(order, None if sight.row is None else row.values, risk.probability)
        verdict = decide(
            risk.probability, facts_of(submission), policy, now_us=sight.as_of_us, draw=number,
            subject=subject, overrules=said.overrules, capacity=Capacity(reviews=left),
            passive=_passive(submission, sight),
        )  # fmt: skip
        if verdict.action == "hold" and counts and drawn is None and not submission.access.test:
            self.reviews.take(order.merchant_id, sight.as_of_us)
        wanted = explained == "all" or (explained == "acted" and verdict.policy_action != "ship")
        reasons = (
            self._reasons(
                scorer.explain(row, order.extra, risk, most=MOST), order, sight.identity, row
            )
            if wanted and sight.row is not None
            else []
        )
        laps.lap("reasons")
        return Judgement(
            decision_id=uuid7(sight.as_of_us), scorer=scorer, risk=risk, reasons=reasons,
            policy=policy.revision, list_version=said.version, verdict=verdict,
            degraded=sight.row is None, draw=number, reviews_left=left,
            shadow=self._shadow(submission, sight),
            missing_extras=missing_extras(scorer.extras, order.extra),
        )  # fmt: skip

    def _reasons(
        self, impacts: Iterable[Impact], order: Order, identity: Identity, row: Row
    ) -> list[dict[str, object]]:
        pincode = self.rows.suggested_pincode(order, identity, row)
        return listed(impacts, row.values, pincode=pincode)

    def _reading(self, submission: Submission, sight: Sight) -> tuple[Scorer, Row]:
        """The model and what it reads; the shipped prior where nothing was seen."""
        if sight.row is not None:
            return self.models.for_merchant(submission.order.merchant_id), sight.row
        return _PRIOR, Row(_UNSEEN, (f"payment_mode={submission.order.payment_mode}",))

    def _shadow(self, submission: Submission, sight: Sight) -> dict[str, object] | None:
        """What the challenger would have said; whatever goes wrong there decides nothing."""
        challenger = self.models.challenger
        if challenger is None or sight.row is None:
            return None
        try:
            risk = challenger.score(sight.row, submission.order.extra)
        except Exception:  # noqa: BLE001 - a trial must not cost an order its decision
            _log.exception("the challenger %s failed", challenger.version)
            return None
        return {"model": challenger.version, "probability": risk.probability}

    def _listed_under(self, submission: Submission, sight: Sight) -> Fact:
        """The keys that lists know an order by; a test order's own are nobody's."""
        if submission.access.test:
            return self.rows.identity(submission.order).fact
        return sight.identity.fact

    def _drawn(self, merchant_id: str, drawn: Draw) -> float:
        return draw(
            self.arm_secret, merchant_id=merchant_id, person=drawn.person, as_of_us=drawn.as_of_us
        )


def facts_of(submission: Submission) -> OrderFacts:
    """What a decision reads of an order beside its risk."""
    order = submission.order
    return OrderFacts(
        payment_mode=order.payment_mode,
        amount_paise=order.amount_paise,
        created_us=order.created_us,
        dispatch_cutoff_us=submission.content.public.get("dispatch_cutoff_us"),
    )


def _passive(submission: Submission, sight: Sight) -> Passive | None:
    # A pipeline that went on without us has acted already: for us the order comes late.
    if submission.record_only:
        return "late"
    return "degraded" if sight.row is None else None
