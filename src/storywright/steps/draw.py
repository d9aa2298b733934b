"""Draw the material: stories of the drawn world with their captions, and single pictures with every attribute even.

Writes the `panels` table in shards; the panels of a story stand in order and in one shard. What row stands where
depends on the values alone, not on how many processes draw. Knows nothing about validation or splits.
"""

import math
import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storywright import files
from storywright.board import Language, Style
from storywright.corpus.schema import PANELS
from storywright.progress import Progress
from storywright.steps import command
from storywright.steps.contract import makes
from storywright.toonworld import drawing
from storywright.toonworld.grammar import portrait, story, wording_of
from storywright.toonworld.scene import Scene
from storywright.toonworld.words import caption, prompt, scene_to_json

Row = dict[str, Any]
Name = TypeVar("Name", bound=str)

_STORIES_A_TASK = 8
_PORTRAITS_A_TASK = 48
_ENCODING = {
    "jpeg": (
        cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ),
    # Runs alone suit drawings: faster than searching for repeats, and smaller.
    "png": (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
}  # fmt: skip
_EVEN_PX = 4
"""Sizes are multiples of it, which suits encoders and models alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What to draw."""

    stories: int
    """Stories of 5 to 8 panels."""
    portraits: int
    """Single pictures with all attributes even, in English: what the illustrator learns to bind from."""
    width_px: int
    """Width of a 16:9 picture; the other aspects have about the same area."""
    height_px: int
    """Height of a 16:9 picture."""
    aspects: dict[Literal["16:9", "4:3", "1:1", "9:16"], float]
    """The aspects and their shares; a story keeps to one."""
    languages: dict[Language, float]
    """The languages of the stories and their shares."""
    styles: tuple[Style, ...]
    """The styles, in equal shares; a story keeps to one."""
    encoding: Literal["jpeg", "png"]
    """jpeg, with all its colour, at quality 95; or png, which is exact, a quarter larger and slower to write."""
    seed: int
    """Another seed, other stories and pictures."""
    date: str
    """The day that the rows carry as theirs, such as 2026-11-20."""
    processes: int
    """How many draw at once; the rows are the same with any number."""
    shard_rows: int
    """Rows of a shard, about: the panels of a story are kept together."""

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px", "processes", "shard_rows"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        if self.stories < 0 or self.portraits < 0 or self.stories + self.portraits == 0:
            raise ValueError("stories and portraits must not be negative, and one of them more than zero")
        for name in ("aspects", "languages"):
            shares = getattr(self, name).values()
            if not shares or min(shares) < 0 or sum(shares) <= 0:
                raise ValueError(f"{name} needs at least one share above zero and none below")
        if not self.styles:
            raise ValueError("styles must name at least one style")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Nothing: the drawn world is made from its seed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The table and what is in it."""

    stories: Path = makes("stories")
    metrics: Path = makes("metrics.json")


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Draw everything, shard by shard; at no time is more than a shard and a few tasks in memory."""
    outputs.stories.mkdir(parents=True, exist_ok=True)
    counts, started = Counter[str](), time.monotonic()
    with Progress("drawing", config.stories + config.portraits) as progress:
        for number, rows in enumerate(_shards(_drawn(config), config.shard_rows)):
            table = pa.Table.from_pylist(rows, schema=PANELS)
            pq.write_table(table, outputs.stories / f"panels-{number:05d}.parquet", compression="zstd")
            counts.update(_counted(rows))
            speed = counts["panels"] / (time.monotonic() - started)
            progress.advance(sum(row["panel"] == 0 for row in rows), note=f"{speed:.0f} pictures a second")
    files.write_json(outputs.metrics, {f"num_{name}": counts[name] for name in sorted(counts)})


def _counted(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        yield "panels"
        if row["panel"] == 0:
            kind = "portraits" if row["panels"] == 1 else "stories"
            yield kind
            if kind == "stories":
                yield f"stories_{row['language']}"


def _shards(drawn: Iterator[list[Row]], shard_rows: int) -> Iterator[list[Row]]:
    shard: list[Row] = []
    for rows in drawn:
        shard += rows
        if len(shard) >= shard_rows:
            yield shard
            shard = []
    if shard:
        yield shard


def _drawn(config: Config) -> Iterator[list[Row]]:
    """The rows of each task in the tasks' order, drawn by as many processes as asked for."""
    if config.processes == 1:
        yield from (_draw(config, *task) for task in _tasks(config))
        return
    waiting: deque[Future[list[Row]]] = deque()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        config.processes, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        for task in _tasks(config):
            waiting.append(pool.submit(_draw, config, *task))
            if len(waiting) > 2 * config.processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _tasks(config: Config) -> Iterator[tuple[str, range]]:
    """Stories and portraits in turn, so that every shard has its share of both."""
    stories = [("story", part) for part in _parts(config.stories, _STORIES_A_TASK)]
    portraits = [("portrait", part) for part in _parts(config.portraits, _PORTRAITS_A_TASK)]
    places = [(number / len(tasks), task) for tasks in (stories, portraits) for number, task in enumerate(tasks)]
    return (task for _, task in sorted(places, key=lambda place: place[0]))


def _parts(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


def _draw(config: Config, kind: str, numbers: range) -> list[Row]:
    rows = _story_rows if kind == "story" else _portrait_rows
    return [row for number in numbers for row in rows(config, number)]


def _story_rows(config: Config, number: int) -> Iterator[Row]:
    random = Random(f"draw {config.seed} story {number}")
    size, language = _size(config, random), _by_share(config.languages, random)
    told = story(config.seed, number, language=language, style=random.choice(config.styles))
    for index, panel in enumerate(told.panels):
        words = prompt(panel.scene, wording_of(random))
        yield _row(config, panel.scene, size) | {
            "story_id": told.story_id,
            "panel": index,
            "panels": len(told.panels),
            "prompt": words,
            "caption": panel.caption,
            "language": language,
            "tags": list(panel.tags),
            "phase": panel.phase,
        }


def _portrait_rows(config: Config, number: int) -> Iterator[Row]:
    random = Random(f"draw {config.seed} portrait {number}")
    scene, words = portrait(config.seed, number, random.choice(config.styles))
    yield _row(config, scene, _size(config, random)) | {
        "story_id": f"portrait-{config.seed}-{number:06d}",
        "panel": 0,
        "panels": 1,
        "prompt": words,
        "caption": caption(scene, wording=random.randrange(1 << 20)),
        "language": "en",
        "tags": ["portrait"],
        "phase": "",
    }


def _row(config: Config, scene: Scene, size: tuple[int, int]) -> Row:
    return {
        "picture": {"bytes": _encoded(drawing.draw(scene, size), config.encoding), "path": None},
        "style": scene.style,
        "scene": scene_to_json(scene),
        "source": "toonworld",
        "licence": "CC0-1.0",
        "owner": "storywright",
        "origin": f"toonworld:{config.seed}",
        "date": config.date,
    }


def _encoded(picture: np.ndarray, encoding: str) -> bytes:
    done, data = cv2.imencode(f".{encoding}", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), _ENCODING[encoding])
    assert done, f"a picture of {picture.shape} cannot be written as {encoding}"
    return data.tobytes()


def _size(config: Config, random: Random) -> tuple[int, int]:
    """Width and height in even pixels, of about the area of the 16:9 picture."""
    aspect = _by_share(config.aspects, random)
    if aspect == "16:9":
        return config.width_px, config.height_px
    across, down = (int(part) for part in aspect.split(":"))
    unit = math.sqrt(config.width_px * config.height_px / (across * down))
    return _EVEN_PX * round(across * unit / _EVEN_PX), _EVEN_PX * round(down * unit / _EVEN_PX)


def _by_share(shares: Mapping[Name, float], random: Random) -> Name:
    return random.choices(list(shares), list(shares.values()))[0]


if __name__ == "__main__":
    command.main("draw")
