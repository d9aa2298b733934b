"""Small corpora of painted pictures, written by the corpus's own writer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from storywright.corpus import shards
from storywright.corpus.schema import PANELS

Row = dict[str, Any]


def painted(seed: int, size: tuple[int, int] = (64, 36)) -> np.ndarray:
    """A picture of coloured blots, another for every seed."""
    rng = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), rng.integers(60, 255, 3), np.uint8)
    for _ in range(10):
        place, axes = rng.integers(0, size, 2), rng.integers(3, max(5, size[0] // 3), 2)
        colour = [int(part) for part in rng.integers(0, 255, 3)]
        cv2.ellipse(picture, place.tolist(), axes.tolist(), 0, 0, 360, colour, -1, cv2.LINE_AA)
    return picture


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes()


def jpeg(picture: np.ndarray, quality: int = 75) -> bytes:
    return cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def story(name: str, panels: int, seed: int, **changes: Any) -> list[Row]:
    """The rows of a story, with pictures and words of its own."""
    rng = np.random.default_rng(seed)
    words = [f"word{number}" for number in range(200)]
    return [
        {
            "story_id": name,
            "panel": panel,
            "panels": panels,
            "picture": {"bytes": png(painted(1_000 * seed + panel)), "path": f"{name}-{panel}.png"},
            "prompt": " ".join(rng.choice(words, 12)),
            "caption": " ".join(rng.choice(words, 10)).capitalize() + ".",
            "language": "en",
            "style": "ink",
            "tags": ["one", "two"],
            "phase": "",
            "scene": "",
            "source": "test",
            "licence": "CC0-1.0",
            "owner": "storywright",
            "origin": "painted",
            "date": "2026-11-20",
        }
        | changes
        for panel in range(panels)
    ]


def table(*stories: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist([row for rows in stories for row in rows], PANELS)


class Material:
    """What the tests of the corpus are made with."""

    painted, png, jpeg = staticmethod(painted), staticmethod(png), staticmethod(jpeg)
    story, table = staticmethod(story), staticmethod(table)

    def __init__(self, corpus: Path) -> None:
        self.corpus = corpus

    def write(self, split: str, number: int, *stories: Sequence[Row]) -> Path:
        """Write stories as a shard of a split."""
        path = self.corpus / split / f"panels-{number:05d}.parquet"
        with shards.Writer(path, PANELS) as writer:
            writer.write(table(*stories))
        return path


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return Material(tmp_path / "corpus")
