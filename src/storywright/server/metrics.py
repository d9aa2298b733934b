"""What the server tells Prometheus: stable names, and labels whose values are few and known.

Requests have the name and labels that OpenTelemetry declares stable for HTTP servers; everything else is the studio's
own. Each app has its own registry, so that two of them in one process do not count into each other.
"""

import itertools
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60)
"""As OpenTelemetry advises, and further, because drawing is waited for."""
_BOUNDS = (*(floatToGoString(bound) for bound in _QUICK), "+Inf")
_STAGED = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)
_DRAWN = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160)
_TOGETHER = (1, 2, 4, 8, 16, 32, 64)
_WORKED = (0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
_WRITTEN = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1)
_KINDS = ("image", "redraw", "board")
_JOBS = ("boards", "revision", "adapt", "video", "export")
STAGES = ("waiting", "illustrator", "critic", "writer", "animator")
"""Where an order spends its time: in the queue, and then with one model of the crew."""
REASONS = ("full", "long", "late")
"""Why somebody is turned away: every place is taken; it would take too long; it was not begun in time."""


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = Requests()
        self.registry.register(self.requests)
        self.pictures = Pictures()
        self.registry.register(self.pictures)
        self.drawing_seconds = self._histogram("drawing_seconds", "Time to draw, without waiting.", _DRAWN, "kind")
        self.stage_seconds = self._histogram("drawing_stage_seconds", "Time of a batch in a stage.", _STAGED, "stage")
        self.drawing_waiting = self._gauge("drawing_waiting", "Orders and pictures that wait or are drawn.")
        self.drawing_ahead = self._gauge("drawing_ahead_seconds", "Seconds of drawing that wait at the desk.")
        self.drawing_steps = self._counter("drawing_steps", "Denoising steps, counted for each picture.")
        self.drawing_batch = self._histogram("drawing_batch_pictures", "Pictures drawn together.", _TOGETHER)
        self.drawing_restarts = self._counter(
            "drawing_restarts", "Drawing processes that ended and were started again."
        )
        self.rejected = self._counter("drawing_rejected", "Turned away because too much was waiting.", "kind", "reason")
        self.panels = self._counter("panels_drawn", "Panels drawn.")
        self.boards = self._counter("boards", "Boards asked for, by how it ended.", "outcome")
        self.jobs = self._counter("jobs", "Jobs that ended, by how.", "kind", "outcome")
        self.job_seconds = self._histogram("job_seconds", "From the order of a job to its end.", _WORKED, "kind")
        self.feedback = self._counter("feedback", "Words of feedback written durably.", "kind")
        self.feedback_seconds = self._histogram("feedback_write_seconds", "Time of a durable write.", _WRITTEN)
        self.model = self._gauge("model_info", "1 for the bundle that is served.", "version", "digest", "origin")
        self.model_ready = self._gauge("model_ready", "1 when a bundle is open and tried.")
        self.champion_served = self._gauge("model_champion_served", "1 when the served bundle is the champion.")
        self.swaps = self._counter("model_swaps", "Changes of the served bundle, by outcome.", "outcome")
        self.model_share = self._gauge("model_share", "Share of the users who get a version.", "version")
        self.rollbacks = self._counter("model_rollbacks", "Versions gone back from because of how they did.", "reason")
        self.registry_up = self._gauge("registry_up", "1 when the model registry answered the last time.")
        self.champion_served.set(1)  # until a champion is known that is not
        for kind in ("choice", "rating", "edit"):
            self.feedback.labels(kind)
        for outcome in ("made", "failed"):
            self.boards.labels(outcome)
        for outcome in ("served", "refused"):
            self.swaps.labels(outcome)
        for reason in ("errors", "latency", "quality"):
            self.rollbacks.labels(reason)
        for kind in _KINDS:
            self.drawing_seconds.labels(kind)
            for reason in REASONS:
                self.rejected.labels(kind, reason)
        for stage in STAGES:
            self.stage_seconds.labels(stage)
        for kind in _JOBS:
            self.job_seconds.labels(kind)
            for outcome in ("done", "failed"):
                self.jobs.labels(kind, outcome)

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"storywright_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"storywright_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"storywright_{name}", text, labels, registry=self.registry, buckets=buckets)


class Requests(Collector):
    """A histogram of the requests, kept by the one thread that answers them: no locks, a few steps for each."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], list[int]] = {}
        self._sums: dict[tuple[str, str, int], float] = {}

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note a request; `route` is a pattern, of which there are as many as the app has."""
        asked = (method, route, status)
        counts = self._counts.get(asked)
        if counts is None:
            self._sums[asked] = 0.0
            counts = self._counts[asked] = [0] * (len(_QUICK) + 1)
        counts[bisect_left(_QUICK, seconds)] += 1
        self._sums[asked] += seconds

    def collect(self) -> Iterable[Metric]:
        """The samples of now."""
        family = HistogramMetricFamily(
            "http_server_request_duration_seconds",
            "Duration of HTTP server requests.",
            labels=("http_request_method", "http_route", "http_response_status_code"),
        )
        for (method, route, status), counts in list(self._counts.items()):
            buckets = list(zip(_BOUNDS, map(float, itertools.accumulate(counts)), strict=True))
            family.add_metric((method, route, str(status)), buckets, self._sums[method, route, status])
        yield family


class Pictures(Collector):
    """Pictures that users got, by the version that drew them; of open versions alone, which are three at most."""

    def __init__(self) -> None:
        self.by_version: Callable[[], Mapping[str, int]] = dict
        """Asked at each scrape."""

    def collect(self) -> Iterable[Metric]:
        """The samples of now."""
        family = CounterMetricFamily(
            "storywright_model_pictures", "Pictures that users got, by the version that drew them.", labels=["version"]
        )
        for version, count in self.by_version().items():
            family.add_metric([version], count)
        yield family


class Measured:
    """Counts and times every request by its route, never by its path."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
            self._metrics.requests.note(method, _route(scope), status, time.perf_counter() - started)


def _route(scope: Any) -> str:
    return str(getattr(scope.get("route"), "path", "unmatched"))
