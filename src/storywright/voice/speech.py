"""What a voice is and what it says: sound in memory, and what is done to it before it goes into a film.

Knows nothing about the engines that speak, nor about boards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from storywright.errors import BadInput

Kind = Literal["woman", "man", "child", "old woman", "old man", ""]
"""Whom a voice sounds like; empty where the engine does not say."""

_LOUDNESS_DB = -20.0
"""How loud speech is in the film, relative to full scale."""
_PEAK = 0.89
"""No sample lies higher than this share of full scale, about one decibel below clipping."""
_WINDOW_SECONDS = 0.02
_QUIET_SHARE = 0.1
"""What is this much quieter than the loud parts is a pause, and does not count as loudness."""
_SILENT = 160
"""Samples below this are heard as silence (-46 dB)."""
_BREATH_SECONDS = 0.02
"""Kept before and after the words, so that no consonant is cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Mono sound."""

    samples: np.ndarray
    """int16, (samples,)"""
    rate: int
    """Samples a second."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True, order=True)
class Voice:
    """One voice of an engine."""

    name: str
    """What the engine calls it."""
    language: str
    """What it speaks: en or ru; empty for every language."""
    kind: Kind = ""
    """Whom it sounds like."""


class Narrator(Protocol):
    """An engine that speaks. It may be asked from several threads at once."""

    def say(self, text: str, language: str, voice: str | None = None, speed: float = 1.0) -> Speech:
        """Speak the text; text without a word in it is no speech, and lasts zero seconds."""
        ...

    def voices(self, language: str) -> list[Voice]:
        """The voices for a language; the first is the engine's own choice for a narrator."""
        ...


def nothing(rate: int) -> Speech:
    """No speech."""
    return Speech(np.zeros(0, np.int16), rate)


def joined(parts: Sequence[Speech], pause_seconds: float) -> Speech:
    """One after another with a pause between; they have the same rate."""
    rate = parts[0].rate
    assert all(part.rate == rate for part in parts)
    pause = np.zeros(round(pause_seconds * rate), np.int16)
    sounds = [part.samples for part in parts if len(part.samples)]
    spread = [piece for sound in sounds for piece in (pause, sound)][1:]
    return Speech(np.concatenate(spread), rate) if spread else nothing(rate)


def finished(speech: Speech, rate: int) -> Speech:
    """Ready for a film: no silence at the ends, as loud as all other speech, at the film's rate, never clipped."""
    return levelled(resampled(trimmed(speech), rate))


def trimmed(speech: Speech) -> Speech:
    """Without the silence before the first and after the last word, faded so that no end clicks."""
    heard = np.flatnonzero(np.abs(speech.samples.astype(np.int32)) > _SILENT)
    if not len(heard):
        return nothing(speech.rate)
    breath = round(_BREATH_SECONDS * speech.rate)
    kept = speech.samples[max(0, heard[0] - breath) : heard[-1] + 1 + breath].astype(np.float32)
    fade = min(round(speech.rate * 0.005), len(kept))
    ramp = np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
    kept[:fade] *= ramp
    kept[len(kept) - fade :] *= ramp[::-1]
    return Speech(_as_int16(kept), speech.rate)


def resampled(speech: Speech, rate: int) -> Speech:
    """At another rate, with everything below both rates' limits kept as it is."""
    if speech.rate == rate or not len(speech.samples):
        return Speech(speech.samples, rate)
    count = len(speech.samples)
    wanted = max(1, round(count * rate / speech.rate))
    padding = speech.rate  # a second of silence at the end, so that the end does not ring into the beginning
    whole = np.concatenate([speech.samples.astype(np.float32), np.zeros(padding, np.float32)])
    length = round(len(whole) * rate / speech.rate)
    spectrum = np.fft.rfft(whole)
    kept = np.zeros(length // 2 + 1, spectrum.dtype)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return Speech(_as_int16(np.fft.irfft(kept, length)[:wanted] * (length / len(whole))), rate)


def levelled(speech: Speech) -> Speech:
    """As loud as all other speech: by its loud parts, not its pauses, and never so loud that a peak clips."""
    if not len(speech.samples):
        return speech
    sound = speech.samples.astype(np.float32) / 32768
    width = max(1, round(_WINDOW_SECONDS * speech.rate))
    windows = np.pad(sound, (0, -len(sound) % width)).reshape(-1, width)
    powers = np.square(windows).mean(axis=1)
    loud = powers[powers > powers.max() * _QUIET_SHARE**2]
    if not len(loud):
        return speech
    gain = min(10 ** (_LOUDNESS_DB / 20) / float(np.sqrt(loud.mean())), _PEAK / float(np.abs(sound).max()))
    return Speech(_as_int16(sound * gain * 32768), speech.rate)


def _as_int16(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def checked(speed: float) -> float:
    """A speed that speech can still be understood at."""
    if not 0.5 <= speed <= 2.0:
        raise BadInput(f"Speech is understood between half and twice its speed: give 0.5 to 2.0, not {speed:g}.")
    return speed
