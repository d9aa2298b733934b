"""What is shown in a blind comparison: the same words and seeds, drawn and told on by both versions.

Knows nothing of who looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image
from sqlalchemy import Engine

from storywright.errors import BadInput
from storywright.progress import track
from storywright.settings import Settings
from storywright.studio.director import Drawing
from storywright.studio.models import Models
from storywright.toonworld import grammar
from storywright.toonworld.words import prompt
from storywright.watch import boards
from storywright.watch.comparing import Pair
from storywright.writer.model import Told


@dataclass(frozen=True, slots=True)
class Wanted:
    """What both versions are asked for: a picture of the prompt, and the words of the panel after the caption."""

    prompt: str
    caption: str
    language: str


def newest(engine: Engine, at: Settings, count: int) -> list[Wanted]:
    """What people asked for lately, each prompt once."""
    found: dict[str, Wanted] = {}
    for made in boards.recent(engine, count):
        try:
            board = boards.read(made, at.home)
        except BadInput:  # its folder was deleted by hand
            continue
        for panel in board.panels:
            if panel.prompt and len(found) < count:
                found.setdefault(panel.prompt, Wanted(panel.prompt, panel.action, board.language))
    return list(found.values())


def drawn_world(count: int, seed: int) -> list[Wanted]:
    """Panels of English stories that the drawn world tells, for where nobody asked for anything yet."""
    found: list[Wanted] = []
    for story in grammar.stories(seed, "en", None):
        panel = story.panels[seed % len(story.panels)]
        found.append(Wanted(prompt(panel.scene), panel.caption, "en"))
        if len(found) == count:
            break
    return found


def pairs(
    wanted: Sequence[Wanted], champion: tuple[Models, Drawing], challenger: tuple[Models, Drawing], seed: int
) -> list[tuple[Pair, Image.Image, Image.Image]]:
    """Each panel as the one and as the other makes it, each drawing as it was tuned."""
    found = []
    for number, one in enumerate(track(list(wanted), "Making both sides")):
        pictures, captions = [], []
        for models, drawing in (champion, challenger):
            drawn = models.illustrator.draw(
                [one.prompt], steps=drawing.steps, guidance=drawing.guidance, seeds=[seed + number]
            )
            pictures.append(drawn[0])
            captions.append(_told_on(models, one, seed + number))
        found.append((Pair(one.caption or one.prompt, captions[0], captions[1]), pictures[0], pictures[1]))
    return found


def _told_on(models: Models, one: Wanted, seed: int) -> str:
    if one.language not in models.writer.languages or not one.caption:
        return ""
    told = [Told(None, one.caption)]
    proposals = models.writer.propose(told, brief=one.caption, language=one.language, count=1, seed=seed)
    return proposals[0].caption if proposals else ""
