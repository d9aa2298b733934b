"""Scores of single items and what can be said of their mean. Knows nothing about what was measured."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storywright import files

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and where it would lie on other items of the same kind."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        spec = spec or ".3f"
        return f"{self.value:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass(slots=True)
class Scores:
    """The scores of all items by metric, and what is known of each item."""

    by_metric: dict[str, dict[str, float]] = field(default_factory=dict)
    traits: dict[str, dict[str, str]] = field(default_factory=dict)
    """For each item, such things as its language and style."""

    def add(self, metric: str, items: Iterable[str], values: Iterable[float]) -> None:
        """Keep a score for each item."""
        self.by_metric[metric] = {item: float(value) for item, value in zip(items, values, strict=True)}

    def values(self, metric: str) -> Floats:
        """The scores of a metric, in the order they came."""
        return np.array(list(self.by_metric[metric].values()))

    def slices(self, metric: str, trait: str) -> dict[str, tuple[float, int]]:
        """The mean and the number of items for each value of a trait."""
        found: dict[str, list[float]] = {}
        for item, score in self.by_metric[metric].items():
            if value := self.traits.get(item, {}).get(trait, ""):
                found.setdefault(value, []).append(score)
        return {value: (float(np.mean(scores)), len(scores)) for value, scores in sorted(found.items())}

    def save(self, folder: Path, corpus_digest: str) -> None:
        """`items.parquet` for people who compare, `scores.json` for the gates."""
        rows = [
            {"metric": metric, "item": item, "score": score, **self.traits.get(item, {})}
            for metric, by_item in self.by_metric.items()
            for item, score in by_item.items()
        ]
        names = sorted({name for row in rows for name in row} - {"metric", "item", "score"})
        schema = pa.schema([("metric", pa.string()), ("item", pa.string()), ("score", pa.float64())])
        for name in names:
            schema = schema.append(pa.field(name, pa.string()))
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / "items.parquet")
        files.write_json(folder / "scores.json", {"corpus_digest": corpus_digest, "scores": self.by_metric})


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Percentile intervals from resampling items; the same each time."""

    confidence: float
    resamples: int
    seed: int

    def mean(self, name: str, values: Floats) -> Interval:
        """The interval of a mean."""
        return self.of(name, len(values), lambda rows: values[rows].mean(-1))

    def of(self, name: str, items: int, figure: Callable[[NDArray[np.int64]], Floats]) -> Interval:
        """The interval of any figure; it is given rows of item numbers, and gives a number for each row."""
        own = int.from_bytes(hashlib.sha256(f"{self.seed} {name}".encode()).digest()[:8])
        rows = np.random.default_rng(own).integers(0, items, (self.resamples, items))
        tail = 50 * (1 - self.confidence)
        low, high = np.percentile(figure(rows), [tail, 100 - tail])
        return Interval(float(figure(np.arange(items)[None])[0]), float(low), float(high))
