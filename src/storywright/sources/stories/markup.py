"""The markup of StoryReasoning: a story whose words point at what is seen, and the analysis of its pictures.

The story is told in blocks `<gdi image3>…</gdi>`, one for each picture. Inside, `<gdo …>` names characters and objects,
`<gda …>` tells what they do and `<gdl …>` names places; each tag lists the entities that it points at. The analysis is
Markdown: for each `## Image N` the tables Characters, Objects and Setting, then `## Narrative Structure`. Boxes are
left, top, right and bottom in pixels. Knows nothing about pictures.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCK = re.compile(r"<gdi\s+image\s*(\d+)\s*>(.*?)(?:</gdi\s*>|(?=<gdi\s)|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(/?)gd([a-z])((?:\s[^<>]*)?)>", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_IMAGE = re.compile(r"^##\s*Image\s+(\d+)\s*:?\s*$", re.MULTILINE | re.IGNORECASE)
_CHAPTER = re.compile(r"^##\s+(?!#)", re.MULTILINE)
_TABLE = re.compile(r"^###\s*([A-Za-z]+)\s*:?\s*$", re.MULTILINE)
_STRUCTURE = re.compile(r"^##\s*Narrative Structure\s*:?\s*$", re.MULTILINE | re.IGNORECASE)
_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s:|-]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_RANGE = re.compile(r"(\d+)\s*(?:[-–—]|to|through)\s*(\d+)|(\d+)")
_NOBODY = frozenset(("", "-", "n/a", "none", "na"))
_MOST_IMAGES = 1_000
_MOST_PIXELS = 1_000_000

KINDS = {"char": "character", "obj": "object", "lm": "landmark", "bg": "background"}
"""What an entity is, by how its name begins."""


@dataclass(slots=True)
class Mentions:
    """Where a caption names an entity and tells what it does: begin and end, in characters, for each place."""

    told: list[int] = field(default_factory=list)
    acts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """What a story says of one picture."""

    caption: str
    mentions: dict[str, Mentions]
    """By entity."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the analysis says of one picture: the rows of its tables, by the names of the columns."""

    characters: list[dict[str, str]] = field(default_factory=list)
    objects: list[dict[str, str]] = field(default_factory=list)
    settings: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The whole analysis."""

    images: dict[int, Seen]
    """By the number of the picture, 1 for the first."""
    phases: list[dict[str, str]]
    """The rows of the narrative structure."""


def told(story: str) -> dict[int, Told]:
    """What the story says of each picture, by its number; blocks of the same picture are joined."""
    blocks: dict[int, list[str]] = {}
    for block in _BLOCK.finditer(story):
        blocks.setdefault(int(block[1][:9]), []).append(block[2])
    return {number: _plain(" ".join(texts)) for number, texts in blocks.items()}


def analysis(text: str) -> Analysis:
    """The tables of the analysis; a table that is not there has no rows."""
    images = {int(number[:9]): _seen(chapter) for number, chapter in _chapters(text, _IMAGE)}
    structure = next((chapter for _, chapter in _chapters(text, _STRUCTURE)), "")
    return Analysis(images, _rows(structure))


def boxes(cell: str) -> list[int]:
    """The boxes of a cell, four numbers for each; none when it does not hold whole boxes."""
    numbers = [float(number) for number in _NUMBER.findall(cell)]
    whole = len(numbers) % 4 == 0 and all(abs(one) < _MOST_PIXELS for one in numbers)
    return [round(one) for one in numbers] if whole else []


def numbers(cell: str) -> list[int]:
    """The pictures that a cell such as `1-3, 5` names."""
    found: list[int] = []
    for first, last, single in _RANGE.findall(cell):
        begin, end = int((single or first)[:9]), int((single or last)[:9])
        found += range(begin, min(end, begin + _MOST_IMAGES) + 1)
    return found


def kind_of(entity: str, otherwise: str) -> str:
    """What an entity is, by its name."""
    return next((kind for start, kind in KINDS.items() if re.fullmatch(rf"{start}\d+", entity)), otherwise)


def _plain(text: str) -> Told:
    """A block without its tags, with single spaces, and where the tags were."""
    words: list[str] = []
    length, place = 0, 0
    waiting: list[tuple[str, list[str], int]] = []
    spans: list[tuple[str, list[str], int, int]] = []

    def say(piece: str) -> None:
        nonlocal length
        piece = _SPACES.sub(" ", piece)
        if piece.startswith(" ") and (not words or words[-1].endswith(" ")):
            piece = piece[1:]
        if piece:
            words.append(piece)
            length += len(piece)

    for tag in _TAG.finditer(text):
        say(text[place : tag.start()])
        place = tag.end()
        if not tag[1]:
            waiting.append((tag[2].lower(), tag[3].split(), length))
        elif waiting:
            # What is closed by the wrong name, as happens, is what was opened last.
            letter, entities, begin = waiting.pop()
            spans.append((letter, entities, begin, length))
    say(text[place:])
    spans += [(letter, entities, begin, length) for letter, entities, begin in waiting]
    return _told("".join(words).rstrip(), spans)


def _told(caption: str, spans: list[tuple[str, list[str], int, int]]) -> Told:
    mentions: dict[str, Mentions] = {}
    for letter, entities, begin, end in sorted(spans, key=lambda span: span[2:]):
        piece = caption[begin:end]
        first, last = begin + len(piece) - len(piece.lstrip()), begin + len(piece.rstrip())
        if letter not in "oal" or first >= last:
            continue
        for entity in entities:
            found = mentions.setdefault(entity, Mentions())
            (found.acts if letter == "a" else found.told).extend((first, last))
    return Told(caption, mentions)


def _chapters(text: str, heading: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """What stands under each heading of this kind, up to the next heading of its height."""
    for found in heading.finditer(text):
        following = _CHAPTER.search(text, found.end())
        yield found[1] if found.groups() else "", text[found.end() : following.start() if following else len(text)]


def _seen(chapter: str) -> Seen:
    tables: dict[str, list[dict[str, str]]] = {}
    headings = list(_TABLE.finditer(chapter))
    for at, heading in enumerate(headings):
        end = headings[at + 1].start() if at + 1 < len(headings) else len(chapter)
        tables.setdefault(heading[1].lower().rstrip("s"), []).extend(_rows(chapter[heading.end() : end]))
    named = {
        name: [row for row in tables.get(name, ()) if row.get(f"{name}_id", "").lower() not in _NOBODY]
        for name in ("character", "object")
    }
    return Seen(named["character"], named["object"], tables.get("setting", []))


def _rows(text: str) -> list[dict[str, str]]:
    """The rows of the first table of a text, by the names of its columns, such as `narrative_function`."""
    lines = [line.strip() for line in text.splitlines()]
    cells = [_cells(line) for line in lines if line.startswith("|")]
    if not cells:
        return []
    head = [name.lower().replace(" ", "_") for name in cells[0]]
    return [dict(zip(head, _fitted(row, len(head)), strict=True)) for row in cells[1:] if not _is_rule(row)]


def _cells(line: str) -> list[str]:
    inner = line.removeprefix("|")
    parts = [part.strip().replace("\\|", "|") for part in _CELL_END.split(inner)]
    return parts[:-1] if parts and not parts[-1] else parts


def _fitted(row: list[str], width: int) -> list[str]:
    """A row of this width: what is missing is empty, and what is too much was a bar in the cell before the last."""
    if len(row) > width >= 2:
        surplus = len(row) - width
        row = [*row[: width - 2], " | ".join(row[width - 2 : width - 1 + surplus]), *row[width - 1 + surplus :]]
    return row[:width] + [""] * (width - len(row))


def _is_rule(row: list[str]) -> bool:
    return not any(row) or all(_RULE.fullmatch(cell) for cell in row if cell)
