import time
from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.sources.manuscripts import read
from storywright.sources.manuscripts.reading import MOST_BYTES

SCRIPT = "INT. KITCHEN - DAY\n\nAnna waits.\n\nANNA\n(softly)\nIt rains.\n\nEXT. STREET - NIGHT\n\nRain.\n"
SENTENCE = "the bus was already standing at the corner and the driver was looking at his watch "


@pytest.mark.parametrize("name", ["a.txt", "a.fountain", "a.md", "a", "a.epub", "a.fdx", "a.xhtml", "a.html"])
@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\t\t\t", b" \r\n \r", b"\xef\xbb\xbf", b"\xff\xfe", "\u200b\ufeff".encode()]
)
def test_a_file_without_words_is_refused_by_name(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=f"{path}"):
        read(path)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        read(tmp_path / "a.txt")
    with pytest.raises(BadInput, match="is a folder"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["a.docx", "a.pdf", "a.mobi", "a.fb2"])
def test_formats_that_are_not_read_are_named_with_the_remedy(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04...")
    with pytest.raises(BadInput, match=r"save it as \.txt"):
        read(path)


def test_a_script_in_a_text_file_is_read_as_a_script(manuscript) -> None:
    made = manuscript("a.txt", SCRIPT)
    assert made.form == "screenplay"
    assert any("screenplay" in notice for notice in made.notices)
    assert made.blocks == manuscript("a.fountain", SCRIPT).blocks


def test_a_text_with_only_dialogue_is_read_as_a_script(manuscript) -> None:
    made = manuscript("a.txt", "ANNA\nIt rains.\n\nBEN\nIt does.\n\nANNA\nStill.\n\nBEN\nStill.\n")
    assert made.characters == (("ANNA", 2), ("BEN", 2))
    assert len(made.scenes) == 1


def test_prose_with_shouts_stays_prose(manuscript) -> None:
    assert manuscript("a.txt", "NO!\n\nShe ran.\n\nHELP\nshe cried.\n\n" + SENTENCE).form == "prose"


def test_the_content_decides_where_the_ending_says_nothing(manuscript) -> None:
    script = "<FinalDraft><Content><Paragraph><Text>Rain.</Text></Paragraph></Content></FinalDraft>"
    assert manuscript("a", f'<?xml version="1.0"?>\n{script}').form == "screenplay"
    assert manuscript("b", "<!DOCTYPE html><html><body><p>Rain.</body></html>").text == "Rain."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("It rains.", "en"), ("Идёт дождь.", "ru"), ("Іде дощ, і вітер їде з ним.", "other"), ("雨が降る。", "other"),
        ("Il pleut sur la ville, et le vent ne dort pas dans les rues.", "other"), ("יורד גשם", "other"),
        ("INT. KITCHEN - DAY\n\nANNA\nBen!", "en"),
        ("Вали по улици, а вятърът не спи и вече е студено навън. " * 12, "other"),
    ],
)  # fmt: skip
def test_the_language_is_told_by_the_words(text: str, language: str, manuscript) -> None:
    assert manuscript("a.txt", text).language == language


@pytest.mark.parametrize(
    "text", ["雨が降る。\n\n町は眠る。", "יורד גשם.\n\nהעיר ישנה.", "🙂 👩‍👩‍👧 𝔄\n\nx", "م\n\nن", "a\u0301\u0301\n\nb"]
)
def test_every_script_of_the_world_keeps_its_spans(text: str, manuscript) -> None:
    for name in ("a.txt", "a.fountain", "a.html"):
        assert manuscript(name, text).blocks


def test_words_are_counted_in_every_script(manuscript) -> None:
    assert manuscript("a.txt", "It rains — again.").num_words == 3
    assert manuscript("a.txt", "雨が降る。").num_words == 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "\n\n".join(f"Chapter {one}\n\n" + "\n\n".join([SENTENCE * 3] * 100) for one in range(1, 42))),
        ("a.fountain", "\n\n".join(f"INT. ROOM {one} - DAY\n\n" + "\n\n".join([f"ANNA\n{SENTENCE}\n\n{SENTENCE}"] * 150)
                                   for one in range(42))),
    ],
)  # fmt: skip
def test_two_hundred_thousand_words_are_read_in_two_seconds(name: str, text: str, manuscript) -> None:
    started = time.process_time()
    made = manuscript(name, text)
    assert len(made.scenes) >= 41
    assert made.num_words > 195_000
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("name", "piece", "size"),
    [
        ("a.txt", "word ", 400_000), ("a.txt", "I\n\n", 20_000), ("a.txt", "- a\n", 20_000),
        ("a.fountain", "[[a]]", 100_000), ("a.fountain", "[[ ", 400_000), ("a.fountain", "/*a*/", 200_000),
        ("a.fountain", "/* ", 400_000), ("a.fountain", "*a ", 100_000), ("a.fountain", "(\n", 20_000),
        ("a.fountain", "A ^\nb\n\n", 20_000), ("a.fountain", "INT. A\n", 20_000), ("a.fountain", "\\*", 100_000),
        ("a.html", "a<br>", 50_000), ("a.html", "<!--", 200_000), ("a.html", "&a", 200_000),
    ],
)  # fmt: skip
def test_four_times_as_much_takes_four_times_as_long(name: str, piece: str, size: int, tmp_path: Path) -> None:
    path = tmp_path / name
    took = []
    for characters in (size, 4 * size):
        path.write_text("ANNA\n" + piece * (characters // len(piece)))
        took.append(min(seconds_to_read(path) for _ in range(3)))  # the least: others use the machine too
    assert took[1] < 8 * took[0] + 0.2


def seconds_to_read(path: Path) -> float:
    started = time.process_time()
    try:
        read(path)
    except BadInput as refused:
        assert str(path) in str(refused)
    return time.process_time() - started


def test_a_file_larger_than_any_manuscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(BadInput, match="larger than 32 MB"):
        read(path)
