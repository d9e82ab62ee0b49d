"""The exam of a training as a picture."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from training.report_plots import ACCENT, INK, drawn


def exam_plot(gaps: Mapping[str, Mapping[str, float | None]]) -> str:
    """Log-loss of the model less each baseline's, with 95 % intervals, as SVG.

    Parameters
    ----------
    gaps : mapping
        The manifest's ``exam.differences``: per baseline ``value, low, high``; null is unknown.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for at, gap in enumerate(gaps.values()):
            value, low, high = (gap.get(end) for end in ("value", "low", "high"))
            if value is None:
                continue
            if low is not None and high is not None:
                axes.plot([low, high], [at, at], color=ACCENT, lw=2)
            axes.plot([value], [at], "o", color=ACCENT)
        axes.axvline(0, color=INK, lw=0.8)
        axes.set_yticks(range(len(gaps)), list(gaps))
        axes.invert_yaxis()
        axes.set(title="Exam", xlabel="log-loss less the baseline's (left of 0 is better)")

    return drawn(draw)
