"""Asks an interface on the web: never faster than allowed, never twice for the same, and never with the key in sight.

Answers are kept in an SQLite file, so a run that was stopped goes on, and a run again asks for nothing that it has. The
key is part of what is sent and of nothing else: not of what is kept, not of an error, not of a log. Knows nothing about
films.
"""

import contextlib
import datetime
import email.utils
import json
import random
import sqlite3
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import certifi
import httpcore

from storywright import __version__
from storywright.errors import BadInput

MAY_PASS = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 522, 524))
"""Answers that may be others next time."""

_KEPT = frozenset((200, 404))
_MOST_BYTES = 8_000_000
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_TABLE = """
CREATE TABLE IF NOT EXISTS answers (
    service TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, asked TEXT NOT NULL,
    PRIMARY KEY (service, request)
) STRICT
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """How fast and how persistent to be."""

    per_second: float
    """Questions a second, in the long run."""
    at_once: int = 5
    """How many may be asked without a pause after a rest."""
    retries: int = 5
    """How often a question is asked again after a failure that may pass."""
    backoff_seconds: float = 0.5
    """Seconds before the first of those; they double each time."""
    longest_wait_seconds: float = 120.0
    """A service that asks for a longer pause is left; a later run goes on."""
    answer_seconds: float = 30.0
    """Seconds for a whole answer."""

    def __post_init__(self) -> None:
        if min(self.per_second, self.at_once, self.answer_seconds) <= 0 or min(self.retries, self.backoff_seconds) < 0:
            raise ValueError("per_second, at_once and answer_seconds must be positive, and the others not negative")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said."""

    status: int
    said: Any
    """The JSON value."""


class Bucket:
    """Holds tokens: one is taken for each question, and they come back at a steady rate."""

    def __init__(self, per_second: float, most: int) -> None:
        self._per_second, self._most = per_second, float(most)
        self._tokens, self._at = float(most), time.monotonic()

    def take(self) -> None:
        """Take a token; waits for one when there is none."""
        while (wait := self._missing() / self._per_second) > 0:
            time.sleep(wait)
        self._tokens -= 1

    def empty(self) -> None:
        """Take all: the service says that it was too much."""
        self._missing()
        self._tokens = 0.0

    def _missing(self) -> float:
        now = time.monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        # A billionth of a token that rounding took is no reason to wait.
        return 1.0 - self._tokens if self._tokens < 1.0 - 1e-9 else 0.0


class Cache:
    """The answers that are known, of all services, in one file."""

    def __init__(self, path: Path, most_days: int = 180) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._oldest = (datetime.date.today() - datetime.timedelta(days=most_days)).isoformat()
        try:
            self._base = sqlite3.connect(path, timeout=5.0, isolation_level=None)
            self._base.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            raise BadInput(f"{path} is no cache of answers ({error}): move it away or name another folder.") from error

    def get(self, service: str, request: str) -> Answer | None:
        """A known answer that is not too old: terms of use do not let it be kept for ever."""
        row = self._base.execute(
            "SELECT status, body FROM answers WHERE service = ? AND request = ? AND asked >= ?",
            (service, request, self._oldest),
        ).fetchone()
        return Answer(row[0], json.loads(row[1])) if row else None

    def put(self, service: str, request: str, answer: Answer) -> None:
        """Keep an answer."""
        row = (service, request, answer.status, json.dumps(answer.said), datetime.date.today().isoformat())
        self._base.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._base.close()


class Service:
    """One service, asked with one key."""

    def __init__(
        self,
        name: str,
        address: str,
        cache: Cache,
        manners: Manners,
        *,
        key: str,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        final: Callable[[Answer], str] = lambda answer: "",
    ) -> None:
        """`parameters` and `headers` are where the key goes; `final` says why an answer ends it all, or nothing."""
        self._name, self._address = name, _checked(address)
        self._cache, self._manners, self._key, self._final = cache, manners, key, final
        self._secret_parameters, self._secret_headers = dict(parameters or {}), dict(headers or {})
        self._bucket = Bucket(manners.per_second, manners.at_once)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(cafile=certifi.where()), max_connections=2, keepalive_expiry=30.0
        )
        self.asked = self.known = 0

    def ask(self, path: str, **parameters: str) -> Answer:
        """The answer to a question: the known one, or a new one that is known from now on."""
        request = f"{path}?{urlencode(sorted(parameters.items()))}"
        if known := self._cache.get(self._name, request):
            self.known += 1
            return known
        answer = self._persistently(path, parameters)
        if why := self._final(answer):
            raise BadInput(self._without_key(why))
        if answer.status in _KEPT:
            self._cache.put(self._name, request, answer)
        return answer

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *error: Any) -> None:
        self._pool.close()

    def _persistently(self, path: str, parameters: Mapping[str, str]) -> Answer:
        problem = ""
        for attempt in range(self._manners.retries + 1):
            self._bucket.take()
            self.asked += 1
            wait = self._manners.backoff_seconds * 2.0**attempt * random.uniform(1.0, 1.25)
            try:
                answer, retry_after = self._once(path, parameters)
            except _PassingError as error:
                problem = str(error)
            else:
                if answer.status not in MAY_PASS:
                    return answer
                problem = f"it answers {answer.status}"
                wait = max(wait, retry_after)
                if answer.status == 429:
                    self._bucket.empty()
            if wait > self._manners.longest_wait_seconds:
                raise BadInput(self._left(f"it asks to come back in {wait:.0f} s"))
            if attempt < self._manners.retries:
                time.sleep(wait)
        raise BadInput(self._left(problem))

    def _once(self, path: str, parameters: Mapping[str, str]) -> tuple[Answer, float]:
        query = urlencode(sorted((dict(parameters) | self._secret_parameters).items()))
        headers = {"User-Agent": f"storywright/{__version__}", "Accept": "application/json"} | self._secret_headers
        problem = ""
        try:
            return self._received(f"{self._address}{path}?{query}", headers)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            problem = str(error) or type(error).__name__
        # Raised outside of the block above: an error that hangs on another shows all of it.
        raise _PassingError(self._without_key(problem))

    def _received(self, url: str, headers: Mapping[str, str]) -> tuple[Answer, float]:
        seconds = self._manners.answer_seconds
        times = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        until, body = time.monotonic() + seconds, bytearray()
        with self._pool.stream("GET", url, headers=[*headers.items()], extensions={"timeout": times}) as response:
            for piece in response.iter_stream():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise BadInput(f"{self._name} gives more than {_MOST_BYTES:,} bytes for one answer: it is left.")
                if time.monotonic() > until:
                    raise _PassingError(f"the answer takes longer than {seconds:g} s")
        told = {name.lower(): value for name, value in response.headers}
        return Answer(response.status, self._parsed(bytes(body))), _retry_after(told.get(b"retry-after", b""))

    def _parsed(self, body: bytes) -> Any:
        """The JSON of a body; a service that echoes the key must not get it into the cache."""
        with contextlib.suppress(ValueError):
            return json.loads(self._without_key(body.decode("utf-8", "replace")))
        return None

    def _left(self, problem: str) -> str:
        return self._without_key(
            f"{self._name} cannot be asked now ({problem}): run the same command again later; what it has answered so "
            "far is kept."
        )

    def _without_key(self, text: str) -> str:
        for form in filter(None, (self._key, quote_plus(self._key))):
            text = text.replace(form, "…")
        return text


class _PassingError(Exception):
    """A failure that may pass."""


def _checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise BadInput(f"{address!r} must begin with https://: over anything else the key could be read on the way.")
    return address.rstrip("/")


def _retry_after(value: bytes) -> float:
    text = value.decode("latin-1").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0
