import itertools
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from storywright.board import Panel, Storyboard
from storywright.errors import BadInput
from storywright.export import timeline as timelines

RATES = ["23.976", "24", "25", "29.97", "30", "48", "50", "59.94", "60"]


@given(st.lists(st.floats(0.04, 30).map(lambda s: round(s, 3)), max_size=60), st.sampled_from(RATES))
@example([0.1] * 50, "24")
@example([1 / 3] * 30, "23.976")
def test_a_film_is_as_long_as_the_sum_of_its_panels_to_a_frame(seconds, name):
    fps = timelines.rate_of(name).fps
    edges = timelines.edges(seconds, fps)
    true = [Fraction(0), *itertools.accumulate(Fraction(str(s)) for s in seconds)]
    assert all(b > a for a, b in itertools.pairwise(edges))
    assert all(abs(edge - at * fps) <= Fraction(1, 2) for edge, at in zip(edges, true, strict=True))


def test_a_panel_shorter_than_a_frame_has_one_and_the_others_make_up_for_it():
    assert timelines.edges([0.001, 0.001, 1.0], Fraction(25)) == [0, 1, 2, 25]


def reference_drop_frame(total: int, timebase: int) -> str:
    """Counts frame by frame, leaving out the first numbers of each minute that is no tenth."""
    out = timebase // 15
    number = 0
    for _ in range(total):
        number += 1
        minutes, in_minute = divmod(number, 60 * timebase)
        if in_minute == 0 and minutes % 10:
            number += out
    seconds, frame = divmod(number, timebase)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d};{frame:02d}"


@pytest.mark.parametrize(("fps", "timebase"), [("29.97", 30), ("59.94", 60)])
def test_drop_frame_timecode_counts_as_leaving_out_numbers_one_by_one_does(fps, timebase):
    rate = timelines.rate_of(fps, drop=True)
    minute = 60 * timebase
    for frame in [0, 1, minute - 1, minute, minute + 1, 2 * minute, 9 * minute, 10 * minute - 40, 10 * minute, 99_999]:
        assert rate.timecode(frame) == reference_drop_frame(frame, timebase)


def test_drop_frame_timecode_keeps_up_with_the_clock():
    rate = timelines.rate_of("29.97", drop=True)
    an_hour = round(3600 * rate.fps)
    assert rate.timecode(an_hour) == "01:00:00;00"
    assert rate.start == 107892
    assert timelines.rate_of("29.97").timecode(an_hour) == "00:59:56:12"


@pytest.mark.parametrize("name", RATES)
def test_programmes_begin_at_one_hour(name):
    rate = timelines.rate_of(name)
    assert rate.timecode(rate.start) == "01:00:00:00"


def test_the_usual_ways_to_write_a_rate_are_known():
    assert timelines.rate_of(23.976) == timelines.rate_of("23.98") == timelines.rate_of("23.976")
    assert timelines.rate_of(25) == timelines.rate_of(25.0) == timelines.rate_of("25")


@pytest.mark.parametrize("fps", [0, -1, 12.5, "fast", float("nan")])
def test_a_rate_that_editors_do_not_know_is_refused(fps):
    with pytest.raises(BadInput, match=r"take 23\.976"):
        timelines.rate_of(fps)


@pytest.mark.parametrize("fps", [25, "23.976", 30])
def test_drop_frame_exists_only_where_it_does(fps):
    with pytest.raises(BadInput, match=r"29\.97 and 59\.94 .* only"):
        timelines.rate_of(fps, drop=True)


@pytest.mark.parametrize(
    ("aspect", "size"), [("16:9", (1920, 1080)), ("9:16", (1080, 1920)), ("1:1", (1080, 1080)), ("4:3", (1440, 1080))]
)
def test_films_are_full_hd_in_their_aspect(aspect, size):
    assert timelines.film_size(aspect) == size


def test_a_picture_that_is_not_there_is_named(tmp_path):
    board = Storyboard(id="b", title="T", panels=[Panel(id="p1", picture="panels/01.png")])
    with pytest.raises(BadInput, match=r"Panel 1 \(p1\) has the picture panels/01\.png, which is not in"):
        timelines.timeline(board, tmp_path, tmp_path / "x.otio")


def test_a_picture_outside_of_the_board_is_refused(tmp_path):
    board = Storyboard(id="b", title="T", panels=[Panel(id="p1", picture="../secret.png")])
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    (tmp_path / "board").mkdir()
    with pytest.raises(BadInput, match=r"\.\./secret\.png"):
        timelines.timeline(board, tmp_path / "board", tmp_path / "x.otio")
