"""An HTML page as a tree, however broken it is, and the links it holds.

libxml2 reads it: it mends what browsers mend, stops at 255 levels, and never builds more than was there, which the
formatting rules of HTML 5 would do for a page made to hurt.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from storywright.sources.web import links
from storywright.sources.web.decoding import GarbledError

_LARGE_BYTES = 64_000
_MOST_ATTRIBUTES = 500
_ATTRIBUTE = r"""(?>[\s/]+[^\s=>/]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"']*+))?+)"""
_OVERLOADED = re.compile(rf"<[a-zA-Z][^\s>/]*+{_ATTRIBUTE}{{{_MOST_ATTRIBUTES}}}")
_BINARY = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"%PDF", b"PK\x03\x04", b"\x7fELF", b"RIFF", b"\x1f\x8b", b"\xfd7zXZ")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_BASE = etree.XPath("string(//base/@href)", smart_strings=False)
_TDM_RESERVATION = etree.XPath("string(//meta[@name = 'tdm-reservation']/@content)", smart_strings=False)
_ROBOTS = etree.XPath("string(//meta[translate(@name, 'ROBTS', 'robts') = 'robots']/@content)", smart_strings=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page and where it stands."""

    url: str
    root: etree._Element


def parse(url: str, content: bytes, words: str) -> Page:
    """The tree of a page; `words` is the content as text. Refuses what only claims to be HTML."""
    if content.startswith(_BINARY) or words.count("\0") > len(words) // 100:
        raise GarbledError("it says that it is HTML and is not")
    if len(words) > _LARGE_BYTES and _OVERLOADED.search(words):
        # The parser compares each attribute of an element with all others.
        raise GarbledError(f"one of its elements has more than {_MOST_ATTRIBUTES} attributes")
    words = _XML_DECLARATION.sub("", words.replace("\0", "\ufffd"), count=1)
    try:
        root = etree.fromstring(words.encode("utf-8", "replace"), _parser()) if words.strip() else None
    except etree.XMLSyntaxError as error:
        raise GarbledError("no HTML could be read in it") from error
    if root is None:
        raise GarbledError("it is empty")
    return Page(url, root)


def outgoing(page: Page, headers: Mapping[str, str], most: int) -> list[str]:
    """The addresses that a page links to, each once and in their order; none where the page asks for that."""
    if not {"nofollow", "none"}.isdisjoint(_wishes(page, headers)):
        return []
    base = links.canonical(_BASE(page.root), page.url) or page.url
    found: dict[str, None] = {}
    for element in page.root.iter("a", "area"):
        if (href := element.get("href")) and (url := links.canonical(href, base)) and url not in found:
            found[url] = None
            if len(found) == most:
                break
    return list(found)


def reserved(page: Page, headers: Mapping[str, str]) -> bool:
    """Whether a page says that machines may not learn from it: TDMRep, or `noai` for robots."""
    said = headers.get("tdm-reservation", "") or _TDM_RESERVATION(page.root)
    return said.strip() == "1" or "noai" in _wishes(page, headers)


def words_of(element: etree._Element) -> str:
    """The text of an element with its white space made plain."""
    return plain("".join(element.itertext()))


def plain(text: str) -> str:
    """Text without runs of white space and without characters that nobody sees."""
    return " ".join(text.replace("\u00ad", "").replace("\u200b", "").replace("\ufeff", "").split())


def blocks(element: etree._Element, block_tags: frozenset[str]) -> Iterator[str]:
    """The text of an element piece by piece, a new piece wherever a block or a line begins."""
    piece: list[str] = []
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if part.tag in block_tags:
                yield from _whole(piece)
            piece.append(part.text or "")
        else:
            if part.tag in block_tags:
                yield from _whole(piece)
            if part is not element:
                piece.append(part.tail or "")
    yield from _whole(piece)


def _whole(piece: list[str]) -> Iterator[str]:
    text = plain("".join(piece))
    piece.clear()
    if text:
        yield text


def _wishes(page: Page, headers: Mapping[str, str]) -> set[str]:
    """What a page asks of robots, in itself or in its headers."""
    return set(re.findall(r"[a-z-]+", f"{_ROBOTS(page.root)} {headers.get('x-robots-tag', '')}".lower()))


@lru_cache(maxsize=1)
def _parser() -> etree.HTMLParser:
    return etree.HTMLParser(
        encoding="utf-8", recover=True, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
