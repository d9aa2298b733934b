"""A book or chapter as plain text: its layout is worked out, and from it paragraphs, chapters, scene breaks and verse.

Lines that were broken at a width are put together again; where lines are not broken, each is a paragraph. A speech
that begins with a dash begins a paragraph even where no empty line stands before it, as Russian books have it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from storywright.sources.manuscripts import language
from storywright.sources.manuscripts.decoding import Decoded
from storywright.sources.manuscripts.manuscript import Copyist, Kind, Manuscript, Matter, heading_title
from storywright.sources.manuscripts.people import people

_LONG_LINE = 100
_LONGEST_HEADING = 120
_MOST_FRONT_WORDS = 200

_PARTS = "part|book|volume|act|часть|книга|том|действие"
_CHAPTERS = "chapter|letter|canto|stave|глава|письмо|песнь"
_NUMBER = (
    "[ivxlcdm]+|[0-9]{1,3}|(?:the )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    "fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[- ][a-z]+)?|thirty(?:[- ][a-z]+)?|first|second|"
    "third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last)|(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм|девят|"
    "десят|одиннадцат|двенадцат|[а-я]+надцат|двадцат|последн)[а-я]{1,3}"
)
_NAMED = re.compile(
    rf"(?is)(?:(?P<part>{_PARTS})|{_CHAPTERS})\s+(?:{_NUMBER})(?:\s*[.:—–-].*|\s*\n.*|\s+[^a-zа-я\s].*)?"
)
_SINGLE = re.compile(
    r"(?i)(?:prologue|epilogue|preface|foreword|introduction|afterword|"
    r"пролог|эпилог|предисловие|послесловие|вступление|введение|заключение)\.?"
)
_CONTENTS = re.compile(r"(?i)(?:table of )?contents\.?|содержание\.?|оглавление\.?")
_NUMERAL = re.compile(r"([IVXLCDM]{1,7}|[0-9]{1,3})\.?")
_MARKED = re.compile(r"(#{1,6})\s+(\S.*)")
_BREAK = re.compile(r"[\s*⁂⁕•·#~_=—–+-]{1,60}")
_UNEVEN = re.compile(r"[^\S ]|  ")
_SPACES = re.compile(r"\s+")
_DASH = re.compile(r"[—–-]\s*\w|[—–]\s*[«“\"…]")
_ENDED = re.compile(r"[.!?…:;»”\"')\]][\s\d]*$")
_FIELD = re.compile(r"(Title|Author|Language|Translator|Название|Автор|Язык):\s+(\S.*)")
_GUTENBERG = re.compile(r"\*{3}\s*(START|END) OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
_BY = re.compile(r"(?i)(?:written |a (?:novel|story) )?by\s+(.+)|автор:?\s+(.+)")
_PERSON = re.compile(r"(?:[A-ZА-ЯЁ]\.\s?){1,3}\S+|.*\b[А-ЯЁ]\w+(?:вич|ич|вна|чна)\b.*")
_NAME = re.compile(r"[A-ZА-ЯЁ][\w'’-]+(?:\s+(?:[A-ZА-ЯЁ][\w'’-]*\.?|de|von|van|la|le)){1,3}")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    indent: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block to be."""

    kind: Kind
    text: str
    line: int
    level: int = 0
    matter: Matter = "body"


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a file is set."""

    width: int
    """Where lines were broken; 0 where they were not."""
    indented: bool
    """Paragraphs begin with an indent."""
    spaced: bool
    """Empty lines stand between paragraphs."""


def read(decoded: Decoded, fallback: str, marked: bool = False) -> Manuscript:
    """A manuscript from plain text; `marked` says that `#` marks headings, as in Markdown."""
    chunks = list(_chunks(decoded.text))
    layout = _layout(chunks)
    numerals = _in_sequence(chunks)
    pieces = [piece for chunk in chunks for piece in _pieces(chunk, layout, numerals, marked)]
    fields = _fields(pieces[:60])
    pieces = _with_matter(_without_contents(pieces))
    title, author, titled = _title_and_author(pieces, fields)
    copy = Copyist()
    for at, piece in enumerate(pieces):
        matter: Matter = "front" if at < titled else piece.matter
        copy.add(piece.kind, piece.text, piece.line, matter=matter, level=piece.level)
    if not title:
        copy.notices.append("The text names no title; the file's name is taken.")
    text = copy.text()
    return Manuscript(
        title or fallback, people(author), language.detected(text), "prose", text, tuple(copy.blocks), (),
        decoded.encoding, (*decoded.notices, *copy.notices),
    )  # fmt: skip


def _chunks(text: str) -> Iterator[tuple[int, list[_Line]]]:
    """Lines that stand together, and how many empty ones stand before them."""
    chunk: list[_Line] = []
    empty = waiting = 0
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare:
            if chunk:
                yield empty, chunk
                chunk, waiting = [], 0
            waiting += 1
            continue
        if not chunk:
            empty = waiting
        head = line[: len(line) - len(line.lstrip())]
        chunk.append(_Line(number, _SPACES.sub(" ", bare) if _UNEVEN.search(bare) else bare, len(head.expandtabs(4))))
    if chunk:
        yield empty, chunk


def _layout(chunks: Sequence[tuple[int, list[_Line]]]) -> _Layout:
    lines = [line for _, chunk in chunks for line in chunk]
    inner = sorted(len(line.text) for _, chunk in chunks for line in chunk[:-1])
    long = sum(len(line.text) > _LONG_LINE for line in lines)
    width = inner[len(inner) * 9 // 10] if inner else 0
    full = sum(length >= 0.75 * width for length in inner)
    broken = long * 50 <= len(lines) and width >= 40 and full * 2 >= len(inner)
    indents = sum(line.indent > 0 for line in lines)
    return _Layout(width if broken else 0, len(lines) <= indents * 20 < 19 * len(lines), len(chunks) * 5 > len(lines))


def _pieces(
    counted: tuple[int, list[_Line]], layout: _Layout, numerals: frozenset[int], marked: bool
) -> Iterator[_Piece]:
    empty, chunk = counted
    first = chunk[0].number
    while chunk and (level := _heading_level(chunk, empty, numerals, marked)):
        size = 1 if marked or len(chunk) > 3 else len(chunk)
        text = "\n".join(line.text.lstrip("# ") if marked else line.text for line in chunk[:size])
        yield _Piece("heading", text, chunk[0].number, level)
        chunk, empty = chunk[size:], 0
    paragraph: list[_Line] = []
    if len(chunk) > 1 and _is_verse(chunk, layout):
        yield _Piece("verse", "\n".join(line.text for line in chunk), first)
        return
    for line in chunk:
        if paragraph and (not layout.width or _begins_paragraph(line, paragraph[-1], layout)):
            yield _paragraph(paragraph)
            paragraph = []
        if _BREAK.fullmatch(line.text):
            if paragraph:
                yield _paragraph(paragraph)
                paragraph = []
            yield _Piece("scene break", "* * *", line.number)
        else:
            paragraph.append(line)
    if paragraph:
        yield _paragraph(paragraph)


def _paragraph(lines: Sequence[_Line]) -> _Piece:
    """Lines as one; a hyphen at the end of a line stays, without a space after it."""
    text = " ".join(line.text for line in lines)
    return _Piece(
        "paragraph", re.sub(r"(?<=\w)- (?=[a-zа-яё])", "-", text) if len(lines) > 1 else text, lines[0].number
    )


def _begins_paragraph(line: _Line, before: _Line, layout: _Layout) -> bool:
    if layout.indented and line.indent > before.indent:
        return True
    return bool(_DASH.match(line.text)) and bool(_ENDED.search(before.text[-10:]))


def _is_verse(chunk: Sequence[_Line], layout: _Layout) -> bool:
    """Short lines together: in a text that is broken at a width, lines that stop well before it."""
    most = 0.75 * layout.width if layout.width else 60
    if not layout.spaced or any(_DASH.match(line.text) or _BREAK.fullmatch(line.text) for line in chunk):
        return False
    return all(len(line.text) <= most for line in chunk) and sum(line.text[0].isupper() for line in chunk) * 2 > len(
        chunk
    )


def _heading_level(chunk: Sequence[_Line], empty: int, numerals: frozenset[int], marked: bool) -> int:
    """1 for parts, 2 for chapters, 3 for mere numbers; 0 where the chunk begins with no heading."""
    line = chunk[0].text
    if marked:
        mark = _MARKED.fullmatch(line)
        return len(mark[1]) if mark else 0
    if len(line) > _LONGEST_HEADING:
        return 0
    if chunk[0].number in numerals:
        return 3
    alone = len(chunk) <= 3 and sum(len(one.text) for one in chunk) <= _LONGEST_HEADING
    named = _NAMED.fullmatch(line)
    if named and alone and not any(_NAMED.fullmatch(one.text) for one in chunk[1:]):
        return 1 if named["part"] else 2
    if len(chunk) == 1 and (_SINGLE.fullmatch(line) or _is_shouted(line, empty)):
        return 2
    return 0


def _is_shouted(line: str, empty: int) -> bool:
    letters = sum(character.isalpha() for character in line)
    return empty >= 2 and line.isupper() and letters >= 3 and len(line) <= 60 and line[-1] not in '.,;:!?…”»"'


def _in_sequence(chunks: Sequence[tuple[int, list[_Line]]]) -> frozenset[int]:
    """The lines that are nothing but the next number: 1, 2, 3 or I, II, III, and 1 again in another part."""
    found: list[int] = []
    expected = 1
    for _, chunk in chunks:
        numeral = _NUMERAL.fullmatch(chunk[0].text) if len(chunk) <= 2 else None
        value = _value(numeral[1]) if numeral else 0
        if value and value in (expected, 1):
            found.append(chunk[0].number)
            expected = value + 1
    return frozenset(found)


def _value(numeral: str) -> int:
    if numeral.isdigit():
        return int(numeral)
    values = [_ROMAN[letter] for letter in numeral]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _without_contents(pieces: Sequence[_Piece]) -> list[_Piece]:
    """With the entries of a table of contents as paragraphs: headings without a text that come again later."""
    later: dict[str, int] = {}
    for at, piece in enumerate(pieces):
        if piece.kind == "heading":
            later[_folded(piece.text)] = at
    made: list[_Piece] = []
    for at, piece in enumerate(pieces):
        follows = at + 1 < len(pieces) and pieces[at + 1].kind == "heading"
        if piece.kind == "heading" and follows and later[_folded(piece.text)] > at:
            piece = replace(piece, kind="paragraph", level=0)  # noqa: PLW2901
        made.append(piece)
    return made


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _with_matter(pieces: Sequence[_Piece]) -> list[_Piece]:
    """What stands before the first heading and is short, and what Project Gutenberg adds, is not the story."""
    start = next((at for at, piece in enumerate(pieces) if piece.kind == "heading"), 0)
    if sum(piece.text.count(" ") + 1 for piece in pieces[:start]) > _MOST_FRONT_WORDS:
        start = 0
    stop = len(pieces)
    for at, piece in enumerate(pieces):
        if marker := _GUTENBERG.search(piece.text[:200]):
            if marker[1].upper() == "START":
                start = max(start, at + 1)
            else:
                stop = min(stop, at)
    return [
        replace(piece, matter="front" if at < start else "back" if at >= stop else "body")
        for at, piece in enumerate(pieces)
    ]


def _fields(pieces: Sequence[_Piece]) -> dict[str, str]:
    """What lines such as `Title: …` say at the beginning."""
    found = (_FIELD.match(line) for piece in pieces for line in piece.text.split("\n"))
    return {match[1]: match[2] for match in reversed([match for match in found if match])}


def _title_and_author(pieces: Sequence[_Piece], fields: dict[str, str]) -> tuple[str, str, int]:
    """The title, the author, and how many blocks at the beginning say them."""
    title = fields.get("Title", fields.get("Название", ""))
    if title:
        return title, fields.get("Author", fields.get("Автор", "")), 0
    if len(pieces) < 2:
        return "", "", 0
    if pieces[0].kind == "heading" and pieces[0].level == 1 and not _NAMED.fullmatch(pieces[0].text):
        return heading_title(pieces[0].text), "", 0
    lines: list[str] = []
    blocks = 0
    for piece in pieces[:3]:
        if (
            piece.kind == "heading"
            or len(piece.text) > _LONGEST_HEADING
            or (piece.kind == "paragraph" and _ENDED.search(piece.text))
        ):
            break
        lines += piece.text.split("\n")
        blocks += 1
    if blocks == len(pieces) or len(lines) > 4 or not lines:
        return "", "", 0
    for at, line in enumerate(lines):
        if by := _BY.fullmatch(line):
            return heading_title("\n".join(lines[:at])), by[1] or by[2], blocks
    if len(lines) > 1 and _PERSON.fullmatch(lines[0]):
        return heading_title("\n".join(lines[1:])), lines[0], blocks
    if len(lines) > 1 and (_PERSON.fullmatch(lines[-1]) or _NAME.fullmatch(lines[-1])):
        return heading_title("\n".join(lines[:-1])), lines[-1], blocks
    return heading_title("\n".join(lines)), "", blocks
