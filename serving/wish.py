"""How whoever posts an order wants its answer, and what there is time for."""

from __future__ import annotations

from dataclasses import dataclass

from serving.deadline import Deadline
from serving.decisions import Submission
from serving.judge import LEFT_OUT, Explained
from serving.line import Effort


@dataclass(frozen=True, slots=True)
class Wish:
    """How an answer is wanted.

    Parameters
    ----------
    deadline : Deadline, optional
        When the caller stops waiting.
    effort : {"full", "brief", "degraded"}
        What there is time for.
    explained : {"all", "acted", "none"}
        Which orders get reasons.
    """

    deadline: Deadline | None = None
    effort: Effort = "full"
    explained: Explained = "all"

    @property
    def reasons(self) -> Explained:
        """Which orders get reasons now."""
        return self.explained if self.effort == "full" else "none"

    def warned(self, submission: Submission) -> Submission:
        """The submission, with a warning where there is no time for its reasons."""
        if self.effort != "brief" or self.explained == "none":
            return submission
        return submission._replace(warnings=(*submission.warnings, LEFT_OUT))
