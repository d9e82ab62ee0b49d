"""What the service counts about itself: time by stage, scores and actions, for Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from time import perf_counter
from typing import Any, Literal, TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

Cause: TypeAlias = Literal["crowded", "log"]
STAGES = ("parse", "history", "features", "model", "reasons", "write")
_SECONDS = (
    0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1.0,
)  # fmt: skip
_SHARES = tuple(i / 20 for i in range(1, 21))


class _Histogram:
    """Counts in fixed buckets; a plain list is several times cheaper than a locked one."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def buckets(self) -> list[tuple[str, float]]:
        names = [*(repr(bound) for bound in self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self._counts)), strict=True))

    @property
    def sum(self) -> float:
        return self._sum


class Laps:
    """A stop-watch through the stages of one request."""

    __slots__ = ("_at", "_before", "_metrics")

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._before = 0.0
        self._at = perf_counter()

    def lap(self, stage: str) -> None:
        """The time since the lap before was spent in ``stage``."""
        now = perf_counter()
        self._metrics.stages[stage].observe(self._before + now - self._at)
        self._before, self._at = 0.0, now

    def pause(self) -> None:
        """Stand still until :meth:`resume`."""
        self._before += perf_counter() - self._at

    def resume(self) -> None:
        """Go on."""
        self._at = perf_counter()


class Metrics(Collector):
    """Counters of one scoring process, written on its event loop only.

    Parameters
    ----------
    gauges : callable
        Gives further values of the moment, by name.
    """

    def __init__(self, gauges: Callable[[], dict[str, float]] = dict) -> None:
        self.stages = {stage: _Histogram(_SECONDS) for stage in STAGES}
        self.scores = _Histogram(_SHARES)
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.answers: Counter[tuple[str, int]] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.missing_extras: Counter[tuple[str, ...]] = Counter()
        self.degraded: Counter[tuple[str, ...]] = Counter()
        self._gauges = gauges
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def laps(self) -> Laps:
        """Start a stop-watch."""
        return Laps(self)

    def decided(self, probability: float, action: str, model: str) -> None:
        """Count one decision."""
        self.scores.observe(probability)
        self.decisions[action, model] += 1

    def missed(self, extras: Iterable[str]) -> None:
        """Count the columns that a model learned from and an order lacks."""
        self.missing_extras.update((name,) for name in extras)

    def render(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(
        self,
    ) -> Iterator[CounterMetricFamily | HistogramMetricFamily | GaugeMetricFamily]:
        """For the registry."""
        stages = HistogramMetricFamily(
            "rto_stage_seconds", "Time of one order by stage.", labels=["stage"]
        )
        for stage, histogram in self.stages.items():
            stages.add_metric([stage], histogram.buckets(), histogram.sum)
        yield stages
        scores = HistogramMetricFamily("rto_probability", "Scores given.")
        scores.add_metric([], self.scores.buckets(), self.scores.sum)
        yield scores
        yield _counter("rto_decisions", "Decisions.", ["action", "model"], self.decisions)
        yield _counter("rto_answers", "Answers by route.", ["route", "status"], self.answers)
        yield _counter(
            "rto_missing_extras",
            "Decided orders that lack a column the model learned from.",
            ["column"],
            self.missing_extras,
        )
        outcomes = Counter({(name,): count for name, count in self.outcomes.items()})
        yield _counter("rto_outcomes", "Outcome reports by result.", ["result"], outcomes)
        yield _counter(
            "rto_degraded", "Decisions made without history and model.", ["cause"], self.degraded
        )
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(f"rto_{name}", name.replace("_", " "), value=value)


def _counter(
    name: str, says: str, labels: list[str], counts: Mapping[Any, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, says, labels=labels)
    for values, count in counts.items():
        family.add_metric([str(value) for value in values], count)
    return family
