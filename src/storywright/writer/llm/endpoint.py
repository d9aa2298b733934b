"""A language model behind an OpenAI-compatible endpoint.

The key comes from the environment and goes into one header and nowhere else: not into errors, not into logs, not to
another host by a redirect, and not over an unencrypted line to another machine. Knows nothing about stories.
"""

import base64
import io
import ipaddress
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image

from storywright.errors import BadInput
from storywright.writer.llm.asking import SCHEMA, Request
from storywright.writer.llm.writer import Reply

KEY, BASE_URL = "STORYWRIGHT_LLM_KEY", "STORYWRIGHT_LLM_URL"
"""The variables of the environment with the key and, where a name has none, the address."""
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}
_TOO_LONG = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where the model is, and how patiently it is asked."""

    model: str
    base_url: str
    """Up to and with the version, such as https://host/v1."""
    sees: bool = False
    """Whether the model is sent the pictures."""
    connect_seconds: float = 5.0
    answer_seconds: float = 60.0
    tries: int = 4
    """How often it is asked when it is busy or does not answer."""
    first_wait_seconds: float = 0.5
    """Before the second try; it doubles each time, unless the server says how long."""
    most_wait_seconds: float = 30.0
    """Longer than this nobody waits, whatever the server says."""
    max_tokens: int = 1_200
    """Of one answer."""
    temperature: float = 0.8

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"{self.base_url!r} is no address of an endpoint: name one such as https://host/v1.")
        if parts.username or parts.password:
            raise BadInput(f"The address of the endpoint must not hold a password: put the key into {KEY}.")
        if self.tries < 1 or min(self.connect_seconds, self.answer_seconds) <= 0:
            raise ValueError("tries must be at least 1, and the seconds positive")


class EndpointModel:
    """A model that answers over HTTP."""

    def __init__(self, endpoint: Endpoint, environment: Mapping[str, str] = os.environ) -> None:
        self._endpoint, self._key = endpoint, environment.get(KEY, "").strip()
        self.name, self.sees = endpoint.model, endpoint.sees
        if self._key and urlsplit(endpoint.base_url).scheme == "http" and not _on_this_machine(endpoint.base_url):
            raise BadInput(f"The key in {KEY} would go unencrypted to {endpoint.base_url}: use https, or unset it.")
        timeout = httpx.Timeout(endpoint.answer_seconds, connect=endpoint.connect_seconds)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._client = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)
        self._asks_for_schema = True

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def answer(self, request: Request) -> Reply:
        """Ask; what can pass is tried again, what cannot is said at once."""
        said = ""
        for number in range(self._endpoint.tries):
            last = number + 1 == self._endpoint.tries
            try:
                response = self._client.post(
                    f"{self._endpoint.base_url.rstrip('/')}/chat/completions", json=self._body(request)
                )
            except httpx.TimeoutException:
                said = f"it did not answer in {self._endpoint.answer_seconds:g} s"
                wait = 0.0
            except httpx.HTTPError as error:
                said, wait = f"it cannot be reached ({type(error).__name__})", self._pause(number)
            else:
                if response.status_code == httpx.codes.OK:
                    return self._reply(response, request)
                if response.status_code == _TOO_LONG and self._asks_for_schema and "response_format" in response.text:
                    # An older server: the answer is checked against the schema here in any case.
                    self._asks_for_schema = False
                    continue
                said = self._refused(response)
                wait = _asked_to_wait(response) or self._pause(number)
                if wait > self._endpoint.most_wait_seconds:
                    raise BadInput(f"{self._where()} {said} It asks to wait {wait:.0f} s: try again then.")
            if not last:
                time.sleep(wait)
        raise BadInput(f"{self._where()} {said}, {self._endpoint.tries} times: see whether it runs, or try later.")

    def _refused(self, response: httpx.Response) -> str:
        """What an answer other than 200 says, for one that may pass; the others end it here."""
        status = response.status_code
        if status in _AGAIN:
            return f"it answered {status} {response.reason_phrase}"
        if status in (401, 403):
            raise BadInput(
                f"{self._where()} it refused the key ({status}): set {KEY} to one that may use {self._endpoint.model}."
                if self._key
                else f"{self._where()} it wants a key ({status}): set {KEY}."
            )
        if status == httpx.codes.NOT_FOUND:
            raise BadInput(f"{self._where()} it knows no such address or model (404): check both.")
        if 300 <= status < 400:
            raise BadInput(f"{self._where()} it sends on to another address ({status}): name that one.")
        raise BadInput(f"{self._where()} it answered {status}: {self._without_key(_message(response))}")

    def _where(self) -> str:
        return f"The language model {self._endpoint.model} at {self._endpoint.base_url}:"

    def _pause(self, number: int) -> float:
        return min(self._endpoint.first_wait_seconds * 2**number, self._endpoint.most_wait_seconds)

    def _body(self, request: Request) -> dict[str, Any]:
        messages: list[dict[str, Any]] = list(request.messages(self.sees))
        if self.sees and (pictures := request.pictures()):
            words = {"type": "text", "text": messages[-1]["content"]}
            messages[-1] = {"role": "user", "content": [words, *map(_as_content, pictures)]}
        body = {
            "model": self._endpoint.model,
            "messages": messages,
            "max_tokens": self._endpoint.max_tokens,
            "temperature": self._endpoint.temperature,
            "seed": request.seed,
        }
        if self._asks_for_schema:
            schema = {"name": "proposals", "strict": True, "schema": SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def _reply(self, response: httpx.Response, request: Request) -> Reply:
        try:
            answer = response.json()
            choice = answer["choices"][0]
            text = str(choice["message"]["content"] or "")
            usage = answer.get("usage") or {}
            asked = sum(len(message["content"]) for message in request.messages(self.sees))
            tokens = int(usage.get("total_tokens") or (asked + len(text)) // 3)
            return Reply(text, tokens, cut=choice.get("finish_reason") == "length")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{self._where()} what it answered is no chat completion ({type(error).__name__}): is this the address "
                "of an OpenAI-compatible endpoint, with its version?"
            ) from None

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "(the key)") if self._key else text


def _message(response: httpx.Response) -> str:
    try:
        error = response.json()["error"]
        text = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError):
        text = response.text
    return " ".join(str(text).split())[:200] or "without a word."


def _asked_to_wait(response: httpx.Response) -> float:
    """Retry-After, in seconds or as a date; 0 where there is none that can be read."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _as_content(picture: Image.Image) -> dict[str, Any]:
    file = io.BytesIO()
    picture.convert("RGB").save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
