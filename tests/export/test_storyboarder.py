import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from storywright.board import Line, Panel, Shot, Storyboard
from storywright.errors import BadInput
from storywright.export import storyboarder


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "panels").mkdir()
    for number in (1, 2):
        Image.new("RGB", (192, 108), (250, 10 * number, 0)).save(tmp_path / "panels" / f"0{number}.png")
    return tmp_path


def board() -> Storyboard:
    panels = [
        Panel(
            id="a",
            picture="panels/01.png",
            action="Mia runs",
            dialogue=[Line(who="Mia", line="Утро!"), Line(who="Tom", line="Who: me?")],
            seconds=2.3456,
            shot=Shot(size="full", move="pan"),
            voice_over="Go.",
        ),
        Panel(id="b", picture="panels/02.png", seconds=1.5, sound="birds"),
        Panel(id="c"),
    ]
    return Storyboard(id="x", title="Morning Run", panels=panels)


def project(path: Path) -> dict:
    return json.loads(path.read_text())


def changed(path: Path, change) -> Storyboard:
    value = project(path)
    change(value)
    path.write_text(json.dumps(value))
    return storyboarder.read(path)


def test_boards_have_what_storyboarder_reads(folder):
    made = project(storyboarder.write(board(), folder, folder / "x.storyboarder", fps=24))
    assert (made["fps"], made["aspectRatio"]) == (24, pytest.approx(16 / 9))
    assert [(one["number"], one["shot"], one["time"], one["duration"]) for one in made["boards"]] == [
        (1, "1A", 0, 2346),
        (2, "2A", 2346, 1500),
        (3, "3A", 3846, 2500),
    ]
    first = made["boards"][0]
    assert first["dialogue"] == "Mia: Утро!\nTom: Who: me?"
    assert first["action"] == "Mia runs"
    assert first["notes"] == "Full, pan\nVoice: Go."
    assert all(re.fullmatch(r"[0-9A-Z]{5}", one["uid"]) for one in made["boards"])
    assert all(one["url"] == f"board-{one['number']}-{one['uid']}.png" for one in made["boards"])


@pytest.mark.parametrize(("aspect", "size"), [("16:9", (1600, 900)), ("9:16", (900, 1600)), ("1:1", (900, 900))])
def test_pictures_lie_in_images_under_the_names_that_it_looks_for(folder, aspect, size):
    script = board().model_copy(update={"aspect": aspect})
    made = project(storyboarder.write(script, folder, folder / "x.storyboarder"))
    for one in made["boards"][:2]:
        layer = one["layers"]["reference"]
        assert layer == {"url": one["url"].replace(".png", "-reference.png"), "opacity": 1}
        with Image.open(folder / "images" / layer["url"]) as picture:
            assert picture.size == size
            assert picture.getpixel((size[0] // 2, size[1] // 2))[0] > 200
        assert (folder / "images" / one["url"].replace(".png", "-thumbnail.png")).exists()
    assert made["boards"][2]["layers"] == {}


def test_a_board_keeps_its_uid_when_panels_move(folder):
    script = board()
    before = {o["storywright"]["panel"]["id"]: o["uid"] for o in project(
        storyboarder.write(script, folder, folder / "x.storyboarder"))["boards"]}  # fmt: skip
    script.panels = script.panels[::-1]
    after = {o["storywright"]["panel"]["id"]: o["uid"] for o in project(
        storyboarder.write(script, folder, folder / "x.storyboarder"))["boards"]}  # fmt: skip
    assert before == after


def test_what_was_changed_in_storyboarder_comes_back_and_the_rest_stays(folder):
    path = storyboarder.write(board(), folder, folder / "x.storyboarder")

    def edit(value):
        first, second, third = value["boards"]
        first |= {"duration": 3000, "dialogue": "Mia: New words!\nand more\nANN: Hi", "lastEdited": 99}
        second |= {"action": "Tom waves", "notes": "Check the sky"}
        value["boards"] = [second, first, {**third, "uid": "ZZZZZ"}, third]

    back = changed(path, edit)
    assert [panel.id for panel in back.panels] == ["b", "a", "c", "c-2"]
    assert back.panels[1].dialogue == [Line(who="Mia", line="New words! and more"), Line(who="ANN", line="Hi")]
    assert back.panels[1].seconds == 3.0
    assert (back.panels[1].voice_over, back.panels[1].shot.move) == ("Go.", "pan")
    assert (back.panels[0].action, back.panels[0].seconds) == ("Tom waves", 1.5)
    assert back.notices == ["b: Check the sky"]
    assert back.title == "Morning Run"


def test_a_project_that_was_drawn_there_becomes_a_board(tmp_path):
    value = {
        "version": "3.0.0",
        "aspectRatio": 2.35,
        "fps": 24,
        "defaultBoardTiming": 1200,
        "boards": [
            {"uid": "AB12C", "url": "board-1-AB12C.png", "dialogue": "Hello there", "newShot": True},
            {"uid": "DE34F", "url": "board-2-DE34F.png", "duration": 700.5, "action": "Runs", "notes": "night"},
        ],
    }
    path = tmp_path / "my film.storyboarder"
    path.write_text(json.dumps(value))
    back = storyboarder.read(path)
    assert (back.title, back.aspect) == ("my film", "2.35:1")
    assert [(p.id, p.seconds, p.action) for p in back.panels] == [("AB12C", 1.2, ""), ("DE34F", 0.7005, "Runs")]
    assert [(line.who, line.line) for line in back.panels[0].dialogue] == [("?", "Hello there")]
    assert back.panels[1].picture == "images/board-2-DE34F-posterframe.jpg"
    assert back.notices == ["DE34F: night"]


def test_the_same_board_gives_the_same_bytes(folder):
    def bytes_of() -> dict[str, bytes]:
        storyboarder.write(board(), folder, folder / "x.storyboarder")
        return {file.name: file.read_bytes() for file in [folder / "x.storyboarder", *folder.glob("images/*")]}

    first = bytes_of()
    shutil.rmtree(folder / "images")
    assert bytes_of() == first


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is not JSON"),
        ("[]", "has no list of boards"),
        ('{"boards": {"a": 1}}', "has no list of boards"),
        ('{"boards": [1]}', "has no list of boards"),
        ('{"boards": [{"duration": "long"}]}', r"board 1, field duration: expected milliseconds, got 'long'"),
        ('{"boards": [{"duration": -5}]}', r"board 1, field duration: expected more than 0"),
        ('{"boards": [{}], "defaultBoardTiming": "x"}', "field defaultBoardTiming"),
        ('{"boards": [{"storywright": {"panel": {"seconds": 1, "shot": 3}}}]}', r"field panels\.0\.shot"),
    ],
)
def test_what_is_no_project_is_named_with_its_field(tmp_path, content, sentence):
    path = tmp_path / "x.storyboarder"
    path.write_text(content)
    with pytest.raises(BadInput, match=sentence):
        storyboarder.read(path)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        storyboarder.read(tmp_path / "none.storyboarder")
    (tmp_path / "x.storyboarder").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not UTF-8"):
        storyboarder.read(tmp_path / "x.storyboarder")
