import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storywright.sources.manuscripts import fountain
from storywright.sources.manuscripts.fountain import emphasised


def blocks(text: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in fountain.read(text, "utf-8", "x").blocks]


def only(text: str):
    (block,) = fountain.read(text, "utf-8", "x").blocks
    return block


@pytest.mark.parametrize(
    "line",
    ["INT. HOUSE - DAY", "EXT HOUSE", "EST. CITY", "INT./EXT. CAR", "INT/EXT CAR", "I/E. CAR", "int. house - day",
     "ИНТ. КУХНЯ - НОЧЬ", "НАТ. ДВОР. УТРО"],
)  # fmt: skip
def test_a_line_that_begins_like_a_scene_is_a_scene_heading(line: str) -> None:
    assert blocks(f"{line}\n\nWords.") == [("scene heading", line), ("action", "Words.")]


@pytest.mark.parametrize("line", ["INTERIOR", "Internal matters.", "EXTRA!", "Нат вышел из дома.", "...INT. HOUSE"])
def test_a_line_that_only_looks_alike_is_action(line: str) -> None:
    assert only(line).kind == "action"


@pytest.mark.parametrize(
    ("line", "inside", "outside", "place", "time", "day", "number"),
    [
        ("INT. HOUSE - KITCHEN - LATE NIGHT #12-A#", True, False, "HOUSE - KITCHEN", "LATE NIGHT", "night", "12-A"),
        ("I/E CAR - CONTINUOUS", True, True, "CAR", "CONTINUOUS", None, ""),
        ("EXT. NIGHT CLUB", False, True, "NIGHT CLUB", "", None, ""),
        ("EXT BEACH DAWN", False, True, "BEACH", "DAWN", "morning", ""),
        ("ИНТ. КВАРТИРА АННЫ. ВЕЧЕР", True, False, "КВАРТИРА АННЫ", "ВЕЧЕР", "evening", ""),
        ("12A. INT. HOUSE - DAY", True, False, "HOUSE", "DAY", "day", "12A"),
        (".SNIPER SCOPE POV", False, False, "SNIPER SCOPE POV", "", None, ""),
    ],
)
def test_a_scene_heading_says_where_and_when(line, inside, outside, place, time, day, number) -> None:
    said = only(line).scene
    assert (said.interior, said.exterior, said.place, said.time, said.time_of_day, said.number) == (
        inside, outside, place, time, day, number,
    )  # fmt: skip


def test_a_scene_heading_needs_no_empty_line_after_it() -> None:
    assert blocks("INT. HOUSE - DAY\nAnna enters.") == [
        ("scene heading", "INT. HOUSE - DAY"),
        ("action", "Anna enters."),
    ]


def test_a_character_is_capitals_over_words() -> None:
    assert blocks("R2D2 (on the radio)\nBeep.") == [("character", "R2D2 (on the radio)"), ("dialogue", "Beep.")]
    assert blocks("23 (O.S.)\nNo letter in it.") == [("action", "23 (O.S.)\nNo letter in it.")]
    assert blocks("ANNA\n\nAlone.") == [("action", "ANNA"), ("action", "Alone.")]
    assert blocks("他走进房间\n看见一个人。")[0][0] == "action"


def test_names_and_extensions_are_told_apart() -> None:
    block = fountain.read("ANNA  LEE (V.O.) (CONT'D)\nHello.", "utf-8", "x").blocks[0]
    assert (block.speaker, block.extensions) == ("ANNA LEE", ("V.O.", "CONT'D"))


def test_signs_force_what_a_line_is() -> None:
    assert only(".KITCHEN").kind == "scene heading"
    assert only("... and then.").kind == "action"
    assert only("!INT. HOUSE").text == "INT. HOUSE"
    assert only("> Burn to white.").text == "Burn to white."
    assert only("> THE END <").kind == "centred"
    assert only("~La la la").kind == "lyrics"
    assert blocks("@McCLANE\nYippee.")[0] == ("character", "McCLANE")
    assert blocks("@McCLANE")[0] == ("character", "McCLANE")
    assert blocks("!BOOM\n!He falls.") == [("action", "BOOM\nHe falls.")]


@pytest.mark.parametrize(
    ("line", "kind"),
    [("CUT TO:", "transition"), ("SMASH CUT TO:", "transition"), ("ПЕРЕХОД НА:", "transition"), ("CUT TO: ", "action"),
     ("Cut to:", "action"), ("FADE IN:", "action"), ("POTATO:", "action")],
)  # fmt: skip
def test_transitions_are_capitals_that_end_in_to(line: str, kind: str) -> None:
    assert only(line).kind == kind


def test_a_speech_holds_parentheticals_lyrics_and_spaced_lines() -> None:
    text = "ANNA\n(softly)\nOne.\n  \nTwo.\n(she\nstops)\n~La la\n~li li\nThree."
    assert blocks(text) == [
        ("character", "ANNA"),
        ("parenthetical", "(softly)"),
        ("dialogue", "One.\n\nTwo."),
        ("parenthetical", "(she\nstops)"),
        ("lyrics", "La la\nli li"),
        ("dialogue", "Three."),
    ]


def test_simultaneous_speeches_have_columns() -> None:
    text = "ANNA\nScrew it.\n\nBEN ^\nScrew it.\n\nCARA\nWhat?"
    found = [(block.text, block.column) for block in fountain.read(text, "utf-8", "x").blocks]
    assert found == [
        ("ANNA", "left"), ("Screw it.", "left"), ("BEN", "right"), ("Screw it.", "right"), ("CARA", ""), ("What?", ""),
    ]  # fmt: skip


def test_a_caret_beside_nobody_is_no_column() -> None:
    assert fountain.read("Action.\n\nANNA ^\nHello.", "utf-8", "x").blocks[1].column == ""


def test_notes_go_behind_the_words_they_stand_among() -> None:
    text = (
        "Anna [[tall?]] enters. [[or Ben]]\n\n[[alone,\nover two lines]]\n\n"
        "ANNA\n[[inside]]\nHello.\n\nCUT TO: [[hard]]"
    )
    assert blocks(text) == [
        ("action", "Anna enters."), ("note", "tall?"), ("note", "or Ben"), ("note", "alone,\nover two lines"),
        ("character", "ANNA"), ("dialogue", "Hello."), ("note", "inside"),
        ("transition", "CUT TO:"), ("note", "hard"),
    ]  # fmt: skip


def test_a_note_stops_at_an_empty_line_unless_two_spaces_fill_it() -> None:
    assert blocks("[[one\n  \ntwo]]") == [("note", "one\n\ntwo")]
    script = fountain.read("[[one\n\ntwo]]", "utf-8", "x")
    assert [block.kind for block in script.blocks] == ["action", "action"]
    assert "Line 1: a note" in script.notices[0]


def test_a_boneyard_is_not_there() -> None:
    text = "One /* a */two.\n\n/*\nINT. NOWHERE\n\n*/\nANNA\n/* cut */\nHello.\n\nThree. /* over\nlines */ Four."
    assert blocks(text) == [
        ("action", "One two."), ("character", "ANNA"), ("dialogue", "Hello."), ("action", "Three.  Four."),
    ]  # fmt: skip


def test_a_boneyard_without_an_end_is_text_with_a_notice() -> None:
    script = fountain.read("One.\n\nTwo. /* three", "utf-8", "x")
    assert script.blocks[-1].text == "Two. /* three"
    assert "Line 3: a boneyard" in script.notices[0]


def test_lines_are_those_of_the_file_whatever_was_taken_out() -> None:
    script = fountain.read("Title: T\n\n/* a\nb */\nOne.\n\n[[n\nm]] Two.\n\nThree.", "utf-8", "x")
    assert [(block.text, block.line) for block in script.blocks] == [
        ("One.", 5),
        ("Two.", 7),
        ("n\nm", 7),
        ("Three.", 10),
    ]


def test_sections_synopses_and_page_breaks() -> None:
    script = fountain.read("# Act\n## Sequence\n= It begins.\n\nINT. A - DAY\n\nOne.\n\n===\n\nTwo.", "utf-8", "x")
    assert [(block.kind, block.level) for block in script.blocks][:3] == [
        ("section", 1),
        ("section", 2),
        ("synopsis", 0),
    ]
    assert [block.new_page for block in script.blocks] == [False, False, False, False, False, True]
    (scene,) = script.scenes
    assert (scene.title, scene.within, scene.blocks) == ("INT. A - DAY", "Sequence", range(6))
    assert [(chapter.title, chapter.within) for chapter in script.chapters] == [("Sequence", "Act")]


def test_what_stands_before_the_first_heading_is_a_scene_only_where_it_tells_something() -> None:
    assert len(fountain.read("> FADE IN:\n\nINT. A - DAY\n\nOne.", "utf-8", "x").scenes) == 1
    assert len(fountain.read("Rain.\n\nINT. A - DAY\n\nOne.", "utf-8", "x").scenes) == 2


def test_action_keeps_its_lines_and_indents() -> None:
    assert only("One.\n\tTwo.  Three.").text == "One.\n    Two.  Three."


@pytest.mark.parametrize(
    ("line", "text", "runs"),
    [
        ("*a* **b** ***c*** _d_", "a b c d",
         {(0, 1, "italic"), (2, 3, "bold"), (4, 5, "bold"), (4, 5, "italic"), (6, 7, "underline")}),
        ("_under *both* x_", "under both x", {(6, 10, "italic"), (0, 12, "underline")}),
        ("He dialed *69 and then *23", "He dialed *69 and then *23", set()),
        (r"\*no\* \_x", "*no* _x", set()),
        ("***both* bold**", "both bold", {(0, 9, "bold"), (0, 4, "italic")}),
        ("a * b * c ____", "a * b * c ____", set()),
        (r"C:\_dir and \\*it*", r"C:_dir and \it", {(12, 14, "italic")}),
        (r"C:\dir\other", r"C:\dir\other", set()),
    ],
)  # fmt: skip
def test_emphasis(line: str, text: str, runs: set) -> None:
    words = emphasised(line)
    assert (words.text, set(words.runs())) == (text, runs)


def test_emphasis_is_counted_in_the_text_of_the_manuscript() -> None:
    script = fountain.read("One.\n\nTwo *three* four.", "utf-8", "x")
    (mark,) = script.blocks[1].emphasis
    assert script.text[mark.start : mark.end] == "three"


def test_the_title_page() -> None:
    script = fountain.read(
        "Title:\n\t_**BIG**_\n    **FISH**\nCredit: Written by\n"
        "Author: Ann Lee & Bo Chen, Jr.\nDraft date: 1/2/2026\n\nRain.",
        "utf-8", "x",
    )  # fmt: skip
    assert script.title == "BIG FISH"
    assert script.authors == ("Ann Lee", "Bo Chen, Jr.")
    assert dict(script.title_page)["draft date"] == "1/2/2026"
    assert [block.text for block in script.blocks] == ["Rain."]


def test_a_title_page_may_be_in_russian() -> None:
    script = fountain.read("Название: Лампа\nАвторы: Анна Ли и Бо Чен\n\nДождь.", "utf-8", "x")
    assert (script.title, script.authors) == ("Лампа", ("Анна Ли", "Бо Чен"))


@pytest.mark.parametrize("text", ["FADE IN:\n\nINT. A - DAY", "Steel, in a heated call:\nHello.", "CUT TO:\n\nRain."])
def test_a_colon_in_the_first_line_makes_no_title_page(text: str) -> None:
    script = fountain.read(text, "utf-8", "x")
    assert script.title_page == ()
    assert text.split("\n", maxsplit=1)[0] in script.text


@pytest.mark.parametrize(
    "text", ["INT. A\nEXT. B\n" * 3, "ANNA\nHi.\n\nBEN\nHo.", "ANNA\n\n\nBEN", "\t\tANNA\n\t\tHi."]
)
def test_odd_scripts_lose_no_word(text: str) -> None:
    made = fountain.read(text, "utf-8", "x")
    assert made.text.split() == text.split()


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="aA Я*_\\[]/()\n\t.#=>!@~^<:1字ש", max_size=120))
def test_any_text_is_read_and_every_span_holds_its_words(text: str) -> None:
    script = fountain.read(text, "utf-8", "x")
    for block in script.blocks:
        assert script.text[block.start : block.end] == block.text
        assert block.text.strip()
        assert all(block.start <= mark.start < mark.end <= block.end for mark in block.emphasis)
    covered = [index for scene in script.scenes for index in scene.blocks]
    assert covered == sorted(set(covered))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=" *_\\aя", max_size=40))
def test_escaped_marks_are_characters(line: str) -> None:
    escaped = fountain.escaped(line)
    assert emphasised(escaped).text == line
    assert not list(emphasised(escaped).runs())
