import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image

from storywright.board import Line, Panel, Storyboard
from storywright.export import fcp7
from storywright.voice.silent import Silent
from storywright.voice.track import Cue, Track, track


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "panels").mkdir()
    Image.new("RGB", (192, 108), "red").save(tmp_path / "panels" / "01.png")
    Image.new("RGB", (100, 100), "red").save(tmp_path / "panels" / "два.png")
    return tmp_path


def board() -> Storyboard:
    panels = [
        Panel(
            id="a", picture="panels/01.png", seconds=2.34, action="Mia & \x01Tom", dialogue=[Line(who="M", line="朝")]
        ),
        Panel(id="b", seconds=1.0),
        Panel(id="c", picture="panels/два.png", seconds=1.3, setting="park"),
        Panel(id="d", picture="panels/01.png", seconds=0.7),
    ]
    return Storyboard(id="x", title="Утро <Run>", panels=panels)


def with_sound(of: Storyboard) -> Track:
    silent = track(of, Silent())
    cues = [Cue("a", 0.3, 1.2, "Mia", "Hi!"), Cue("c", 4.0, 4.5, "", "Sip.")]
    return Track(np.full_like(silent.samples, 99), silent.rate, cues, silent.panel_seconds, [])


def written(path: Path) -> ET.Element:
    assert path.read_text().startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>')
    return ET.parse(path).getroot()


def test_a_sequence_says_its_format_which_resolve_needs(folder):
    root = written(fcp7.write(board(), folder, folder / "x.xml", fps="23.976"))
    form = root.find("sequence/media/video/format/samplecharacteristics")
    said = {name: form.findtext(name) for name in ("width", "height", "pixelaspectratio", "rate/timebase", "rate/ntsc")}
    assert said == {
        "width": "1920", "height": "1080", "pixelaspectratio": "square", "rate/timebase": "24", "rate/ntsc": "TRUE"
    }  # fmt: skip


def test_clips_stand_where_their_panels_do_and_a_panel_without_a_picture_leaves_a_gap(folder):
    root = written(fcp7.write(board(), folder, folder / "x.xml", fps=30))
    clips = root.findall(".//video/track/clipitem")
    frames = [tuple(int(clip.findtext(name)) for name in ("start", "end", "in", "out", "duration")) for clip in clips]
    assert frames == [(0, 70, 0, 70, 70), (100, 139, 0, 39, 39), (139, 160, 0, 21, 21)]
    assert root.findtext("sequence/duration") == "160"
    assert root.findtext("sequence/timecode/string") == "01:00:00:00"


def test_a_picture_is_described_once_and_lies_where_it_is_said_to(folder):
    root = written(fcp7.write(board(), folder, folder / "x.xml"))
    files = root.findall(".//video/track/clipitem/file")
    assert [file.get("id") for file in files] == ["file-1", "file-2", "file-1"]
    assert [len(file) > 0 for file in files] == [True, True, False]
    places = [urlsplit(file.findtext("pathurl")) for file in files[:2]]
    assert [(place.scheme, place.netloc) for place in places] == [("file", "localhost")] * 2
    assert [Path(unquote(place.path)) for place in places] == [folder / "panels/01.png", folder / "panels/два.png"]
    sizes = [file.findtext("media/video/samplecharacteristics/width") for file in files[:2]]
    assert sizes == ["192", "100"]
    masters = [clip.findtext("masterclipid") for clip in root.findall(".//video/track/clipitem")]
    assert masters == ["masterclip-1", "masterclip-2", "masterclip-1"]


def test_markers_and_logs_say_what_an_editor_has_to_know(folder):
    root = written(fcp7.write(board(), folder, folder / "x.xml", track=with_sound(board())))
    clip = root.find(".//video/track/clipitem")
    assert clip.findtext("marker/name") == "Mia & Tom"
    assert clip.findtext("marker/comment") == "Mia & Tom\nMedium\nM: 朝"
    assert clip.findtext("logginginfo/shottake") == "a"
    spoken = [(m.findtext("name"), m.findtext("in"), m.findtext("out")) for m in root.findall("sequence/marker")]
    assert spoken == [("Mia: Hi!", "7", "30"), ("Sip.", "100", "112")]


def test_the_voice_is_an_audio_track(folder):
    root = written(fcp7.write(board(), folder, folder / "x.xml", track=with_sound(board())))
    audio = root.find("sequence/media/audio")
    clip = audio.find("track/clipitem")
    # 5.34 s end within the film's last frame
    assert (clip.findtext("end"), root.findtext("sequence/duration")) == ("133", "134")
    assert clip.findtext("sourcetrack/mediatype") == "audio"
    assert clip.findtext("file/media/audio/samplecharacteristics/samplerate") == "48000"
    assert Path(unquote(urlsplit(clip.findtext("file/pathurl")).path)) == folder / "x.wav"
    assert fcp7.beside(folder / "x.xml") == [folder / "x.wav"]
    assert written(fcp7.write(board(), folder, folder / "x.xml")).find("sequence/media/audio") is None
    assert fcp7.beside(folder / "x.xml") == []


def test_a_portable_file_names_no_folder_of_this_machine(folder):
    path = fcp7.write(board(), folder, folder / "out" / "x.xml", track=with_sound(board()), portable=True)
    assert str(folder) not in path.read_text()
    assert written(path).findtext(".//video/track/clipitem/file/pathurl") == "../panels/01.png"


def paths(element: ET.Element, above: str = "") -> set[str]:
    here = f"{above}/{element.tag}"
    return {here}.union(*(paths(child, here) for child in element))


def test_every_element_stands_where_premiere_writes_it(folder):
    real = Path("../shared/data/timeline/premiere_example.xml")
    if not real.exists():
        pytest.skip("needs ../shared/data")
    root = written(fcp7.write(board(), folder, folder / "x.xml", track=with_sound(board())))
    theirs = paths(ET.parse(real).getroot())
    ours = paths(root)
    known = {"stillframe", "timecode", "string", "frame", "displayformat", "rate", "timebase", "ntsc"}
    stray = {path for path in ours - theirs if not known & set(path.split("/"))}
    assert stray <= {
        "/xmeml/sequence/marker",
        *(f"/xmeml/sequence/marker/{n}" for n in ("name", "comment", "in", "out")),
    }


@pytest.mark.parametrize("fps", [24, 25, 30, "23.976"])
def test_another_reader_sees_the_same_film(folder, fps):
    otio = pytest.importorskip("opentimelineio", reason="needs the extra `export`")
    if "fcp_xml" not in otio.adapters.available_adapter_names():
        pytest.skip("needs otio-fcp-adapter")
    script = board()
    path = fcp7.write(script, folder, folder / "x.xml", fps=fps, track=with_sound(script))
    read = otio.adapters.read_from_file(str(path))
    [video], [sound] = read.video_tracks(), read.audio_tracks()
    rate = {"23.976": 24000 / 1001}.get(str(fps), fps)
    frames = [round(item.duration().rescaled_to(rate).value) for item in video]
    assert sum(frames) == int(5.34 * rate + 0.5)
    assert [type(item).__name__ for item in video] == ["Clip", "Gap", "Clip", "Clip"]
    assert [item.name for item in video if item.name] == ["01.png", "два.png", "01.png"]
    assert abs(sound.duration().rescaled_to(rate).value - sum(frames)) <= 1
