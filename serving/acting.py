"""What the scoring process does about asked orders by itself: an answer that never came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from models.actions import DISPATCH, Action
from models.policy import Policy
from serving.appending import append_decision
from serving.asking import follow
from serving.decisions import Answer, Sight, Submission, record_of
from serving.desk import Desk
from serving.drawing import first_draw
from serving.hands import record
from serving.intake import Content, digest_of, order_of
from serving.standing import life_of
from serving.store.connection import Connection
from serving.store.erasing import orders_numbered
from serving.store.log import Held, Log, body_of
from serving.store.merchants import Access
from serving.store.outbox import end_timer, timers_due, was_asked

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
        """Decide anew every order whose wait has run out; how many there were."""
        due = timers_due(self.desk.connection, self.desk.clock(), _AT_ONCE)
        for number, _ in due:
            (held,) = orders_numbered(self.desk.connection, [number])
            await self.desk.writer.submit(_Silence(self.desk, held))
        return len(due)


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
        asked = was_asked(log.connection, number)
        if asked:
            body = {"response": "silent", "channel": "whatsapp"}
            record(log, self.held, "replied", body, now)
        (held,) = orders_numbered(log.connection, [number])
        submission = self._submission(log.connection, held)
        if submission is None:  # erased meanwhile: nobody can be asked, and nothing is held
            log.append("released", {}, at_us=now, known_us=now, order=held)
            return
        sight, decided, decision_id = self._judged(submission, held, asked=asked)
        append_decision(log, held, sight, decided, decision_id)
        follow(log, held, decided)

    def _submission(self, connection: Connection, held: Held) -> Submission | None:
        personal = self.desk.contacts.of(connection, held.fact_seq)
        if personal is None:
            return None
        found = connection.execute("SELECT body FROM event WHERE seq=?", (held.fact_seq,))
        content = Content(body_of(found.fetchone()[0]), dict(personal))
        order = order_of(held.merchant_id, held.order_id, content)
        digest = digest_of(content, self.desk.reception.digest_key)
        return Submission(Access(held.merchant_id, "live"), order, content, digest, False, ())

    def _judged(
        self, submission: Submission, held: Held, *, asked: bool
    ) -> tuple[Sight, Answer, bytes]:
        judge, laps = self.desk.judge, self.desk.metrics.laps()
        sight = judge.see(submission, laps, number=held.number)
        drawn = first_draw(self.desk.connection, held)
        judgement = judge.judge(submission, sight, laps, drawn=drawn)
        risk, policy = judgement.risk, judge.policies.now(held.merchant_id)
        probability = unanswered(risk.probability) if asked else risk.probability
        action = cheapest(probability, submission.order.amount_paise, policy)
        verdict = replace(
            judgement.verdict, action=action, policy_action=action, dispatch=DISPATCH[action],
            wait_until_us=None,
        )  # fmt: skip
        decided: dict[str, Any] = record_of(
            submission, sight, replace(judgement, verdict=verdict), revision=held.revision
        )
        return (
            sight,
            decided | {"probability_unanswered": probability},
            judgement.decision_id.bytes,
        )


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
