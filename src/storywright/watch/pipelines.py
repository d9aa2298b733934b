"""How the pipelines are doing, as MLflow says: when each last succeeded, how long it took, how its last run went.

MLflow is where every run is known, wherever it ran: under the local runner, DVC or on a cluster. Knows nothing of what
the pipelines do.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storywright import registry
from storywright.settings import Settings
from storywright.tracking import EXPERIMENT

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAMES = ("training", "retraining", "storyboards")
_OPEN, _DONE = "RUNNING", "FINISHED"
_MADE_THE_DATA = "storywright.steps.preprocess"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """What is known of one pipeline."""

    succeeded_at: float | None = None
    """When it last succeeded, in seconds since 1970."""
    seconds: float | None = None
    """How long that run took."""
    failed: bool = False
    """Whether its last run failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Factory:
    """What is known of all of them."""

    pipelines: dict[str, Pipeline]
    """Those that ever ran."""
    data_made_at: float | None
    """When what the champion learned from was prepared; the newest corpus where no run of the champion's is known."""


def read(at: Settings) -> Factory:
    """Ask MLflow; a database that nobody made yet has no runs."""
    if at.tracking_uri.startswith("sqlite:///") and not Path(at.tracking_uri.removeprefix("sqlite:///")).exists():
        return Factory(pipelines={}, data_made_at=None)
    from mlflow import MlflowClient

    champion = registry.find(registry.CHAMPION, at)  # first, because it sets how long MLflow's client waits
    client = MlflowClient(tracking_uri=at.tracking_uri)
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return Factory(pipelines={}, data_made_at=None)
    known = {name: _pipeline(client, found.experiment_id, name) for name in NAMES}
    return Factory(
        pipelines={name: one for name, one in known.items() if one is not None},
        data_made_at=_data_made_at(
            client, found.experiment_id, champion.tags.get("corpus_digest", "") if champion else ""
        ),
    )


def _pipeline(client: "MlflowClient", experiment: str, name: str) -> Pipeline | None:
    runs = f"tags.mlflow.source.name = 'pipelines.{name}'"
    ended = _newest(client, experiment, f"{runs} and attributes.status != '{_OPEN}'")
    if ended is None:
        return None
    done = ended if ended.status == _DONE else _newest(client, experiment, f"{runs} and attributes.status = '{_DONE}'")
    if done is None or not done.end_time:
        return Pipeline(failed=ended.status != _DONE)
    return Pipeline(
        succeeded_at=done.end_time / 1_000,
        seconds=(done.end_time - done.start_time) / 1_000,
        failed=ended.status != _DONE,
    )


def _data_made_at(client: "MlflowClient", experiment: str, digest: str) -> float | None:
    made = f"tags.mlflow.source.name = '{_MADE_THE_DATA}' and attributes.status = '{_DONE}'"
    found = None
    if digest:
        found = _newest(client, experiment, f"{made} and tags.`output.corpus` = '{digest}'")
    found = found or _newest(client, experiment, made)
    return found.end_time / 1_000 if found and found.end_time else None


def _newest(client: "MlflowClient", experiment: str, query: str) -> Any:
    """What MLflow says of the newest run that a query finds."""
    found = client.search_runs([experiment], query, max_results=1, order_by=["attributes.start_time DESC"])
    return found[0].info if found else None
