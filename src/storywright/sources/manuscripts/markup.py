"""XML read safely: no entity is ever expanded, nothing is fetched, and what is wrong is named with its line."""

import html.entities
import re

from lxml import etree

from storywright.errors import BadInput

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,500}\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_END_OF_DOCTYPE = re.compile(r">|\[")
_END_OF_SUBSET = re.compile(r"\]\s*>")
_REFERENCE = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_EMBEDDED = re.compile(r'(?<==["\'])data:[^"\'<>]*')
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{8000}")
_KEPT = frozenset(("amp", "lt", "gt", "quot", "apos"))


class MarkupError(ValueError):
    """Not well-formed; `line` is where, `reason` is why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


def parse(text: str, name: str) -> etree._Element:
    """The root of an XML document; refuses one that is broken. `name` is how messages call it."""
    try:
        return strictly(text, name)
    except MarkupError as error:
        raise BadInput(f"{name}, line {error.line}: the XML is broken: {error.reason}.") from error


def strictly(text: str, name: str) -> etree._Element:
    """The root of an XML document; raises MarkupError for one that is broken."""
    text = _named_characters(without_prolog(text, name))
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _parser())
    except etree.XMLSyntaxError as error:
        reason = (error.msg or "it is empty").rsplit(", line ", 1)[0].strip().rstrip(".")
        raise MarkupError(error.lineno or 1, reason) from error


def mended(text: str, name: str) -> etree._Element:
    """The root of an HTML document, put right where it is broken."""
    text = without_prolog(text, name)
    if long := _LONG_TAG.search(_EMBEDDED.sub("", text)):
        # the parser compares each attribute of an element with all its others
        raise BadInput(f"{name}: the tag that begins with {long[0][:40]!r} has over 8,000 characters: shorten it.")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    except etree.XMLSyntaxError:
        root = None
    if any(entry.message.startswith("Excessive depth") for entry in parser.error_log):
        raise BadInput(f"{name}: its elements lie over 2,048 levels deep in each other: it is damaged.")
    if root is None:
        raise BadInput(f"{name} holds no HTML: there is nothing to read in it.")
    return root


def without_prolog(text: str, name: str) -> str:
    """The document without its XML and document type declarations; its lines stay where they are."""
    text = _DECLARATION.sub(_line_ends, text, count=1)
    start = _DOCTYPE.search(text, 0, 10_000)
    if not start:
        if entity := _ENTITY.search(text):
            raise _declares(text, entity.start(), name)
        return text
    end = _END_OF_DOCTYPE.search(text, start.end())
    if end and end[0] == "[":
        end = _END_OF_SUBSET.search(text, end.end())
    stop = end.end() if end else len(text)
    if entity := _ENTITY.search(text):
        raise _declares(text, entity.start(), name)
    return text[: start.start()] + "\n" * text.count("\n", start.start(), stop) + text[stop:]


def _declares(text: str, at: int, name: str) -> BadInput:
    line = text.count("\n", 0, at) + 1
    return BadInput(
        f"{name}, line {line}: it declares entities, which could draw in other files or blow up the text: "
        "remove the <!ENTITY …> declaration or save the file anew."
    )


def _named_characters(text: str) -> str:
    """With `&nbsp;` and its like, which XML alone does not know, as the characters they name."""
    return _REFERENCE.sub(lambda match: _character(match[1]) or match[0], text) if "&" in text else text


def _character(name: str) -> str:
    return "" if name in _KEPT else html.entities.html5.get(f"{name};", "")


def _line_ends(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _parser() -> etree.XMLParser:
    # The size of what is parsed is limited where it is read; without huge_tree a long paragraph would be refused.
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True
    )
