"""What Prometheus may read."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from copilot.engine.answer import SuggestionAnswer
from copilot.web.hub import Hub
from copilot.web.pool import EnginePool

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Counters and times of one application, in a registry of its own."""

    def __init__(self, pool: EnginePool, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "copilot_suggest_seconds",
            "Time of one suggestion, in all and by stage",
            ["stage"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._abstentions = Counter(
            "copilot_abstentions", "Messages without a reply worth sending", ["reason"], registry=self.registry
        )
        self._decisions = Counter("copilot_decisions", "What agents did", ["kind"], registry=self.registry)
        self._refused = Counter("copilot_busy", "Messages refused because the line was full", registry=self.registry)
        waiting = Gauge("copilot_engine_pending", "Messages waiting for the engine or in it", registry=self.registry)
        waiting.set_function(lambda: pool.n_pending)
        listeners = Gauge("copilot_stream_listeners", "Open event streams", registry=self.registry)
        listeners.set_function(lambda: hub.n_listeners)

    def watch_pages(self, count: Callable[[], int]) -> None:
        """Show how many pages of the console follow."""
        pages = Gauge("copilot_console_pages", "Open pages of the console", registry=self.registry)
        pages.set_function(count)

    def note_answer(self, answer: SuggestionAnswer) -> None:
        """Count one answer and its times."""
        for stage, milliseconds in answer.timing_ms.items():
            self._seconds.labels(stage).observe(milliseconds / 1000)
        self._seconds.labels("total").observe(sum(answer.timing_ms.values()) / 1000)
        if answer.abstained:
            self._abstentions.labels(answer.abstain_reason.partition(":")[0]).inc()

    def note_decision(self, kind: str) -> None:
        """Count one decision."""
        self._decisions.labels(kind).inc()

    def note_busy(self) -> None:
        """Count one message refused because the line was full."""
        self._refused.inc()

    def exposition(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self.registry)
