import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storywright.board import Line, Panel, Storyboard
from storywright.export import srt, vtt
from storywright.export.subtitles import MOST_COLUMNS, columns, subtitles
from storywright.voice.track import Cue, Track

BLOCK = re.compile(r"(\d+)\n(\d\d:\d\d:\d\d),(\d{3}) --> (\d\d:\d\d:\d\d),(\d{3})\n(.+(?:\n.+)?)\n")


def heard(*cues: Cue) -> Track:
    return Track(np.zeros(0, np.int16), 48000, list(cues), {}, [])


BOARD = Storyboard(id="x", title="T")


def written(module, tmp_path: Path, *cues: Cue, **options) -> str:
    return module.write(BOARD, tmp_path, tmp_path / "x.sub", track=heard(*cues), **options).read_text()


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 3), st.floats(0.05, 9),
            st.text(st.characters(codec="utf-8"), max_size=300) | st.text("ab cd, 朝ё.", max_size=400),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_whatever_is_said_two_short_lines_are_shown_while_it_is_heard(said):
    cues, at = [], 0.0
    for pause, length, text in said:
        cues.append(Cue("p", at + pause, at + pause + length, "", " ".join(text.split())))
        at += pause + length
    made = subtitles(BOARD, heard(*cues))
    assert all(1 <= len(one.lines) <= 2 and one.start_ms < one.end_ms for one in made)
    assert all(columns(line) <= MOST_COLUMNS for one in made for line in one.lines)
    assert all(a.end_ms <= b.start_ms for a, b in itertools.pairwise(made))
    if made:
        assert made[0].start_ms >= round(cues[0].start * 1000)
        assert made[-1].end_ms <= round(cues[-1].end * 1000)


@given(st.text("abc def, 朝ё.", min_size=1, max_size=300).filter(str.strip))
def test_no_letter_is_lost(text):
    made = subtitles(BOARD, heard(Cue("p", 0, 60, "", text)))
    assert "".join("".join(one.lines) for one in made).replace(" ", "") == "".join(text.split())


def test_long_speech_is_cut_where_phrases_end_and_timed_by_its_letters():
    text = "- Good morning, everyone! What a lovely and quite unexpectedly long morning this is, is it not?"
    first, second = subtitles(BOARD, heard(Cue("p", 1, 11, "", text)))
    assert first.lines == ("- Good morning, everyone!",)
    assert second.lines == ("What a lovely and quite unexpectedly", "long morning this is, is it not?")
    assert (first.start_ms, first.end_ms, second.end_ms) == (1000, second.start_ms, 11000)
    assert 2000 < first.end_ms - first.start_ms < 3500


def test_japanese_is_broken_without_spaces_and_no_line_begins_with_a_stop():
    text = "昔々あるところに、おじいさんとおばあさんがいました。" * 3
    made = subtitles(BOARD, heard(Cue("p", 0, 10, "", text)))
    assert len(made) >= 2
    assert not any(line[0] in "、。" for one in made for line in one.lines)


def test_srt_has_numbered_blocks_with_commas_in_their_times(tmp_path):
    text = written(srt, tmp_path, Cue("p", 0.3, 1.88, "", "Hi."), Cue("p", 3661.0005, 3662.5, "Mia", "Привет, 朝!"))
    blocks = [BLOCK.fullmatch(block + "\n").groups() for block in text.strip().split("\n\n")]
    assert blocks == [
        ("1", "00:00:00", "300", "00:00:01", "880", "Hi."),
        ("2", "01:01:01", "000", "01:01:02", "500", "Привет, 朝!"),
    ]


def test_srt_names_speakers_when_asked_to(tmp_path):
    text = written(srt, tmp_path, Cue("p", 0, 1, "", "Hi."), Cue("p", 1, 2, "Mia", "Yes."), speakers=True)
    assert "\nHi.\n" in text
    assert "\nMia: Yes.\n" in text


def test_srt_shows_brackets_instead_of_obeying_them(tmp_path):
    text = written(srt, tmp_path, Cue("p", 0, 1, "", r"<b>5</b> < 6 {\an8} -->"))
    assert not re.search(r"<[A-Za-z/]|\{\\", text)
    assert text.count("-->") == 1
    assert "< 6" in text


def test_vtt_names_each_speaker_in_a_voice_tag_and_escapes(tmp_path):
    text = written(vtt, tmp_path, Cue("p", 0, 1.5, "Mia & <Co>", "5 < 6 & 7 --> 8"), Cue("p", 2, 3, "", "Sip."))
    assert text.startswith("WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\n")
    assert "<v Mia &amp; &lt;Co&gt;>5 &lt; 6 &amp; 7 --&gt; 8\n" in text
    assert "\n\n2\n00:00:02.000 --> 00:00:03.000\nSip.\n" in text


def test_a_line_that_tries_to_end_its_block_stays_in_it(tmp_path):
    text = written(srt, tmp_path, Cue("p", 0, 2, "", "One\n\n99\n00:00:00,000 --> 00:00:01,000\nTwo"))
    assert len(text.strip().split("\n\n")) == 1


def test_without_a_voice_the_lines_share_their_panels(tmp_path):
    script = Storyboard(
        id="x",
        title="T",
        panels=[Panel(id="a", seconds=3, dialogue=[Line(who="Mia", line="Hi.")]), Panel(id="b", voice_over="Sip.")],
    )
    text = srt.write(script, tmp_path, tmp_path / "x.srt").read_text()
    assert "00:00:00,000 --> 00:00:03,000\nHi." in text
    assert "00:00:03,000 --> 00:00:05,500\nSip." in text


@pytest.mark.parametrize("module", [srt, vtt])
def test_a_film_without_words_has_a_file_without_subtitles(tmp_path, module):
    assert "-->" not in module.write(BOARD, tmp_path, tmp_path / "x").read_text()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120))
def test_any_srt_can_be_read_back(tmp_path, text):
    made = written(srt, tmp_path, Cue("p", 0, 5, "", text))
    body = made.strip("\n")
    blocks = [block for block in body.split("\n\n") if block] if body else []
    assert all(BLOCK.fullmatch(block + "\n") for block in blocks)
