"""How well a board's people and product keep their looks, read by the judge: a classifier that never helps to draw.

    python benchmarks/bench_consistency.py [--boards N] [--draws N] [--out docs/results/studio.md]    # minutes

Each board answers a brief with a cast and a product of its own, which nothing was trained or tuned on. A panel counts
as right when the judge reads the colours of hair and top of everybody in it as they should be (and of what they wear
below, where it is in the frame), or the product's kind and colour. People are counted in the shots that show them large
enough, from the full shot to the extreme close-up; the product in the panels that must show it. Beside the boards stand
the best that the judge can read, in real drawings of the same scenes, and what comes out when the first draw is taken.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import sections
from PIL import Image

from storywright.board import Brief, Panel, Storyboard
from storywright.judge.labels import QUESTIONS, answers
from storywright.judge.network import SIZE, STARTER, Judge
from storywright.progress import Progress
from storywright.studio.director import Director, Drawing, native_size
from storywright.studio.likeness import LARGE
from storywright.studio.models import Models
from storywright.toonworld.attributes import attributes
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import Scene
from storywright.toonworld.words import scene_from_words

HELD_OUT_SEED = 60_119
_COLUMNS = {question: column for column, question in enumerate(QUESTIONS)}
_WOMEN, _MEN = ("Ada", "Bea", "Cleo", "Dora", "Edie"), ("Abel", "Bram", "Cyrus", "Dean", "Ezra")
_PRODUCTS = ("bottle", "can", "mug", "shoe", "phone", "laptop", "car", "bicycle", "watch", "headphones", "backpack",
             "lamp", "cake", "pizza", "perfume", "toothbrush", "book", "umbrella")  # fmt: skip
_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black", "brown")


@dataclass
class Tally:
    """How often something was right."""

    right: int = 0
    asked: int = 0

    def add(self, right: bool) -> None:
        """Count one."""
        self.right, self.asked = self.right + right, self.asked + 1

    def __str__(self) -> str:
        return f"{self.right / self.asked:.0%} ({self.right} of {self.asked})" if self.asked else "none asked"


@dataclass
class Found:
    """What was read in one set of pictures."""

    tallies: dict[str, Tally] = field(default_factory=dict)

    def add(self, name: str, right: bool) -> None:
        """Count one answer."""
        self.tallies.setdefault(name, Tally()).add(right)


def main() -> None:
    """Draw, read, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", type=int, default=24)
    parser.add_argument("--draws", type=int, default=Drawing().draws)
    parser.add_argument("--judge", type=Path, default=STARTER)
    parser.add_argument("--out", type=Path, help="the document of results")
    asked = parser.parse_args()
    judge, models = Judge.open(asked.judge), Models.open()
    kept, first, drawn = Found(), Found(), Found()
    briefs = list(held_out(asked.boards))
    with Progress("drawing boards", len(briefs)) as progress:
        for brief in briefs:
            measure(brief, models, asked.draws, judge, kept, first, drawn)
            progress.advance()
    sets = [one.tallies for one in (first, kept, drawn)]
    rows = [[name, *(str(one.get(name, Tally())) for one in sets)] for name in kept.tallies]
    head = ["read right", "the first draw", f"the best of {asked.draws}", "real drawings"]
    text = sections.table(head, rows)
    print(text)
    if asked.out:
        command = (
            f"python benchmarks/bench_consistency.py --boards {asked.boards} --draws {asked.draws} --out {asked.out}"
        )
        told = f"{asked.boards} boards of six panels, each with a cast and a product of its own. The bars are 90 %."
        sections.put(asked.out, "The studio", "Looks that are kept", f"`{command}`\n\n{told}\n\n{text}")


def held_out(count: int) -> Iterator[Brief]:
    """Briefs whose looks and products are chosen by a seed of their own."""
    for number in range(count):
        random = Random(f"{HELD_OUT_SEED} {number}")
        kind, colour = random.choice(_PRODUCTS), random.choice(_COLOURS)
        cast = [
            {"name": random.choice(_WOMEN), "looks": _looks(random, "woman")},
            {"name": random.choice(_MEN), "looks": _looks(random, "man")},
        ]
        yield Brief.model_validate(
            {
                "title": f"Held out {number}",
                "product": {"name": "Nimbus", "description": f"a {colour} {kind}", "kind": kind},
                "mandatories": {"must_show": ["product"]},
                "format": {"seconds": 15, "panels": 6},
                "style": random.choice(("flat", "pencil", "ink", "watercolour")),
                "cast": cast if number % 2 else cast[::-1],
                "seed": random.randrange(10_000),
            }
        )


def measure(brief: Brief, models: Models, draws: int, judge: Judge, kept: Found, first: Found, drawn: Found) -> None:
    """One board, what its first draws would have been, and real drawings of its scenes."""
    made = {count: Director(models, Drawing(draws=count)).boards(brief, 1)[0] for count in {1, draws}}
    for count, found in ((draws, kept), (1, first)):
        read(judge, made[count].board, pictures_of(made[count].board, made[count].pictures, models), found)
    scenes = [scene_of(panel) for panel in made[draws].board.panels]
    read(judge, made[draws].board, [Image.fromarray(draw(scene, SIZE)) for scene in scenes], drawn)


def pictures_of(board: Storyboard, pictures: Sequence[Image.Image], models: Models) -> list[Image.Image]:
    """The pictures as they were drawn: of the end frame, the one that its words were set on."""
    last = board.panels[-1]
    drawing = Drawing()
    (raw,) = models.illustrator.draw(
        [last.prompt], size=native_size(board.aspect), steps=drawing.steps, guidance=drawing.guidance,
        seeds=[last.seed or 0],
    )  # fmt: skip
    return [*pictures[:-1], raw]


def read(judge: Judge, board: Storyboard, pictures: Sequence[Image.Image], found: Found) -> None:
    """Add what the judge reads in the panels of a board."""
    scenes = [scene_of(panel) for panel in board.panels]
    right, seen = answers(scenes), judge.read(pictures)
    with_product = board.coverage["product"]
    for row, (panel, scene) in enumerate(zip(board.panels, scenes, strict=True)):
        if panel.cast and panel.shot.size in LARGE:
            colours = {part: _asked(scene, part) for part in ("hair_colour", "top_colour", "bottom_colour")}
            hits = {part: [seen[row, c] == right[row, c] for c in columns] for part, columns in colours.items()}
            for part, said in (("hair_colour", "hair"), ("top_colour", "top"), ("bottom_colour", "below")):
                if hits[part]:
                    found.add(said, bool(np.all(hits[part])))
            found.add("panels with everybody right", bool(np.all([hit for part in hits.values() for hit in part])))
        if panel.id in with_product:
            found.add("panels with the product right", product_seen(board, scene, seen[row]))


def product_seen(board: Storyboard, scene: Scene, seen: np.ndarray) -> bool:
    """Whether a thing of the product's kind and colour is read in the picture."""
    assert board.brief is not None
    kind = board.brief.product.kind
    shown = attributes(scene)
    for number in (1, 2):
        if shown.get(f"prop_{number}.kind") == kind:
            said = {part: _answer(f"prop_{number}.{part}", seen) for part in ("kind", "colour")}
            return said == {"kind": kind, "colour": shown[f"prop_{number}.colour"]}
    return False  # it must be seen, and the frame does not even have it


def scene_of(panel: Panel) -> Scene:
    """The scene that a panel's prompt says."""
    return scene_from_words(panel.prompt).scene


def _asked(scene: Scene, part: str) -> list[int]:
    """The columns of the judge's answers that this scene has a right answer for."""
    shown = attributes(scene)
    names = [f"person_{number}.{part}" for number in (1, 2)]
    return [_COLUMNS[name] for name in names if shown.get(name) in QUESTIONS[name]]


def _answer(question: str, seen: np.ndarray) -> str:
    return QUESTIONS[question][seen[_COLUMNS[question]]]


def _looks(random: Random, who: str) -> str:
    length = random.choice(("short", "long")) if who == "woman" else "short"
    hair = random.choice(("black", "brown", "blond", "red", "grey"))
    top = random.choice(("shirt", "jacket", "hoodie"))
    return f"{who} with {length} {hair} hair and a {random.choice(_COLOURS)} {top}"


if __name__ == "__main__":
    main()
