"""Fountain, version 1.1, with Russian scene headings besides.

Boneyards go first and notes are set aside; the rest is read paragraph by paragraph, each line once. Three things are
read more generously than the specification asks: a scene heading needs no empty line after it, sections and synopses
need none around them, and a boneyard or note that is never closed is text, with a notice.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storywright.sources.manuscripts import scene_headings
from storywright.sources.manuscripts.manuscript import Manuscript
from storywright.sources.manuscripts.scripts import Script
from storywright.sources.manuscripts.words import BITS, Style, Words, joined, plain

_TITLE_KEYS = frozenset((
    "title", "credit", "author", "authors", "source", "notes", "contact", "copyright", "date", "draft", "draft date",
    "revision", "logline", "series", "episode", "episode title", "written by",
))  # fmt: skip
_RUSSIAN_KEYS = {
    "название": "title", "автор": "author", "авторы": "authors", "источник": "source", "контакты": "contact",
    "дата": "draft date",
}  # fmt: skip
_TITLE_FIELD = re.compile(r"([^\s:#.@!>~=\[(][^:]{0,60}):(?!//)[ \t]*(.*)")
_SECTION = re.compile(r"\s*(#{1,6})(?!#)(.*)")
_SYNOPSIS = re.compile(r"\s*=(?!=)(.*)")
_PAGE_BREAK = re.compile(r"\s*={3,}\s*")
_CENTRED = re.compile(r"\s*>(.*)<\s*")
_FORCED_TRANSITION = re.compile(r"\s*>(.*)")
_FORCED_HEADING = re.compile(r"\s*\.(?=\w)(.*)")
_FORCED_CUE = re.compile(r"\s*@(.*)")
_FORCED_ACTION = re.compile(r"\A(\s*)!")
_LYRICS = re.compile(r"\s*~(.*)")
_TRANSITION = re.compile(r"\s*(?:[^a-zа-яё]*\s)?(?:TO|НА):")
_PARENTHETICAL = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
_IN_PARENTHESES = re.compile(r"\([^()]*\)")
_NOTE = re.compile(r"\[\[((?:[^\]]|\](?!\]))*+)\]\]")
_BLANKS = re.compile(r"[ \t]*")
_MARKS = re.compile(r"(\\*)(\*+|_+)")
_MARK = re.compile(r"(\\*)([*_])")
_STYLES: dict[str, tuple[tuple[Style, int], ...]] = {
    "*": (("italic", 1),),
    "**": (("bold", 2),),
    "***": (("italic", 1), ("bold", 2)),
    "_": (("underline", 1),),
}
"""The styles of each mark, and how much of the mark is each one's."""
_WITH = {style: bytes(value | bit for value in range(256)) for style, bit in BITS.items()}
"""Tables that add a style to bytes of styles."""
_OPENS_PARAGRAPH = ("scene heading", "section", "synopsis", "page break")
_SEVERAL_LINES = ("action", "centred", "lyrics")
_BROKEN_OVER = 4
"""The most lines that one parenthetical is looked for in."""
_LONGEST_CUE = 200
_NEVER_CLOSED = "a note [[ is never closed; it is read as text."


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the script, and the notes that stood in it."""

    number: int
    text: str
    notes: tuple[str, ...] = ()


def read(text: str, encoding: str, fallback: str) -> Manuscript:
    """A script from decoded text; `fallback` is its title where it does not name one."""
    script = Script()
    lines = [_Line(number, line) for number, line in enumerate(text.split("\n"), 1)]
    fields, start = _title_page(lines)
    body = _without_notes(_without_boneyards(lines[start:], script.notices), script.notices)
    for paragraph in _paragraphs(body):
        _read_paragraph(paragraph, script)
    return script.finished(fields, encoding, fallback)


def emphasised(line: str) -> Words:
    """A line without its marks of emphasis, and what they emphasise. A mark that has no partner stays as it is."""
    if "*" not in line and "_" not in line:
        return plain(line)
    styles = bytearray(len(line))
    gone: list[int] = []
    opened: dict[Style, tuple[range, int]] = {}
    for match in _MARKS.finditer(line):
        slashes = len(match[1])
        gone += range(match.start(), match.start() + slashes - slashes // 2)
        start = match.start(2) + slashes % 2  # an odd backslash makes the first mark a character like others
        at, may_open = start, match.end() < len(line) and not line[match.end()].isspace()
        may_close = start > 0 and not line[start - 1].isspace()
        for style, size in _STYLES.get(line[start : match.end()], ()):
            if style in opened and may_close:
                opening, inside = opened.pop(style)
                styles[inside:start] = styles[inside:start].translate(_WITH[style])
                gone += (*opening, *range(at, at + size))
            elif may_open:
                opened[style] = range(at, at + size), match.end()
            at += size
    edges = [-1, *sorted(gone), len(line)]
    kept = [slice(before + 1, after) for before, after in itertools.pairwise(edges)]
    return Words("".join(line[place] for place in kept), b"".join(styles[place] for place in kept))


def escaped(line: str) -> str:
    """A line in which nothing is a mark of emphasis: `emphasised` gives it back as it was."""
    return _MARK.sub(r"\1\1\\\2", line)


def is_action(line: str) -> bool:
    """Whether a line is action wherever it stands, without a sign that forces it."""
    return _kind(line, first=True, alone=True) == "action" and not is_cue(line) and not _FORCED_ACTION.match(line)


def _title_page(lines: Sequence[_Line]) -> tuple[dict[str, str], int]:
    """The fields before the first empty line, and where the script begins. `FADE IN:` alone makes no title page."""
    start = next((at for at, line in enumerate(lines) if line.text.strip()), len(lines))
    fields: dict[str, list[str]] = {}
    key, at = "", start
    while at < len(lines) and lines[at].text.strip():
        text = lines[at].text
        if key and text[0] in " \t":
            fields[key].append(text.strip())
        elif field := _TITLE_FIELD.fullmatch(text):
            key = " ".join(field[1].lower().split())
            key = _RUSSIAN_KEYS.get(key, key)
            fields.setdefault(key, []).append(field[2].strip())
        else:
            return {}, 0
        at += 1
    if not _TITLE_KEYS & fields.keys():
        return {}, 0
    values = {key: "\n".join(emphasised(line).text for line in values if line) for key, values in fields.items()}
    for other in ("authors", "written by"):
        values["author"] = "\n".join(name for name in (values.get("author"), values.pop(other, "")) if name)
    return {key: value for key, value in values.items() if value}, at


def _without_boneyards(lines: Sequence[_Line], notices: list[str]) -> Iterator[_Line]:
    """Lines without what stands between /* and */; a line that had nothing else is not there at all."""
    last_closing = max((at for at, line in enumerate(lines) if "*/" in line.text), default=-1)
    at = 0
    while at < len(lines):
        first, text, begin = lines[at], lines[at].text, 0
        kept: list[str] = []
        while (opening := text.find("/*", begin)) >= 0:
            closing, stop = text.find("*/", opening + 2), at
            while closing < 0 and stop < last_closing:
                stop += 1
                closing = lines[stop].text.find("*/")
            if closing < 0:
                notices.append(f"Line {lines[at].number}: a boneyard /* is never closed; it is read as text.")
                yield _Line(first.number, "".join((*kept, text[begin:])))
                yield from lines[at + 1 :]
                return
            kept.append(text[begin:opening])
            text, at, begin = lines[stop].text, stop, closing + 2
        whole = "".join((*kept, text[begin:]))
        if not kept or whole.strip():
            yield _Line(first.number, whole)
        at += 1


def _without_notes(lines: Iterator[_Line], notices: list[str]) -> Iterator[_Line]:
    """Lines with their [[notes]] set aside; a note runs on over lines, up to an empty one."""
    waiting: list[_Line] = []
    for line in lines:
        if waiting and len(line.text) < 2 and not line.text.strip():
            yield from _never_closed(waiting, notices)
            waiting = []
        if not waiting and "[[" not in line.text:
            yield line
            continue
        waiting.append(line)
        if not _note_open(line.text, len(waiting) > 1):
            yield _noted(waiting)
            waiting = []
    yield from _never_closed(waiting, notices)


def _note_open(text: str, before: bool) -> bool:
    """Whether a note is open at the end of a line, given whether one was before it."""
    opening, closing = text.rfind("[["), text.rfind("]]")
    return opening > closing if opening >= 0 else before and closing < 0


def _never_closed(waiting: Sequence[_Line], notices: list[str]) -> Iterator[_Line]:
    if waiting and not any(notice.endswith(_NEVER_CLOSED) for notice in notices):
        notices.append(f"Line {waiting[0].number}: {_NEVER_CLOSED}")
    yield from waiting


def _noted(lines: Sequence[_Line]) -> _Line:
    """One line of what may have been several, its notes beside it; one space is left where a note stood between two."""
    text = "\n".join(line.text for line in lines)
    kept: list[str] = []
    notes: list[str] = []
    begin = 0
    for note in _NOTE.finditer(text):
        kept.append(text[begin : note.start()])
        notes.append("\n".join(part.strip() for part in note[1].split("\n")).strip())
        begin = note.end()
        if not kept[-1] or kept[-1][-1].isspace():
            begin += len(_BLANKS.match(text, begin)[0])  # type: ignore[index]
    text = "".join((*kept, text[begin:])).rstrip()
    return _Line(lines[0].number, text, tuple(note for note in notes if note))


def _paragraphs(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    """Lines up to an empty one; in a speech two spaces keep a line from being empty."""
    paragraph: list[_Line] = []
    speech = False
    for line in lines:
        if line.text.strip() or line.notes:
            speech = speech or (not any(other.text for other in paragraph[-1:]) and is_cue(line.text))
            paragraph.append(line)
        elif speech and len(line.text) >= 2:
            paragraph.append(_Line(line.number, ""))
        else:
            if paragraph:
                yield paragraph
            paragraph, speech = [], False
    if paragraph:
        yield paragraph


def _read_paragraph(lines: Sequence[_Line], script: Script) -> None:
    last = max((at for at, line in enumerate(lines) if line.text), default=-1)
    at, first = 0, True
    while at < len(lines):
        line = lines[at]
        if not line.text:
            script.element("note", "", line.number, line.notes)
            at += 1
            continue
        kind = _kind(line.text, first, alone=first and at == last)
        if first and kind == "action" and is_cue(line.text) and (at < last or _FORCED_CUE.match(line.text)):
            _read_speech(lines[at:], script)
            return
        stop = at + 1
        while kind in _SEVERAL_LINES and stop <= last and _goes_on(lines[stop].text, kind):
            stop += 1
        _add(kind, lines[at:stop], script)
        at, first = stop, kind in _OPENS_PARAGRAPH


def _goes_on(text: str, kind: str) -> bool:
    return not text or _kind(text, first=False, alone=False) == kind


def _kind(text: str, first: bool, alone: bool) -> str:
    """What a line is, given whether it begins a paragraph and whether it is all of it."""
    if _FORCED_ACTION.match(text):
        return "action"
    if _PAGE_BREAK.fullmatch(text):
        return "page break"
    if _SECTION.fullmatch(text):
        return "section"
    if _SYNOPSIS.fullmatch(text):
        return "synopsis"
    if _CENTRED.fullmatch(text):
        return "centred"
    if _FORCED_TRANSITION.fullmatch(text) or (alone and len(text) < _LONGEST_CUE and _TRANSITION.fullmatch(text)):
        return "transition"
    if _LYRICS.fullmatch(text):
        return "lyrics"
    if first and (_FORCED_HEADING.fullmatch(text) or scene_headings.begins_scene(text.strip())):
        return "scene heading"
    return "action"


def _add(kind: str, lines: Sequence[_Line], script: Script) -> None:
    """An element of one line or several, and its notes."""
    first = lines[0]
    notes = [note for line in lines for note in line.notes]
    if kind == "page break":
        script.break_page()
        script.element("note", "", first.number, notes)
    elif kind == "scene heading":
        forced = _FORCED_HEADING.fullmatch(first.text)
        shown, said = scene_headings.understood((forced[1] if forced else first.text).strip())
        words = emphasised(shown)
        if words.text != shown:
            said = scene_headings.understood(words.text, said.number)[1]
        if scene_headings.is_shot(words.text):
            script.element("shot", words, first.number, notes)
        else:
            script.element(kind, words, first.number, notes, scene=said)
    elif kind == "section":
        section = _SECTION.fullmatch(first.text)
        assert section is not None
        script.element(kind, emphasised(section[2].strip()), first.number, notes, level=len(section[1]))
    else:
        words = joined((_bare(line.text, kind) for line in lines if line.text), "\n")
        script.element(kind, words.rstrip(), first.number, notes)


def _bare(text: str, kind: str) -> Words:
    """A line of an element without the signs that say what it is."""
    if kind == "action":
        return emphasised(_FORCED_ACTION.sub(r"\1", text).rstrip().expandtabs(4))
    pattern = {
        "synopsis": _SYNOPSIS, "centred": _CENTRED, "transition": _FORCED_TRANSITION, "lyrics": _LYRICS,
    }[kind]  # fmt: skip
    bare = pattern.fullmatch(text)
    return emphasised((bare[1] if bare else text).strip())


def is_cue(text: str) -> bool:
    """Whether a line can be a character: forced, or capitals alone, but for what stands in parentheses."""
    if _FORCED_CUE.match(text):
        return True
    if len(text) > _LONGEST_CUE:
        return False
    name = _IN_PARENTHESES.sub("", text).strip()
    return name.upper() == name and any(character.isupper() for character in name) and name[0] not in ".!>~=#"


def _read_speech(lines: Sequence[_Line], script: Script) -> None:
    forced = _FORCED_CUE.fullmatch(lines[0].text)
    name = (forced[1] if forced else lines[0].text).strip()
    column = script.beside() if name.endswith("^") else ""
    words = emphasised(name.rstrip("^ \t"))
    speaker = script.character(words, lines[0].number, lines[0].notes, column)
    for kind, spoken in _spoken(lines[1:]):
        words = joined((emphasised(_said(line.text, kind)) for line in spoken if line.text or not line.notes), "\n")
        notes = [note for line in spoken for note in line.notes]
        script.element(kind, words.rstrip(), spoken[0].number, notes, speaker=speaker, column=column)
    script.end_speech()


def _spoken(lines: Sequence[_Line]) -> Iterator[tuple[str, list[_Line]]]:
    """The lines of a speech in groups of one kind: dialogue, parenthetical or lyrics."""
    at = 0
    group: list[_Line] = []
    of = "dialogue"
    while at < len(lines):
        stop = _end_of_parenthetical(lines, at)
        kind = "parenthetical" if stop > at else "lyrics" if _LYRICS.fullmatch(lines[at].text) else "dialogue"
        if group and (kind != of or kind == "parenthetical") and lines[at].text:
            yield of, group
            group = []
        if lines[at].text or not group:
            of = kind
        group += lines[at : max(stop, at + 1)]
        at = max(stop, at + 1)
    if group:
        yield of, group


def _end_of_parenthetical(lines: Sequence[_Line], at: int) -> int:
    """One past the last line of the parenthetical that begins here, or `at` where none does."""
    if not lines[at].text.lstrip().startswith("("):
        return at
    text = ""
    for stop in range(at, min(at + _BROKEN_OVER, len(lines))):
        text = f"{text} {lines[stop].text.strip()}".lstrip()
        if _PARENTHETICAL.fullmatch(text):
            return stop + 1
    return at


def _said(text: str, kind: str) -> str:
    lyrics = _LYRICS.fullmatch(text) if kind == "lyrics" else None
    return (lyrics[1] if lyrics else text).strip()
