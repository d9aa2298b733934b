"""What the steps asked of a cluster, beside what they were seen to take: `python -m pipelines needs`.

Every run of a step in MLflow says how much memory it took at most and how much processor time it spent. Knows nothing
of clusters: the seen figures are those of whatever machine ran the steps.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines import cluster
from storywright import tracking
from storywright.errors import BadInput
from storywright.settings import Settings
from storywright.steps import contract

_LOOKED_AT = 1_000
_SPARE = 1.25  # of memory; a step that takes more than it asked for is ended
_UNITS = {"Mi": 1, "Gi": 1024}


@dataclass(frozen=True, slots=True)
class Seen:
    """A step: what it asks for, and the most that its runs took."""

    step: str
    num_runs: int
    asked_mib: float
    most_mib: float
    asked_cores: float
    most_cores: float

    @property
    def verdict(self) -> str:
        """What to change in cluster.py, if anything."""
        if not self.num_runs:
            return "not seen yet"
        if self.most_mib * _SPARE > self.asked_mib:
            return f"raise memory to {self.most_mib * _SPARE / 1024:.1f}Gi or more"
        if self.asked_mib > 4 * self.most_mib:
            return f"{self.most_mib * _SPARE / 1024:.1f}Gi would do"
        return "fits"


def needs() -> list[Seen]:
    """Every step that a pipeline has, with what MLflow knows of it."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(tracking_uri=Settings.from_environment().tracking_uri)
    try:
        found = client.get_experiment_by_name(tracking.EXPERIMENT)
        runs = client.search_runs([found.experiment_id], max_results=_LOOKED_AT) if found else []
    except MlflowException as error:
        raise BadInput(f"MLflow does not answer ({error}): check MLFLOW_TRACKING_URI.") from error
    taken: dict[str, list[dict[str, float]]] = {}
    for run in runs:
        taken.setdefault(str(run.info.run_name), []).append(run.data.metrics)
    return [_seen(step, taken.get(step, [])) for step in contract.names()]


def lines(seen: list[Seen]) -> Iterator[str]:
    """A table of it."""
    yield f"{'step':<18} {'runs':>4}  {'memory asked':>12} {'at most':>9}  {'cores asked':>11} {'at most':>7}"
    for one in seen:
        shown = f"{one.most_mib:7.0f}Mi  {one.asked_cores:>11g} {one.most_cores:>7.1f}" if one.num_runs else ""
        yield f"{one.step:<18} {one.num_runs:>4}  {one.asked_mib:>10.0f}Mi {shown}  {one.verdict}".rstrip()


def _seen(step: str, runs: list[dict[str, float]]) -> Seen:
    measured = [one for one in runs if "peak_memory_mib" in one]
    asked = cluster.needs_of(step)
    return Seen(
        step=step,
        num_runs=len(measured),
        asked_mib=_mib(asked.memory),
        most_mib=max((one["peak_memory_mib"] for one in measured), default=0.0),
        asked_cores=float(asked.cpu),
        most_cores=max((one["cpu_seconds"] / max(one["seconds"], 1e-9) for one in measured), default=0.0),
    )


def _mib(text: str) -> float:
    found = re.fullmatch(r"(\d+)(Mi|Gi)", text)
    assert found, text
    return float(found[1]) * _UNITS[found[2]]
