"""Films, made by PyAV, cut into scenes."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from storywright.errors import BadInput


def picture(panel) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(panel["picture"]["bytes"])).convert("RGB")).astype(int)


def shown(makers, panels, seeds, size=(160, 90)) -> list[int | None]:
    """Which shot each panel shows: the seed whose picture is nearest."""
    shots = {seed: [frame.astype(int) for frame in makers.shot(seed, 60, size)[::12]] for seed in seeds}

    def nearest(panel):
        away = {seed: min(np.abs(picture(panel) - frame).mean() for frame in frames) for seed, frames in shots.items()}
        best = min(away, key=away.__getitem__)
        return best if away[best] < 12 else None

    return [nearest(panel) for panel in panels]


def begins(panels) -> list[str]:
    return [panel["picture"]["path"].partition("-")[0] for panel in panels]


def test_each_shot_gives_one_panel_that_shows_it(makers):
    frames = [frame for seed, seconds in ((1, 2), (2, 3), (3, 2), (4, 2)) for frame in makers.shot(seed, 25 * seconds)]
    makers.take(makers.film(makers.folder / "walk.mp4", frames))
    panels = makers.panels()
    assert shown(makers, panels, range(1, 7)) == [1, 2, 3, 4]
    assert begins(panels) == ["0:00", "0:02", "0:05", "0:07"]
    assert {(one["story_id"], one["source"], one["origin"], one["licence"]) for one in panels} == {
        ("walk-001", "video", "walk.mp4", "CC-BY-4.0")
    }
    assert makers.rejected() == []


def test_a_dissolve_and_a_fade_through_black_are_cuts_and_a_flash_is_none(makers):
    one, two, three = (makers.shot(seed, 50) for seed in (1, 2, 3))
    blend = [(one[-1] * (1 - a) + two[0] * a).astype(np.uint8) for a in np.linspace(0, 1, 20)]
    out = [(two[-1] * a).astype(np.uint8) for a in np.linspace(1, 0, 12)]
    fade_in = [(three[0] * a).astype(np.uint8) for a in np.linspace(0, 1, 12)]
    black, white = [np.zeros_like(one[0])] * 10, [np.full_like(one[0], 255)] * 3
    frames = [*one, *blend, *two, *out, *black, *fade_in, *three[:25], *white, *three[25:], *makers.shot(3, 50)[49:]]
    makers.take(makers.film(makers.folder / "f.mp4", frames))
    assert shown(makers, makers.panels(), (1, 2, 3)) == [1, 2, 3]


def test_shots_too_short_to_be_scenes_are_joined_and_not_lost(makers):
    frames = [frame for seed in range(1, 9) for frame in makers.shot(seed, 10)]
    makers.take(makers.film(makers.folder / "montage.mp4", frames))
    panels = makers.panels()
    assert 2 <= len(panels) <= 4
    assert None not in shown(makers, panels, range(1, 9))


def test_frames_of_a_variable_rate_are_placed_by_their_times(makers):
    slides = [makers.painted(seed, (160, 90)) for seed in (1, 2, 3, 3, 3)]
    path = makers.film(makers.folder / "slides.mkv", slides, times=[0.0, 4.0, 9.5, 9.6, 13.0])
    makers.take(path)
    assert begins(makers.panels()) == ["0:00", "0:04", "0:09"]
    assert shown(makers, makers.panels(), (1, 2, 3)) == [1, 2, 3]


@pytest.mark.parametrize("angle", [90, -90, 180])
def test_a_film_held_sideways_is_turned_upright(makers, angle):
    upright = makers.painted(1, (96, 160))
    lying = np.rot90(upright, {90: -1, -90: 1, 180: 2}[angle])
    path = makers.film(makers.folder / "phone.mp4", [lying] * 30, rotation=angle)
    makers.take(path)
    [panel] = makers.panels()
    assert picture(panel).shape == upright.shape
    assert np.abs(picture(panel) - upright).mean() < 8


def test_pixels_that_are_not_square_are_stretched(makers):
    path = makers.film(makers.folder / "dv.mkv", makers.shot(1, 30), pixel_aspect=Fraction(2))
    makers.take(path)
    assert picture(makers.panels()[0]).shape == (90, 320, 3)


def test_a_film_that_breaks_off_gives_what_was_before_and_is_named(makers):
    frames = [frame for seed in (1, 2, 3, 4) for frame in makers.shot(seed, 50)]
    path = makers.film(makers.folder / "f.mkv", frames)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    makers.take(path)
    assert shown(makers, makers.panels(), (1, 2, 3, 4))[:2] == [1, 2]
    [rejected] = makers.rejected()
    assert rejected["item"] == "f.mkv"
    assert "breaks off at 0:0" in rejected["reason"]
    assert "scenes before that are taken" in rejected["reason"]


def test_a_film_with_damage_in_its_middle_goes_on_after_it(makers):
    frames = [frame for seed in (1, 2, 3, 4) for frame in makers.shot(seed, 50)]
    path = makers.film(makers.folder / "f.mkv", frames)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = bytes(600)
    path.write_bytes(content)
    makers.take(path)
    seen = shown(makers, makers.panels(), (1, 2, 3, 4))
    assert seen[0] == 1
    assert seen[-1] == 4


@pytest.mark.parametrize("cut", [0, 100, 0.5])
def test_a_film_that_cannot_be_opened_is_named_and_the_others_go_in(makers, cut):
    folder = makers.folder / "films"
    folder.mkdir()
    makers.film(folder / "good.mp4", makers.shot(1, 30))
    bad = makers.film(folder / "bad.mp4", makers.shot(2, 30))
    content = bad.read_bytes()
    bad.write_bytes(content[: int(len(content) * cut) if isinstance(cut, float) else cut])
    makers.take(folder)
    assert {one["story_id"] for one in makers.panels()} == {"good-001"}
    [rejected] = makers.rejected()
    assert rejected["item"] == "bad.mp4"
    assert rejected["reason"].startswith("it cannot be read as a film")


def test_sound_without_a_moving_picture_is_named(makers):
    path = makers.folder / "song.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1_024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    makers.take(path)
    assert makers.rejected()[0]["reason"] == "it has no moving picture, only audio"


def test_text_that_calls_itself_a_film_is_named(makers):
    (makers.folder / "film.mp4").write_text("Once upon a time. " * 50)
    makers.take(makers.folder / "film.mp4")
    assert makers.rejected()[0]["reason"].startswith("it cannot be read as a film")


@pytest.mark.parametrize(
    "playlist",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"],
)
def test_a_playlist_that_calls_itself_a_film_opens_no_other_file(makers, playlist):
    secret = makers.film(makers.folder / "secret.ts", makers.shot(1, 30))
    path = makers.folder / "film.mp4"
    path.write_text(playlist.format(secret.name))
    makers.take(path)
    assert makers.panels() == []
    assert makers.rejected()[0]["reason"].startswith("it cannot be read as a film")


def test_a_film_of_darkness_has_no_panels_and_says_so(makers):
    makers.take(makers.film(makers.folder / "night.mp4", [np.zeros((90, 160, 3), np.uint8)] * 40))
    assert (makers.panels(), makers.rejected()[0]["reason"]) == ([], "it shows nothing but blank frames")


def test_what_is_said_in_a_scene_is_its_caption(makers):
    folder = makers.folder / "films"
    folder.mkdir()
    frames = [frame for seed in (1, 2, 3) for frame in makers.shot(seed, 50)]
    makers.film(folder / "talk.mp4", frames)
    (folder / "talk.ru.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nНе то.\n", encoding="utf-8")
    (folder / "talk.srt").write_text(
        "1\r\n00:00:00,200 --> 00:00:01,000\r\n<i>Who is</i>\r\nthere?\r\n\r\n"
        "2\r\n00:00:04,200 --> 00:00:05,000\r\n{\\an8}Nobody &amp; nothing.\r\n",
        encoding="utf-8-sig",
    )
    makers.take(folder)
    panels = makers.panels()
    assert [one["caption"] for one in panels] == [
        "Who is there?", "Scene 2, from 0:02 to 0:04.", "Nobody & nothing.",
    ]  # fmt: skip
    assert [one["tags"] for one in panels] == [[], ["wordless"], []]


def test_subtitles_inside_the_film_are_its_words_in_their_language(makers):
    frames = [frame for seed in (1, 2) for frame in makers.shot(seed, 50)]
    words = makers.folder / "words.srt"
    words.write_text("1\n00:00:00,200 --> 00:00:01,200\nКто там?\n\n2\n00:00:02,400 --> 00:00:03,400\nНикого.\n")
    makers.take(makers.film(makers.folder / "f.mkv", frames, words=words, words_language="rus"))
    assert [(one["caption"], one["language"]) for one in makers.panels()] == [("Кто там?", "ru"), ("Никого.", "ru")]


def test_a_long_film_becomes_several_stories(makers):
    frames = [frame for seed in range(1, 6) for frame in makers.shot(seed, 35)]
    plan = makers.owned.__class__(date="2026-11-20", licence="CC-BY-4.0", owner="x", most_panels=2)
    makers.take(makers.film(makers.folder / "f.mp4", frames), plan=plan)
    assert [(one["story_id"], one["panel"], one["panels"]) for one in makers.panels()] == [
        ("f-001", 0, 2), ("f-001", 1, 2), ("f-002", 0, 2), ("f-002", 1, 2), ("f-003", 0, 1),
    ]  # fmt: skip


def test_a_film_without_licence_or_owner_is_refused_before_it_is_read(makers):
    path = makers.film(makers.folder / "f.mp4", makers.shot(1, 5))
    with pytest.raises(BadInput, match=r"f\.mp4 does not say whose it is .* give --licence"):
        makers.take(path, plan=makers.plan)
