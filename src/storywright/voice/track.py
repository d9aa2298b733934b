"""What is heard: every line of a board spoken, measured and placed on the film's timeline.

The sound decides: a panel stands as long as the board says, and longer only where its lines need more. Nothing here is
estimated from the number of letters, except in a film without a voice, whose subtitles share their panel's time.
"""

import itertools
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storywright import progress
from storywright.board import Panel, Storyboard
from storywright.errors import BadInput
from storywright.voice import casting
from storywright.voice.sound_files import write_wav
from storywright.voice.speech import Narrator, Speech, checked, finished

RATE = 48000
"""What editors work at; a frame is a whole number of samples at 24, 25, 30 and 23.976 frames a second."""
_LEAD_SECONDS, _GAP_SECONDS, _TAIL_SECONDS = 0.3, 0.3, 0.3
"""How much room there is before, between and after the lines of a panel that has time."""
_LEAST_LEAD_SECONDS, _LEAST_GAP_SECONDS, _LEAST_TAIL_SECONDS = 0.1, 0.15, 0.15
"""And where the time is short."""
_GRID = 25
"""A longer panel grows to the next of so many parts of a second."""
_LONGER = {
    "en": "Panel {number} ({id}) stands {now:.2f} s instead of {was:.2f} s, because its voice needs it.",
    "ru": "Кадр {number} ({id}) стоит {now:.2f} с вместо {was:.2f} с: столько нужно голосу.",
}


@dataclass(frozen=True, slots=True)
class Cue:
    """One line on the timeline."""

    panel_id: str
    start: float
    """Seconds from the beginning of the film."""
    end: float
    who: str
    """Who speaks; empty for the narrator."""
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The sound of a whole film, and what is said when."""

    samples: np.ndarray
    """int16 mono, exactly as long as the film."""
    rate: int
    cues: list[Cue]
    panel_seconds: dict[str, float]
    """How long each panel stands, by its id."""
    notices: list[str]
    """Which panels stand longer than the board says, and why."""

    @property
    def seconds(self) -> float:
        """The length of the film."""
        return sum(self.panel_seconds.values())

    @property
    def sounds(self) -> bool:
        """Whether anything is heard at all."""
        return bool(self.samples.any())

    def save(self, path: Path) -> Path:
        """Write the sound as WAV."""
        return write_wav(Speech(self.samples, self.rate), path)


def track(board: Storyboard, narrator: Narrator, *, speed: float = 1.0) -> Track:
    """Speak every line of the board, each character with a voice that stays the same, and place it in its panel."""
    checked(speed)
    voices = narrator.voices(board.language)
    if not voices:
        raise BadInput(f"This engine has no voice for the language {board.language!r}: choose another one.")
    cast = casting.cast(board, voices)
    said = _spoken([(cast[who], text) for panel in board.panels for who, text in lines(panel)], narrator, board, speed)
    placed = [_placed(panel, [said[cast[who], text] for who, text in lines(panel)]) for panel in board.panels]
    return _mixed(board, placed)


def lines(panel: Panel) -> list[tuple[str, str]]:
    """Who says what in a panel, in the order in which it is heard: the dialogue, then the narration."""
    spoken = [(line.who, line.line) for line in panel.dialogue]
    return [*spoken, (casting.NARRATOR, panel.voice_over)] if panel.voice_over.strip() else spoken


@dataclass(frozen=True, slots=True)
class _Placed:
    """A panel's lines, in seconds from its own beginning."""

    seconds: float
    spans: list[tuple[float, float]]
    sounds: list[Speech]


def _spoken(
    wanted: Sequence[tuple[str, str]], narrator: Narrator, board: Storyboard, speed: float
) -> dict[tuple[str, str], Speech]:
    """Each voice's each text once, several at a time: engines wait for their process or the network."""

    def say(one: tuple[str, str]) -> Speech:
        return finished(narrator.say(one[1], board.language, voice=one[0], speed=speed), RATE)

    different = list(dict.fromkeys(wanted))
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        spoken = pool.map(say, different)
        return dict(zip(different, progress.track(spoken, "speaking", len(different)), strict=True))


def _placed(panel: Panel, sounds: list[Speech]) -> _Placed:
    heard = [sound.seconds for sound in sounds if sound.seconds]
    if not heard:
        return _Placed(panel.seconds, _shared(panel), sounds)
    gaps, voice = len(heard) - 1, sum(heard)
    least = _LEAST_LEAD_SECONDS + voice + gaps * _LEAST_GAP_SECONDS + _LEAST_TAIL_SECONDS
    seconds = panel.seconds if least <= panel.seconds else math.ceil(least * _GRID - 1e-9) / _GRID
    # Between the least room and the usual room there is as much as the panel has time for.
    usual = _LEAD_SECONDS + voice + gaps * _GAP_SECONDS + _TAIL_SECONDS
    ease = min(1.0, (seconds - least) / (usual - least))
    at = _LEAST_LEAD_SECONDS + ease * (_LEAD_SECONDS - _LEAST_LEAD_SECONDS)
    gap = _LEAST_GAP_SECONDS + ease * (_GAP_SECONDS - _LEAST_GAP_SECONDS)
    spans = []
    for sound in sounds:
        spans.append((at, at + sound.seconds))
        at += sound.seconds + gap if sound.seconds else 0.0
    return _Placed(seconds, spans, sounds)


def _shared(panel: Panel) -> list[tuple[float, float]]:
    """Where nothing is heard, each line has its share of the panel's time to be read."""
    texts = [text for _, text in lines(panel)]
    weights = [max(len(text), 10) for text in texts]
    edges = [0.0]
    for weight in weights:
        edges.append(edges[-1] + panel.seconds * weight / sum(weights))
    return list(itertools.pairwise(edges))


def _mixed(board: Storyboard, placed: list[_Placed]) -> Track:
    starts = [0.0]
    for one in placed:
        starts.append(starts[-1] + one.seconds)
    samples = np.zeros(round(starts[-1] * RATE), np.int16)
    cues, notices = [], []
    for number, (panel, one, start) in enumerate(zip(board.panels, placed, starts[:-1], strict=True), 1):
        for (who, text), (begins, ends), sound in zip(lines(panel), one.spans, one.sounds, strict=True):
            at = round((start + begins) * RATE)
            samples[at : at + len(sound.samples)] = sound.samples
            if ends > begins:
                cues.append(Cue(panel.id, start + begins, start + ends, who, " ".join(text.split())))
        if one.seconds > panel.seconds:
            said = _LONGER[board.language]
            notices.append(said.format(number=number, id=panel.id, now=one.seconds, was=panel.seconds))
    seconds = {panel.id: one.seconds for panel, one in zip(board.panels, placed, strict=True)}
    return Track(samples, RATE, cues, seconds, notices)
