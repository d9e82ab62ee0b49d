"""The conversation after a parcel has ended: how it was, why it came back, what to do better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import to_json

from serving.conversation.asking import detail_of
from serving.conversation.talking import WINDOW_US, Talk
from serving.standing import life_of
from serving.store.tasks import add_task

# What customers may choose, in the words of outcomes.
REASONS = {
    "wrong_product": "wrong_item", "looked_different": "not_as_described",
    "packaging": "packaging", "changed_mind": "changed_mind", "not_at_home": "unreachable",
    "damaged": "damaged",
}  # fmt: skip
_ABOUT = {"delivered": "delivered", "returned": "delivered", "rto": "rto"}


@dataclass(frozen=True, slots=True)
class Feedback(Talk):
    """One answer about a parcel that was delivered or went back.

    Each is an event ``feedback`` with ``about`` (delivered or rto), ``answer`` (good, one of
    :data:`REASONS`, or text) and, for one of those, the ``reason`` that labels know it by. Words
    are sealed, and a task ``suggestion``.
    """

    def does(self, value: str) -> dict[str, Callable[[], None]]:
        """What each answer leads to."""
        return {
            "good": self._good, "wrong": self._why,
            "why": lambda: self._reason(value), "stop": self._stop,
            "unclear": lambda: self._suggestion(value),
        }  # fmt: skip

    def _about(self) -> str:
        stage = life_of(self.log.connection, self.held.number).stage
        return _ABOUT.get(stage, "rto")

    def _good(self) -> None:
        self._take("good", "feedback_thanks")

    def _why(self) -> None:
        self._next("why_returned" if self._about() == "rto" else "why_delivered")

    def _reason(self, answer: str) -> None:
        if answer in REASONS:
            self._take(answer, "feedback_thanks", reason=REASONS[answer])

    def _suggestion(self, text: str) -> None:
        if not text:
            return
        seq = self._take("text", "")
        self.desk.contacts.keep(self.log.connection, seq, to_json({"note": text}))
        add_task(self.log.connection, self.held, "suggestion", "what a customer suggests",
                 now_us=self.now_us, seq=seq, until_us=self.now_us + WINDOW_US)  # fmt: skip
        if detail_of(self.message).get("step") != "suggestion_thanks":
            self._next("suggestion_thanks")

    def _take(self, answer: str, step: str, **more: str) -> int:
        body = {"about": self._about(), "answer": answer, "channel": "whatsapp", **more}
        seq = self.log.append(
            "feedback", body, at_us=self.now_us, known_us=self.now_us, order=self._now()
        )
        if step:
            self._next(step)
        return seq
