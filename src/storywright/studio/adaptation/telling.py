"""A manuscript as chapters of scenes, told one after the other, so that a long book never stands in memory as events.

The whole manuscript is read once for its people; then chapter by chapter for what happens.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from storywright.board import Language, TimeOfDay
from storywright.errors import BadInput
from storywright.progress import track
from storywright.sources.manuscripts import Manuscript, Passage, num_words
from storywright.studio.adaptation import places, scenes
from storywright.studio.adaptation.events import Event, Teller
from storywright.studio.adaptation.scenes import Scene

ONE_BOARD_WORDS = 3_500
"""A manuscript of so many words, with all its chapters, is one board; in a longer one each chapter is."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """What is adapted together."""

    title: str
    passages: tuple[Passage, ...]

    @property
    def length(self) -> int:
        """Characters of the manuscript."""
        return sum(passage.end - passage.start for passage in self.passages)


class Tells(Protocol):
    """Tells a manuscript as events, block by block."""

    def begin(self, place: str = "", time: TimeOfDay | None = None, forget: bool = False) -> None:
        """A scene begins; a script's heading says where and when."""
        ...

    def tell(self, index: int) -> list[Event]:
        """The events of a block, by where they stand."""
        ...


def chapters(manuscript: Manuscript, wished: str = "") -> list[Chapter]:
    """The chapters of the story, or the one that is wished for by its number or title."""
    body = [one for one in manuscript.chapters if one.matter == "body"] or list(manuscript.chapters)
    if wished:
        return [_chapter(_found(body, wished))]
    if num_words(manuscript.text) <= ONE_BOARD_WORDS or len(body) == 1:
        return [Chapter(body[0].title if len(body) == 1 else "", tuple(body))]
    return [_chapter(one) for one in body]


def learned(manuscript: Manuscript, language: Language) -> Teller:
    """Read the whole manuscript for its people."""
    teller = Teller(manuscript, language)
    for block in track(manuscript.blocks, "getting to know the people"):
        if block.matter == "body" or manuscript.form == "screenplay":
            teller.learn(block)
    teller.settle()
    return teller


def scenes_of(chapter: Chapter, manuscript: Manuscript, teller: Tells) -> list[Scene]:
    """The scenes of a chapter, in their order."""
    if manuscript.form == "screenplay":
        return [
            one for passage in _within(manuscript.scenes, chapter) for one in _scripted(passage, manuscript, teller)
        ]
    found: list[Scene] = []
    for passage in _within(manuscript.scenes, chapter):
        teller.begin(forget=True)
        events = [event for index in passage.blocks for event in teller.tell(index)]
        found += scenes.split(events)
    return found


def _chapter(passage: Passage) -> Chapter:
    return Chapter(passage.title, (passage,))


def _found(body: Sequence[Passage], wished: str) -> Passage:
    if wished.isdigit() and 1 <= int(wished) <= len(body):
        return body[int(wished) - 1]
    same = [one for one in body if one.title.casefold() == wished.casefold()]
    held = same or [one for one in body if wished.casefold() in one.title.casefold()]
    if len(held) == 1:
        return held[0]
    titles = ", ".join(f"{number} {one.title or '–'}" for number, one in enumerate(body[:20], 1))
    more = f" and {len(body) - 20} more" if len(body) > 20 else ""
    what = "no chapter" if not held else f"{len(held)} chapters"
    raise BadInput(f"--chapter {wished}: {what} of the manuscript fit; choose a number or a title of: {titles}{more}.")


def _within(passages: Sequence[Passage], chapter: Chapter) -> Iterator[Passage]:
    """The scenes that lie in the chapter's passages, cut to them."""
    for whole in chapter.passages:
        for passage in passages:
            start, stop = max(passage.blocks.start, whole.blocks.start), min(passage.blocks.stop, whole.blocks.stop)
            if start < stop:
                yield replace(passage, blocks=range(start, stop))


def _scripted(passage: Passage, manuscript: Manuscript, teller: Tells) -> list[Scene]:
    """A scene of a script is where its heading says."""
    heading = passage.heading.scene if passage.heading is not None else None
    place = _written_small(heading.place) if heading else ""
    teller.begin(place, heading.time_of_day if heading else None, forget=True)
    events = [event for index in passage.blocks for event in teller.tell(index)]
    if not events:
        return []
    for event in events:
        event.place = places.Place(place, place.lower())
    inside = None if heading is None or heading.interior == heading.exterior else heading.interior
    time = heading.time_of_day if heading else None
    return [
        scenes.scene(
            events,
            place=places.Place(place, place.lower()),
            time=time,
            inside=inside,
            heading=passage.heading.text if passage.heading else "",
            opens=True,
        )
    ]


def _written_small(place: str) -> str:
    """BRICK'S PATIO → Brick's patio."""
    text = re.sub(r"\s+", " ", place).strip()
    return text.capitalize() if text.isupper() else text
