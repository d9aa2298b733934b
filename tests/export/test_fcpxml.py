import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from storywright.board import Line, Panel, Storyboard
from storywright.export import fcpxml
from storywright.export.timeline import rate_of
from storywright.voice.silent import Silent
from storywright.voice.track import Track, track

# What version 1.8 allows of the elements that are written here: attributes, those of them that must be there, and
# children in their order (a star: any number, a question mark: one or none).
RULES = {
    "fcpxml": ({"version"}, {"version"}, "resources? library?"),
    "resources": (set(), set(), "(format|asset)*"),
    "format": ({"id", "name", "frameDuration", "width", "height"}, {"id"}, ""),
    "asset": (
        {"id", "name", "src", "start", "duration", "hasVideo", "format", "hasAudio", "audioSources", "audioChannels",
         "audioRate"},
        {"id", "src"},
        "",
    ),
    "library": (set(), set(), "event*"),
    "event": ({"name"}, set(), "project*"),
    "project": ({"name"}, set(), "sequence"),
    "sequence": ({"format", "duration", "tcStart", "tcFormat", "audioLayout", "audioRate"}, {"format"}, "spine"),
    "spine": (set(), set(), "(video|gap)*"),
    "video": ({"ref", "name", "offset", "start", "duration"}, {"ref", "duration"}, "note? asset-clip* marker*"),
    "gap": ({"name", "offset", "start", "duration"}, {"duration"}, "note? asset-clip* marker*"),
    "asset-clip": ({"ref", "lane", "offset", "name", "duration", "audioRole"}, {"ref"}, ""),
    "marker": ({"start", "duration", "value", "note"}, {"start", "value"}, ""),
    "note": (set(), set(), ""),
}  # fmt: skip


def check(element: ET.Element) -> None:
    allowed, needed, children = RULES[element.tag]
    assert needed <= set(element.attrib) <= allowed, (element.tag, element.attrib)
    pattern = re.sub(r"([a-z-]+)", r"(?:\1 )", children).replace(") (", ")(")
    pattern = re.sub(r"(?<=[*?)]) (?=\()", "", pattern)
    assert re.fullmatch(pattern, "".join(f"{child.tag} " for child in element)), (element.tag, list(element))
    for child in element:
        check(child)


def seconds(time: str) -> Fraction:
    assert re.fullmatch(r"\d+(/\d+)?s", time), time
    return Fraction(time[:-1])


def written(path: Path) -> ET.Element:
    text = path.read_text()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>')
    root = ET.fromstring(text)
    check(root)
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert {element.get("ref") for element in root.iter() if element.get("ref")} <= ids
    return root


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "panels").mkdir()
    Image.new("RGB", (192, 108), "red").save(tmp_path / "panels" / "01.png")
    Image.new("RGB", (100, 100), "red").save(tmp_path / "panels" / "два & 2.png")
    return tmp_path


def board(*lengths: float) -> Storyboard:
    pictures = ("panels/01.png", "panels/два & 2.png", "")
    panels = [
        Panel(
            id=f"p{n}",
            seconds=length,
            picture=pictures[n % 3],
            action="Бег & <бег> \x0b 朝",
            dialogue=[Line(who="Mia", line="Hi!")],
        )
        for n, length in enumerate(lengths)
    ]
    return Storyboard(id="x", title="Morning <Run>", panels=panels)


def with_sound(of: Storyboard) -> Track:
    silent = track(of, Silent())
    return Track(np.full_like(silent.samples, 99), silent.rate, [], silent.panel_seconds, [])


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.floats(0.01, 20).map(lambda s: round(s, 2)), min_size=1, max_size=8),
    st.sampled_from(["23.976", "24", "25", "29.97", "30", "60"]),
)
def test_every_cut_is_a_whole_frame_and_follows_the_one_before(folder, lengths, fps):
    root = written(fcpxml.write(board(*lengths), folder, folder / "x.fcpxml", fps=fps))
    rate = rate_of(fps)
    sequence = root.find(".//sequence")
    at = seconds(sequence.get("tcStart"))
    assert at * rate.fps == 3600 * rate.timebase
    for item in sequence.find("spine"):
        assert seconds(item.get("offset")) == at
        assert (seconds(item.get("duration")) * rate.fps).denominator == 1
        at += seconds(item.get("duration"))
    whole = seconds(sequence.get("duration"))
    assert whole == at - seconds(sequence.get("tcStart"))
    if min(lengths) >= 0.05:
        assert abs(whole - sum(Fraction(str(s)) for s in lengths)) <= Fraction(1, 2) / rate.fps
    assert seconds(root.find(".//format").get("frameDuration")) == 1 / rate.fps


def test_pictures_are_stills_of_their_own_size_and_each_file_is_there_once(folder):
    root = written(fcpxml.write(board(1, 1, 1, 1), folder, folder / "x.fcpxml"))
    assets = root.findall(".//asset")
    assert [asset.get("src") for asset in assets] == [
        (folder / "panels" / name).as_uri() for name in ("01.png", "два & 2.png")
    ]
    formats = {form.get("id"): form for form in root.iter("format")}
    sizes = [formats[asset.get("format")] for asset in assets]
    assert [(size.get("width"), size.get("height")) for size in sizes] == [("192", "108"), ("100", "100")]
    assert all(asset.get("duration") == "0s" for asset in assets)
    assert [item.tag for item in root.find(".//spine")] == ["video", "video", "gap", "video"]


def test_the_sequence_has_the_name_that_final_cut_gives_its_format(folder):
    root = written(fcpxml.write(board(1), folder, folder / "x.fcpxml", fps="23.976"))
    form = root.find(".//format")
    assert (form.get("name"), form.get("frameDuration")) == ("FFVideoFormat1080p2398", "1001/24000s")


def test_notes_and_markers_say_what_an_editor_has_to_know(folder):
    root = written(fcpxml.write(board(1), folder, folder / "x.fcpxml"))
    assert root.find(".//note").text == "Бег & <бег> 朝\nMedium\nMia: Hi!"
    assert root.find(".//marker").get("value") == "Бег & <бег> 朝"


def test_the_voice_is_connected_below_the_first_panel(folder):
    script = board(1, 1.51)
    root = written(fcpxml.write(script, folder, folder / "x.fcpxml", track=with_sound(script)))
    first = root.find(".//spine")[0]
    sound = first.find("asset-clip")
    asset = next(a for a in root.iter("asset") if a.get("id") == sound.get("ref"))
    assert (sound.get("lane"), asset.get("hasAudio"), asset.get("audioRate")) == ("-1", "1", "48000")
    assert asset.get("src") == (folder / "x.wav").as_uri()
    assert seconds(sound.get("duration")) == Fraction(62, 25)


def test_a_portable_file_names_no_folder_of_this_machine(folder):
    script = board(1, 1)
    path = fcpxml.write(script, folder, folder / "out" / "x.fcpxml", track=with_sound(script), portable=True)
    sources = [asset.get("src") for asset in written(path).iter("asset")]
    assert sources == ["../panels/01.png", "../panels/%D0%B4%D0%B2%D0%B0%20%26%202.png", "x.wav"]
    assert str(folder) not in path.read_text()


def test_drop_frame_is_said(folder):
    root = written(fcpxml.write(board(1), folder, folder / "x.fcpxml", fps=29.97, drop=True))
    assert root.find(".//sequence").get("tcFormat") == "DF"
    assert seconds(root.find(".//sequence").get("tcStart")) * rate_of(29.97).fps == 107892


def test_an_empty_board_is_an_empty_project(folder):
    root = written(fcpxml.write(Storyboard(id="x", title=""), folder, folder / "x.fcpxml"))
    assert len(root.find(".//spine")) == 0
    assert root.find(".//sequence").get("duration") == "0s"


def test_times_and_elements_are_written_as_in_a_real_file():
    real = Path("../shared/data/timeline/fcpx_clips.fcpxml")
    if not real.exists():
        pytest.skip("needs ../shared/data")
    root = ET.parse(real).getroot()
    assert root.get("version") == "1.8"
    for element in root.iter():
        for name in ("offset", "duration", "start", "frameDuration"):
            assert element.get(name) is None or seconds(element.get(name)) >= 0
    known = {element.tag: set() for element in root.iter()}
    for element in root.iter():
        known[element.tag] |= set(element.attrib)
    assert RULES["marker"][1] <= RULES["marker"][0]
    assert {"id", "src", "start", "duration", "hasVideo", "format"} <= known["asset"] & RULES["asset"][0]
    assert {"duration", "format", "tcStart", "tcFormat"} <= known["sequence"] & RULES["sequence"][0]
