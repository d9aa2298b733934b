"""A manuscript as it was understood: one text, the blocks it is made of, and chapters and scenes over the blocks.

Knows nothing about files and formats: each reader hands its blocks to a `Copyist`, which writes the text that every
span refers to, so that `text[block.start:block.end]` is `block.text`, and the same script read from two formats is
equal in every field but the lines of its source and the notices.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from storywright.board import TimeOfDay
from storywright.sources.manuscripts.words import Style, Words, plain

Form = Literal["prose", "screenplay"]
Language = Literal["en", "ru", "other"]
Matter = Literal["front", "body", "back"]
Column = Literal["", "left", "right"]
ProseKind = Literal["heading", "paragraph", "scene break", "verse", "letter", "quotation"]
ScriptKind = Literal[
    "scene heading", "shot", "action", "character", "parenthetical", "dialogue", "lyrics", "transition", "centred",
    "section", "synopsis", "note",
]  # fmt: skip
Kind = Literal[ProseKind, ScriptKind]

_TOLD = frozenset({"paragraph", "verse", "letter", "quotation", "action", "shot", "character", "dialogue", "lyrics",
                   "parenthetical", "centred"})  # fmt: skip
"""Blocks that tell something; the others only order or comment it."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_WORD_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class SceneHeading:
    """What the heading of a scene says."""

    interior: bool = False
    """It says INT, or ИНТ."""
    exterior: bool = False
    """It says EXT, or НАТ; both for a car that is seen from inside and outside."""
    place: str = ""
    """Where, as it is written."""
    time: str = ""
    """When, as it is written."""
    time_of_day: TimeOfDay | None = None
    """When, as a board says it; None where the words do not tell."""
    number: str = ""
    """The scene's number, as it is written."""


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Characters of the text that stand out."""

    start: int
    """The first, counted in the manuscript's text."""
    end: int
    """One past the last."""
    style: Style
    """How they stand out."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of prose, or an element of a screenplay."""

    kind: Kind
    """What it is."""
    start: int
    """Its first character in the manuscript's text."""
    end: int
    """One past its last."""
    text: str
    """Its words: `text[start:end]` of the manuscript."""
    line: int = field(default=0, compare=False)
    """Its line in the file, or in the EPUB's chapter file; it may differ between equal manuscripts."""
    matter: Matter = "body"
    """Whether it belongs to the story or to what stands before and after it."""
    level: int = 0
    """Of a heading or section: 1 is the highest."""
    scene: SceneHeading | None = None
    """What a scene heading says."""
    speaker: str = ""
    """Who speaks in a character, parenthetical, dialogue or lyrics block, without extensions."""
    extensions: tuple[str, ...] = ()
    """Of a character: what stands in parentheses after the name, such as V.O. or CONT'D."""
    column: Column = ""
    """Which of two simultaneous speeches it belongs to."""
    emphasis: tuple[Emphasis, ...] = ()
    """What stands out in it."""
    new_page: bool = False
    """A page break was asked for before it."""
    revision: str = field(default="", compare=False)
    """The revision that changed it last, which only Final Draft tells."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chapter or a scene: some blocks in a row."""

    title: str
    """What its heading says, in one line; empty where it has none."""
    within: str
    """The title of the part or chapter around it."""
    level: int
    """Of its heading: 1 is the highest."""
    matter: Matter
    """Whether it belongs to the story."""
    blocks: range
    """Indices into the manuscript's blocks."""
    start: int
    """Its first character in the text."""
    end: int
    """One past its last."""
    heading: Block | None = None
    """The block that it begins with, where that is a heading."""


@dataclass(frozen=True)
class Manuscript:
    """A chapter, book or script, as it was read."""

    title: str
    authors: tuple[str, ...]
    language: Language
    """As detected from its words."""
    form: Form
    text: str
    """The one text that every span refers to."""
    blocks: tuple[Block, ...]
    title_page: tuple[tuple[str, str], ...] = ()
    """The fields of a script's title page, names in lower case, in alphabetical order."""
    encoding: str = field(default="", compare=False)
    """How its file was written, as declared or guessed."""
    notices: tuple[str, ...] = field(default=(), compare=False)
    """What was guessed, mended or left out."""

    @cached_property
    def chapters(self) -> tuple[Passage, ...]:
        """What the headings, or the sections of a script, divide; front and back matter are passages of their own."""
        return tuple(_chapters(self.blocks))

    @cached_property
    def scenes(self) -> tuple[Passage, ...]:
        """What scene headings divide in a script, and scene breaks and chapters in the body of a book."""
        return tuple(_script_scenes(self.blocks) if self.form == "screenplay" else self._prose_scenes())

    @cached_property
    def characters(self) -> tuple[tuple[str, int], ...]:
        """Who speaks in a script and how many speeches, the most talkative first."""
        speeches = Counter(block.speaker.casefold() for block in self.blocks if block.kind == "character")
        written = {block.speaker.casefold(): block.speaker for block in reversed(self.blocks) if block.speaker}
        return tuple((written[name], count) for name, count in speeches.most_common())

    @cached_property
    def num_words(self) -> int:
        """How many words it has."""
        return num_words(self.text)

    def _prose_scenes(self) -> Iterator[Passage]:
        for chapter in self.chapters:
            if chapter.matter != "body":
                continue
            breaks = [index for index in chapter.blocks if self.blocks[index].kind == "scene break"]
            edges = [chapter.blocks.start, *(index + 1 for index in breaks)]
            for start, stop in zip(edges, [*breaks, chapter.blocks.stop], strict=True):
                if any(self.blocks[index].kind in _TOLD for index in range(start, stop)):
                    yield _passage(self.blocks, range(start, stop), chapter.title, chapter.within, chapter.level)


class Copyist:
    """Writes the text of a manuscript block by block and keeps count of where each lies."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.notices: list[str] = []
        self._pieces: list[str] = []
        self._length = 0

    def add(
        self,
        kind: Kind,
        words: Words | str,
        line: int,
        *,
        matter: Matter = "body",
        level: int = 0,
        scene: SceneHeading | None = None,
        speaker: str = "",
        extensions: tuple[str, ...] = (),
        column: Column = "",
        new_page: bool = False,
        revision: str = "",
    ) -> bool:
        """Add a block; one without a word is left out, and False says so."""
        words = plain(words) if isinstance(words, str) else words
        if not words.text.strip():
            return False
        if self.blocks:
            spoken = kind in ("parenthetical", "dialogue", "lyrics") and speaker and self.blocks[-1].speaker == speaker
            self._write("\n" if spoken else "\n\n")
        start = self._length
        self._write(words.text)
        marked = tuple(Emphasis(start + first, start + last, style) for first, last, style in words.runs())
        self.blocks.append(
            Block(kind, start, self._length, words.text, line, matter, level, scene, speaker, extensions, column,
                  marked, new_page, revision)
        )  # fmt: skip
        return True

    def set_column(self, index: int, column: Column) -> None:
        """Put a block that was added before into a column."""
        self.blocks[index] = replace(self.blocks[index], column=column)

    def set_matter(self, index: int, matter: Matter) -> None:
        """Say anew what part of the book a block belongs to."""
        self.blocks[index] = replace(self.blocks[index], matter=matter)

    def text(self) -> str:
        """Everything that was added."""
        return "".join(self._pieces)

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def num_words(text: str) -> int:
    """How many words; a Chinese or Japanese character counts as one."""
    return sum(bool(_WORD_CHARACTER.search(piece[0])) for piece in _UNSPACED.finditer(text))


def heading_title(text: str) -> str:
    """A heading's lines as one line: `I` over `Down the Rabbit-Hole` is `I: Down the Rabbit-Hole`."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    joined = lines[0] if lines else ""
    for line in lines[1:]:
        joined += f" {line}" if joined[-1] in ".:!?,;—–-…" else f": {line}"
    return joined


def _passage(
    blocks: Sequence[Block], place: range, title: str, within: str = "", level: int = 0, heading: Block | None = None
) -> Passage:
    first, last = blocks[place.start], blocks[place.stop - 1]
    return Passage(title, within, level, first.matter, place, first.start, last.end, heading)


def _chapters(blocks: Sequence[Block]) -> Iterator[Passage]:
    """A run of headings opens a chapter; the higher ones in the run say what the chapter lies within."""
    above: list[Block] = []
    start = 0
    for index, stop in _chapter_edges(blocks):
        run = list(_while_heading(blocks, index, stop))
        for block in run:
            while above and above[-1].level >= block.level:
                above.pop()
            above.append(block)
        if index == 0 and not run:
            yield _passage(blocks, range(start, stop), "")
        elif not run:
            yield _passage(blocks, range(index, stop), "")
        else:
            within = heading_title(above[-2].text) if len(above) > 1 else ""
            same = [block for block in run if block.level == run[-1].level]
            title = heading_title("\n".join(block.text for block in same))
            yield _passage(blocks, range(index, stop), title, within, run[-1].level, run[-1])
        start = stop


def _chapter_edges(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(1, len(blocks)):
        block, before = blocks[index], blocks[index - 1]
        opens = block.kind in ("heading", "section") and before.kind not in ("heading", "section")
        if opens or block.matter != before.matter:
            yield start, index
            start = index
    if blocks:
        yield start, len(blocks)


def _while_heading(blocks: Sequence[Block], start: int, stop: int) -> Iterable[Block]:
    for index in range(start, stop):
        if blocks[index].kind not in ("heading", "section"):
            return
        yield blocks[index]


def _script_scenes(blocks: Sequence[Block]) -> Iterator[Passage]:
    """From heading to heading; a section or synopsis right before a heading belongs to the scene that follows."""
    start, told, within, section = 0, False, "", ""
    for index, block in enumerate(blocks):
        if block.kind == "scene heading":
            edge = index
            while edge > start and blocks[edge - 1].kind in ("section", "synopsis"):
                edge -= 1
            if told:
                yield _scene(blocks, range(start, edge), within)
                start = edge
            within = section
        elif block.kind == "section":
            section = heading_title(block.text)
        told = told or block.kind in _TOLD or block.kind == "scene heading"
    if told:
        yield _scene(blocks, range(start, len(blocks)), within)


def _scene(blocks: Sequence[Block], place: range, within: str) -> Passage:
    heading = next((blocks[index] for index in place if blocks[index].kind == "scene heading"), None)
    return _passage(blocks, place, heading_title(heading.text) if heading else "", within, 0, heading)
