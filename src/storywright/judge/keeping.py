"""How well somebody's looks are kept from a reference picture: the judge reads their colours in new panels of them.

Each person is drawn once for the reference, and is then wanted in panels of other places, shots, poses and light, whose
prompts call them "a person". Beside that stand the same panels with the looks said in words, with nothing said or
shown, which is what chance keeps, and real drawings of the same scenes, the best that the judge can read. A panel keeps
somebody when the colours of hair, of top and, where it is in the frame, of what they wear below are all read as they
should be. Knows nothing about how looks are read from a picture.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from storywright.illustrator.model import Illustrator
from storywright.judge.labels import NONE, QUESTIONS, answers
from storywright.judge.network import Judge
from storywright.progress import track
from storywright.toonworld.attributes import attributes
from storywright.toonworld.drawing import draw
from storywright.toonworld.grammar import portrait
from storywright.toonworld.scene import Person, Scene
from storywright.toonworld.words import MAX_TOKENS, num_tokens, prompt

SEED = 105
"""Of people and panels that nothing has learnt from."""
LARGE = ("full", "medium full", "medium", "medium close-up", "close-up")
"""Shots in which hair and clothes fill enough of the picture to be read."""
COLOURS = {"hair": "person_1.hair_colour", "top": "person_1.top_colour", "below": "person_1.bottom_colour"}
_SIZE_OF_REFERENCE = (384, 216)
_HOW_SOMEBODY_LOOKS = ("woman", "age", "skin", "hair_length", "hair_colour", "top", "top_colour", "bottom",
                       "bottom_colour", "glasses", "hat")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody, and a new panel that they are wanted in."""

    reference: Image.Image
    panel: Scene


@dataclass(slots=True)
class Kept:
    """What was read in one set of pictures: how often each colour was right, and all of somebody's together."""

    right: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, right: bool) -> None:
        """Count one answer."""
        self.right[name] = self.right.get(name, 0) + right
        self.asked[name] = self.asked.get(name, 0) + 1

    def share(self, name: str) -> float:
        """The share that was right."""
        return self.right[name] / self.asked[name] if self.asked.get(name) else float("nan")


EVERYTHING = "all of it"
"""What a panel is said to keep when each of the colours is right."""


def wanted(people: int, panels: int, seed: int = SEED) -> list[Wanted]:
    """So many people, each in so many new panels."""
    alone = _alone(seed)
    found = []
    for _ in range(people):
        person = next(alone).people[0]
        shown = draw(_reference(person), _SIZE_OF_REFERENCE)
        found += [Wanted(Image.fromarray(shown), _with(panel, person)) for panel in itertools.islice(alone, panels)]
    return found


def measured(judge: Judge, illustrator: Illustrator, cases: Sequence[Wanted]) -> dict[str, Kept | None]:
    """What is kept by each way of saying how somebody looks; None where an illustrator has not got that way."""
    panels = [case.panel for case in cases]
    size = illustrator.drawing.native_size
    left_open, in_words = [prompt(panel, by_reference=(0,)) for panel in panels], [prompt(panel) for panel in panels]
    references = [case.reference for case in cases]
    return {
        "from the reference": read(judge, panels, _drawn(illustrator, left_open, references))
        if illustrator.reads_looks
        else None,
        "from words": read(judge, panels, _drawn(illustrator, in_words)),
        "from nothing": read(judge, panels, _drawn(illustrator, left_open)),
        "real drawings": read(judge, panels, [Image.fromarray(draw(panel, size)) for panel in panels]),
    }


def read(judge: Judge, panels: Sequence[Scene], pictures: Sequence[Image.Image]) -> Kept:
    """What the judge reads of the one person in each picture."""
    columns = {name: list(QUESTIONS).index(question) for name, question in COLOURS.items()}
    right, seen, kept = answers(panels), judge.read(pictures), Kept()
    for row in range(len(panels)):
        hits = {name: seen[row, at] == right[row, at] for name, at in columns.items() if right[row, at] != NONE}
        for name, hit in hits.items():
            kept.add(name, bool(hit))
        kept.add(EVERYTHING, bool(np.all(list(hits.values()))))
    return kept


def table(found: Mapping[str, Kept | None]) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of a table, a way in each row."""
    names = [*COLOURS, EVERYTHING]
    rows = [
        [way, *(f"{kept.share(name):.2f} of {kept.asked.get(name, 0)}" if kept else "no reader" for name in names)]
        for way, kept in found.items()
    ]
    return ["looks", *names], rows


def _alone(seed: int) -> Iterator[Scene]:
    """Scenes of one person, large enough, whose hair and top are seen and whose words leave room for a reference."""
    for index in itertools.count():
        scene, _ = portrait(seed, index)
        if len(scene.people) != 1 or scene.shot not in LARGE:
            continue
        seen = attributes(scene)
        is_seen = all(seen.get(COLOURS[name]) in QUESTIONS[COLOURS[name]] for name in ("hair", "top"))
        if is_seen and num_tokens(prompt(scene)) <= MAX_TOKENS:
            yield scene


def _reference(person: Person) -> Scene:
    """A panel that shows somebody plainly."""
    plain = replace(person, pose="standing", expression="neutral", facing="front")
    return Scene(people=(plain,), shot="medium full", setting="living room", seed=0)


def _with(panel: Scene, person: Person) -> Scene:
    """The panel with this person in it, who does what the one before did."""
    looks = {name: getattr(person, name) for name in _HOW_SOMEBODY_LOOKS}
    return replace(panel, people=(replace(panel.people[0], **looks),))


def _drawn(
    illustrator: Illustrator, prompts: Sequence[str], references: Sequence[Image.Image | None] = ()
) -> list[Image.Image]:
    made: list[Image.Image] = []
    for first in track(range(0, len(prompts), illustrator.at_once), "drawing people anew"):
        part = slice(first, first + illustrator.at_once)
        seeds = range(first, first + len(prompts[part]))
        made += illustrator.draw(prompts[part], seeds=seeds, references=references[part])
    return made
