"""What answers about tasks and messages look like."""

from __future__ import annotations

from pydantic import BaseModel

from serving.store.outbox import MessageState
from serving.store.tasks import TaskKind


class TaskOut(BaseModel):
    """One thing to do; ``text`` is what the customer wrote."""

    task_id: str
    order_id: str
    kind: TaskKind
    why: str
    text: str | None
    made_at: str
    until: str | None


class TaskList(BaseModel):
    """Everything open, oldest first."""

    tasks: list[TaskOut]


class Done(BaseModel):
    """Whether this changed anything."""

    changed: bool


class DeadLetter(BaseModel):
    """A message that nobody received, or may not have."""

    message_id: str
    order_id: str
    purpose: str
    state: MessageState
    why: str | None
    made_at: str


class DeadLetters(BaseModel):
    """Newest first."""

    messages: list[DeadLetter]
