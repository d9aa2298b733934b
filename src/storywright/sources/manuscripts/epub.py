"""EPUB: the chapters in their reading order, the story told apart from what stands around it.

The archive is never unpacked to disk; what is read of it is limited in size, and a name in it that leads out of the
book is refused. A book under copy protection is named as such.
"""

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from storywright.errors import BadInput
from storywright.sources.manuscripts import language, markup, pages
from storywright.sources.manuscripts.decoding import decode
from storywright.sources.manuscripts.manuscript import Copyist, Manuscript, Matter

MOST_FILE_BYTES = 512 << 20
"""Of the archive, which may hold many pictures."""
MOST_WORDS_BYTES = 32 << 20
"""Of all that is read of it, once it is decompressed."""
_MOST_DIRECTORY_BYTES = 8 << 20
_PIECE_BYTES = 1 << 16
_PROTECTED_BY = {
    "META-INF/rights.xml": "Adobe's copy protection",
    "META-INF/sinf.xml": "Apple's copy protection (FairPlay)",
    "META-INF/license.lcpl": "Readium's copy protection (LCP)",
}
_ONLY_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_READABLE = ("application/xhtml+xml", "text/html", "application/html+xml")
_NAMES_FRONT = re.compile(r"(?i)cover|title-?page|halftitle|copyright|imprint|dedicat|toc|contents|nav|frontmatter")
_NAMES_BACK = re.compile(r"(?i)colophon|uncopyright|endnotes|footnotes|about-?the|backmatter|also-?by|acknowledg")
_LOCATION = re.compile(r"[#?]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Chapter:
    """A file of the spine and what the book says about it."""

    path: str
    linear: bool
    label: str
    matter: Matter | None


def read(path: Path, fallback: str) -> Manuscript:
    """A book from an EPUB; `fallback` is its title where it does not name one."""
    if path.stat().st_size > MOST_FILE_BYTES:
        raise BadInput(f"{path} is larger than {MOST_FILE_BYTES >> 20} MB: leave out its pictures.")
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _Book(path, archive).read(fallback)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OverflowError) as error:
        raise BadInput(f"{path} is a damaged EPUB ({error or 'it ends too early'}): get the file again.") from error
    except RuntimeError as error:
        if "password" not in str(error):
            raise
        raise BadInput(f"{path} is encrypted: give an EPUB without a password.") from error


class _Book:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        self._names = set(archive.namelist())
        self._room = MOST_WORDS_BYTES
        self._copy = Copyist()
        for name in self._names:
            if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name.partition("/")[0]:
                raise BadInput(f"{path}: the archive holds {name!r}, which leads out of the book: do not trust it.")

    def read(self, fallback: str) -> Manuscript:
        self._refuse_protected()
        package_path = self._package_path()
        package = self._xml(package_path)
        for chapter in self._chapters(package, package_path):
            self._read_chapter(chapter)
        self._before_and_after()
        title = _said(package, "title")
        if not title:
            self._copy.notices.append("The book names no title; the file's name is taken.")
        text = self._copy.text()
        return Manuscript(
            title or fallback, _authors(package),
            language.declared(text, _said(package, "language"), self._copy.notices), "prose", text,
            tuple(self._copy.blocks), (), "utf-8", tuple(self._copy.notices),
        )  # fmt: skip

    def _refuse_protected(self) -> None:
        for name, protection in _PROTECTED_BY.items():
            if name in self._names:
                raise BadInput(f"{self._path} is under {protection}: give an edition without it.")
        if "META-INF/encryption.xml" not in self._names:
            return
        for method in self._xml("META-INF/encryption.xml").iter("{*}EncryptionMethod"):
            if method.get("Algorithm") not in _ONLY_FONTS:
                raise BadInput(f"{self._path} is under copy protection (its chapters are encrypted): "
                               "give an edition without it.")  # fmt: skip

    def _package_path(self) -> str:
        if "META-INF/container.xml" not in self._names:
            raise BadInput(f"{self._path} is a ZIP archive but no EPUB: it has no META-INF/container.xml.")
        for rootfile in self._xml("META-INF/container.xml").iter("{*}rootfile"):
            path = self._resolved("", rootfile.get("full-path", ""))
            if path in self._names:
                return path
        raise BadInput(f"{self._path}: META-INF/container.xml names no package file that is in the archive.")

    def _chapters(self, package: etree._Element, package_path: str) -> Iterator[_Chapter]:
        items = {one.get("id", ""): one for one in package.iterfind("{*}manifest/{*}item")}
        places = {key: self._resolved(package_path, one.get("href", "")) for key, one in items.items()}
        labels, matters = self._contents(package, package_path)
        seen: set[str] = set()
        for reference in package.iterfind("{*}spine/{*}itemref"):
            key = reference.get("idref", "")
            item, path = items.get(key), places.get(key, "")
            if item is None or path in seen:
                continue
            seen.add(path)
            if item.get("media-type", "") not in _READABLE:
                self._copy.notices.append(f"{path} is no page of words ({item.get('media-type')}); it was left out.")
            elif path not in self._names:
                self._copy.notices.append(f"{path} is in the table of the book but not in its archive.")
            else:
                front = "front" if "nav" in item.get("properties", "").split() else matters.get(path)
                yield _Chapter(path, reference.get("linear") != "no", labels.get(path, ""), front)

    def _contents(self, package: etree._Element, package_path: str) -> tuple[dict[str, str], dict[str, Matter]]:
        """What the tables of contents, the landmarks and the guide say about the files: names, and matter."""
        labels: dict[str, str] = {}
        matters: dict[str, Matter] = {}
        for reference in package.iterfind("{*}guide/{*}reference"):
            if matter := pages.matter_of(reference.get("type", "").lower().split()):
                matters.setdefault(self._resolved(package_path, reference.get("href", "")), matter)
        for item in package.iterfind("{*}manifest/{*}item"):
            path = self._resolved(package_path, item.get("href", ""))
            if path not in self._names:
                continue
            if "nav" in item.get("properties", "").split():
                for link in self._page(path).iter("{*}a", "a"):
                    target = self._resolved(path, link.get("href", ""))
                    if matter := pages.matter_of(pages.types(link)):
                        matters.setdefault(target, matter)
                    else:
                        labels.setdefault(target, _plain("".join(link.itertext())))
            elif item.get("media-type") == "application/x-dtbncx+xml":
                for point in self._xml(path).iter("{*}navPoint"):
                    content = point.find("{*}content")
                    if content is not None:
                        target = self._resolved(path, content.get("src", ""))
                        labels.setdefault(target, _plain(point.findtext("{*}navLabel/{*}text") or ""))
        return labels, matters

    def _read_chapter(self, chapter: _Chapter) -> None:
        name = f"{self._path}, {chapter.path}"
        page = self._page(chapter.path)
        matter = chapter.matter or ("body" if chapter.linear else "back")
        if chapter.matter is None:
            stem = posixpath.basename(chapter.path)
            matter = "front" if _NAMES_FRONT.search(stem) else "back" if _NAMES_BACK.search(stem) else matter
        has_heading = next(page.iter("{*}h1", "{*}h2", "{*}h3", "{*}h4", "{*}h5", "{*}h6"), None) is not None
        before = len(self._copy.blocks)
        pages.copy_words(page, self._copy, matter, "" if has_heading or matter != "body" else chapter.label)
        if len(self._copy.blocks) == before and chapter.matter is None and matter == "body":
            self._copy.notices.append(f"{name} has no words.")

    def _before_and_after(self) -> None:
        """Nothing is front matter once the story has begun, nor back matter before it."""
        body = [index for index, block in enumerate(self._copy.blocks) if block.matter == "body"]
        if not body:
            for index in range(len(self._copy.blocks)):
                self._copy.set_matter(index, "body")
            return
        for index, block in enumerate(self._copy.blocks):  # set_matter puts another in the same place
            if block.matter == "front" and index > body[-1]:
                self._copy.set_matter(index, "back")
            elif block.matter == "back" and index < body[0]:
                self._copy.set_matter(index, "front")

    def _page(self, path: str) -> etree._Element:
        name = f"{self._path}, {path}"
        return pages.tree(decode(self._bytes(path), name).text, name, self._copy.notices)

    def _xml(self, path: str) -> etree._Element:
        name = f"{self._path}, {path}"
        return markup.parse(decode(self._bytes(path), name).text, name)

    def _bytes(self, path: str) -> bytes:
        """A file of the archive; however small it is there, no more comes out than there is room for."""
        pieces: list[bytes] = []
        with self._archive.open(path) as stream:
            while piece := stream.read(_PIECE_BYTES):
                self._room -= len(piece)
                if self._room < 0:
                    raise BadInput(f"{self._path}: its chapters have over {MOST_WORDS_BYTES >> 20} MB of text, "
                                   f"reached in {path}: it is no book.")  # fmt: skip
                pieces.append(piece)
        return b"".join(pieces)

    def _resolved(self, base: str, reference: str) -> str:
        """The name in the archive that a reference in the file `base` means; refuses one that leads out of it."""
        target = unquote(_LOCATION.split(reference, maxsplit=1)[0]).replace("\\", "/")
        if re.match(r"(?i)[a-z][a-z0-9+.-]*:", target):
            return ""  # on the web, which is never asked
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), target)) if target else base
        if path.startswith(("../", "/")) or path == "..":
            raise BadInput(f"{self._path}: {base or 'META-INF/container.xml'} refers to {reference!r}, which leads out "
                           "of the book: do not trust it.")  # fmt: skip
        return path


def _check_directory(path: Path) -> None:
    """Refuse an archive whose table of files alone would fill the memory."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 65_557))
        end = stream.read()
    at = end.rfind(b"PK\x05\x06")
    if at >= 0 and len(end) >= at + 16 and struct.unpack_from("<L", end, at + 12)[0] > _MOST_DIRECTORY_BYTES:
        raise BadInput(f"{path} lists more files than a book has: it is no EPUB to be trusted.")


def _authors(package: etree._Element) -> tuple[str, ...]:
    """Who wrote it: the creators, without those who only drew or translated where roles are given."""
    roles = {
        meta.get("refines", "").removeprefix("#"): (meta.text or "").strip()
        for meta in package.iterfind("{*}metadata/{*}meta")
        if meta.get("property") == "role"
    }
    creators = package.findall("{*}metadata/{http://purl.org/dc/elements/1.1/}creator")
    role = "{http://www.idpf.org/2007/opf}role"
    wrote = [one for one in creators if roles.get(one.get("id", ""), one.get(role, "aut")) == "aut"]
    names = (_plain("".join(one.itertext())) for one in wrote or creators)
    return tuple(dict.fromkeys(name for name in names if name))


def _said(package: etree._Element, field: str) -> str:
    return _plain(package.findtext(f"{{*}}metadata/{{http://purl.org/dc/elements/1.1/}}{field}") or "")


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
