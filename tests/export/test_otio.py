import json
from pathlib import Path

import pytest

otio = pytest.importorskip("opentimelineio", reason="needs the extra `export`")

from PIL import Image  # noqa: E402

from storywright.board import Line, Panel, Storyboard  # noqa: E402
from storywright.errors import BadInput  # noqa: E402
from storywright.export import otio as exported  # noqa: E402
from storywright.voice.silent import Silent  # noqa: E402
from storywright.voice.track import Cue, Track, track  # noqa: E402

REAL = Path("../shared/data/timeline")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "panels").mkdir()
    for name in ("01.png", "два & 2.png"):
        Image.new("RGB", (192, 108), "red").save(tmp_path / "panels" / name)
    return tmp_path


def board() -> Storyboard:
    panels = [
        Panel(
            id="a",
            picture="panels/01.png",
            action="Mia runs",
            dialogue=[Line(who="Мия", line="Утро! 朝")],
            seconds=2.34,
        ),
        Panel(id="b", picture="panels/два & 2.png", voice_over="Take a sip.", seconds=1.3),
        Panel(id="c", seconds=0.5),
    ]
    return Storyboard(id="x", title="Morning Run", panels=panels, coverage={"legal": ["c"]})


def with_sound(of: Storyboard) -> Track:
    silent = track(of, Silent())
    samples = silent.samples.copy()
    samples[1000:2000] = 5000
    return Track(samples, silent.rate, [Cue("a", 0.02, 0.5, "Мия", "Утро!")], silent.panel_seconds, [])


def test_clips_follow_each_other_and_refer_to_the_pictures_beside_the_file(folder):
    made = otio.adapters.read_from_file(str(exported.write(board(), folder, folder / "x.otio", fps=24)))
    [video] = made.video_tracks()
    assert [clip.duration().value for clip in video] == [56, 31, 12]
    assert made.duration() == otio.opentime.RationalTime(99, 24)
    assert video[1].media_reference.target_url == "panels/%D0%B4%D0%B2%D0%B0%20%26%202.png"
    assert isinstance(video[2].media_reference, otio.schema.MissingReference)
    assert otio.opentime.to_timecode(made.global_start_time) == "01:00:00:00"


@pytest.mark.parametrize("number", [2**63, -(2**70), 33285124938960501473280, 0.1 + 0.2, 1e300, -1.1e-90, 1 / 3, 7])
def test_numbers_come_back_to_the_last_digit(folder, number):
    script = Storyboard(id="x", title="T", provenance={"settings": {"n": number}})
    back = exported.read(exported.write(script, folder, folder / "x.otio"))
    assert back.provenance.settings["n"] == number
    assert type(back.provenance.settings["n"]) is type(number)


def test_markers_say_what_an_editor_has_to_know(folder):
    made = otio.adapters.read_from_file(str(exported.write(board(), folder, folder / "x.otio")))
    [marker] = made.video_tracks()[0][0].markers
    assert marker.name == "Mia runs"
    assert marker.comment.splitlines() == ["Mia runs", "Medium", "Мия: Утро! 朝"]


def test_the_voice_is_an_audio_track_with_a_marker_for_each_line(folder):
    script = board()
    exported.write(script, folder, folder / "x.otio", track=with_sound(script))
    made = otio.adapters.read_from_file(str(folder / "x.otio"))
    [sound] = made.audio_tracks()[0]
    assert sound.media_reference.target_url == "x.wav"
    # 4.14 s end within the film's last frame
    assert (sound.duration().value, made.duration().value) == (103, 104)
    assert (folder / "x.wav").stat().st_size > 48000 * 2 * 4
    [marker] = sound.markers
    assert (marker.name, marker.marked_range.start_time.value) == ("Мия: Утро!", 0)


def test_a_silent_film_has_no_audio_track(folder):
    script = board()
    made = otio.adapters.read_from_file(
        str(exported.write(script, folder, folder / "x.otio", track=track(script, Silent())))
    )
    assert not made.audio_tracks()
    assert not (folder / "x.wav").exists()


@pytest.mark.parametrize("suffix", ["otioz", "otiod", "xml", "fcpxml", "edl"])
def test_every_adapter_that_is_installed_takes_it(folder, suffix, monkeypatch):
    if suffix not in otio.adapters.suffixes_with_defined_adapters(write=True):
        pytest.skip(f"needs the OpenTimelineIO adapter for {suffix}")
    monkeypatch.chdir(folder)
    exported.write(board(), folder, folder / "x.otio", fps=24)
    made = otio.adapters.read_from_file(str(folder / "x.otio"))
    otio.adapters.write_to_file(made, str(folder / f"y.{suffix}"))
    back = otio.adapters.read_from_file(str(folder / f"y.{suffix}"), **({"rate": 24} if suffix == "edl" else {}))
    timelines = [back] if isinstance(back, otio.schema.Timeline) else list(back.find_children(otio.schema.Timeline))
    assert [t.duration().rescaled_to(24).value for t in timelines] == [99]


def test_what_an_editor_changed_comes_back_and_the_rest_stays(folder):
    script = board()
    exported.write(script, folder, folder / "x.otio", fps=25)
    made = otio.adapters.read_from_file(str(folder / "x.otio"))
    video = made.video_tracks()[0]
    first, second = video[0].clone(), video[1].clone()
    first.source_range = otio.opentime.TimeRange(first.source_range.start_time, otio.opentime.RationalTime(50, 25))
    first.media_reference.target_url = "retouched/01.png"
    del video[:]
    gap = otio.schema.Gap(duration=otio.opentime.RationalTime(25, 25))
    video.extend([second, gap, first, second.clone()])
    otio.adapters.write_to_file(made, str(folder / "x.otio"))
    back = exported.read(folder / "x.otio")
    assert [(p.id, p.seconds) for p in back.panels] == [("b", 1.3), ("clip-2", 1.0), ("a", 2.0), ("b-2", 1.3)]
    assert back.panels[2].picture == "retouched/01.png"
    assert back.panels[2].dialogue == script.panels[0].dialogue
    assert back.panels[0] == script.panels[1]
    assert (back.title, back.coverage) == (script.title, script.coverage)


def test_a_timeline_from_elsewhere_becomes_a_board_of_its_clips(tmp_path):
    clip = otio.schema.Clip(
        "Shot 1",
        otio.schema.ExternalReference("stills/one%201.png"),
        otio.opentime.TimeRange(duration=otio.opentime.RationalTime(36, 24)),
    )
    elsewhere = otio.schema.Clip(
        "Shot 2",
        otio.schema.ExternalReference("file:///C:/media/b.mov"),
        otio.opentime.TimeRange(duration=otio.opentime.RationalTime(1001, 1000)),
    )
    made = otio.schema.Timeline("Foreign", tracks=[otio.schema.Track("V", [clip, elsewhere])])
    otio.adapters.write_to_file(made, str(tmp_path / "f.otio"))
    back = exported.read(tmp_path / "f.otio")
    assert [(p.id, p.action, p.seconds, p.picture) for p in back.panels] == [
        ("clip-1", "Shot 1", 1.5, "stills/one 1.png"),
        ("clip-2", "Shot 2", 1.001, ""),
    ]
    assert back.title == "Foreign"


def test_a_real_timeline_is_read():
    if not REAL.is_dir():
        pytest.skip("needs ../shared/data")
    back = exported.read(REAL / "simple_cut.otio")
    assert [p.action for p in back.panels] == ["Clip-001", "Clip-002", "Clip-003", "Clip-004"]
    assert [round(p.seconds * 24) for p in back.panels] == [3, 6, 4, 6]
    with pytest.raises(BadInput, match="newer OpenTimelineIO"):
        exported.read(REAL / "screening_example.otio")


@pytest.mark.parametrize("content", ["", "not json", "{}", '{"OTIO_SCHEMA": "Clip.2"}', "[1]"])
def test_what_is_no_timeline_is_named(tmp_path, content):
    path = tmp_path / "x.otio"
    path.write_text(content)
    with pytest.raises(BadInput, match=r"x\.otio"):
        exported.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        exported.read(tmp_path / "none.otio")


def test_metadata_that_was_spoilt_is_named_with_its_field(folder):
    exported.write(board(), folder, folder / "x.otio")
    value = json.loads((folder / "x.otio").read_text())
    value["tracks"]["children"][0]["children"][0]["metadata"]["storywright"]["panel"]["shot"]["size"] = "huge"
    (folder / "x.otio").write_text(json.dumps(value))
    with pytest.raises(BadInput, match=r"field panels\.0\.shot\.size"):
        exported.read(folder / "x.otio")


def test_the_same_board_gives_the_same_bytes(folder):
    script = board()
    sound = with_sound(script)
    first = exported.write(script, folder, folder / "x.otio", track=sound).read_bytes()
    assert exported.write(script, folder, folder / "x.otio", track=sound).read_bytes() == first
