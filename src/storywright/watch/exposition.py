"""What the factory's last runs left in the studio's home, as Prometheus metrics.

Read at every scrape; a file that is missing gives no sample, and one that cannot be read says so.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_LEFT_BY = {"deploy": "deployment.json", "monitor": "watch/drift.json", "collect_feedback": "watch/feedback.json"}


class Watched(Collector):
    """Drift and the moments at which steps last succeeded."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def collect(self) -> Iterable[Metric]:
        """The samples of now."""
        succeeded = _gauge("step_last_success_timestamp_seconds", "When a step last succeeded here.", "step")
        for step, name in _LEFT_BY.items():
            if (path := self._home / name).is_file():
                succeeded.add_metric([step], path.stat().st_mtime)
        yield succeeded
        yield from self._drift()
        yield from self._feedback()

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on what was run."""
        return []

    def _drift(self) -> Iterable[Metric]:
        score = _gauge("drift_score", "Distance between what is made and what was learned from.", "column")
        limit = _gauge("drift_limit", "The distance above which a column has drifted.", "column")
        rows = _gauge("drift_panels", "Panels in the comparison.", "side")
        readable = _gauge("drift_readable", "0 when the newest drift numbers cannot be read.")
        path = self._home / _LEFT_BY["monitor"]
        if path.is_file():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
                for column, value in found["scores"].items():
                    score.add_metric([column], float(value))
                    limit.add_metric([column], float(found["limits"][column]))
                for side in ("reference", "current"):
                    rows.add_metric([side], float(found[f"num_{side}"]))
                readable.add_metric([], 1)
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                score.samples, limit.samples, rows.samples = [], [], []
                readable.add_metric([], 0)
        yield from (score, limit, rows, readable)

    def _feedback(self) -> Iterable[Metric]:
        collected = _gauge("feedback_pairs", "Preference pairs in the newest set.")
        path = self._home / _LEFT_BY["collect_feedback"]
        if path.is_file():
            try:
                collected.add_metric([], float(json.loads(path.read_text(encoding="utf-8"))["num_pairs"]))
            except (OSError, ValueError, KeyError, TypeError):
                collected.samples = []
        yield collected


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"storywright_{name}", text, labels=labels)
