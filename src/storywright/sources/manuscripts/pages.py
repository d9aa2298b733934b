"""A chapter of a book in XHTML or HTML: its paragraphs, headings, scene breaks, verse and letters.

What Standard Ebooks and EPUB say about a passage (`epub:type`) is used where it is there; elsewhere the elements and
their classes decide. What no reader reads aloud is left out: scripts, navigation, page numbers, footnote marks.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml import etree

from storywright.sources.manuscripts import language, markup
from storywright.sources.manuscripts.decoding import Decoded, cleaned
from storywright.sources.manuscripts.manuscript import Copyist, Kind, Manuscript, Matter
from storywright.sources.manuscripts.people import people
from storywright.sources.manuscripts.words import BITS, Style, Words, joined, plain

FRONT = frozenset((
    "cover", "titlepage", "halftitlepage", "halftitle", "title-page", "frontmatter", "copyright-page",
    "copyright", "imprint", "dedication", "toc", "contents", "landmarks", "loi", "lot", "foreword", "preface",
    "acknowledgments", "acknowledgements", "introduction", "other-credits", "seriespage", "preamble",
))  # fmt: skip
"""What stands before a story, in the words of EPUB."""
BACK = frozenset((
    "backmatter", "colophon", "afterword", "appendix", "endnotes", "footnotes", "rearnotes", "glossary",
    "index", "bibliography", "contributors", "copyright-page-back", "about-author", "uncopyright",
))  # fmt: skip
"""What stands after it."""
_BODY = frozenset((
    "bodymatter", "chapter", "part", "volume", "division", "prologue", "epilogue", "text", "start",
))  # fmt: skip
_LEFT_OUT = frozenset((
    "script", "style", "head", "nav", "template", "svg", "math", "audio", "video", "object", "iframe", "rt",
    "rp", "form", "button",
))  # fmt: skip
_TYPES_LEFT_OUT = frozenset(("noteref", "pagebreak", "backlink", "footnote", "endnote"))
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup",
    "html", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul",
))  # fmt: skip
_VERSE = frozenset(("verse", "poem", "poetry", "song", "hymn", "lyrics", "lyric", "stanza", "linegroup", "lg"))
_STANZA = frozenset(("p", "section", "article", "blockquote", "pre"))
_STANZA_NAMES = frozenset(("stanza", "linegroup", "lg"))
_STYLES: dict[str, Style] = {
    "em": "italic", "i": "italic", "cite": "italic", "b": "bold", "strong": "bold", "u": "underline",
    "s": "strikeout", "strike": "strikeout", "del": "strikeout",
}  # fmt: skip
_EPUB_TYPE = ("{http://www.idpf.org/2007/ops}type", "epub:type")
_LANGUAGE = ("{http://www.w3.org/XML/1998/namespace}lang", "xml:lang", "lang")
_SPACE = re.compile(r"[\s\u00a0]+")
_BREAK = re.compile(r"[\s*⁂⁕•·#~_=—–+-]{1,20}")
_AUTHOR_NAMES = frozenset(("author", "dc.creator", "dcterms.creator", "dc:creator"))


@dataclass(frozen=True, slots=True)
class _Context:
    """What the elements around a place make of the words in it."""

    kind: Kind = "paragraph"
    level: int = 0
    matter: Matter = "body"
    verse: bool = False
    heading_group: bool = False
    set_in_lines: bool = False
    """The line ends in the file count, as in <pre>."""
    style: int = 0


def read(decoded: Decoded, name: str, fallback: str) -> Manuscript:
    """A chapter from one file called `name`; `fallback` is its title where it does not say."""
    copy = Copyist()
    root = tree(decoded.text, name, copy.notices)
    copy_words(root, copy, "body")
    title = _SPACE.sub(" ", root.findtext(".//{*}head/{*}title") or "").strip()
    if not title:
        copy.notices.append("The page names no title; the file's name is taken.")
    authors = "\n".join(
        meta.get("content", "") for meta in root.iter("{*}meta") if meta.get("name", "").lower() in _AUTHOR_NAMES
    )
    text = copy.text()
    spoken = language.declared(text, next((value for key in _LANGUAGE if (value := root.get(key))), ""), copy.notices)
    return Manuscript(
        title or fallback, people(authors), spoken, "prose", text, tuple(copy.blocks), (), decoded.encoding,
        (*decoded.notices, *copy.notices),
    )  # fmt: skip


def tree(text: str, name: str, notices: list[str]) -> etree._Element:
    """The elements of a page; one that is no well-formed XHTML is mended as browsers do it."""
    beginning = text[:2_000].lower()
    if "<?xml" in beginning or "http://www.w3.org/1999/xhtml" in beginning:
        try:
            return markup.strictly(text, name)
        except markup.MarkupError as error:
            notices.append(f"{name}, line {error.line}: it is not well-formed and was mended: {error.reason}.")
    return markup.mended(text, name)


def copy_words(root: etree._Element, copy: Copyist, matter: Matter, heading: str = "") -> None:
    """Add the blocks of a page; `heading` is what to call it where it has no heading of its own."""
    _Walk(copy, _Context(matter=matter), heading).over(root)


def types(element: etree._Element) -> frozenset[str]:
    """What EPUB says that an element is, without the names of vocabularies."""
    said = next((value for key in _EPUB_TYPE if (value := element.get(key))), "") or element.get("role", "")
    return frozenset(name.split(":")[-1].removeprefix("doc-") for name in said.lower().split())


def matter_of(names: Iterable[str]) -> Matter | None:
    """Which part of the book passages of these types are; None where the types do not tell."""
    named = frozenset(names)
    if named & BACK:
        return "back"
    if named & FRONT:
        return "front"
    return "body" if named & _BODY else None


class _Walk:
    """Goes through a page once, element by element, and writes a block wherever one ends."""

    def __init__(self, copy: Copyist, context: _Context, heading: str) -> None:
        self._copy, self._contexts, self._heading = copy, [context], heading
        self._pieces: list[Words] = []
        self._spaced = True
        self._line = 0

    def over(self, root: etree._Element) -> None:
        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            tag = _tag(element)
            if event == "start":
                if self._left_out(element, tag):
                    walker.skip_subtree()
                    self._contexts.append(self._contexts[-1])
                else:
                    self._open(element, tag)
                    self._text(element.text)
            else:
                if tag in _BLOCKS:
                    self._boundary(element, tag)
                self._contexts.pop()
                if element is not root:
                    self._text(element.tail)
        self._flush()

    def _left_out(self, element: etree._Element, tag: str) -> bool:
        return (
            tag in _LEFT_OUT
            or not isinstance(element.tag, str)
            or element.get("hidden") is not None
            or bool(types(element) & _TYPES_LEFT_OUT)
        )

    def _open(self, element: etree._Element, tag: str) -> None:
        outer = self._contexts[-1]
        if tag in _BLOCKS:
            self._boundary(element, tag)
            self._contexts.append(_inner(element, tag, outer))
            return
        if tag == "br" or (tag == "span" and "subtitle" in types(element)):
            self._pieces.append(plain("\n"))
            self._spaced = True
        elif tag == "hr":
            self._flush()
            self._copy.add("scene break", "* * *", element.sourceline or 0, matter=outer.matter)
        style = _STYLES.get(tag)
        self._contexts.append(replace(outer, style=outer.style | BITS[style]) if style else outer)

    def _boundary(self, element: etree._Element, tag: str) -> None:
        """Where a block element begins or ends: a block ends too, or only a line in a stanza or group of headings."""
        context = self._contexts[-1]
        stanza = tag in _STANZA or bool(_names(element) & _STANZA_NAMES)
        if (context.heading_group and tag != "hgroup") or (context.verse and not stanza):
            if self._pieces and self._pieces[-1].text != "\n":
                self._pieces.append(plain("\n"))
                self._spaced = True
        else:
            self._flush()
        self._line = element.sourceline or self._line

    def _text(self, text: str | None) -> None:
        if not text:
            return
        context = self._contexts[-1]
        line = cleaned(text)[0] if context.set_in_lines else _SPACE.sub(" ", cleaned(text)[0])
        if self._spaced and not context.set_in_lines:
            line = line.lstrip(" ")
        if line:
            self._pieces.append(Words(line, bytes([context.style]) * len(line)))
            self._spaced = line[-1] == " "

    def _flush(self) -> None:
        """Write what was gathered; an empty line in it, from two <br> or in <pre>, begins another block."""
        pieces, self._pieces, self._spaced = self._pieces, [], True
        lines: list[Words] = []
        for line in (*joined(pieces).lines(), plain("")):
            if line.text.strip():
                lines.append(line.strip())
            elif lines:
                self._block(joined(lines, "\n"))
                lines = []

    def _block(self, words: Words) -> None:
        context = self._contexts[-1]
        if _BREAK.fullmatch(words.text):
            self._copy.add("scene break", "* * *", self._line, matter=context.matter)
            return
        if self._heading and context.kind != "heading":
            self._copy.add("heading", self._heading, self._line, matter=context.matter, level=2)
        self._heading = ""
        self._copy.add(context.kind, words, self._line, matter=context.matter, level=context.level)


def _inner(element: etree._Element, tag: str, outer: _Context) -> _Context:
    """What a block element makes of what is around it."""
    named = _names(element)
    context = replace(outer, matter=matter_of(types(element)) or outer.matter) if tag not in ("p", "div") else outer
    if tag == "hgroup":
        return replace(context, kind="heading", level=_level(element), heading_group=True)
    if context.heading_group:
        return context
    if named & _VERSE or tag == "pre":
        return replace(context, kind="verse", verse=True, set_in_lines=tag == "pre")
    if "letter" in named:
        return replace(context, kind="letter")
    if tag == "blockquote" and context.kind == "paragraph":
        return replace(context, kind="quotation")
    if re.fullmatch("h[1-6]", tag) and context.kind == "paragraph":
        return replace(context, kind="heading", level=int(tag[1]))
    return context


def _level(group: etree._Element) -> int:
    return min((int(_tag(one)[1]) for one in group.iter() if re.fullmatch("h[1-6]", _tag(one))), default=1)


def _names(element: etree._Element) -> frozenset[str]:
    return types(element) | frozenset(element.get("class", "").lower().split())


def _tag(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
