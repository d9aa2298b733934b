"""What lies around a server, as Prometheus metrics: what steps left in the home, the database, MLflow, processes, GPUs.

Everything is read when Prometheus scrapes. A source that is away or cannot be read gives no samples of its own and a 0
of `storywright_source_up`, and never a failed scrape; a file that nobody left yet gives nothing. Labels have values of
a fixed few: steps, pipelines, columns of drift, kinds of jobs, and at most three versions.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from storywright.settings import Settings
from storywright.watch import comparing, deployment, gpu, opinions, pipelines
from storywright.watch.comparing import Result
from storywright.watch.database import now_ms
from storywright.watch.gpu import Gpu
from storywright.watch.looking import Look
from storywright.watch.opinions import Opinions
from storywright.watch.pipelines import Factory

Jobs = Mapping[tuple[str, str], int]
"""How many jobs of a kind are in a state."""

_LEFT_BY = {"deploy": "deployment.json", "monitor": "watch/drift.json", "collect_feedback": "watch/feedback.json"}
_MOST_COLUMNS = 64
_SECONDS_BETWEEN = {"database": 0.5, "opinions": 15.0, "comparison": 120.0, "mlflow": 60.0, "gpu": 10.0}
_RESAMPLES = 200
"""Of people, for the interval of a comparison: a tenth of a second, every two minutes."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_DRAWS = b"storywright.server.drawing.process"


class Left(Collector):
    """What the factory's last runs left in the studio's home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def collect(self) -> Iterable[Metric]:
        """The samples of now."""
        succeeded = _gauge("step_last_success_timestamp_seconds", "When a step last succeeded here.", "step")
        for step, name in _LEFT_BY.items():
            with contextlib.suppress(OSError):
                succeeded.add_metric([step], (self._home / name).stat().st_mtime)
        yield succeeded
        yield from self._drift()
        yield from self._feedback()
        yield from self._deployment()

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on what was run."""
        return []

    def _drift(self) -> Iterable[Metric]:
        score = _gauge("drift_score", "Distance between what is made and what was learned from.", "column")
        limit = _gauge("drift_limit", "The distance above which a column has drifted.", "column")
        rows = _gauge("drift_rows", "Rows in a comparison.", "what", "side")
        readable = _gauge("drift_readable", "0 when the newest drift numbers cannot be read.")
        path = self._home / _LEFT_BY["monitor"]
        if path.is_file():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
                for column in sorted(found["scores"])[:_MOST_COLUMNS]:
                    score.add_metric([column], float(found["scores"][column]))
                    limit.add_metric([column], float(found["limits"][column]))
                for what in ("panels", "briefs", "feedback"):
                    for side in ("reference", "current"):
                        rows.add_metric([what, side], float(found["rows"].get(what, {}).get(side, 0)))
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

    def _deployment(self) -> Iterable[Metric]:
        whole = _gauge("deployment_whole", "0 when files of what was last deployed here are gone.")
        if (self._home / deployment.DEPLOYMENT).is_file():
            whole.add_metric([], 0 if deployment.gone(self._home) else 1)
        yield whole


class Around(Collector):
    """What has to be asked for: jobs and feedback in the database, pipelines in MLflow, GPUs at their driver."""

    def __init__(self, at: Settings, engine: Engine, jobs: Callable[[], Jobs]) -> None:
        every = _SECONDS_BETWEEN
        self._jobs: Look[Jobs] = Look("The studio's database", jobs, every_seconds=every["database"])
        self._opinions: Look[Opinions] = Look(
            "What people said", lambda: opinions.read(engine, now_ms()), every_seconds=every["opinions"]
        )
        self._compared: Look[Result | None] = Look(
            "What people prefer", lambda: _compared(at.home, engine), every_seconds=every["comparison"]
        )
        self._factory: Look[Factory] = Look("MLflow", lambda: pipelines.read(at), every_seconds=every["mlflow"])
        self._gpus: Look[list[Gpu]] = Look("The GPU's driver", gpu.read, every_seconds=every["gpu"])

    def num_open(self, kind: str) -> int:
        """How many jobs of a kind wait or are worked on; none where the database does not say."""
        found = self._jobs.newest().value or {}
        return sum(count for (one, _), count in found.items() if one == kind)

    def collect(self) -> Iterable[Metric]:
        """The samples of now."""
        jobs, said = self._jobs.newest(), self._opinions.newest()
        factory, gpus, compared = self._factory.newest(), self._gpus.newest(), self._compared.newest()
        up = _gauge("source_up", "1 when what is watched could be read the last time.", "source")
        up.add_metric(["database"], jobs.answered and said.answered)
        up.add_metric(["mlflow"], factory.answered)
        up.add_metric(["gpu"], gpus.answered)
        up.add_metric(["comparison"], compared.answered)
        yield up
        yield from _of_jobs(jobs.value)
        yield from _of_opinions(said.value)
        yield from _of_comparison(compared.value)
        yield from _of_factory(factory.value)
        yield from _of_gpus(gpus.value or [])

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on what answers."""
        return []


class Drawing(Collector):
    """What the processes that draw cost, all of this server's together."""

    def collect(self) -> Iterable[Metric]:
        """The samples of now."""
        found = [one for one in map(_process, _children(os.getpid())) if one]
        memory = _gauge("drawing_resident_memory_bytes", "Memory of the processes that draw.")
        memory.add_metric([], sum(one.memory_bytes for one in found))
        yield memory
        cpu = CounterMetricFamily("storywright_drawing_cpu_seconds", "CPU time of the processes that draw.")
        cpu.add_metric([], sum(one.cpu_seconds for one in found))
        yield cpu

    def describe(self) -> Iterable[Metric]:
        """Nothing has to be known before."""
        return []


def watch(registry: CollectorRegistry, at: Settings, engine: Engine, jobs: Callable[[], Jobs]) -> Around:
    """Show everything that lies around a server with these settings in its registry."""
    around = Around(at, engine, jobs)
    for one in (Left(at.home), around, Drawing()):
        registry.register(one)
    return around


def _of_jobs(found: Jobs | None) -> Iterable[Metric]:
    waiting = _gauge("jobs_open", "Jobs that wait or are worked on.", "kind", "state")
    if found is not None:
        for kind in ("boards", "revision", "adapt", "video", "export"):
            for state in ("waiting", "working"):
                waiting.add_metric([kind, state], found.get((kind, state), 0))
    yield waiting


def _of_opinions(found: Opinions | None) -> Iterable[Metric]:
    rate = _gauge("feedback_win_rate", "Share of the judged boards that people liked.", "window")
    boards = _gauge("feedback_boards", "Boards that were judged.", "window")
    people = _gauge("feedback_people", "People who judged boards.", "window")
    of_version = _gauge("feedback_version_win_rate", "Share of a version's judged boards that people liked.", "version")
    waiting = _gauge("feedback_waiting", "Words that no set of preferences has taken.")
    lag = _gauge("feedback_lag_seconds", "Age of the oldest word that no set of preferences has taken.")
    if found is not None:
        for window in opinions.WINDOWS_MS:
            thought = found.by_window.get(window)
            boards.add_metric([window], thought.num_boards if thought else 0)
            people.add_metric([window], thought.num_people if thought else 0)
            if thought:
                rate.add_metric([window], thought.win_rate)
        for version, thought in found.by_version.items():
            of_version.add_metric([version], thought.win_rate)
        waiting.add_metric([], found.num_waiting)
        oldest = found.oldest_waiting_ms
        lag.add_metric([], 0 if oldest is None else max(0.0, time.time() - oldest / 1_000))
    yield from (rate, boards, people, of_version, waiting, lag)


def _compared(home: Path, engine: Engine) -> Result | None:
    """What people prefer in the newest blind comparison; None where there is none, or nobody answered yet."""
    newest = next(iter(comparing.listed(home)), None)
    found = comparing.result(engine, newest, resamples=_RESAMPLES) if newest else None
    return found if found and found.comparisons else None


def _of_comparison(found: Result | None) -> Iterable[Metric]:
    rate = _gauge(
        "comparison_win_rate", "How often the challenger is preferred, and the ends of its interval.", "bound"
    )
    answers = _gauge("comparison_answers", "Answers that count in the newest blind comparison.")
    people = _gauge("comparison_people", "People who gave them.")
    if found is not None:
        for bound, value in (("low", found.win_rate_low), ("rate", found.win_rate), ("high", found.win_rate_high)):
            rate.add_metric([bound], value)
        answers.add_metric([], found.comparisons)
        people.add_metric([], found.people)
    yield from (rate, answers, people)


def _of_factory(found: Factory | None) -> Iterable[Metric]:
    succeeded = _gauge("pipeline_last_success_timestamp_seconds", "When a pipeline last succeeded.", "pipeline")
    took = _gauge("pipeline_duration_seconds", "How long its last success took.", "pipeline")
    failed = _gauge("pipeline_failed", "1 when a pipeline's last run failed.", "pipeline")
    data = _gauge("data_timestamp_seconds", "When what the champion learned from was prepared.")
    if found is not None:
        for name, one in found.pipelines.items():
            failed.add_metric([name], one.failed)
            if one.succeeded_at is not None and one.seconds is not None:
                succeeded.add_metric([name], one.succeeded_at)
                took.add_metric([name], one.seconds)
        if found.data_made_at is not None:
            data.add_metric([], found.data_made_at)
    yield from (succeeded, took, failed, data)


def _of_gpus(found: list[Gpu]) -> Iterable[Metric]:
    shown = {
        "gpu_utilization_ratio": ("Share of the last moment in which a GPU computed.", "utilization"),
        "gpu_memory_used_bytes": ("Memory of a GPU that is used.", "used_bytes"),
        "gpu_memory_total_bytes": ("Memory of a GPU.", "total_bytes"),
        "gpu_temperature_celsius": ("How warm a GPU is.", "celsius"),
        "gpu_power_watts": ("What a GPU draws.", "watts"),
    }
    for name, (text, field) in shown.items():
        family = _gauge(name, text, "gpu")
        for one in found:
            if (value := getattr(one, field)) is not None:
                family.add_metric([one.index], value)
        yield family


@dataclass(frozen=True, slots=True)
class _Process:
    memory_bytes: int
    cpu_seconds: float


def _children(pid: int) -> list[str]:
    """The ids of a process's children; none where the system has no /proc."""
    found: list[str] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += tasks.read_text().split()
    return found


def _process(pid: str) -> _Process | None:
    """What a process that draws costs; None for another, and for one that has just ended."""
    try:
        if _DRAWS not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return None
        cells = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return _Process(int(cells[21]) * _PAGE_BYTES, (int(cells[11]) + int(cells[12])) / _TICKS)
    except (OSError, ValueError, IndexError):
        return None


def _gauge(name: str, text: str, *labels: str) -> Any:
    return GaugeMetricFamily(f"storywright_{name}", text, labels=labels)
