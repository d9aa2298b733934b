"""Drift: how far what is made now lies from what the models learned from.

A profile is one row for each panel: its caption's length, its language, its brightness, and how the critic sees its
picture. Each column has its measure, pinned, because Evidently's own choice changes with the number of rows. All
measures are effect sizes, so that a limit means the same for fifty panels as for fifty thousand. Knows nothing of
where panels come from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.report import Snapshot
from evidently.legacy.metrics.data_drift.embedding_drift_methods import distance
from evidently.metrics import EmbeddingsDrift, ValueDrift
from PIL import Image

from storywright import files
from storywright.critic.encoder import Critic

MEASURES = {
    "caption_length": "wasserstein",  # divided by the reference's standard deviation
    "language": "jensenshannon",
    "brightness": "wasserstein",
    "picture": "cosine",  # between the mean embeddings
}
"""The columns of a profile and how each is compared."""

_RANDOM_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What was measured."""

    scores: dict[str, float]
    """The distance in each column."""
    limits: dict[str, float]
    """Above it a column has drifted."""
    num_reference: int
    num_current: int

    @property
    def drifted(self) -> list[str]:
        """The columns that have drifted."""
        return [column for column, score in self.scores.items() if score > self.limits[column]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Some panels, whatever size their pictures have."""

    captions: Sequence[str]
    languages: Sequence[str]
    pictures: Sequence[Image.Image]


def profile(sample: Sample, critic: Critic) -> pd.DataFrame:
    """One row for each panel."""
    looks = critic.of_pictures(list(sample.pictures))  # (panels, dimensions)
    columns: dict[str, object] = {
        "caption_length": [float(len(caption)) for caption in sample.captions],
        "language": list(sample.languages),
        "brightness": [float(np.asarray(picture.convert("L")).mean()) / 255 for picture in sample.pictures],
    }
    columns |= {f"look_{number}": looks[:, number].astype(np.float64) for number in range(looks.shape[1])}
    return pd.DataFrame(columns)


def measure(reference: pd.DataFrame, current: pd.DataFrame, limits: Mapping[str, float]) -> tuple[Drift, Snapshot]:
    """Compare two profiles; the snapshot is what `write_report` shows."""
    looks = [name for name in reference.columns if name.startswith("look_")]
    definition = DataDefinition(
        numerical_columns=["caption_length", "brightness"],
        categorical_columns=["language"],
        embeddings={"picture": looks},
    )
    near = distance(dist=MEASURES["picture"], threshold=limits["picture"], bootstrap=False)
    metrics = [
        ValueDrift(column=column, method=method, threshold=limits[column])
        for column, method in MEASURES.items()
        if column != "picture"
    ]
    report = Report([*metrics, EmbeddingsDrift(embeddings_name="picture", drift_method=near)], include_tests=True)
    snapshot = report.run(
        Dataset.from_pandas(current, data_definition=definition),
        Dataset.from_pandas(reference, data_definition=definition),
    )
    values = [float(metric["value"]) for metric in snapshot.dict()["metrics"]]
    drift = Drift(
        scores=dict(zip(MEASURES, values, strict=True)),
        limits={column: float(limits[column]) for column in MEASURES},
        num_reference=len(reference),
        num_current=len(current),
    )
    return drift, snapshot


def write_report(snapshot: Snapshot, path: Path) -> None:
    """The report as one HTML file, without the random names that Evidently gives its parts."""
    names: dict[str, str] = {}
    html = snapshot.get_html_str(as_iframe=False)
    files.write_text(path, _RANDOM_ID.sub(lambda found: names.setdefault(found[0], f"part{len(names)}"), html))
