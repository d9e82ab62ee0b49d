"""What the scoring process does about asked orders by itself: a reminder, and the end of a wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.actions import DISPATCH, Action
from models.policy import Policy
from serving.appending import decision_on
from serving.conversation.asking import follow, say
from serving.conversation.rejudging import judged_again, submission_of
from serving.decisions import Answer, Sight, Submission, record_of
from serving.desk import Desk
from serving.hands import record
from serving.standing import life_of
from serving.store.log import Log
from serving.store.orders import Held, orders_numbered
from serving.store.outbox import CHECKS, newest_of, was_asked
from serving.store.tasks import add_task
from serving.store.timers import TimerKind, end_timer, timers_due

# How much rarer an answer is among those who will not take the parcel: an assumption, until the
# outcomes of a merchant's own asked orders have measured it.
SILENCE_ODDS = 2.0
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Acting:
    """Ends waits that have run out.

    Parameters
    ----------
    desk : Desk
        Judges the order again.
    """

    desk: Desk

    async def tick(self) -> int:
        """Do what is due of every order whose timer has run out; how many there were."""
        due = timers_due(self.desk.connection, self.desk.clock(), _AT_ONCE)
        for number, kind in due:
            (held,) = orders_numbered(self.desk.connection, [number])
            await self.desk.writer.submit(_WORK[kind](self.desk, held))
        return len(due)


@dataclass(frozen=True, slots=True)
class _Nudge:
    """Work for the writer: remind once whoever was asked and has said nothing."""

    desk: Desk
    held: Held

    def __call__(self, log: Log) -> None:
        number = self.held.number
        if not end_timer(log.connection, number, "nudge"):
            return
        waits = life_of(log.connection, number).stage == "awaiting"
        newest = newest_of(log.connection, number)
        if waits and newest is not None and newest.purpose == "order_check":
            (held,) = orders_numbered(log.connection, [number])
            if was_asked(log.connection, number):
                say(log, held, "reminder", self.desk.clock(), revision=held.revision)


@dataclass(frozen=True, slots=True)
class _Silence:
    """Work for the writer: no answer came, so the cheapest thing is done; nothing is cancelled."""

    desk: Desk
    held: Held

    def __call__(self, log: Log) -> None:
        number = self.held.number
        if not end_timer(log.connection, number, "silence"):
            return
        if life_of(log.connection, number).stage not in ("awaiting", "silent"):
            return
        now = self.desk.clock()
        newest = newest_of(log.connection, number)
        # Whoever began to answer is not silent, only late.
        silent = was_asked(log.connection, number) and newest is not None
        silent = silent and newest is not None and newest.purpose in CHECKS
        if silent:
            body = {"response": "silent", "channel": "whatsapp"}
            record(log, self.held, "replied", body, now)
        (held,) = orders_numbered(log.connection, [number])
        submission = submission_of(self.desk, log.connection, held)
        if submission is None:  # erased meanwhile: nobody can be asked, and nothing is held
            log.append("released", {}, at_us=now, known_us=now, order=held)
            return
        sight, decided, decision_id = self._judged(submission, held, silent=silent)
        log.decide(held, decision_on(held.state, sight, decided, decision_id))
        follow(log, held, decided)

    def _judged(
        self, submission: Submission, held: Held, *, silent: bool
    ) -> tuple[Sight, Answer, bytes]:
        sight, judgement = judged_again(self.desk, submission, held)
        risk, policy = judgement.risk, self.desk.judge.policies.now(held.merchant_id)
        probability = unanswered(risk.probability) if silent else risk.probability
        action = cheapest(probability, submission.order.amount_paise, policy)
        verdict = judgement.verdict._replace(
            action=action, policy_action=action, dispatch=DISPATCH[action], wait_until_us=None
        )
        decided: dict[str, Any] = record_of(
            submission, sight, judgement._replace(verdict=verdict), revision=held.revision
        )
        return (
            sight,
            decided | {"probability_unanswered": probability},
            judgement.decision_id.bytes,
        )


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """Work for the writer: nobody has said what to do after a failed delivery; a person calls."""

    desk: Desk
    held: Held

    def __call__(self, log: Log) -> None:
        number = self.held.number
        if not end_timer(log.connection, number, "ndr"):
            return
        if life_of(log.connection, number).stage == "ndr":
            why = "no answer after a failed delivery"
            add_task(log.connection, self.held, "call", why, now_us=self.desk.clock())


_WORK: dict[TimerKind, Callable[[Desk, Held], Callable[[Log], None]]] = {
    "silence": _Silence, "nudge": _Nudge, "ndr": _Unanswered,
}  # fmt: skip


def unanswered(probability: float) -> float:
    """The risk of an order whose customer was asked and did not answer.

    >>> round(unanswered(0.5), 3)
    0.667
    """
    odds = SILENCE_ODDS * probability
    return odds / (odds + 1 - probability)


def cheapest(probability: float, amount_paise: int | None, policy: Policy) -> Action:
    """Ship it or let a person look, whichever is expected to cost less."""
    if amount_paise is None:
        return "ship"
    cost = {
        action: policy.model.expected_paise(action, probability, amount_paise)
        for action in _LEFT
    }  # fmt: skip
    return min(_LEFT, key=cost.__getitem__)


_LEFT: tuple[Action, ...] = ("ship", "hold")
