import itertools
import re
import shutil
import zipfile
from fractions import Fraction
from urllib.parse import unquote

import av
import numpy as np
import pytest
from PIL import Image

from storywright.board import Brief, CastMember, Line, Panel, Product, Shot, Storyboard, read_board
from storywright.errors import BadInput
from storywright.export import camera, export, film, gif, mp4, webp
from storywright.export import zip as zipped
from storywright.voice.track import Cue, Track

MOVES = ("static", "pan", "tilt", "zoom in", "zoom out", "dolly", "truck", "tracking")
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200))
SMALL = {"height": 96}


def board_of(folder, seconds=(1.0, 0.6, 1.4), moves=("static",) * 3, aspect="16:9", **more) -> Storyboard:
    (folder / "panels").mkdir(parents=True, exist_ok=True)
    panels = []
    for number, (length, move) in enumerate(zip(seconds, moves, strict=True)):
        Image.new("RGB", (96, 54), COLOURS[number % 3]).save(folder / f"panels/{number}.png")
        panels.append(
            Panel(id=f"p{number}", seconds=length, shot=Shot(move=move), picture=f"panels/{number}.png", **more)
        )
    brief = Brief(title="Morning", product=Product(name="Aqua Spark"), cast=[CastMember(name="Mia")])
    board = Storyboard(id="b", title="Morning Run", logline="One sip.", brief=brief, aspect=aspect, panels=panels)
    board.save(folder)
    return board


def frames_of(path) -> list[np.ndarray]:
    with av.open(str(path)) as opened:
        return [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]


def nearest_colour(frame: np.ndarray) -> int:
    middle = frame[frame.shape[0] // 2, frame.shape[1] // 2].astype(int)
    return int(np.argmin([np.abs(middle - colour).sum() for colour in COLOURS]))


@pytest.mark.parametrize("fps", ["23.976", "24", "25", "29.97"])
def test_a_film_is_as_long_as_its_panels_together_to_a_frame_and_cut_where_they_end(tmp_path, fps):
    seconds = (0.333, 0.47, 0.611)
    path = mp4.write(board_of(tmp_path, seconds), tmp_path, tmp_path / "f.mp4", fps=fps, **SMALL)
    rate = Fraction(24000, 1001) if fps == "23.976" else Fraction(30000, 1001) if fps == "29.97" else Fraction(fps)
    shown = [nearest_colour(frame) for frame in frames_of(path)]
    ends = [round(end * rate) for end in itertools.accumulate(map(Fraction, map(str, seconds)))]
    assert len(shown) == ends[-1]
    assert [shown.index(colour) for colour in range(3)] == [0, ends[0], ends[1]]
    with av.open(str(path)) as opened:
        for stream in opened.streams:
            assert abs(stream.duration * stream.time_base - ends[-1] / rate) < Fraction(1, 1000)


def test_a_film_plays_from_its_first_frame(tmp_path):
    path = mp4.write(board_of(tmp_path), tmp_path, tmp_path / "f.mp4", **SMALL)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as opened:
        video, audio = opened.streams.video[0], opened.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert video.codec_context.pix_fmt == "yuv420p"
        assert video.start_time == 0
        packets = [packet for packet in opened.demux(video) if packet.size]
        assert packets[0].is_keyframe
        assert packets[0].pts == packets[0].dts == 0
        assert all(packet.pts == packet.dts for packet in packets)
    assert nearest_colour(frames_of(path)[0]) == 0


def test_each_cut_can_be_jumped_to(tmp_path):
    path = mp4.write(board_of(tmp_path), tmp_path, tmp_path / "f.mp4", fps=25, **SMALL)
    with av.open(str(path)) as opened:
        video = opened.streams.video[0]
        keys = [packet.pts * video.time_base for packet in opened.demux(video) if packet.size and packet.is_keyframe]
    assert {Fraction(0), Fraction(1), Fraction(8, 5)} <= set(keys)


def test_title_cast_and_comment_are_in_the_files_tags(tmp_path):
    board = board_of(tmp_path, cast=["Mia", "Tom"])
    with av.open(str(mp4.write(board, tmp_path, tmp_path / "f.mp4", **SMALL))) as opened:
        assert opened.metadata["title"] == "Morning Run"
        assert opened.metadata["artist"] == "Mia, Tom"
        assert opened.metadata["comment"] == "One sip."


@pytest.mark.parametrize(
    ("aspect", "size"), [("16:9", (1280, 720)), ("9:16", (720, 1280)), ("1:1", (720, 720)), ("2.39:1", (1720, 720))]
)
def test_the_size_follows_the_aspect_in_even_numbers(aspect, size):
    assert film.frame_size(aspect, 720) == size


def voiced(board, seconds, cues=()) -> Track:
    rate = 48000
    samples = np.zeros(round(sum(seconds) * rate), np.int16)
    lengths = {panel.id: length for panel, length in zip(board.panels, seconds, strict=True)}
    for cue in cues:
        begin, end = round(cue.start * rate), round(cue.end * rate)
        samples[begin:end] = 12000 * np.sin(np.arange(end - begin) * 2 * np.pi * 440 / rate)
    return Track(samples=samples, rate=rate, cues=list(cues), panel_seconds=lengths, notices=[])


def test_a_film_is_cut_to_its_voice_and_sounds_when_the_voice_does(tmp_path):
    board = board_of(tmp_path)
    track = voiced(board, (1.0, 2.0, 1.4), [Cue("p1", 1.4, 2.6, "Mia", "Wait for me.")])
    path = mp4.write(board, tmp_path, tmp_path / "f.mp4", fps=25, track=track, **SMALL)
    shown = [nearest_colour(frame) for frame in frames_of(path)]
    assert [shown.count(colour) for colour in range(3)] == [25, 50, 35]
    with av.open(str(path)) as opened:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
    loud = np.flatnonzero(np.abs(heard) > 0.1) / 48000
    assert loud[0] == pytest.approx(1.4, abs=0.03)
    assert loud[-1] == pytest.approx(2.6, abs=0.03)


def test_a_film_without_a_voice_is_silent_and_has_a_sound_track(tmp_path):
    path = mp4.write(board_of(tmp_path), tmp_path, tmp_path / "f.mp4", **SMALL)
    with av.open(str(path)) as opened:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
    assert np.abs(heard).max() == 0


def test_captions_stand_while_they_are_said_and_only_when_asked_for(tmp_path):
    board = board_of(tmp_path)
    track = voiced(board, (1.0, 0.6, 1.4), [Cue("p0", 0.2, 0.8, "", "Mornings begin too fast.")])
    plain = frames_of(mp4.write(board, tmp_path, tmp_path / "f.mp4", track=track, **SMALL))
    told = frames_of(mp4.write(board, tmp_path, tmp_path / "f.mp4", track=track, captions=True, **SMALL))
    changed = [
        number for number, (a, b) in enumerate(zip(plain, told, strict=True)) if np.abs(a.astype(int) - b).max() > 90
    ]
    assert changed == list(range(5, 20))
    rows = np.flatnonzero((told[10].min(axis=2) > 180).any(axis=1))
    assert rows.min() > 0.7 * 96


def test_words_on_the_screen_are_burnt_in_when_asked_for(tmp_path):
    board = board_of(tmp_path)
    board.panels[2].super = "Пейте воду."
    path = tmp_path / "f.mp4"
    plain = frames_of(mp4.write(board, tmp_path, path, **SMALL))
    told = frames_of(mp4.write(board, tmp_path, path, supers=True, **SMALL))
    changed = [
        number for number, (a, b) in enumerate(zip(plain, told, strict=True)) if np.abs(a.astype(int) - b).max() > 90
    ]
    assert changed == list(range(40, 75))


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280)])
def test_a_long_speech_is_shown_two_lines_at_a_time_inside_the_picture(tmp_path, size):
    from storywright.export import captions

    board = board_of(tmp_path, (9.0,), ("static",))
    said = " ".join(["Утро начинается слишком быстро, и никто не знает почему."] * 6)
    made = captions.Captions.of(
        board,
        voiced(board, (9.0,), [Cue("p0", 0.0, 9.0, "Мария", said)]),
        size,
        Fraction(25),
        spoken=True,
        supers=False,
    )
    cards = made.cards
    assert all(len(card.lines) <= 2 for card in cards)
    assert (cards[0].first, cards[-1].end) == (0, 225)
    assert all(a.end == b.first for a, b in itertools.pairwise(cards))
    frame = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
    luma = film.luma_and_chroma(made.on(frame, 10), size)[0]
    lit = np.argwhere(luma > 200)
    assert lit[:, 1].min() > 0.04 * size[0]
    assert lit[:, 1].max() < 0.96 * size[0]


@pytest.mark.parametrize("move", MOVES)
def test_a_camera_never_looks_beyond_the_picture_and_moves_without_a_jump(move):
    views = [camera.view(move, number / 71, 3.0) for number in range(72)]
    for seen in views:
        left, top, right, bottom = seen.box
        assert min(left, top) >= -1e-9
        assert max(right, bottom) <= 1 + 1e-9
        assert seen.scale >= camera.closest(move) - 1e-9
    steps = [max(abs(a.x - b.x), abs(a.y - b.y), abs(a.scale - b.scale)) for a, b in itertools.pairwise(views)]
    assert max(steps) < 0.02
    assert (max(steps) > 0) == (move != "static")


def test_a_slow_pan_moves_by_parts_of_a_pixel(tmp_path):
    folder = tmp_path
    board = board_of(folder, (6.0,), ("pan",))
    ramp = np.tile(np.linspace(0, 255, 384).astype(np.uint8)[None, :, None], (216, 1, 3))
    Image.fromarray(ramp).save(folder / "panels/0.png")
    take = film.takes(board, folder, {"p0": 6.0}, Fraction(25))[0]
    lumas = [film.luma_and_chroma(frame, (320, 180))[0].mean() for frame in film.shot_yuv(take, (320, 180))]
    steps = np.diff(lumas)
    assert steps.min() >= 0
    assert steps.max() < 1.2
    assert (steps[20:-20] > 0).all()


def test_a_clip_stands_in_for_the_still_picture_and_lasts_as_long(tmp_path):
    board = board_of(tmp_path)
    clips = tmp_path / "clips"
    (clips / "p1").mkdir(parents=True)
    for number, colour in enumerate((COLOURS[2], COLOURS[0])):
        Image.new("RGB", (96, 54), colour).save(clips / f"p1/{number:04d}.png")
    shown = [nearest_colour(f) for f in frames_of(mp4.write(board, tmp_path, tmp_path / "f.mp4", clips=clips, **SMALL))]
    assert shown == [0] * 25 + [2] * 8 + [0] * 7 + [2] * 35
    shutil.rmtree(clips / "p1")
    mp4.write(board_of(tmp_path / "other", (0.2,), ("static",)), tmp_path / "other", clips / "p1.mp4", **SMALL)
    shown = [nearest_colour(f) for f in frames_of(mp4.write(board, tmp_path, tmp_path / "f.mp4", clips=clips, **SMALL))]
    assert shown == [0] * 40 + [2] * 35
    (clips / "p1.mp4").write_bytes(b"broken")
    with pytest.raises(BadInput, match=r"The clip .*p1.mp4 cannot be read"):
        mp4.write(board, tmp_path, tmp_path / "f.mp4", clips=clips, **SMALL)
    with pytest.raises(BadInput, match="is not a folder of clips"):
        mp4.write(board, tmp_path, tmp_path / "f.mp4", clips=tmp_path / "none", **SMALL)


@pytest.mark.parametrize("module", [gif, webp])
def test_the_small_film_is_as_long_as_the_board(tmp_path, module):
    board = board_of(tmp_path, (1.0, 0.6, 1.4), ("static", "pan", "static"))
    with Image.open(module.write(board, tmp_path, tmp_path / "f")) as opened:
        lasting = []
        for number in range(opened.n_frames):
            opened.seek(number)
            opened.load()
            lasting.append(opened.info["duration"])
    assert sum(lasting) == pytest.approx(3000, abs=10)
    assert max(lasting) == pytest.approx(1400, abs=70)


def test_the_same_board_gives_the_same_films(tmp_path):
    board = board_of(tmp_path, moves=("pan", "static", "dolly"))
    for module, more in ((mp4, SMALL), (gif, {}), (webp, {}), (zipped, {})):
        first = module.write(board, tmp_path, tmp_path / "one", **more).read_bytes()
        assert module.write(board, tmp_path, tmp_path / "two", **more).read_bytes() == first


@pytest.mark.parametrize("module", [mp4, gif, webp])
def test_a_film_of_nothing_is_refused_with_its_board(tmp_path, module):
    with pytest.raises(BadInput, match="The board 'Morning Run' has no panels to make a film of"):
        module.write(board_of(tmp_path, (), ()), tmp_path, tmp_path / "f")
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(("more", "said"), [({"fps": 17}, "17 frames a second"), ({"height": 8}, "64 to 4320 pixels")])
def test_a_film_that_cannot_be_is_refused(tmp_path, more, said):
    with pytest.raises(BadInput, match=said):
        mp4.write(board_of(tmp_path), tmp_path, tmp_path / "f.mp4", **more)


def test_a_zip_unpacks_to_a_board_that_exports_again(tmp_path):
    board = board_of(tmp_path / "one")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/sheet.txt").write_text("sheet")
    path = zipped.write(board, tmp_path / "one", tmp_path / "out/b.zip", also=[tmp_path / "out/sheet.txt"])
    shutil.rmtree(tmp_path / "one")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "two")
    assert (tmp_path / "two/sheet.txt").read_text() == "sheet"
    again = read_board(tmp_path / "two/board")
    assert again == board
    assert mp4.write(again, tmp_path / "two/board", tmp_path / "f.mp4", **SMALL).stat().st_size > 1000


@pytest.mark.parametrize("where", ["one", "."])
def test_timelines_in_a_zip_find_their_pictures_once_it_is_unpacked(tmp_path, where):
    board_of(tmp_path / "one")
    out = tmp_path / "one" / ".." / where
    export(tmp_path / "one", ["otio", "fcpxml", "fcp7", "zip"], out)
    with zipfile.ZipFile(next(out.glob("*.zip"))) as archive:
        archive.extractall(tmp_path / "two")
    shutil.rmtree(tmp_path / "one")
    found = []
    for timeline in (path for suffix in ("otio", "fcpxml", "xml") for path in (tmp_path / "two").glob(f"*.{suffix}")):
        media = re.findall(r'(?:"target_url": "|src="|<pathurl>)([^"<]+)', timeline.read_text())
        assert len(media) == 3
        found += [(timeline.parent / unquote(name)).is_file() for name in media]
    assert all(found)


def test_nothing_half_written_is_left_where_the_film_should_be(tmp_path):
    board = board_of(tmp_path)
    (tmp_path / "panels/2.png").write_bytes(b"broken")
    with pytest.raises(BadInput, match=r"Panel 3 \(p2\)"):
        mp4.write(board, tmp_path, tmp_path / "out/f.mp4", **SMALL)
    assert not list((tmp_path / "out").glob("*"))


def test_what_a_panel_says_is_in_the_films_captions_without_a_voice(tmp_path):
    board = board_of(tmp_path, dialogue=[Line(who="Mia", line="Hello.")])
    assert [(cue.who, cue.text) for cue in film.silent(board).cues] == [("Mia", "Hello.")] * 3
