"""Final Draft's FDX: paragraphs with types, simultaneous speeches, notes, styles, revisions and the title page.

What Final Draft shows is what is read: text that an element's settings put in capitals is in capitals here. Paragraphs
that follow each other in a speech are one speech, as they are in Fountain.
"""

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from storywright.errors import BadInput
from storywright.sources.manuscripts import markup, scene_headings
from storywright.sources.manuscripts.decoding import cleaned
from storywright.sources.manuscripts.manuscript import Column, Manuscript
from storywright.sources.manuscripts.scripts import Script
from storywright.sources.manuscripts.words import Style, Words, joined, styled

_KINDS = {
    "scene heading": "scene heading",
    "action": "action",
    "general": "action",
    "cast list": "action",
    "character": "character",
    "parenthetical": "parenthetical",
    "dialogue": "dialogue",
    "singing": "lyrics",
    "lyrics": "lyrics",
    "transition": "transition",
    "shot": "shot",
    "new act": "section",
    "end of act": "centred",
    "outline body": "synopsis",
}
_OUTLINE = re.compile(r"outline ([1-6])")
_SPOKEN = ("parenthetical", "dialogue", "lyrics")
_STYLES: dict[str, Style] = {"Bold": "bold", "Italic": "italic", "Underline": "underline", "Strikeout": "strikeout"}
_RANGE = re.compile(r"(\d{1,9}),\d{1,9}")
_CREDIT = re.compile(r"(?i)((?:(?:original )?(?:screenplay|teleplay|story)|written|created|adapted|сценарий|автор)"
                     r"(?: (?:and|&) (?:directed|story))?(?: by)?|by)\b:?\s*(.*)")  # fmt: skip
_SOURCE = re.compile(r"(?i)(?:based (?:up)?on|from|story by|по (?:мотивам|роману|повести|рассказу))\b")
_DATE = re.compile(r"(?i)^(?:draft|rev|[\w ,.]{0,20}draft\b)|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\b(?:19|20)\d\d$")
_COPYRIGHT = re.compile(r"(?i)©|\(c\)|copyright")


@dataclass(slots=True)
class _Paragraph:
    """One paragraph: what it is, its words and what stands in its margin."""

    kind: str
    words: Words
    line: int
    number: str = ""
    level: int = 0
    notes: list[str] = field(default_factory=list)
    summary: str = ""
    new_page: bool = False
    revision: str = ""
    column: Column = ""


def read(text: str, encoding: str, name: str, fallback: str) -> Manuscript:
    """A script from the decoded text of the file `name`; `fallback` is its title where it does not name one."""
    root = markup.parse(text, name)
    content = root.find("Content")
    if root.tag != "FinalDraft" or content is None:
        raise BadInput(f"{name}, line {root.sourceline}: a Final Draft script is <FinalDraft> with a <Content> in it.")
    script = Script()
    _write(_with_margin_notes(root, content, script), script)
    return script.finished(_title_page(root), encoding, fallback)


def _with_margin_notes(root: etree._Element, content: etree._Element, script: Script) -> list[_Paragraph]:
    """The paragraphs; each note that the document keeps at its end goes to the paragraph that its range begins in."""
    reading = _Reading(root, script)
    paragraphs: list[_Paragraph] = []
    offsets: list[int] = []
    firsts: list[int] = []
    offset = 0
    for element in content.iterchildren("Paragraph", "DualDialogue"):
        offsets.append(offset)
        firsts.append(len(paragraphs))
        paragraphs += reading.paragraphs(element)
        offset += _units(element) + 1
    firsts.append(len(paragraphs))
    for note in root.iterfind("ScriptNotes/ScriptNote"):
        place = _RANGE.fullmatch(note.get("Range", ""))
        at = bisect.bisect_right(offsets, int(place[1])) - 1 if place else len(offsets) - 1
        if paragraphs and (words := _note(note)):
            paragraphs[max(firsts[at + 1] - 1 if firsts[at + 1] > firsts[at] else firsts[at] - 1, 0)].notes.append(
                words
            )
    if reading.omitted:
        script.notices.append(f"{reading.omitted} omitted scenes were left out.")
    for kind, line in reading.unknown.items():
        script.notices.append(f"Line {line}: paragraphs of the type {kind!r} were read as action.")
    return paragraphs


class _Reading:
    """What the whole document says about its paragraphs: capitals, names of revisions."""

    def __init__(self, root: etree._Element, script: Script) -> None:
        self.omitted = 0
        self.unknown: dict[str, int] = {}
        self._revisions = {one.get("ID", ""): one.get("Name", "") for one in root.iterfind("Revisions/Revision")}
        self._capitals = {
            settings.get("Type", "").lower()
            for settings in root.iterfind("ElementSettings")
            if "AllCaps" in settings.findtext("FontSpec", "") or "AllCaps" in _style(settings.find("FontSpec"))
        }

    def paragraphs(self, element: etree._Element) -> Iterator[_Paragraph]:
        """The paragraphs in an element of the content: itself, or those of its simultaneous speeches."""
        duals = [element] if element.tag == "DualDialogue" else element.findall("DualDialogue")
        if element.tag == "Paragraph":
            self.omitted += len(element.findall("OmittedScene"))
            own = self._paragraph(element)
            if own.words.text.strip() or own.notes or not duals:
                yield own
        for dual in duals:
            column: Column = ""
            for inner in dual.iterchildren("Paragraph"):
                paragraph = self._paragraph(inner)
                if paragraph.kind == "character":
                    column = "right" if column else "left"
                paragraph.column = column
                yield paragraph

    def _paragraph(self, element: etree._Element) -> _Paragraph:
        kind, level = self._kind(element)
        capitals = element.get("Type", "").lower() in self._capitals
        texts = element.findall("Text")
        revised = [one.get("RevisionID", "0") for one in texts if one.get("RevisionID", "0") != "0"]
        return _Paragraph(
            kind,
            joined(_run(one, capitals) for one in texts),
            element.sourceline or 0,
            element.get("Number", ""),
            level,
            [note for one in element.iterfind("ScriptNote") if (note := _note(one))],
            "\n".join(_text(one) for one in element.iterfind("SceneProperties/Summary/Paragraph")).strip(),
            element.get("StartsNewPage") == "Yes",
            self._revisions.get(revised[-1], revised[-1]) if revised else "",
        )

    def _kind(self, element: etree._Element) -> tuple[str, int]:
        named = element.get("Type", "General").strip()
        if outline := _OUTLINE.fullmatch(named.lower()):
            return "section", int(outline[1])
        kind = _KINDS.get(named.lower())
        if kind is None:
            self.unknown.setdefault(named, element.sourceline or 0)
        if kind in (None, "action"):
            return "centred" if element.get("Alignment") == "Center" else "action", 0
        return kind, int(kind == "section")


def _write(paragraphs: Sequence[_Paragraph], script: Script) -> None:
    speaker = ""
    speech: list[_Paragraph] = []
    for paragraph in paragraphs:
        if paragraph.kind in _SPOKEN:
            speech.append(paragraph)
            continue
        _write_speech(speech, speaker, script)
        speech = []
        if paragraph.new_page:
            script.break_page()
        if paragraph.kind == "character":
            words = _one_line(paragraph.words)
            speaker = script.character(
                words, paragraph.line, paragraph.notes, paragraph.column, revision=paragraph.revision
            )
        else:
            speaker = ""
            _write_element(paragraph, script)
    _write_speech(speech, speaker, script)


def _write_element(paragraph: _Paragraph, script: Script) -> None:
    notes, line, revision = paragraph.notes, paragraph.line, paragraph.revision
    if paragraph.kind == "scene heading":
        shown, said = scene_headings.understood(_one_line(paragraph.words).text, paragraph.number)
        words = _one_line(paragraph.words)[: len(shown)]
        if scene_headings.is_shot(words.text):
            script.element("shot", words, line, notes, revision=revision)
        else:
            script.element("scene heading", words, line, notes, scene=said, revision=revision)
    else:
        words = _bare(paragraph)
        script.element(paragraph.kind, words, line, notes, level=paragraph.level, revision=revision)
    if paragraph.summary:
        script.element("synopsis", paragraph.summary, line)


def _write_speech(speech: Sequence[_Paragraph], speaker: str, script: Script) -> None:
    """What is said, lines of one kind together; a parenthetical stands alone."""
    group: list[_Paragraph] = []
    for paragraph in (*speech, None):
        if group and (paragraph is None or paragraph.kind != group[0].kind or paragraph.kind == "parenthetical"):
            script.element(
                group[0].kind,
                joined((_bare(one) for one in group), "\n").rstrip(),
                group[0].line,
                [note for one in group for note in one.notes],
                speaker=speaker,
                column=group[0].column,
                revision=next((one.revision for one in reversed(group) if one.revision), ""),
            )
            group = []
        if paragraph is not None:
            group.append(paragraph)
    script.end_speech()


def _bare(paragraph: _Paragraph) -> Words:
    """Words without the spaces that only lay them out; an action keeps its indents."""
    lines = paragraph.words.lines()
    if paragraph.kind == "action":
        return joined((line.rstrip() for line in lines), "\n").rstrip()
    return joined((line.strip() for line in lines), "\n").rstrip()


def _one_line(words: Words) -> Words:
    return joined((line.strip() for line in words.lines()), " ").strip()


def _run(element: etree._Element, capitals: bool) -> Words:
    style = _style(element).split("+")
    text = cleaned("".join(element.itertext()))[0]
    if capitals or "AllCaps" in style:
        text = text.upper()
    return styled(text.expandtabs(4), *(_STYLES[name] for name in style if name in _STYLES))


def _style(element: etree._Element | None) -> str:
    return element.get("Style", "") if element is not None else ""


def _text(element: etree._Element) -> str:
    return joined(_run(one, False) for one in element.iterfind("Text")).text


def _note(element: etree._Element) -> str:
    return "\n".join(_text(one).strip() for one in element.iterfind("Paragraph")).strip()


def _units(element: etree._Element) -> int:
    """How far a paragraph reaches by Final Draft's count: its UTF-16 units, and two for each block inside it."""
    text = "".join("".join(one.itertext()) for one in element.iterfind("Text"))
    blocks = 1 if element.tag == "DualDialogue" else len(element.findall("DualDialogue"))
    return len(text.encode("utf-16-le", "replace")) // 2 + 2 * (blocks + len(element.findall("OmittedScene")))


def _title_page(root: etree._Element) -> Mapping[str, str]:
    """The fields of a title page, which is only laid out: by where its lines stand and how they begin."""
    fields: dict[str, list[str]] = {}
    latest, after_gap = "", True
    for element in root.iterfind("TitlePage/Content/Paragraph"):
        for line in _text(element).split("\n"):
            if not line.strip():
                after_gap = True
                continue
            centred = element.get("Alignment", "Left") == "Center"
            latest = _title_field(line.strip(), centred, after_gap, latest, fields)
            after_gap = False
    return {key: "\n".join(lines) for key, lines in fields.items()}


def _title_field(line: str, centred: bool, after_gap: bool, latest: str, fields: dict[str, list[str]]) -> str:
    """Put a line where it belongs and say which field that is."""
    credit = _CREDIT.fullmatch(line)
    if not centred:
        key = "copyright" if _COPYRIGHT.search(line) else "draft date" if _DATE.search(line) else "contact"
    elif "title" not in fields or (latest == "title" and not after_gap):
        key = "title"
    elif _SOURCE.match(line):
        key = "source"
    elif credit and "credit" not in fields:
        key = "credit"
        if credit[2]:
            fields["author"] = [credit[2]]
        line = credit[1]
    else:
        key = "author" if latest in ("credit", "title") or (latest == "author" and not after_gap) else latest
    fields.setdefault(key, []).append(line)
    return key
