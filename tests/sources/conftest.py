"""A small site that a test fills and that remembers what it was asked."""

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storywright.sources.web.crawl import Plan, Site, crawl
from storywright.sources.web.journal import Journal
from storywright.sources.web.limits import Limits
from storywright.sources.web.profile import Profile

WORDS = "Every morning somebody opens this bottle and for one second the whole station slows down to listen. "


@dataclass
class Reply:
    body: bytes | str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    path: str
    at: float
    headers: dict[str, str]


@dataclass
class Town:
    """The site: what each path answers, and what was asked so far."""

    port: int
    pages: dict[str, Reply | Callable[[Asked], Reply]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def plan(
        self,
        *,
        profile: Profile | None = None,
        start: str = "/",
        limits: dict[str, float] | None = None,
        **more: object,
    ) -> Plan:
        values = {
            "date": "2026-11-01",
            "delay_seconds": 0,
            "backoff_seconds": 0.01,
            "loopback": (("127.0.0.1", self.port),),
        }
        bounds = {"answer_seconds": 10, "longest_wait_seconds": 5} | (limits or {})
        return Plan(
            sites=(Site(self.address + start, profile or Profile()),),
            limits=Limits(**bounds),  # type: ignore[arg-type]
            **(values | more),  # type: ignore[arg-type]
        )

    def crawled(self, folder: Path, **how: object) -> "Kept":
        with contextlib.closing(Journal(folder / "journal.sqlite")) as journal:
            crawl(self.plan(**how), journal, folder / "pictures")  # type: ignore[arg-type]
            return Kept(
                pages=[url.removeprefix(self.address) for url in journal.fetched()],
                notes={url.removeprefix(self.address): note for url, _, note in journal.notes()},
                problems=list(journal.problems().values()),
                made={url.removeprefix(self.address): made for url, _, made in journal.made("page")},
                counts=journal.counts(),
            )


@dataclass
class Kept:
    """What a crawl has left in its journal, by path."""

    pages: list[str]
    notes: dict[str, str]
    problems: list[str]
    made: dict[str, str]
    counts: dict[str, int]


def page(*links: str, words: str = WORDS, title: str = "A concept") -> Reply:
    anchors = " ".join(f'<a href="{link}">more</a>' for link in links)
    return Reply(f"<html><body><h1>{title}</h1><p>{words}</p><nav>{anchors}</nav></body></html>")


@pytest.fixture
def town() -> Iterator[Town]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            asked = Asked(self.path, time.monotonic(), {name.lower(): value for name, value in self.headers.items()})
            town.asked.append(asked)
            found = town.pages.get(self.path, Reply("not here", 404))
            reply = found(asked) if callable(found) else found
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            self.send_response(reply.status)
            for name, value in ({"Content-Type": "text/html; charset=utf-8"} | reply.headers).items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if reply.status != 304:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    town = Town(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield town
    server.shutdown()
    server.server_close()
