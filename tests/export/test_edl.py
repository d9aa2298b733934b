import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storywright.board import Line, Panel, Storyboard
from storywright.export import edl
from storywright.voice.silent import Silent
from storywright.voice.track import Track, track

EVENT = re.compile(
    r"(\d{3})  (\S{1,8}) +(V|A) +C        "
    r"(\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d)"
)


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "panels").mkdir()
    for name in ("01.png", "long name of a shot.png", "long name of another.png", "Кадр.png"):
        Image.new("RGB", (16, 9), "red").save(tmp_path / "panels" / name)
    return tmp_path


def board(*panels: Panel) -> Storyboard:
    return Storyboard(id="x", title="Утро: Run", panels=list(panels))


def events(path: Path) -> list[tuple[str, ...]]:
    return [EVENT.fullmatch(line).groups() for line in path.read_text().split("\n") if line[:3].isdigit()]


def frames(code: str, timebase: int) -> int:
    hours, minutes, seconds, frame = map(int, re.split("[:;]", code))
    return ((hours * 60 + minutes) * 60 + seconds) * timebase + frame


def test_record_times_go_on_from_one_hour_without_a_gap(folder):
    script = board(*(Panel(id=f"p{n}", picture="panels/01.png", seconds=0.33 * (n + 1)) for n in range(9)))
    made = events(edl.write(script, folder, folder / "x.edl", fps=24))
    assert made[0][5] == "01:00:00:00"
    assert all(one[6] == following[5] for one, following in itertools.pairwise(made))
    assert frames(made[-1][6], 24) - 3600 * 24 == round(0.33 * 45 * 24)
    assert all(frames(e[4], 24) - frames(e[3], 24) == frames(e[6], 24) - frames(e[5], 24) for e in made)
    assert all(e[3] == "00:00:00:00" for e in made)


def test_reels_have_eight_letters_and_are_the_same_for_the_same_picture_only(folder):
    names = ("01", "long name of a shot", "long name of another", "Кадр", "01")
    script = board(*(Panel(id=f"p{n}", picture=f"panels/{name}.png") for n, name in enumerate(names)))
    reels = [event[1] for event in events(edl.write(script, folder, folder / "x.edl"))]
    assert reels == ["P01", "LONGNAME", "LONGNAM2", "KADR", "P01"]


def test_what_the_clip_is_and_what_happens_are_comments_of_one_line(folder):
    panel = Panel(
        id="a",
        picture="panels/Кадр.png",
        action="Mia\nruns",
        shot={"size": "full", "move": "zoom in"},
        dialogue=[Line(who="Мия", line="Утро!\r\n朝")],
    )
    text = edl.write(board(panel), folder, folder / "x.edl").read_text()
    assert [line for line in text.split("\n") if line.startswith("*")] == [
        "* FROM CLIP NAME: Кадр.png",
        "* COMMENT: Mia runs",
        "* COMMENT: Full, zoom in",
        "* COMMENT: Мия: Утро! 朝",
    ]
    assert text.startswith("TITLE: Utro: Run\nFCM: NON-DROP FRAME\n")


def test_lines_end_as_the_format_says(folder):
    content = edl.write(board(Panel(id="a")), folder, folder / "x.edl").read_bytes()
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")


def test_drop_frame_is_said_and_counted(folder):
    script = board(*(Panel(id=f"p{n}", seconds=40) for n in range(3)))
    path = edl.write(script, folder, folder / "x.edl", fps=29.97, drop=True)
    assert "FCM: DROP FRAME" in path.read_text()
    assert [event[6] for event in events(path)] == ["01:00:39;29", "01:01:20;00", "01:01:59;28"]


def test_a_panel_without_a_picture_is_black(folder):
    assert [event[1] for event in events(edl.write(board(Panel(id="a")), folder, folder / "x.edl"))] == ["BL"]


def test_the_voice_is_an_event_of_its_own(folder):
    script = board(Panel(id="a", seconds=2), Panel(id="b", seconds=1))
    silent = track(script, Silent())
    sound = Track(np.full_like(silent.samples, 9), silent.rate, [], silent.panel_seconds, [])
    made = events(edl.write(script, folder, folder / "x.edl", track=sound))
    assert made[-1] == ("003", "VOICE", "A", "00:00:00:00", "00:00:03:00", "01:00:00:00", "01:00:03:00")
    assert (folder / "x.wav").exists()


def test_more_than_999_events_go_on_in_another_file_at_the_same_timecode(folder):
    script = board(*(Panel(id=f"p{n}", seconds=0.1) for n in range(2100)))
    first = edl.write(script, folder, folder / "x.edl", fps=30)
    parts = [events(folder / name) for name in ("x.edl", "x-2.edl", "x-3.edl")]
    assert first == folder / "x.edl"
    assert [len(part) for part in parts] == [999, 999, 102]
    assert [part[0][0] for part in parts] == ["001", "001", "001"]
    assert all(one[-1][6] == following[0][5] for one, following in itertools.pairwise(parts))
    assert edl.beside(first) == [folder / "x-2.edl", folder / "x-3.edl"]
    assert "(2 OF 3)" in (folder / "x-2.edl").read_text()


def test_an_empty_board_is_a_list_without_events(folder):
    path = edl.write(board(), folder, folder / "x.edl")
    assert events(path) == edl.beside(path) == []


@pytest.mark.parametrize("fps", [24, 25, 30])
def test_another_reader_sees_the_same_film(folder, fps):
    otio = pytest.importorskip("opentimelineio", reason="needs the extra `export`")
    if "cmx_3600" not in otio.adapters.available_adapter_names():
        pytest.skip("needs otio-cmx3600-adapter")
    lengths = (0.37, 2.5, 1.25)
    names = ("01", "long name of a shot", "Кадр")
    script = board(
        *(
            Panel(id=name, picture=f"panels/{name}.png", seconds=length)
            for name, length in zip(names, lengths, strict=True)
        )
    )
    read = otio.adapters.read_from_file(str(edl.write(script, folder, folder / "x.edl", fps=fps)), rate=fps)
    [video] = read.video_tracks()
    assert [clip.name for clip in video] == [f"{name}.png" for name in names]
    assert sum(clip.duration().value for clip in video) == int(sum(lengths) * fps + 0.5)
