"""Held-out cases to try a writer on: a story so far, and what its next panel told. Knows nothing about writers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from storywright.corpus.reading import Panels
from storywright.writer.model import Told


@dataclass(frozen=True, slots=True)
class Case:
    """One panel to foretell."""

    name: str
    """The story and the panel, the same wherever the corpus is opened."""
    story: list[Told]
    told: str
    language: str
    style: str


def cases(panels: Panels, count: int, languages: Sequence[str]) -> list[Case]:
    """At most `count` cases, spread evenly over the panels that follow another one in the writer's languages."""
    spoken = panels.rows([rows[0] for rows in panels.stories], ("language",))["language"]
    possible = [
        (rows, row)
        for rows, language in zip(panels.stories, spoken, strict=True)
        if language in languages
        for row in rows[1:]
    ]
    chosen = np.unique(np.linspace(0, len(possible) - 1, min(count, len(possible))).round().astype(int))
    return [_case(panels, *possible[number]) for number in chosen] if possible else []


def _case(panels: Panels, rows: range, row: int) -> Case:
    found = panels.rows(range(rows[0], row + 1), ("picture", "caption", "language", "style", "story_id"))
    story = [
        Told(Image.fromarray(picture), caption)
        for picture, caption in zip(found["picture"][:-1], found["caption"][:-1], strict=True)
    ]
    last = {name: found[name][-1] for name in ("caption", "language", "style", "story_id")}
    return Case(f"{last['story_id']}/{row - rows[0]}", story, last["caption"], last["language"], last["style"])
