"""How one site is asked: nothing that it forbids, never faster than it wishes, and again only where that may help.

Knows nothing about what the answers hold.
"""

import asyncio
import email.utils
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from storywright.sources.web import links, robots
from storywright.sources.web.fetch import Answer, AstrayRedirectsError, FailedError, Fetcher
from storywright.sources.web.gate import RefusedError
from storywright.sources.web.journal import Journal
from storywright.sources.web.limits import Limits

AGENT = "storywright"
"""The name that robots.txt knows the crawler by."""

MAY_PASS = frozenset((408, 425, 429, 500, 502, 503, 504, 522, 524))
"""Answers that may be others next time."""

_HOLDING = frozenset((429, 503))


class ClosedError(Exception):
    """A site whose robots.txt lets nothing be fetched now; the message says why."""


class ComeBackLaterError(FailedError):
    """A site that wants to be left alone for longer than the limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manners:
    """How patient and how slow to be."""

    delay_seconds: float
    """Seconds between two fetches; the site may ask for more."""
    retries: int
    """How often an address is asked again after a failure that may pass."""
    backoff_seconds: float
    """Seconds before the first of those; they double each time."""


class Visitor:
    """Asks one site, and the hosts that its pictures are on."""

    def __init__(self, fetcher: Fetcher, journal: Journal, manners: Manners, limits: Limits) -> None:
        self._fetcher, self._journal, self._manners, self._limits = fetcher, journal, manners, limits
        self._delay = manners.delay_seconds
        self._next = 0.0
        self._rules: dict[str, robots.Robots] = {}
        self._asking = asyncio.Lock()

    async def rules(self, address: links.Url) -> robots.Robots:
        """The robots.txt that speaks for this address; read once in a crawl, also in one that is resumed."""
        origin = address.origin
        if origin in self._rules:
            return self._rules[origin]
        async with self._asking:
            if origin not in self._rules:
                found = await self._read_robots(origin)
                if found.delay_seconds > self._limits.longest_wait_seconds:
                    raise ClosedError(
                        f"its robots.txt asks for {found.delay_seconds:g} s between two fetches, "
                        f"more than the limit of {self._limits.longest_wait_seconds:g} s"
                    )
                self._delay = max(self._delay, found.delay_seconds)
                self._rules[origin] = found
        return self._rules[origin]

    async def ask(self, url: str, known: Mapping[str, str], kinds: Collection[str]) -> Answer:
        """The answer of an address; after the last retry whatever it is."""
        return await self._persistently(lambda: self._fetcher.get(url, known=known, kinds=kinds))

    async def _persistently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        for attempt in itertools.count():
            await self._turn()
            answer, last = None, attempt == self._manners.retries
            try:
                answer = await ask()
            except FailedError:
                if last:
                    raise
            if answer is not None and (last or answer.status not in MAY_PASS):
                return answer
            wait = self._wait(answer, attempt)
            self._journal.count("retries")
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _turn(self) -> None:
        """Wait until the site may be asked again, and book the next turn."""
        while (wait := self._next - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        self._next = time.monotonic() + self._delay

    def _wait(self, answer: Answer | None, attempt: int) -> float:
        """Seconds until an address is asked again: more each time, and no fewer than the site says."""
        wait = self._manners.backoff_seconds * 2.0**attempt * random.uniform(1.0, 1.25)
        wait = min(wait, self._limits.longest_wait_seconds)
        if answer is not None:
            wait = max(wait, _retry_after(answer.headers.get("retry-after", "")))
            if wait > self._limits.longest_wait_seconds:
                raise ComeBackLaterError(f"it asks to come back in {wait:.0f} s")
            if answer.status in _HOLDING:
                self._next = max(self._next, time.monotonic() + wait)  # that holds for the whole site
        return wait

    async def _read_robots(self, origin: str) -> robots.Robots:
        """RFC 9309: what is not there forbids nothing, and what cannot be had now forbids everything."""
        kept = self._journal.robots(origin)
        if kept is None:
            kept = await self._ask_robots(origin)
            self._journal.keep_robots(origin, *kept)
        status, content = kept
        if status >= 500 or status == 429:
            raise ClosedError(f"its robots.txt cannot be had (status {status}), so nothing of it may be fetched now")
        return robots.read(content, AGENT) if status == 200 else robots.Robots()

    async def _ask_robots(self, origin: str) -> tuple[int, bytes]:
        address = origin + "/robots.txt"
        try:
            answer = await self._persistently(lambda: self._fetcher.follow(address, first_bytes=robots.MOST_BYTES))
        except AstrayRedirectsError:
            return 404, b""
        except (RefusedError, FailedError) as error:
            raise ClosedError(f"its robots.txt cannot be had: {error}") from error
        return answer.status, answer.body


def _retry_after(value: str) -> float:
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0
