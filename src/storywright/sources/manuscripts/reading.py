"""From a file to a manuscript: which format it is, and who reads it."""

import re
from dataclasses import replace
from pathlib import Path

from storywright.errors import BadInput, needs_extra
from storywright.sources.manuscripts import fountain, plain_text
from storywright.sources.manuscripts.decoding import Decoded, decode
from storywright.sources.manuscripts.manuscript import Manuscript
from storywright.sources.manuscripts.scene_headings import begins_scene

MOST_BYTES = 32 << 20
"""Of a file of text: ten times a very long novel."""

_FOUNTAIN = (".fountain", ".spmd")
_PAGES = (".xhtml", ".html", ".htm", ".xht")
_OTHERS = {
    ".docx": "a Word document", ".doc": "a Word document", ".odt": "an OpenDocument text", ".pdf": "a PDF",
    ".rtf": "a rich-text document", ".mobi": "a Kindle book", ".azw3": "a Kindle book", ".fb2": "a FictionBook",
    ".pages": "a Pages document", ".djvu": "a scan", ".celtx": "a Celtx project", ".highland": "a Highland document",
    ".fadein": "a Fade In document",
}  # fmt: skip
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*(?:<!DOCTYPE\s+html|<html\b)", re.IGNORECASE | re.DOTALL
)
_SCRIPT = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE[^>]*>\s*)?<FinalDraft\b")
_LOOKED_AT_LINES = 5_000


def read(path: Path) -> Manuscript:
    """A chapter, book or script: plain text, EPUB, XHTML or HTML, Fountain, Final Draft FDX.

    The content decides where it is plain, the file's ending elsewhere. What cannot be read is refused in a sentence
    with the file and the line; what was guessed or mended is in the manuscript's notices.
    """
    path = Path(path)
    content = bytes_of(path)
    suffix = path.suffix.lower()
    fallback = " ".join(path.stem.replace("_", " ").replace("-", " ").split()) or path.name
    if content.startswith(b"PK\x03\x04") and suffix not in _OTHERS:
        with needs_extra("serve", "Reading an EPUB"):
            from storywright.sources.manuscripts import epub
        return _with_words(epub.read(path, fallback), path)
    if suffix in _OTHERS:
        raise BadInput(f"{path} is {_OTHERS[suffix]}: save it as .txt, .epub, .xhtml, .fountain or .fdx.")
    if suffix == ".epub" and content:
        raise BadInput(f"{path} is no EPUB, which is a ZIP archive: it is damaged or has the wrong ending.")
    decoded = decode(content, str(path))
    return _with_words(_understood(decoded, path, suffix, fallback), path)


def bytes_of(path: Path) -> bytes:
    """What a file holds; refuses one that is not there, or larger than any manuscript."""
    try:
        if path.is_dir():
            raise BadInput(f"{path} is a folder: give one file of it.")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: check the path.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    if len(content) > MOST_BYTES and not content.startswith(b"PK\x03\x04"):
        raise BadInput(f"{path} is larger than {MOST_BYTES >> 20} MB, which no manuscript is: split it by chapters.")
    return content


def _understood(decoded: Decoded, path: Path, suffix: str, fallback: str) -> Manuscript:
    head = decoded.text[:10_000]
    if suffix == ".fdx" or _SCRIPT.match(head):
        with needs_extra("serve", "Reading a Final Draft script"):
            from storywright.sources.manuscripts import final_draft
        return _told(final_draft.read(decoded.text, decoded.encoding, str(path), fallback), decoded)
    if suffix in _PAGES or _PAGE.match(head):
        with needs_extra("serve", "Reading a page"):
            from storywright.sources.manuscripts import pages
        return pages.read(decoded, str(path), fallback)
    if suffix in _FOUNTAIN:
        return _told(fountain.read(decoded.text, decoded.encoding, fallback), decoded)
    if _looks_like_script(decoded.text):
        notice = "By its layout the text is a screenplay, and it was read as Fountain."
        return _told(fountain.read(decoded.text, decoded.encoding, fallback), decoded, notice)
    return plain_text.read(decoded, fallback, marked=suffix in (".md", ".markdown"))


def _told(script: Manuscript, decoded: Decoded, *more: str) -> Manuscript:
    return replace(script, notices=(*decoded.notices, *more, *script.notices))


def _with_words(manuscript: Manuscript, path: Path) -> Manuscript:
    if not manuscript.blocks:
        raise BadInput(f"{path} has no words in it: there is nothing to read.")
    return manuscript


def _looks_like_script(text: str) -> bool:
    """Scene headings among the lines, or little but names in capitals over what they say."""
    lines = [line.strip() for line in text.split("\n", _LOOKED_AT_LINES)[:_LOOKED_AT_LINES]]
    written = sum(map(bool, lines))
    headings = sum(begins_scene(line) and (line.isupper() or line[3:4] in "./") for line in lines)
    if headings * 200 > written and headings >= 1:
        return True
    cues = speeches = 0
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if line and not before:
            speeches += bool(after)
            cues += bool(after) and fountain.is_cue(line) and not fountain.is_cue(after) and len(line) <= 40
    return cues >= 3 and cues * 5 > speeches * 4
