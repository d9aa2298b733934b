"""The crawl: from each site's first pages to what its concept pages say, politely, and never twice.

A site is walked level by level, the pages of a level in the order of their addresses, so that the same site gives the
same pages however its answers arrive. Every address, a redirect's as well, goes through the journal, so that each is
checked against robots.txt and the profile and is fetched once. What a page gave is kept in the journal; `harvest` makes
the corpus table of it.
"""

import asyncio
import hashlib
import logging
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from storywright import __version__, files
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.sources.web import decoding, extraction, html, links, pictures, robots, sitemap
from storywright.sources.web.fetch import REDIRECTS, Answer, FailedError, Fetcher
from storywright.sources.web.gate import Gate, Place, RefusedError, Resolve
from storywright.sources.web.journal import Entry, Found, Journal, Outcome, State
from storywright.sources.web.limits import Limits
from storywright.sources.web.manners import AGENT, MAY_PASS, ClosedError, ComeBackLaterError, Manners, Visitor
from storywright.sources.web.profile import Profile

E = TypeVar("E", bound=Exception)

_LOG = logging.getLogger(__name__)
_SITEMAP_DEPTH, _PICTURE_DEPTH = -1, 1_000_000
_SITEMAP_LEVELS = 3  # how deep indexes of sitemaps may lie in one another
_BATCH = 500
_PAGE_KINDS = frozenset(("text/html", "application/xhtml+xml"))
_KINDS: dict[str, frozenset[str]] = {"page": _PAGE_KINDS, "picture": pictures.KINDS, "sitemap": frozenset()}
_MOST_FAILURES_IN_A_ROW = 12


@dataclass(frozen=True, slots=True)
class Site:
    """Where a crawl starts, and how it reads what it finds there."""

    start: str
    profile: Profile = field(default_factory=Profile)
    delay_seconds: float | None = None
    """Seconds between two fetches, where they are not those of the plan."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to crawl, and how."""

    sites: tuple[Site, ...]
    date: str
    """The date that what is fetched now is given, ISO 8601."""
    limits: Limits = field(default_factory=Limits)
    delay_seconds: float = 0.5
    """Seconds between two fetches from one site; a robots.txt may ask for more."""
    connections: int = 4
    """Fetches at once from one site, where no delay is kept."""
    retries: int = 3
    """How often an address is asked again after a failure that may pass."""
    backoff_seconds: float = 0.5
    """Seconds before the first of those; they double each time."""
    contact: str = ""
    """Address or mail that a site's owner can turn to; it stands in the User-Agent."""
    pictures: bool = False
    """Whether to fetch the pictures that concepts name."""
    loopback: tuple[Place, ...] = ()
    """Places on this machine that may be fetched from."""
    pinned: Mapping[Place, Place] = field(default_factory=dict)
    """Names that lead to a place of this machine, whatever the network says."""
    resolve: Resolve | None = None
    """What finds the addresses of a name, where it is not the system."""
    trust: ssl.SSLContext | None = None
    """Whose certificates to believe, where it is not the usual authorities."""

    def digest(self) -> str:
        """What tells crawls apart that cannot be continued by one another."""
        reading = [[site.start, site.profile.model_dump()] for site in self.sites]
        return files.digest_of([__version__, reading, self.limits.depth, self.limits.links_per_page, self.pictures])


def crawl(plan: Plan, journal: Journal, pictures_folder: Path | None = None) -> None:
    """Fetch all that the plan asks for and the journal does not have; a site that fails leaves the others alone."""
    problem: BadInput | None = None
    try:
        asyncio.run(_crawl(plan, journal, pictures_folder))
    except* BadInput as group:
        problem = _first(group)
    if problem:
        raise problem


async def _crawl(plan: Plan, journal: Journal, pictures_folder: Path | None) -> None:
    starts = _starts(plan)
    gate = Gate(
        loopback=plan.loopback, pinned=plan.pinned, ports=[start.port for start in starts], resolve=plan.resolve
    )
    agent = f"{AGENT}/{__version__}" + (f" (+{plan.contact})" if plan.contact else "")
    connections = plan.connections * len(plan.sites)
    journal.begin(plan.digest())
    async with Fetcher(gate, plan.limits, agent=agent, connections=connections, trust=plan.trust) as fetcher:
        with Progress("crawling") as progress:
            walks = [
                _Walk(site, start, plan, journal, fetcher, progress, pictures_folder)
                for site, start in zip(plan.sites, starts, strict=True)
            ]
            if all(await asyncio.gather(*(walk.run() for walk in walks))):
                journal.finish()


def _starts(plan: Plan) -> list[links.Url]:
    starts: dict[Place, links.Url] = {}
    for site in plan.sites:
        start = links.parsed(site.start)
        if start is None:
            raise BadInput(f"{site.start!r} is not a site: give an address such as https://example.org/.")
        if (start.host, start.port) in starts:
            raise BadInput(f"{start.origin} is given twice: name its further pages under `start` in its profile.")
        starts[start.host, start.port] = start
    return list(starts.values())


class _SiteLeftError(Exception):
    """Nothing more is fetched from this site; the message says why."""

    def __init__(self, why: str, for_good: bool = True) -> None:
        super().__init__(why)
        self.for_good = for_good


class _Walk:
    """One site's crawl."""

    def __init__(
        self,
        site: Site,
        start: links.Url,
        plan: Plan,
        journal: Journal,
        fetcher: Fetcher,
        progress: Progress,
        pictures_folder: Path | None,
    ) -> None:
        self._site, self._plan, self._journal = site, plan, journal
        self._progress, self._pictures_folder = progress, pictures_folder
        self._start = start
        self._hosts = _hosts(start, site.profile.hosts)
        manners = Manners(
            delay_seconds=plan.delay_seconds if site.delay_seconds is None else site.delay_seconds,
            retries=plan.retries,
            backoff_seconds=plan.backoff_seconds,
        )
        self._visitor = Visitor(fetcher, journal, manners, plan.limits)
        self._failures = 0
        self._room_for_sitemaps = plan.limits.sitemaps
        self._until = time.monotonic() + plan.limits.site_seconds

    async def run(self) -> bool:
        """Walk the site until nothing waits or a limit is reached; whether that was the end of it."""
        ended = True
        try:
            self._journal.add(self._site.start, self._seeds(await self._visitor.rules(self._start)))
            while batch := self._next_batch():
                await self._walk(batch)
        except* (_SiteLeftError, ClosedError) as group:
            left = _first(group)
            ended = not isinstance(left, _SiteLeftError) or left.for_good
            _LOG.warning("%s is left: %s.", self._site.start, left)
            self._journal.give_up(self._site.start, str(left))
        return ended

    def _seeds(self, rules: robots.Robots) -> list[Found]:
        origin = self._start.origin
        pages = [str(self._start)] + [links.canonical(path, origin + "/") for path in self._site.profile.start]
        found = [Found(url, "page", 0) for url in pages if url]
        if self._site.profile.sitemap:
            named = [links.canonical(address, origin + "/") for address in rules.sitemaps] or [origin + "/sitemap.xml"]
            found += [Found(url, "sitemap", _SITEMAP_DEPTH) for url in named if url and self._belongs(url)]
        return found

    def _next_batch(self) -> list[Entry]:
        batch = self._journal.waiting(self._site.start, _BATCH)
        if batch and batch[0].kind == "page":
            room = self._plan.limits.pages - self._journal.pages_of(self._site.start)
            # Beyond the limit only the pictures of the pages that there are.
            batch = batch[:room] if room > 0 else self._journal.waiting(self._site.start, _BATCH, pages=False)
        return batch

    async def _walk(self, batch: list[Entry]) -> None:
        entries = iter(batch)

        async def work() -> None:
            for entry in entries:
                await self._visit(entry)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._plan.connections, len(batch))):
                group.create_task(work())

    async def _visit(self, entry: Entry) -> None:
        if time.monotonic() > self._until:
            limit = self._plan.limits.site_seconds
            raise _SiteLeftError(f"it took longer than {limit:g} s; the next crawl goes on from here", for_good=False)
        try:
            outcome = await self._outcome(entry)
        except (RefusedError, decoding.GarbledError) as error:
            outcome = Outcome(state=State.REFUSED, note=str(error))
        except decoding.TooLargeError:
            outcome = Outcome(state=State.REFUSED, note="it is larger than the limit")
        except FailedError as error:
            if isinstance(error, ComeBackLaterError) and self._belongs(entry.url):
                raise _SiteLeftError(str(error), for_good=False) from error
            self._failures += entry.kind == "page"
            outcome = _failed(entry, str(error), 0)
        self._journal.close_entry(self._site.start, entry, outcome, self._plan.date)
        self._progress.advance(note=self._start.host)
        if self._failures >= _MOST_FAILURES_IN_A_ROW:
            raise _SiteLeftError(f"it failed {self._failures} times in a row, at last with: {outcome.note}")

    async def _outcome(self, entry: Entry) -> Outcome:
        address = links.parsed(entry.url)
        assert address is not None
        try:
            rules = await self._visitor.rules(address)
        except ClosedError as closed:
            if self._belongs(entry.url):
                raise _SiteLeftError(str(closed)) from closed
            return Outcome(state=State.FORBIDDEN, note=str(closed))
        if not rules.allows(address.target):
            return Outcome(state=State.FORBIDDEN, note="robots.txt forbids it")
        return self._read(entry, await self._fetched(entry))

    async def _fetched(self, entry: Entry) -> Answer:
        known = {"If-None-Match": entry.etag} if entry.etag else {}
        known |= {"If-Modified-Since": entry.modified} if entry.modified else {}
        answer = await self._visitor.ask(entry.url, known, _KINDS[entry.kind])
        self._failures = self._failures + (entry.kind == "page") if answer.status in MAY_PASS else 0
        return answer

    def _belongs(self, url: str) -> bool:
        address = links.parsed(url)
        return address is not None and (address.host, address.port) in self._hosts

    def _read(self, entry: Entry, answer: Answer) -> Outcome:
        """What an answer means for its entry."""
        if answer.status == 304 and (entry.etag or entry.modified):
            return Outcome(state=State.DONE, status=304, unchanged=True)
        if answer.status in REDIRECTS:
            return self._moved(entry, answer)
        if entry.kind == "sitemap" and answer.status in (404, 410):
            return Outcome(state=State.FAILED, status=answer.status)  # nobody has to have one
        if answer.status != 200:
            return _failed(entry, f"the server answers {answer.status}", answer.status)
        if entry.kind == "sitemap":
            return self._read_sitemap(entry, answer)
        if entry.kind == "picture":
            return self._read_picture(answer)
        return self._read_page(entry, answer)

    def _moved(self, entry: Entry, answer: Answer) -> Outcome:
        target = answer.location
        if target is None:
            raise RefusedError("it redirects to what is not an http address")
        if entry.hops >= self._plan.limits.redirects:
            raise RefusedError(f"it is redirected more than {self._plan.limits.redirects} times")
        if entry.kind != "picture" and not self._belongs(target):
            return Outcome(state=State.MOVED, status=answer.status, note=f"it leads to another site, {target}")
        found = Found(target, entry.kind, entry.depth, entry.hops + 1)
        return Outcome(state=State.MOVED, status=answer.status, found=(found,))

    def _read_sitemap(self, entry: Entry, answer: Answer) -> Outcome:
        pages, sitemaps = sitemap.read(entry.url, answer.body, self._plan.limits.decoded_bytes)
        found = [Found(url, "page", 0) for url in pages if self._wanted(url)]
        if entry.hops < _SITEMAP_LEVELS and self._room_for_sitemaps > 0:
            further = [url for url in sitemaps if self._belongs(url)][: self._room_for_sitemaps]
            self._room_for_sitemaps -= len(further)
            found += [Found(url, "sitemap", entry.depth, entry.hops + 1) for url in further]
        return _done(answer, found=found)

    def _read_picture(self, answer: Answer) -> Outcome:
        assert self._pictures_folder is not None
        if answer.kind not in pictures.KINDS:
            raise RefusedError(f"{answer.kind or 'what has no content type'} is no kind of picture that is taken")
        made = pictures.redrawn(answer.body, self._plan.limits.pixels)
        name = f"{hashlib.sha256(made).hexdigest()[:16]}.png"
        files.write_bytes(self._pictures_folder / name, made)
        return _done(answer, made=name)

    def _read_page(self, entry: Entry, answer: Answer) -> Outcome:
        if answer.kind and answer.kind not in _PAGE_KINDS:
            return _done(answer)
        page = html.parse(answer.url, answer.body, decoding.text(answer.body, answer.headers.get("content-type", "")))
        found: list[Found] = []
        if entry.depth < self._plan.limits.depth:
            urls = html.outgoing(page, answer.headers, self._plan.limits.links_per_page)
            found = [Found(url, "page", entry.depth + 1) for url in urls if self._wanted(url)]
        address = links.parsed(answer.url)
        assert address is not None
        if not self._site.profile.holds_concepts(address.target):
            return _done(answer, found=found)
        if html.reserved(page, answer.headers):
            return _done(answer, note="it reserves its rights to be learned from", found=found)
        concepts, problems = extraction.concepts(page, self._site.profile.concepts)
        if self._plan.pictures:
            found += [Found(one.picture, "picture", _PICTURE_DEPTH) for one in concepts if one.picture]
        return _done(answer, made=extraction.as_json(concepts), note="; ".join(problems), found=found)

    def _wanted(self, url: str) -> bool:
        address = links.parsed(url)
        return (
            address is not None
            and (address.host, address.port) in self._hosts
            and self._site.profile.follows(address.target)
        )


def _failed(entry: Entry, reason: str, status: int) -> Outcome:
    """A page that is gone is gone; one that only fails now is kept as an earlier crawl has read it."""
    if entry.made and status not in (404, 410):
        return Outcome(state=State.DONE, status=status, note=f"kept from an earlier crawl: {reason}", unchanged=True)
    return Outcome(state=State.FAILED, status=status, note=reason)


def _done(answer: Answer, *, made: str = "", note: str = "", found: Sequence[Found] = ()) -> Outcome:
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    return Outcome(
        state=State.DONE,
        status=answer.status,
        note=note,
        etag=etag if _sendable(etag) else "",
        modified=modified if _sendable(modified) else "",
        made=made,
        found=tuple(found),
    )


def _sendable(value: str) -> bool:
    return 0 < len(value) <= 200 and value.isascii() and value.isprintable()


def _hosts(start: links.Url, others: Iterable[str]) -> set[Place]:
    """The hosts and ports of a site: its own with and without `www.`, over http and https, and those named."""
    bare = start.host.removeprefix("www.")
    ports = {start.port} | (set(links.DEFAULT_PORTS.values()) if start.port in links.DEFAULT_PORTS.values() else set())
    return {(host, port) for host in (start.host, bare, f"www.{bare}", *others) for port in ports}


def _first(group: BaseExceptionGroup[E]) -> E:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
