"""Fountain and FDX together: what holds for a board that goes into a screenplay and comes back."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storywright.board import Brief, CastMember, Line, Panel, Product, Provenance, Score, Shot, Span, Storyboard
from storywright.errors import BadInput
from storywright.export import fdx, fountain, screenplay
from storywright.sources import manuscripts

FORMATS = {"fountain": fountain, "fdx": fdx}
HERE = Path()


def board(language: str = "en") -> Storyboard:
    english = language == "en"
    return Storyboard(
        id="b1",
        title="Morning Run" if english else "Утренняя пробежка",
        logline="Slow down.",
        language=language,
        aspect="1:1",
        style="pencil",
        brief=Brief(title="B", product=Product(name="Aqua"), cast=[CastMember(name="Mia")]),
        coverage={"logo": ["p3"]},
        panels=[
            Panel(
                id="p1",
                shot=Shot(size="establishing"),
                setting="kitchen",
                time_of_day="morning",
                cast=["Mia"],
                action="Mia looks at the clock.\nIt is late.\n\nShe runs.",
                sound="A clock ticks.",
                seconds=2.5,
                source=Span(start=3, end=9, quote="x"),
            ),
            Panel(
                id="p2",
                shot=Shot(size="close-up", angle="low", move="zoom in"),
                setting="kitchen",
                time_of_day="morning",
                cast=["Mia", "Tom McCoy"],
                action="CUT TO: a *bang* by_the_door",
                dialogue=[Line(who="Mia", line="Late again!"), Line(who="Tom McCoy", line="Again?\nWell.")],
                seconds=3,
                scores=[Score(name="alignment", value=0.25)],
            ),
            Panel(
                id="p3",
                shot=Shot(size="insert"),
                setting="bus stop",
                action="The bottle.",
                voice_over="The first sip of the day.",
                super="Please recycle.",
                seconds=2.125,
                provenance=Provenance(seed=3, settings={"steps": 8}),
            ),
        ],
    )


def written(form: str, one: Storyboard, folder: Path) -> Path:
    return FORMATS[form].write(one, folder, folder / f"a.{form}")


def edited(path: Path, *changes: tuple[str, str]) -> Storyboard:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return FORMATS[path.suffix[1:]].read(path)


words = st.text(st.characters(codec="utf-8"), max_size=20) | st.text("aA *_\\[]/()~#=>.!@^\n\t:;", max_size=20)
some = words.filter(bool)
panels = st.builds(
    Panel,
    id=some,
    shot=st.builds(
        Shot,
        size=st.sampled_from(["medium", "insert", "extreme long"]),
        angle=st.sampled_from(["eye level", "dutch"]),
        move=st.sampled_from(["static", "pan"]),
    ),
    setting=words | st.just("kitchen"),
    time_of_day=st.sampled_from([None, "day", "night"]),
    cast=st.lists(words, max_size=2),
    action=words,
    dialogue=st.lists(st.builds(Line, who=some, line=some), max_size=2),
    voice_over=words,
    super=words,
    sound=words,
    seconds=st.floats(0.001, 9e6),
    seed=st.none() | st.integers(-5, 2**40),
    source=st.none() | st.builds(Span, start=st.integers(0, 9), end=st.integers(9, 99), quote=words),
)
boards = st.builds(
    Storyboard,
    id=some,
    title=words,
    logline=words,
    language=st.sampled_from(["en", "ru"]),
    panels=st.lists(panels, max_size=3, unique_by=lambda panel: panel.id),
    notices=st.lists(words, max_size=2),
)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=boards)
def test_any_board_comes_back_as_it_was(form: str, one: Storyboard, tmp_path: Path) -> None:
    assert FORMATS[form].read(written(form, one, tmp_path)) == one


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_board_comes_back_as_it_was_and_its_bytes_are_the_same_each_time(
    form: str, language: str, tmp_path: Path
) -> None:
    path = written(form, board(language), tmp_path)
    assert FORMATS[form].read(path) == board(language)
    assert written(form, board(language), tmp_path).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_both_formats_tell_the_same_script(language: str, tmp_path: Path) -> None:
    one, other = (manuscripts.read(written(form, board(language), tmp_path)) for form in FORMATS)
    data = [block for block in other.blocks if block.text.startswith(screenplay.DATA_LINE)]
    assert [(b.kind, b.text) for b in one.blocks] == [(b.kind, b.text) for b in other.blocks if b not in data]
    assert len(data) == 1
    assert one.title == other.title
    assert [scene.title for scene in one.scenes] == [scene.title for scene in other.scenes]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_without_the_kept_data_the_script_tells_everything_it_shows(form: str, language: str, tmp_path: Path) -> None:
    path = written(form, board(language), tmp_path)
    path.write_text(re.sub(r"/\* Storywright.*\*/|<ScriptNote [^>]*><Paragraph><Text>Storywright.*?</ScriptNote>", "",
                           path.read_text(), flags=re.DOTALL))  # fmt: skip
    back = FORMATS[form].read(path)
    kept = {
        "id",
        "shot",
        "setting",
        "time_of_day",
        "action",
        "dialogue",
        "voice_over",
        "super",
        "sound",
        "seconds",
        "cast",
    }
    shown = [panel.model_dump(include=kept) for panel in board(language).panels]
    assert [panel.model_dump(include=kept) for panel in back.panels] == shown
    assert (back.id, back.title, back.logline, back.aspect, back.style) == (
        "b1", board(language).title, "Slow down.", "1:1", "pencil",
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_person_changed_comes_from_the_script_and_the_rest_as_it_was(form: str, tmp_path: Path) -> None:
    # As many characters as before: Final Draft moves the ranges of its notes along, which a test does not.
    back = edited(
        written(form, board(), tmp_path),
        ("She runs.", "She sits."),
        ("Late again!", "Not again!!"),
        ("Seconds: 3", "Seconds: 4.5"),
        ("CLOSE-UP, LOW ANGLE, ZOOM IN", "MEDIUM SHOT, HIGH ANGLE, PAN"),
        ("EXT. BUS STOP", "INT. BATHROOM"),
        ("Please recycle.", "Recycle."),
        ("Morning Run", "Evening Run"),
        ("Logline: Slow down.", "Logline: Hurry."),
    )
    expected = board().model_dump()
    first, second, third = expected["panels"]
    first["action"] = "Mia looks at the clock.\nIt is late.\n\nShe sits."
    second["dialogue"][0]["line"] = "Not again!!"
    second |= {"seconds": 4.5, "shot": {"size": "medium", "angle": "high", "move": "pan"}}
    third |= {"setting": "bathroom", "super": "Recycle."}
    expected |= {"title": "Evening Run", "logline": "Hurry."}
    assert back == Storyboard.model_validate(expected)


def test_panels_may_move_go_and_come(tmp_path: Path) -> None:
    path = written("fountain", board(), tmp_path)
    text = path.read_text()
    start, end = text.index(".CLOSE-UP"), text.index("EXT. BUS STOP")
    second = text[start:end]
    new = ".INSERT\n\nA second bottle.\n\n"
    path.write_text(text[:start] + text[end:].replace("/* Story", f"{new}INT. KITCHEN - MORNING\n\n{second}/* Story"))
    back = fountain.read(path)
    assert [panel.id for panel in back.panels] == ["p1", "p3", "p4", "p2"]
    assert back.panels[3] == board().panels[1]
    assert (back.panels[2].action, back.panels[2].shot.size) == ("A second bottle.", "insert")
    text = path.read_text()
    path.write_text(text.replace(new, ""))
    assert [panel.id for panel in fountain.read(path).panels] == ["p1", "p3", "p2"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_note_that_was_added_becomes_a_notice(form: str, tmp_path: Path) -> None:
    path = written(form, board(), tmp_path)
    if form == "fountain":
        back = edited(path, ("The bottle.", "The bottle. [[bluer?]]"))
    else:
        note = "<ScriptNote><Paragraph><Text>bluer?</Text></Paragraph></ScriptNote>"
        back = edited(path, ("<Text>The bottle.</Text>", f"<Text>The bottle.</Text>{note}"))
    assert back.notices == ["p3: bluer?"]
    assert back.panels == board().panels


@pytest.mark.parametrize("form", FORMATS)
def test_damaged_data_is_told_and_the_script_is_read(form: str, tmp_path: Path) -> None:
    back = edited(written(form, board(), tmp_path), ('"panels":', '"panels";'))
    assert "damaged" in back.notices[0]
    assert [panel.id for panel in back.panels] == ["p1", "p2", "p3"]


def test_a_script_from_elsewhere_becomes_a_panel_for_each_action(tmp_path: Path) -> None:
    path = tmp_path / "lamp.fountain"
    path.write_text(
        "Title: The Lamp\n\nFADE IN:\n\nINT. KITCHEN - NIGHT\n\nAnna waits.\n\nThe lamp goes out.\n\n"
        "ANNA\n(softly)\nBen?\n\n"
        "BEN (V.O.)\nHere.\n\nCUT TO:\n\nEXT. STREET - DAY\n\nCLARA\nHello!\n"
    )
    back = fountain.read(path)
    assert (back.id, back.title) == ("lamp", "The Lamp")
    assert [(panel.setting, panel.time_of_day, panel.action) for panel in back.panels] == [
        ("", None, "FADE IN:"), ("kitchen", "night", "Anna waits."), ("kitchen", "night", "The lamp goes out."),
        ("street", "day", ""),
    ]  # fmt: skip
    assert back.panels[2].dialogue == [Line(who="ANNA", line="(softly)\nBen?")]
    assert back.panels[2].voice_over == "Here."
    assert back.notices == ["p3: CUT TO:"]


@pytest.mark.parametrize("name", ["Brick-and-Steel.fountain", "Brick-and-Steel.fdx"])
def test_a_real_script_becomes_a_board(name: str) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "screenplay" / name
    if not path.exists():
        pytest.skip(f"{path} is not there: the real material lies outside the repository")
    back = FORMATS[path.suffix[1:]].read(path)
    assert back.panels[0].setting == "brick's patio"
    assert sum(len(panel.dialogue) for panel in back.panels) == 20
    assert len(back.panels) > 20


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_no_script_is_refused_by_name(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{form}"
    with pytest.raises(BadInput, match="does not exist"):
        FORMATS[form].read(path)
    path.write_text(" \n")
    with pytest.raises(BadInput, match=f"a.{form}"):
        FORMATS[form].read(path)


def test_the_kept_data_is_one_line_of_ascii() -> None:
    assert screenplay.data(board("ru")).isascii()
    assert "\n" not in screenplay.data(board())
    assert Storyboard.model_validate(json.loads(screenplay.data(board("ru")))) == board("ru")
