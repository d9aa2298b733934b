import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storywright import voice
from storywright.board import Brief, CastMember, Line, Panel, Product, Storyboard
from storywright.errors import BadInput
from storywright.voice import casting
from storywright.voice.sound_files import read_wav
from storywright.voice.speech import Speech, Voice, nothing
from storywright.voice.track import RATE, Track, lines, track


class Tones:
    """Speaks a tone of a length that the text names; a real sound without an engine."""

    def __init__(self, rate: int = 22050) -> None:
        self.rate, self.asked, self._lock = rate, [], threading.Lock()

    def voices(self, language: str) -> list[Voice]:
        return [Voice(name, "") for name in ("one", "two", "three")] if language in ("en", "ru") else []

    def say(self, text: str, language: str, voice: str | None = None, speed: float = 1.0) -> Speech:
        with self._lock:
            self.asked.append((text, voice))
        if text == "…":
            return nothing(self.rate)
        at = np.arange(round(float(text) / speed * self.rate)) / self.rate
        return Speech((np.sin(2 * np.pi * 300 * at) * 9000).astype(np.int16), self.rate)


def board(*panels: tuple[float, list[str], str], language: str = "en") -> Storyboard:
    made = [
        Panel(id=f"p{n}", seconds=s, dialogue=[Line(who="Mia", line=line) for line in said], voice_over=over)
        for n, (s, said, over) in enumerate(panels)
    ]
    return Storyboard(id="b", title="T", language=language, panels=made)


def heard(made: Track, start: float, end: float) -> float:
    part = made.samples[round(start * RATE) : round(end * RATE)].astype(float)
    return float(np.sqrt(np.square(part).mean())) if len(part) else 0.0


def test_lines_stand_in_their_panel_in_order_with_silence_between():
    made = track(board((4, ["0.5", "0.8"], "1.0"), (3, [], "0.7")), Tones())
    assert [(cue.panel_id, cue.who, cue.text) for cue in made.cues] == [
        ("p0", "Mia", "0.5"), ("p0", "Mia", "0.8"), ("p0", "", "1.0"), ("p1", "", "0.7")
    ]  # fmt: skip
    assert [cue.end - cue.start for cue in made.cues] == pytest.approx([0.5, 0.8, 1.0, 0.7], abs=0.01)
    assert made.panel_seconds == {"p0": 4, "p1": 3}
    assert made.notices == []
    for cue in made.cues:
        assert heard(made, cue.start, cue.end) > 2000
    between = zip([0.0, *(cue.end for cue in made.cues)], [*(cue.start for cue in made.cues), 7.0], strict=True)
    assert all(end - start >= 0.1 and heard(made, start, end) == 0 for start, end in between)


def test_a_panel_grows_only_where_the_voice_needs_it_and_that_is_said():
    made = track(board((2.5, ["1.0"], ""), (2, ["1.5"], "1.5"), (2, [], "")), Tones())
    assert made.panel_seconds["p0"] == 2.5
    assert made.panel_seconds["p2"] == 2
    assert 3.3 <= made.panel_seconds["p1"] <= 3.6
    assert made.notices == [
        f"Panel 2 (p1) stands {made.panel_seconds['p1']:.2f} s instead of 2.00 s, because its voice needs it."
    ]
    assert all(cue.start >= 2.5 and cue.end <= 2.5 + made.panel_seconds["p1"] for cue in made.cues[1:])


def test_the_sound_is_as_long_as_the_film_to_a_sample():
    made = track(board((1.37, ["0.2"], ""), (0.91, [], ""), (2.003, [], "5.0")), Tones())
    assert len(made.samples) == round(sum(made.panel_seconds.values()) * RATE)
    assert made.seconds == sum(made.panel_seconds.values())


def test_speed_shortens_what_is_said_and_what_the_panels_need():
    slow, fast = (track(board((1, [], "3.0")), Tones(), speed=speed) for speed in (1.0, 2.0))
    assert fast.cues[0].end - fast.cues[0].start == pytest.approx(1.5, abs=0.01)
    assert fast.panel_seconds["p0"] < slow.panel_seconds["p0"]


def test_a_line_that_is_said_twice_is_asked_for_once():
    narrator = Tones()
    track(board((2, ["0.5"], ""), (2, ["0.5"], "")), narrator)
    assert len(narrator.asked) == 1


def test_a_line_without_words_takes_no_time_among_those_that_are_heard():
    made = track(board((3, ["0.5", "…", "0.5"], "")), Tones())
    assert [cue.text for cue in made.cues] == ["0.5", "0.5"]
    gap = made.cues[1].start - made.cues[0].end
    assert 0.1 < gap < 0.5


def test_a_silent_film_keeps_its_length_and_shares_its_time_among_its_lines():
    script = board((4, ["Short.", "A line that is a good deal longer."], ""), (2, [], "The end."))
    made = track(script, voice.open("silent"))
    assert not made.sounds
    assert len(made.samples) == 6 * RATE
    first, second, last = made.cues
    assert (first.start, second.end, last.start, last.end) == (0, 4, 4, 6)
    assert first.end == second.start
    assert second.end - second.start > 2 * (first.end - first.start)


def test_an_empty_board_and_one_without_words_are_silence():
    assert track(Storyboard(id="b", title="T"), Tones()).seconds == 0
    made = track(board((2, [], "")), Tones())
    assert (made.cues, made.sounds, made.seconds) == ([], False, 2)


def test_the_sound_is_saved_as_wav(tmp_path):
    made = track(board((2, ["0.5"], "")), Tones())
    back = read_wav(made.save(tmp_path / "film.wav").read_bytes(), "it")
    assert back.rate == RATE
    assert np.array_equal(back.samples, made.samples)


def test_a_language_without_a_voice_is_refused():
    class Deaf(Tones):
        def voices(self, language: str) -> list[Voice]:
            return []

    with pytest.raises(BadInput, match="no voice for the language 'ru'"):
        track(board((1, [], "1.0"), language="ru"), Deaf())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.04, 6),
            st.lists(st.sampled_from(["0.1", "0.4", "1.3", "…"]), max_size=3),
            st.sampled_from(["", "0.2", "2.0"]),
        ),
        max_size=6,
    ),
    st.sampled_from([8000, 22050, 44100]),
)
def test_whatever_the_board_lines_never_overlap_and_never_leave_their_panel(panels, rate):
    script = board(*panels)
    made = track(script, Tones(rate))
    start = 0.0
    for panel in script.panels:
        end = start + made.panel_seconds[panel.id]
        cues = [cue for cue in made.cues if cue.panel_id == panel.id]
        assert made.panel_seconds[panel.id] >= panel.seconds
        assert all(start - 1e-9 <= cue.start < cue.end <= end + 1e-9 for cue in cues)
        assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(cues))
        start = end
    assert len(made.samples) == round(start * RATE)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_real_board_is_spoken_with_levels_alike_and_every_voice_its_own(language):
    pytest.importorskip("espeakng_loader", reason="needs the extra `voice`")
    words = {
        "en": (
            "Good morning, Tom! Are you coming?",
            "Just one minute, Mia, I am nearly there.",
            "Mornings begin too fast.",
        ),
        "ru": (
            "Доброе утро, Том! Ты идёшь?",
            "Одну минуту, Мия, я уже почти готов.",
            "Утро начинается слишком быстро.",
        ),
    }[language]
    script = Storyboard(
        id="b",
        title="T",
        language=language,
        brief=Brief(
            title="T",
            product=Product(name="Aqua"),
            cast=[CastMember(name="Mia", looks="woman"), CastMember(name="Tom", looks="man")],
        ),
        panels=[
            Panel(id="a", dialogue=[Line(who="Mia", line=words[0]), Line(who="Tom", line=words[1])]),
            Panel(id="b", voice_over=words[2], seconds=4),
        ],
    )
    narrator = voice.open("espeak")
    assert len(set(casting.cast(script, narrator.voices(language)).values())) == 3
    made = track(script, narrator)
    assert len(made.cues) == sum(len(lines(panel)) for panel in script.panels) == 3
    assert 0.03 < np.abs(made.samples / 32768).max() < 0.9
    levels = [heard(made, cue.start, cue.end) for cue in made.cues]
    assert max(levels) / min(levels) < 1.5
    for cue in made.cues:
        assert heard(made, cue.start, cue.start + 0.15) > 100
        assert heard(made, cue.end - 0.15, cue.end) > 30
    assert np.array_equal(made.samples, track(script, narrator).samples)
