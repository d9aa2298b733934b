"""Any service that speaks as OpenAI's does: a text goes to `BASE_URL/audio/speech`, sound comes back.

Knows the protocol and its troubles: long texts are sent in pieces, what fails for a moment is asked for again, and
what fails for good is said in a sentence. The key comes from the environment, and goes to that one address only.
"""

import json
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from storywright.errors import BadInput
from storywright.voice import wording
from storywright.voice.sound_files import from_pcm, read_wav
from storywright.voice.speech import Kind, Speech, Voice, checked, joined, nothing

_KINDS: dict[str, Kind] = {
    "alloy": "", "ash": "man", "ballad": "man", "cedar": "man", "coral": "woman", "echo": "man", "fable": "",
    "marin": "woman", "nova": "woman", "onyx": "man", "sage": "woman", "shimmer": "woman", "verse": "man",
}  # fmt: skip
"""Whom the public service's voices sound like; another service's own are not known."""
_MOST_CHARACTERS = 4000
_MOST_BYTES = 200_000_000
_PAUSE_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_TRY_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """One service."""

    base_url: str = "https://api.openai.com/v1"
    """Its address, without `/audio/speech`."""
    model: str = "gpt-4o-mini-tts"
    """The model that speaks."""
    voices: tuple[str, ...] = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")
    """The voices it has; the first narrates."""
    key_variable: str = "OPENAI_API_KEY"
    """The environment variable with the key; a service on this machine needs none."""
    form: Literal["wav", "pcm"] = "wav"
    """How the sound comes: wav, or bare samples at `pcm_rate`."""
    pcm_rate: int = 24000
    """Samples a second of pcm."""
    seconds: float = 60.0
    """How long an answer may take."""
    retries: int = 3
    """How often what failed for a moment is asked for again."""
    backoff_seconds: float = 1.0
    """The pause before the first of them; each next one is twice as long."""

    def __post_init__(self) -> None:
        if urlsplit(self.base_url).scheme not in ("http", "https") or not urlsplit(self.base_url).hostname:
            raise BadInput(f"{self.base_url!r} is not an address of a speech service such as http://localhost:8880/v1.")
        if self.form not in ("wav", "pcm"):
            raise BadInput(f"A speech service is asked for wav or pcm, not for {self.form!r}.")
        if not self.voices:
            raise BadInput("A speech service needs at least one voice: name those that it has.")
        if self.seconds <= 0 or self.retries < 0 or self.backoff_seconds < 0 or self.pcm_rate <= 0:
            raise ValueError("seconds and pcm_rate must be positive, retries and backoff_seconds not negative")


class Endpoint:
    """The service of one configuration."""

    def __init__(self, config: Config, environment: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._address = f"{config.base_url.rstrip('/')}/audio/speech"
        self._key = environment.get(config.key_variable, "").strip()
        here = urlsplit(config.base_url).hostname in ("localhost", "127.0.0.1", "::1")
        if not self._key and not here:
            raise BadInput(
                f"The speech service at {config.base_url} needs a key: put it into the environment variable "
                f"{config.key_variable}."
            )
        self._opener = urllib.request.build_opener(_NoRedirects())

    def voices(self, language: str) -> list[Voice]:
        """Those of the configuration; each speaks every language."""
        return [Voice(name, "", _KINDS.get(name, "")) for name in self._config.voices]

    def say(self, text: str, language: str, voice: str | None = None, speed: float = 1.0) -> Speech:
        """Speak the text, a few thousand characters a request."""
        words = wording.spoken(text, language)
        if not words:
            return nothing(self._config.pcm_rate)
        asked = {
            "model": self._config.model,
            "voice": voice or self._config.voices[0],
            "response_format": self._config.form,
            "speed": checked(speed),
        }
        pieces = wording.sentences(words, _MOST_CHARACTERS)
        return joined([self._heard(self._answer({**asked, "input": piece})) for piece in pieces], _PAUSE_SECONDS)

    def _heard(self, content: bytes) -> Speech:
        if self._config.form == "pcm":
            return from_pcm(content, self._config.pcm_rate)
        return read_wav(content, self._address)

    def _answer(self, asked: dict[str, Any]) -> bytes:
        for attempt in range(self._config.retries + 1):
            try:
                return self._once(asked)
            except _Failed as failed:
                if not failed.for_a_moment or attempt == self._config.retries:
                    raise BadInput(f"{self._address} {failed}.") from failed
                time.sleep(self._pause(attempt, failed.wait_seconds))
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, attempt: int, asked_for: float | None) -> float:
        if asked_for is not None:
            return min(asked_for, _LONGEST_WAIT_SECONDS)
        # Spread a little, so that several lines that failed together do not come back together.
        return min(self._config.backoff_seconds * 2**attempt * random.uniform(0.8, 1.2), _LONGEST_WAIT_SECONDS)

    def _once(self, asked: dict[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "audio/*"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._address, json.dumps(asked).encode(), headers)
        try:
            with self._opener.open(request, timeout=self._config.seconds) as answer:
                return self._sound(answer)
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except TimeoutError as error:
            raise _Failed(f"did not answer within {self._config.seconds:g} s: try again later", True) from error
        except (urllib.error.URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, TimeoutError):
                raise _Failed(f"did not answer within {self._config.seconds:g} s: try again later", True) from error
            raise _Failed(f"cannot be reached ({reason}): check the address and the network", True) from error

    def _sound(self, answer: HTTPResponse) -> bytes:
        content = answer.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise _Failed(f"sent more than {_MOST_BYTES:,} bytes for one piece of text: is this a speech service?")
        if answer.length:
            raise _Failed(f"broke off with {answer.length:,} bytes to come: try again later", True)
        if "json" in (answer.headers.get("Content-Type") or "") or not content:
            raise _Failed(
                f"sent no sound but {content[:200].decode(errors='replace')!r}: check the model and the voice"
            )
        return content

    def _refused(self, error: urllib.error.HTTPError) -> "_Failed":
        said = _message(error)
        if error.code in (401, 403):
            return _Failed(f"refused the key ({error.code}{said}): check {self._config.key_variable}")
        if 300 <= error.code < 400:
            place = error.headers.get("Location", "elsewhere")
            return _Failed(f"has moved to {place}: give that address, the key is not sent on")
        if error.code in _TRY_AGAIN:
            return _Failed(
                f"is busy or broken ({error.code}{said}): try again later", True, _retry_after(error.headers)
            )
        return _Failed(f"refused the request ({error.code}{said}): check the model and the voice")


class _Failed(Exception):
    def __init__(self, sentence: str, for_a_moment: bool = False, wait_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.for_a_moment, self.wait_seconds = for_a_moment, wait_seconds


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key to another address."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def _message(error: urllib.error.HTTPError) -> str:
    try:
        body = json.loads(error.read(10_000))
        said = body.get("error", body.get("detail", ""))
        said = said.get("message", "") if isinstance(said, dict) else said
        return f": {str(said)[:300]}" if said else ""
    except (ValueError, AttributeError, OSError):
        return ""


def _retry_after(headers: Message) -> float | None:
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None
