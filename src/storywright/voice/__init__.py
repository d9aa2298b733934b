"""Who speaks in a film, and what is heard: narration and a voice for each character, in English and Russian.

`open` gives an engine, all of which answer to the same three questions (`Narrator`); `track.track` puts what a board
says on its timeline. Knows nothing about pictures.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from storywright.errors import BadInput
from storywright.voice.speech import Narrator, Speech, Voice

__all__ = ["ENGINES", "Engine", "Narrator", "Speech", "Voice", "open"]


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to speak."""

    line: str
    """What it is, in one line."""
    opened: Callable[..., Narrator]
    """Opens it; its keywords are the engine's options."""


def open(engine: str = "espeak", **options: Any) -> Narrator:
    """Open an engine by its name; options are the engine's own, such as base_url for `openai`."""
    if engine not in ENGINES:
        raise BadInput(f"There is no engine {engine!r}; the engines are {', '.join(ENGINES)}.")
    return ENGINES[engine].opened(**options)


def _embedded() -> Narrator:
    from storywright.voice.espeak import Espeak

    return Espeak.embedded()


def _program(program: str = "espeak-ng") -> Narrator:
    from storywright.voice.espeak import Espeak

    return Espeak.program(program)


def _google(seconds: float = 20.0) -> Narrator:
    from storywright.voice.google import Google

    return Google(seconds)


def _endpoint(environment: Mapping[str, str] = os.environ, **options: Any) -> Narrator:
    from storywright.voice.endpoint import Config, Endpoint

    known = [field.name for field in dataclasses.fields(Config)]
    if unknown := sorted(set(options) - set(known)):
        raise BadInput(f"A speech service has no option {unknown[0]!r}; the options are {', '.join(known)}.")
    return Endpoint(Config(**options), environment)


def _silent() -> Narrator:
    from storywright.voice.silent import Silent

    return Silent()


ENGINES: dict[str, Engine] = {
    "espeak": Engine("espeak-ng from its wheel: embedded, no network", _embedded),
    "espeak-system": Engine("the espeak-ng program of this system", _program),
    "gtts": Engine("Google Translate's voice, over the network", _google),
    "openai": Engine("a speech service with OpenAI's protocol, here or over the network", _endpoint),
    "silent": Engine("no voice: subtitles only", _silent),
}
