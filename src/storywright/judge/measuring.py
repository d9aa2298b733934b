"""How well an illustrator keeps to its words: what the judge reads in its pictures, and in drawings of those words."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from storywright import files
from storywright.illustrator.model import Illustrator
from storywright.judge.labels import MEASURES, NONE, QUESTIONS, answers
from storywright.judge.network import SIZE, Judge
from storywright.progress import Progress
from storywright.toonworld.drawing import draw
from storywright.toonworld.grammar import portrait
from storywright.toonworld.scene import Scene

HELD_OUT_SEED, OTHER_SEED = 103, 104
"""Scenes that neither the judge nor an illustrator has learnt from, and others."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of question."""

    name: str
    drawn: float
    """The share of right answers on real drawings."""
    made: float
    """The same on the illustrator's pictures."""
    asked: int
    """How often it was asked."""

    @property
    def share(self) -> float:
        """What the illustrator keeps of it."""
        return self.made / self.drawn if self.drawn else 0.0


def held_out(count: int, seed: int = HELD_OUT_SEED) -> list[tuple[Scene, str]]:
    """Scenes and their words."""
    return [portrait(seed, index) for index in range(count)]


def pictures_of(
    illustrator: Illustrator, prompts: Sequence[str], work: Path, *, steps: int | None, guidance: float | None
) -> list[Image.Image]:
    """A picture for each prompt, from the seeds 0, 1, …; what lies in `work` from a run that was ended stays."""
    paths = [work / f"{number:05d}.png" for number in range(len(prompts))]
    lacking = [number for number, path in enumerate(paths) if not path.is_file()]
    with Progress("drawing", len(prompts)) as progress:
        progress.advance(len(prompts) - len(lacking))
        for first in range(0, len(lacking), illustrator.at_once):
            seeds = lacking[first : first + illustrator.at_once]
            words = [prompts[number] for number in seeds]
            for number, made in zip(
                seeds, illustrator.draw(words, seeds=seeds, steps=steps, guidance=guidance), strict=True
            ):
                content = io.BytesIO()
                made.save(content, "PNG")
                files.write_bytes(paths[number], content.getvalue())
            progress.advance(len(seeds))
    return [_opened(path) for path in paths]


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def measured(judge: Judge, scenes: Sequence[Scene], made: Sequence[Image.Image]) -> list[Measure]:
    """What the judge reads in pictures that were made of these scenes' words, and in real drawings of the scenes."""
    right = answers(scenes)
    on_made, on_drawn = judge.read(made), judge.read(np.stack([draw(scene, SIZE) for scene in scenes]))
    return [_measure(name, questions, right, on_drawn, on_made) for name, questions in MEASURES.items()]


def both_kept(judge: Judge, scenes: Sequence[Scene], made: Sequence[Image.Image], part: str = "top_colour") -> float:
    """Of the pictures with two people, the share in which each has their own; taken for what the judge reads."""
    columns = [list(QUESTIONS).index(f"person_{number}.{part}") for number in (1, 2)]
    right = answers(scenes)[:, columns]
    two = (right != NONE).all(1)
    return float((judge.read(made)[:, columns] == right)[two].all(1).mean()) if two.any() else float("nan")


def _measure(name: str, questions: tuple[str, ...], right: np.ndarray, drawn: np.ndarray, made: np.ndarray) -> Measure:
    columns = [list(QUESTIONS).index(question) for question in questions]
    raised = right[:, columns] != NONE
    shares = [(found[:, columns] == right[:, columns])[raised].mean() for found in (drawn, made)]
    return Measure(name, float(shares[0]), float(shares[1]), int(raised.sum()))


def sheet(pictures: Sequence[Image.Image], path: Path, columns: int = 6) -> Path:
    """The pictures side by side, not chosen."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (width + 6) + 6, rows * (height + 6) + 6), "white")
    for number, picture in enumerate(pictures):
        page.paste(picture, (6 + number % columns * (width + 6), 6 + number // columns * (height + 6)))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path, optimize=True)
    return path
