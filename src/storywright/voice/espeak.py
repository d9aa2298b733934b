"""espeak-ng: English and Russian without a network, the embedded engine.

It speaks either through the library that comes in a wheel, or through the program that the system has. Each utterance
is a process of its own: `espeak_process` says why.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from storywright.errors import BadInput, needs_extra
from storywright.voice import espeak_process, wording
from storywright.voice.sound_files import from_pcm, read_wav
from storywright.voice.speech import Kind, Speech, Voice, checked, nothing

_LANGUAGES = {"en": "en-us", "ru": "ru"}
_VARIANTS: tuple[tuple[str, Kind], ...] = (
    ("", "man"),
    ("f3", "woman"),
    ("m3", "man"),
    ("Annie", "woman"),
    ("m7", "man"),
    ("f4", "woman"),
    ("Michael", "man"),
    ("f2", "woman"),
    ("m1", "man"),
    ("steph", "woman"),
    ("miguel", "man"),
    ("belinda", "woman"),
    ("Lee", "man"),
    ("zac", "child"),
    ("anika", "child"),
    ("Alicia", "child"),
    ("grandma", "old woman"),
    ("f1", "old woman"),
    ("grandpa", "old man"),
    ("m8", "old man"),
)
"""Those that are told apart and understood; the first speaks the narration."""
_WORDS_A_MINUTE = 160
_STEEPNESS = {"ru": 1.18}
"""The engine hurries Russian less than it is asked to; measured, this power of the speed makes up for it."""
_SLOWEST, _FASTEST = 80, 450
_VOLUME = 60
"""Of 100: at more, some variants clip."""
_START_SECONDS, _CHARACTERS_A_SECOND = 20, 300
"""How long the engine may take; it speaks some 9,000 characters a second."""
_RATE = 22050

Run = Callable[[str, str, int], Speech]
"""Speaks a text with a voice at so many words a minute."""


class Espeak:
    """The engine, through its library or its program."""

    def __init__(self, run: Run, variants: frozenset[str]) -> None:
        self._run, self._variants = run, variants

    @classmethod
    def embedded(cls) -> "Espeak":
        """Through the library in the wheel `espeakng-loader`."""
        with needs_extra("voice", "Speaking"):
            import espeakng_loader
        library, data = Path(espeakng_loader.get_library_path()), Path(espeakng_loader.get_data_path())
        folder = data / "voices" / "!v"
        if not library.exists() or not folder.is_dir():
            raise BadInput(
                f"The embedded voice in {data.parent} is not complete: "
                "run `pip install --force-reinstall espeakng-loader`."
            )
        return cls(_by_library(library, data), frozenset(file.name for file in folder.iterdir()))

    @classmethod
    def program(cls, name: str = "espeak-ng") -> "Espeak":
        """Through a program on this system."""
        path = shutil.which(name)
        if path is None:
            raise BadInput(
                f"There is no program {name} on this system: install it, for example with `apt install espeak-ng`, or "
                "take the embedded voice: --engine espeak."
            )
        listed = _output([path, "--voices=variant"], b"", 20).decode(errors="replace")
        return cls(_by_program(path), frozenset(line.rsplit("!v/", 1)[-1].strip() for line in listed.splitlines()))

    def voices(self, language: str) -> list[Voice]:
        """The variants that are installed, for a language."""
        if language not in _LANGUAGES:
            return []
        spoken = _LANGUAGES[language]
        return [
            Voice(f"{spoken}+{variant}" if variant else spoken, language, kind)
            for variant, kind in _VARIANTS
            if not variant or variant in self._variants
        ]

    def say(self, text: str, language: str, voice: str | None = None, speed: float = 1.0) -> Speech:
        """Speak the text; any of the engine's own voices may be named, as en-gb-scotland+f2."""
        if language not in _LANGUAGES:
            raise BadInput(f"espeak-ng is set up for {', '.join(_LANGUAGES)} here, not for {language!r}.")
        words = wording.spoken(text, language)
        if not words:
            return nothing(_RATE)
        name = voice or _LANGUAGES[language]
        variant = name.partition("+")[2]
        if name.startswith("-") or (variant and variant not in self._variants):
            raise BadInput(f"espeak-ng has no voice {name!r}: `storywright voices` lists what it has.")
        pace = _WORDS_A_MINUTE * checked(speed) ** _STEEPNESS.get(language, 1.0)
        words = wording.in_latin(words) if language == "en" else words
        return self._run(words, name, min(max(round(pace), _SLOWEST), _FASTEST))


def _by_library(library: Path, data: Path) -> Run:
    def run(text: str, voice: str, words_a_minute: int) -> Speech:
        asked = {
            "library": str(library),
            "data": data.name,  # relative, because the engine takes only short paths
            "text": text,
            "voice": voice,
            "words_a_minute": words_a_minute,
            "volume": _VOLUME,
        }
        # -I and -S: nothing of the caller's Python is needed, and it starts three times as fast.
        command = [sys.executable, "-I", "-S", espeak_process.__file__]
        sound = _output(command, json.dumps(asked).encode(), _patience(text), data.parent)
        rate, _, samples = sound.partition(b"\n")
        return from_pcm(samples, int(rate))

    return run


def _by_program(path: str) -> Run:
    def run(text: str, voice: str, words_a_minute: int) -> Speech:
        command = [path, "-v", voice, "-s", str(words_a_minute), "-a", str(_VOLUME), "-b", "1", "--stdin", "--stdout"]
        sound = _output(command, text.encode(), _patience(text))
        return read_wav(sound, path) if sound else nothing(_RATE)

    return run


def _patience(text: str) -> float:
    return _START_SECONDS + len(text) / _CHARACTERS_A_SECOND


def _output(command: list[str], given: bytes, seconds: float, folder: Path | None = None) -> bytes:
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=seconds, check=False, cwd=folder)
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"espeak-ng did not finish within {seconds:.0f} s: try again, or shorten the text.") from error
    except OSError as error:
        raise BadInput(f"espeak-ng could not be started ({error}): try another engine, such as silent.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadInput(f"espeak-ng failed ({said[-1] if said else f'exit code {done.returncode}'}): try another voice.")
    return done.stdout
