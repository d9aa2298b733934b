import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storywright.errors import BadInput
from storywright.sources.manuscripts import pages, read
from storywright.sources.manuscripts.decoding import Decoded


def page(body: str, head: str = ""):
    return pages.read(Decoded(f"<html><head>{head}</head><body>{body}</body></html>", "utf-8"), "a.html", "x")


def blocks(body: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in page(body).blocks]


def test_a_standard_ebooks_chapter(shared) -> None:
    made = read(shared("books/en-alice-chapter-1.xhtml"))
    assert (made.title, made.language, made.notices) == ("I: Down the Rabbit-Hole", "en", ())
    (chapter,) = made.chapters
    assert chapter.title == "I: Down the Rabbit-Hole"
    (first, *_) = [block for block in made.blocks if block.emphasis]
    assert [made.text[mark.start : mark.end] for mark in first.emphasis] == ["very"]
    assert made.blocks[1].line == 14


def test_headings_paragraphs_and_scene_breaks() -> None:
    body = (
        "<h1>Book</h1><h2>One</h2><p>A  <em>b</em>\n c.</p><hr/><p>D.</p><p>* * *</p><p>E.</p>"
        "<h2>Two<br/>Rain</h2><p>F.</p>"
    )
    assert blocks(body) == [
        ("heading", "Book"), ("heading", "One"), ("paragraph", "A b c."), ("scene break", "* * *"), ("paragraph", "D."),
        ("scene break", "* * *"), ("paragraph", "E."), ("heading", "Two\nRain"), ("paragraph", "F."),
    ]  # fmt: skip
    made = page(body)
    assert [(chapter.title, chapter.within) for chapter in made.chapters] == [("One", "Book"), ("Two: Rain", "Book")]
    assert len(made.scenes) == 4


def test_verse_letters_and_quotations() -> None:
    song = '<blockquote epub:type="z3998:verse"><p><span>One</span><br/><span>Two</span></p><p>Three</p></blockquote>'
    assert blocks(song) == [("verse", "One\nTwo"), ("verse", "Three")]
    poem = '<div class="poem"><div class="stanza"><div class="line">One</div><div class="line">Two</div></div></div>'
    assert blocks(poem) == [("verse", "One\nTwo")]
    assert blocks('<blockquote epub:type="z3998:letter"><p>Dear Ann,</p></blockquote>') == [("letter", "Dear Ann,")]
    assert blocks("<blockquote>Said.</blockquote>") == [("quotation", "Said.")]
    assert blocks("<pre>one\n  two\n\nthree</pre>") == [("verse", "one\ntwo"), ("verse", "three")]


def test_what_nobody_reads_aloud_is_left_out() -> None:
    body = (
        '<nav>menu</nav><p>A<a epub:type="noteref" href="#n">1</a>b<span epub:type="pagebreak">7</span>c '
        '<ruby>漢<rt>かん</rt></ruby></p><script>x()</script><aside epub:type="footnote">note</aside><p hidden>no</p>'
    )
    assert blocks(body) == [("paragraph", "Abc 漢")]


def test_words_in_any_element_are_found() -> None:
    body = "loose<div>in a div<p>inner</p>after</div><ul><li>item</ul><table><tr><td>cell</table>end"
    assert [text for _, text in blocks(body)] == ["loose", "in a div", "inner", "after", "item", "cell", "end"]


def test_two_breaks_divide_paragraphs_and_one_divides_lines() -> None:
    assert blocks("<p>A<br>b<br><br>C</p>") == [("paragraph", "A\nb"), ("paragraph", "C")]


def test_matter_by_what_epub_calls_it() -> None:
    made = page('<section epub:type="dedication"><p>To B.</p></section>'
                '<section epub:type="chapter"><h2>1</h2><p>A.</p></section>'
                '<section epub:type="colophon"><p>Set in.</p></section>')  # fmt: skip
    assert [block.matter for block in made.blocks] == ["front", "body", "body", "back"]


def test_the_head_names_title_and_authors_and_language() -> None:
    made = page(
        "<p>Это очень короткая, но настоящая история о дожде.</p>",
        '<title>Rain</title><meta name="author" content="Ann Lee">',
    )
    assert (made.title, made.authors, made.language) == ("Rain", ("Ann Lee",), "ru")


def test_broken_xhtml_is_mended_and_its_line_told(manuscript) -> None:
    made = manuscript(
        "a.xhtml",
        '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>\n'
        "<p>One</b></p><p>Two &nbsp; &copy;</body>",
    )
    assert [block.text for block in made.blocks] == ["One", "Two ©"]
    assert any("line 3: it is not well-formed and was mended" in notice for notice in made.notices)


def test_an_empty_element_of_xhtml_swallows_nothing(manuscript) -> None:
    made = manuscript(
        "a.xhtml",
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script/></head><body><p>One&nbsp;two.</p></body></html>',
    )
    assert [block.text for block in made.blocks] == ["One two."]


def test_entities_of_ones_own_are_refused(manuscript) -> None:
    with pytest.raises(BadInput, match=r"a\.xhtml, line 1: it declares entities"):
        manuscript("a.xhtml", '<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body>&x;</body></html>')


def test_elements_without_an_end_are_refused_by_name(manuscript) -> None:
    with pytest.raises(BadInput, match="levels deep"):
        manuscript("a.html", "<div>" * 10_000 + "x")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<h2>",
                "</h2>",
                "<br>",
                "<b>",
                "</b>",
                "<hr>",
                "<pre>",
                "</pre>",
                "<div class='poem'>",
                "</div>",
                "<hgroup>",
                "</hgroup>",
                "<script>",
                "</script>",
                "a",
                " ",
                "\n",
                "&amp;",
                "<",
                "я",
                "<ul><li>",
            ]
        ),
        max_size=30,
    )
)
def test_any_page_is_read_and_every_span_holds_its_words(pieces: list[str]) -> None:
    made = page("".join(pieces))
    assert all(made.text[block.start : block.end] == block.text and block.text.strip() for block in made.blocks)
