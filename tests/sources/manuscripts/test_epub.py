import struct
import zipfile
from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.sources.manuscripts import read

STORY = "<h2>One</h2><p>Anna left the house, and it was raining on the whole of the town.</p>"


def test_chapters_come_in_the_order_of_the_spine(epub) -> None:
    made = read(epub({"b.xhtml": "<h2>One</h2><p>First.</p>", "a.xhtml": "<h2>Two</h2><p>Second.</p>"}))
    assert (made.title, made.authors, made.form) == ("A Book", ("Ann Lee",), "prose")
    assert [chapter.title for chapter in made.chapters] == ["One", "Two"]


def test_what_stands_around_the_story_is_told_apart(epub) -> None:
    made = read(
        epub(
            {
                "titlepage.xhtml": "<h1>A Book</h1><p>Ann Lee</p>",
                "x1.xhtml": '<section epub:type="dedication"><p>To Bo.</p></section>',
                "x2.xhtml": STORY,
                "x3.xhtml": '<section epub:type="endnotes"><p>Free.</p></section>',
            }
        )
    )
    assert [(chapter.title, chapter.matter) for chapter in made.chapters] == [
        ("A Book", "front"), ("One", "body"), ("", "back"),
    ]  # fmt: skip
    assert [scene.title for scene in made.scenes] == ["One"]


def test_landmarks_say_what_a_page_is(epub) -> None:
    nav = '<item id="nav" properties="nav" href="toc.xhtml" media-type="application/xhtml+xml"/>'
    landmarks = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
        '<nav epub:type="toc"><a href="x2.xhtml">The First</a></nav>'
        '<nav epub:type="landmarks"><a epub:type="colophon" href="x3.xhtml">End</a></nav></body></html>'
    )
    made = read(
        epub(
            {"x2.xhtml": "<p>No heading here.</p>", "x3.xhtml": "<p>Free.</p>"},
            {"OEBPS/toc.xhtml": landmarks},
            extra=nav,
        )
    )
    assert [(chapter.title, chapter.matter) for chapter in made.chapters] == [("The First", "body"), ("", "back")]


def test_the_old_table_of_contents_names_chapters_too(epub) -> None:
    ncx = (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Rain</text></navLabel>'
        '<content src="a.xhtml#top"/></navPoint></navMap></ncx>'
    )
    item = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    made = read(epub({"a.xhtml": "<p>It rained.</p>"}, {"OEBPS/toc.ncx": ncx}, extra=item))
    assert [chapter.title for chapter in made.chapters] == ["Rain"]


def test_the_words_decide_the_language_and_a_lie_is_told(epub) -> None:
    made = read(
        epub({"a.xhtml": "<p>Анна вышла из дома, и над всем городом шёл тёплый летний дождь.</p>"}, language="en")
    )
    assert made.language == "ru"
    assert any("says that its language is en" in notice for notice in made.notices)


def test_a_missing_chapter_is_told_and_the_others_are_read(epub) -> None:
    gone = '<item id="z" href="z.xhtml" media-type="application/xhtml+xml"/>'
    path = epub({"a.xhtml": STORY}, extra=gone)
    changed(path, "OEBPS/book.opf", b"<spine>", b'<spine><itemref idref="z"/>')
    made = read(path)
    assert [chapter.title for chapter in made.chapters] == ["One"]
    assert any("OEBPS/z.xhtml" in notice for notice in made.notices)


@pytest.mark.parametrize("href", ["../../etc/passwd", "/etc/passwd", "..%2f..%2fetc/passwd", "..\\..\\etc\\passwd"])
def test_a_path_that_leaves_the_book_is_refused(href: str, epub) -> None:
    with pytest.raises(BadInput, match="leads out of the book"):
        read(epub({"a.xhtml": STORY}, extra=f'<item id="z" href="{href}" media-type="application/xhtml+xml"/>'))


@pytest.mark.parametrize("name", ["../evil.xhtml", "/evil.xhtml", "C:/evil.xhtml", "OEBPS/../../evil.xhtml"])
def test_a_name_that_leaves_the_book_is_refused(name: str, epub) -> None:
    with pytest.raises(BadInput, match="leads out of the book"):
        read(epub({"a.xhtml": STORY}, {name: "x"}))


def test_a_path_beside_the_package_does_not_leave_the_book(epub) -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>Beside.</p></body></html>'
    path = epub({"a.xhtml": STORY}, {"Text/a.xhtml": page})
    changed(path, "OEBPS/book.opf", b'href="a.xhtml"', b'href="../Text/a.xhtml"')
    assert read(path).text == "Beside."


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("META-INF/rights.xml", "<rights/>", "Adobe"),
        ("META-INF/sinf.xml", "<sinf/>", "FairPlay"),
        ("META-INF/license.lcpl", "{}", "LCP"),
        ("META-INF/encryption.xml", '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
         "</EncryptedData></encryption>", "chapters are encrypted"),
    ],
)  # fmt: skip
def test_copy_protection_is_named(name: str, content: str, said: str, epub) -> None:
    with pytest.raises(BadInput, match=said):
        read(epub({"a.xhtml": STORY}, {name: content}))


def test_hidden_fonts_are_no_copy_protection(epub) -> None:
    fonts = '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></EncryptedData></encryption>'
    assert read(epub({"a.xhtml": STORY}, {"META-INF/encryption.xml": fonts})).num_words == 15


def test_a_bomb_is_stopped_while_it_unfolds(epub) -> None:
    with pytest.raises(BadInput, match=r"over 32 MB of text, reached in OEBPS/a\.xhtml"):
        read(epub({"a.xhtml": STORY}, {"OEBPS/a.xhtml": b" " * (40 << 20)}))


def test_a_table_of_files_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 60_000, 60_000, 100 << 20, 4, 0)
    path.write_bytes(b"PK\x03\x04" + b"\0" * 100 + end)
    with pytest.raises(BadInput, match="lists more files"):
        read(path)


@pytest.mark.parametrize("cut", [10, 100, 400, 900])
def test_a_damaged_archive_is_refused(cut: int, epub, tmp_path: Path) -> None:
    whole = epub({"a.xhtml": STORY}).read_bytes()
    path = tmp_path / "cut.epub"
    path.write_bytes(whole[:cut])
    with pytest.raises(BadInput, match=r"cut\.epub"):
        read(path)


def test_damaged_content_is_refused(epub) -> None:
    path = epub({"a.xhtml": STORY * 50})
    content = bytearray(path.read_bytes())
    at = content.index(b"OEBPS/a.xhtml") + 30
    content[at : at + 20] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(BadInput, match="damaged EPUB"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("OEBPS/book.opf", "<package>\n<spine>\n</package>", r"OEBPS/book\.opf, line 3"),
        ("META-INF/container.xml", "<container/>", "names no package file"),
        ("OEBPS/book.opf", '<!DOCTYPE p [<!ENTITY x "y">]><package/>', "declares entities"),
        (
            "OEBPS/a.xhtml",
            '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body>&x;</body></html>',
            r"a\.xhtml, line 1",
        ),
        ("OEBPS/book.opf", "<package/>", "no words"),
    ],
)
def test_a_broken_book_is_named_with_its_file_and_line(name: str, content: str, said: str, epub) -> None:
    with pytest.raises(BadInput, match=said):
        read(epub({"a.xhtml": STORY}, {name: content}))


def test_a_zip_that_is_no_book_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(BadInput, match="no EPUB"):
        read(path)
    path.write_text("hello, I am text")
    with pytest.raises(BadInput, match="no EPUB"):
        read(path)


def test_a_chapter_listed_a_thousand_times_is_read_once(epub) -> None:
    path = epub({"a.xhtml": STORY})
    changed(path, "OEBPS/book.opf", b'<itemref idref="i0"/>', b'<itemref idref="i0"/>' * 1_000)
    assert len(read(path).chapters) == 1


def changed(path: Path, name: str, old: bytes, new: bytes) -> None:
    """Replace bytes in one file of an archive."""
    with zipfile.ZipFile(path) as archive:
        kept = {one: archive.read(one) for one in archive.namelist()}
    assert old in kept[name]
    kept[name] = kept[name].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in kept.items():
            archive.writestr(one, content)
