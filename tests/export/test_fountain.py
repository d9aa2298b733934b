import pytest

from storywright.board import Line, Panel, Storyboard
from storywright.export import fountain
from storywright.sources import manuscripts


def script(tmp_path, **panel):
    board = Storyboard(id="b", title="T", panels=[Panel(id="p", **panel)])
    path = fountain.write(board, tmp_path, tmp_path / "a.fountain")
    return path.read_text(), manuscripts.read(path)


@pytest.mark.parametrize(
    "action",
    ["INT. HOUSE", "CUT TO:", "BOOM\nshe says", "# Title", "= so", "> right", "> mid <", "~la", ".45 calibre", "@home",
     "!wow", "===", "*star* _x_", "\\*", "[[n]]", "/* b */", "a /* b", "Title: x"],
)  # fmt: skip
def test_action_stays_action_whatever_it_looks_like(action: str, tmp_path) -> None:
    _, read = script(tmp_path, action=action)
    told = [block.text for block in read.blocks if block.kind == "action"]
    assert ["".join(text.split()) for text in told] == ["".join(action.split())]
    assert [block.kind for block in read.blocks] == ["shot", "note", "note", "action"]


@pytest.mark.parametrize(
    ("who", "cue"), [("Mia", "MIA"), ("Мия", "МИЯ"), ("R2D2", "R2D2"), ("美亜", "@美亜"), ("42", "@42")]
)
def test_names_are_capitals_or_forced(who: str, cue: str, tmp_path) -> None:
    text, read = script(tmp_path, dialogue=[Line(who=who, line="Hi.")])
    assert f"\n{cue}\nHi.\n" in text
    assert read.characters == ((cue.removeprefix("@"), 1),)


def test_a_plain_script_needs_no_signs(tmp_path) -> None:
    text, _ = script(tmp_path, setting="kitchen", time_of_day="day", action="Mia waits.\nLong.", super="Now.")
    assert "\nINT. KITCHEN - DAY\n\n.MEDIUM SHOT\n" in text
    assert "\nMia waits.\nLong.\n\nSUPER: Now.\n" in text
