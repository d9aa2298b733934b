"""Drift: how far what is asked for, drawn and said now lies from what it is compared with.

Four comparisons, each of two tables with the same columns: drawn panels with the corpus that the models learned from;
the critic's scores of the newest panels, the newest briefs, and the newest feedback, each with those before. Each
column has its measure, pinned, because Evidently's own choice changes with the number of rows. All measures are effect
sizes, so that a limit means the same for fifty rows as for fifty thousand; a column with too few rows is not measured.
Knows nothing of where rows come from.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.core.report import Snapshot
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, wasserstein_stat_test
from evidently.legacy.metrics.data_drift.embedding_drift_methods import distance
from evidently.metrics import MeanValue, ValueDrift
from PIL import Image
from sklearn.feature_extraction.text import HashingVectorizer

from storywright import files
from storywright.board import Brief
from storywright.critic.encoder import Critic
from storywright.watch.feedback import Feedback

MEASURES = {
    "panels": {
        "caption_length": "wasserstein",  # divided by the reference's standard deviation
        "language": "jensenshannon",
        "brightness": "wasserstein",
        "picture": "cosine",  # between the mean embeddings
    },
    "scores": {"fit": "wasserstein"},
    "briefs": {
        "brief_length": "wasserstein",
        "brief_language": "jensenshannon",
        "brief_genre": "jensenshannon",
        "brief_words": "cosine",
    },
    "feedback": {"said_kind": "jensenshannon", "said_stars": "wasserstein", "said_length": "wasserstein"},
}
"""The comparisons, their columns, and how each column is compared."""

COLUMNS = tuple(column for columns in MEASURES.values() for column in columns)
"""All columns, in this order."""

_TESTS = {"wasserstein": wasserstein_stat_test, "jensenshannon": jensenshannon_stat_test}
_KINDS = {"wasserstein": "num", "jensenshannon": "cat"}
_MOST_GENRES = 12
_WORD_DIMENSIONS = 128
_RANDOM_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Some panels, whatever size their pictures have."""

    captions: Sequence[str]
    languages: Sequence[str]
    pictures: Sequence[Image.Image]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Two tables of one comparison."""

    what: str
    """One of MEASURES."""
    reference: pd.DataFrame
    current: pd.DataFrame

    def columns(self, min_rows: int) -> list[str]:
        """Those that have enough rows on both sides."""
        return [
            column
            for column in MEASURES[self.what]
            if all(len(_cells(table, column).dropna()) >= min_rows for table in (self.reference, self.current))
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What was measured."""

    scores: dict[str, float]
    """The distance in each column that could be measured."""
    limits: dict[str, float]
    """Above it a column has drifted."""
    rows: dict[str, dict[str, int]]
    """Of each comparison, `reference` and `current`."""

    @property
    def drifted(self) -> list[str]:
        """The columns that have drifted."""
        return [column for column, score in self.scores.items() if score > self.limits[column]]


def measure(comparisons: Iterable[Compared], limits: Mapping[str, float], min_rows: int) -> Drift:
    """The distances, by the functions of Evidently that its report shows."""
    scores: dict[str, float] = {}
    rows = {}
    for one in comparisons:
        rows[one.what] = {"reference": len(one.reference), "current": len(one.current)}
        for column in one.columns(min_rows):
            method = MEASURES[one.what][column]
            reference, current = (_cells(table, column).dropna() for table in (one.reference, one.current))
            if method == "cosine":
                score, *_ = distance(dist="cosine", threshold=limits[column], bootstrap=False)(current, reference)
            else:
                score, _ = _TESTS[method].func(reference, current, _KINDS[method], limits[column])
            scores[column] = float(score)
    return Drift(scores=scores, limits={column: float(limits[column]) for column in scores}, rows=rows)


def report(one: Compared, limits: Mapping[str, float], min_rows: int) -> Snapshot | None:
    """Evidently's report of a comparison; None where no column has enough rows.

    Of an embedding it shows where the rows lie along its shift; the distance itself is in `measure`.
    """
    columns = one.columns(min_rows)
    if not columns:
        return None
    methods = {column: MEASURES[one.what][column] for column in columns}
    tables = {"reference": one.reference, "current": one.current}
    for column in [column for column, method in methods.items() if method == "cosine"]:
        shifts = _along_the_shift(one, column)
        tables = {side: table.assign(**{_shift(column): shifts[side]}) for side, table in tables.items()}
    shown = {column: _shift(column) if method == "cosine" else column for column, method in methods.items()}
    definition = DataDefinition(
        numerical_columns=[shown[column] for column, method in methods.items() if method != "jensenshannon"],
        categorical_columns=[column for column, method in methods.items() if method == "jensenshannon"],
    )
    metrics = [
        MeanValue(column=shown[column])
        if method == "cosine"
        else ValueDrift(column=column, method=method, threshold=limits[column])
        for column, method in methods.items()
    ]
    current, reference = (
        Dataset.from_pandas(tables[side][list(shown.values())], data_definition=definition)
        for side in ("current", "reference")
    )
    return Report(metrics, include_tests=True).run(current, reference)


def write_report(snapshot: Snapshot, path: Path) -> None:
    """The report as one HTML file, without the random names that Evidently gives its parts."""
    names: dict[str, str] = {}
    html = snapshot.get_html_str(as_iframe=False)
    files.write_text(path, _RANDOM_ID.sub(lambda found: names.setdefault(found[0], f"part{len(names)}"), html))


def profile(sample: Sample, critic: Critic) -> pd.DataFrame:
    """One row for each panel: its caption's length, its language, its brightness, and how the critic sees it."""
    columns: dict[str, object] = {
        "caption_length": [float(len(caption)) for caption in sample.captions],
        "language": list(sample.languages),
        "brightness": [float(np.asarray(picture.convert("L")).mean()) / 255 for picture in sample.pictures],
    }
    return pd.DataFrame(columns | _vector("picture", critic.of_pictures(list(sample.pictures))))


def of_scores(fits: Sequence[float]) -> pd.DataFrame:
    """One row for each panel: how well the critic found that its picture fits its words."""
    return pd.DataFrame({"fit": np.asarray(fits, np.float64)})


def of_briefs(briefs: Sequence[Brief]) -> pd.DataFrame:
    """One row for each brief: how much it says, in which language, for what kind of product, and its words."""
    texts = [_text(brief) for brief in briefs]
    kinds = [" ".join(brief.product.kind.lower().split()) or "none" for brief in briefs]
    columns: dict[str, object] = {
        "brief_length": [float(len(text)) for text in texts],
        "brief_language": [str(brief.language) for brief in briefs],
        "brief_genre": kinds,
    }
    words = _hashing().transform(texts).toarray() if texts else np.zeros((0, _WORD_DIMENSIONS))
    return pd.DataFrame(columns | _vector("brief_words", words))


def with_known_genres(one: Compared) -> Compared:
    """The same with the rare genres counted as one: a name that was used once says nothing about where things go."""
    common = one.reference["brief_genre"].value_counts().head(_MOST_GENRES)
    known = set(common[common > 1].index)
    tables = [
        table.assign(brief_genre=[genre if genre in known else "other" for genre in table["brief_genre"]])
        for table in (one.reference, one.current)
    ]
    return Compared(what=one.what, reference=tables[0], current=tables[1])


def of_feedback(said: Sequence[Feedback]) -> pd.DataFrame:
    """One row for each word: its kind, the stars of a rating, and how much an edit says."""
    stars = [float(one.value) if one.kind == "rating" else np.nan for one in said]
    lengths = [float(len(one.value)) if one.kind == "edit" else np.nan for one in said]
    return pd.DataFrame({"said_kind": [one.kind for one in said], "said_stars": stars, "said_length": lengths})


def _along_the_shift(one: Compared, column: str) -> dict[str, np.ndarray]:
    """How far each row's embedding lies along the way from the reference's mean to the current mean.

    Evidently's own picture of embeddings is a t-SNE map, which is never the same on two machines, and which ends the
    process when many rows are alike.
    """
    reference, current = (_cells(table, column).to_numpy() for table in (one.reference, one.current))
    way = current.mean(axis=0) - reference.mean(axis=0)
    way = way / max(float(np.linalg.norm(way)), 1e-12)
    # Rounded, because a histogram of numbers that differ in their last bit cannot be drawn.
    return {"reference": np.round(reference @ way, 6), "current": np.round(current @ way, 6)}


def _shift(column: str) -> str:
    return f"{column}_along_its_shift"


def _cells(table: pd.DataFrame, column: str) -> Any:
    """A column, or all columns of an embedding."""
    parts = [name for name in table.columns if name.startswith(f"{column}_") and name[len(column) + 1 :].isdecimal()]
    return table[parts] if parts else table[column]


def _vector(name: str, rows: np.ndarray) -> dict[str, object]:
    return {f"{name}_{number}": rows[:, number].astype(np.float64) for number in range(rows.shape[1])}


@cache
def _hashing() -> HashingVectorizer:
    """Words by their letters, in any language and with any ending."""
    return HashingVectorizer(analyzer="char_wb", ngram_range=(3, 4), n_features=_WORD_DIMENSIONS, norm="l2")


def _text(brief: Brief) -> str:
    """What a brief says, without the names of its fields."""
    said = [
        brief.title, brief.product.name, brief.product.description, brief.proposition, brief.audience, brief.insight,
        brief.objective, brief.tone, *brief.reasons_to_believe, brief.call_to_action,
    ]  # fmt: skip
    return "\n".join(one for one in said if one)
