import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from storywright.sources.manuscripts import plain_text, read
from storywright.sources.manuscripts.decoding import Decoded

LONG = (
    "Early in the morning Anna left the house and saw at once that she had forgotten her umbrella, but the bus was "
    "already standing at the corner, and the driver, who knew her well-meant excuses, was looking at his watch."
)
LONG_RUSSIAN = (
    "Ранним утром Анна вышла из дома и сразу поняла, что забыла зонт, но автобус уже стоял на углу, и водитель, "
    "который хорошо знал её отговорки, смотрел на часы и улыбался."
)


def kinds(text: str, **more) -> list[tuple[str, str]]:
    made = plain_text.read(Decoded(text, "utf-8"), "x", **more)
    return [(block.kind, block.text) for block in made.blocks]


def test_broken_lines_are_put_together() -> None:
    text = "\n\n".join(textwrap.fill(LONG, 60, break_on_hyphens=True) for _ in range(4))
    assert kinds(text) == [("paragraph", LONG)] * 4


def test_unbroken_lines_are_paragraphs_without_an_empty_line_between() -> None:
    assert kinds("\n".join([LONG] * 3)) == [("paragraph", LONG)] * 3


def test_indents_begin_paragraphs_where_no_empty_line_does() -> None:
    text = "\n".join(textwrap.fill(LONG, 64, initial_indent="    ", break_on_hyphens=False) for _ in range(4))
    assert kinds(text) == [("paragraph", LONG)] * 4


def test_a_dash_begins_a_speech_but_not_what_the_narrator_adds() -> None:
    lines = [
        *textwrap.wrap(LONG_RUSSIAN, 60),
        "— Опять без зонта? — спросил он.",
        "— Опять, — сказала Анна и, подумав немного, добавила:",
        "— Зато успела.",
    ]
    found = kinds("\n".join([*lines, *textwrap.wrap(LONG_RUSSIAN, 60)]))
    assert [text.split()[1] for _, text in found if text.startswith("—")] == ["Опять", "Опять,", "Зато"]
    wrapped = (
        "— Она сказала это так тихо, что он ничего не расслышал,\n"
        "— заметил водитель и посмотрел на небо, где висели тучи.\n"
    )
    assert len(kinds(wrapped * 3)) == 3


def test_chapters_in_english_and_russian() -> None:
    for text, titles in (
        (f"PART ONE\n\nChapter I\nThe Bus\n\n{LONG}\n\nCHAPTER TWO: Rain\n\n{LONG}\n\nEpilogue\n\n{LONG}",
         ["Chapter I: The Bus", "CHAPTER TWO: Rain", "Epilogue"]),
        (f"Часть первая\n\nГлава 1. Автобус\n\n{LONG_RUSSIAN}\n\nГЛАВА ВТОРАЯ\n\n{LONG_RUSSIAN}\n\n"
         f"Эпилог\n\n{LONG_RUSSIAN}",
         ["Глава 1. Автобус", "ГЛАВА ВТОРАЯ", "Эпилог"]),
    ):  # fmt: skip
        made = plain_text.read(Decoded(text, "utf-8"), "x")
        assert [chapter.title for chapter in made.chapters] == titles
        assert [chapter.within for chapter in made.chapters] == [text.split("\n")[0]] * 3


def test_prose_that_begins_like_a_heading_is_prose() -> None:
    for line in (
        "Chapter 3 was the one that he liked best of all.",
        "Part of him knew.",
        "I",
        "Book in hand, she left.",
    ):
        assert ("heading", line) not in kinds(f"{LONG}\n\n{line}\n\n{LONG}") or line == "I"


def test_bare_numbers_are_chapters_only_in_their_order() -> None:
    assert [text for kind, text in kinds(f"I\n\n{LONG}\n\nII\n\n{LONG}\n\nIII.\n\n{LONG}") if kind == "heading"] == [
        "I", "II", "III.",
    ]  # fmt: skip
    assert all(kind == "paragraph" for kind, _ in kinds(f"{LONG}\n\n1984\n\n{LONG}\n\n17\n\n{LONG}"))


def test_scene_breaks_divide_scenes() -> None:
    made = plain_text.read(Decoded(f"Chapter 1\n\n{LONG}\n\n* * *\n\n{LONG}\n\n———\n\n{LONG}", "utf-8"), "x")
    assert [made.blocks[scene.blocks.start].kind for scene in made.scenes] == ["heading", "paragraph", "paragraph"]
    assert len(made.chapters) == 1


def test_verse_keeps_its_lines() -> None:
    poem = "How doth the little bus\nImprove the shining hour,\nAnd carry all of us\nTo work by morning shower."
    assert kinds(f"{LONG}\n\n{poem}\n\n{LONG}")[1] == ("verse", poem)


def test_a_table_of_contents_opens_no_chapters() -> None:
    text = f"Contents\n\nChapter 1\n\nChapter 2\n\nChapter 1\n\n{LONG}\n\nChapter 2\n\n{LONG}"
    made = plain_text.read(Decoded(text, "utf-8"), "x")
    assert [(chapter.title, chapter.matter) for chapter in made.chapters] == [
        ("", "front"), ("Chapter 1", "body"), ("Chapter 2", "body"),
    ]  # fmt: skip


def test_project_gutenbergs_frame_is_no_part_of_the_story() -> None:
    text = (
        "The Project Gutenberg eBook\n\nTitle: The Bus\n\nAuthor: Ann Lee\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK THE BUS ***\n\n"
        f"Chapter 1\n\n{LONG}\n\n*** END OF THE PROJECT GUTENBERG EBOOK THE BUS ***\n\nFull licence."
    )
    made = plain_text.read(Decoded(text, "utf-8"), "x")
    assert (made.title, made.authors) == ("The Bus", ("Ann Lee",))
    assert [chapter.matter for chapter in made.chapters] == ["front", "body", "back"]
    assert "licence" not in "".join(made.text[scene.start : scene.end] for scene in made.scenes)


def test_titles_and_authors_in_the_first_lines() -> None:
    for head, title, authors in (
        ("Иван Сергеевич Тургенев\nОтцы и дети", "Отцы и дети", ("Иван Сергеевич Тургенев",)),
        ("The Late Bus\n\nby Ann Lee and Bo Chen", "The Late Bus", ("Ann Lee", "Bo Chen")),
        ("THE LATE BUS\nJ. R. Lee", "THE LATE BUS", ("J. R. Lee",)),
        ("The Late Bus", "The Late Bus", ()),
    ):
        made = plain_text.read(Decoded(f"{head}\n\nI\n\n{LONG}", "utf-8"), "x")
        assert (made.title, made.authors) == (title, authors)
        assert made.chapters[0].matter == "front"


def test_a_story_that_begins_at_once_takes_its_files_name(manuscript) -> None:
    made = manuscript("the-late_bus.txt", f"{LONG}\n\n{LONG}")
    assert made.title == "the late bus"
    assert made.chapters[0].matter == "body"
    assert any("the file's name" in notice for notice in made.notices)


def test_markdown_headings(manuscript) -> None:
    made = manuscript("a.md", f"# The Bus\n\n## One\n\n{LONG}\n\n## Two\n{LONG}")
    assert [(chapter.title, chapter.within) for chapter in made.chapters] == [("One", "The Bus"), ("Two", "The Bus")]


def test_the_real_russian_chapters(shared) -> None:
    made = read(shared("books/ru-turgenev-otcy-i-deti-ch1-2.txt"))
    assert (made.title, made.authors, made.language) == ("Отцы и дети", ("Иван Сергеевич Тургенев",), "ru")
    assert [(chapter.title, chapter.matter) for chapter in made.chapters] == [
        ("", "front"),
        ("I", "body"),
        ("II", "body"),
    ]
    assert made.blocks[2].text.startswith("- Что, Петр, не видать еще?")


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="aA Яя*-—#\n\t.I1Vג中", max_size=150))
def test_no_character_but_marks_and_spaces_is_lost(text: str) -> None:
    made = plain_text.read(Decoded(text, "utf-8"), "x")
    assert all(made.text[block.start : block.end] == block.text for block in made.blocks)
    assert [one for one in made.text if one.isalnum()] == [one for one in text if one.isalnum()]
