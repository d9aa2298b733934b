"""How the crawler behaves towards a site, and what it keeps when it is stopped, killed or run again."""

import asyncio
import contextlib
import os
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from storywright.errors import BadInput
from storywright.sources.demo_site.server import serving
from storywright.sources.web.crawl import Plan, Site, crawl
from storywright.sources.web.fetch import FailedError, Fetcher
from storywright.sources.web.gate import Gate
from storywright.sources.web.journal import Journal
from storywright.sources.web.limits import Limits
from storywright.sources.web.profile import Profile

from .conftest import WORDS, Asked, Reply, Town, page


def test_a_page_is_fetched_once_however_it_is_linked(town: Town, tmp_path: Path) -> None:
    town.pages = {
        "/": page(
            "/a",
            "/a?utm_source=x",
            "/a#part",
            f"{town.address}/a",
            "./a",
            "/b/../a",
            "/%61",
            "/b?y=1&x=2",
            "/b?x=2&y=1",
        ),
        "/a": page("/"),
        "/b?x=2&y=1": page("/a?fbclid=1", "/;jsessionid=AB12"),
    }
    kept = town.crawled(tmp_path)
    assert kept.pages == ["/", "/a", "/b?x=2&y=1"]
    assert Counter(town.paths()) == {"/robots.txt": 1, "/sitemap.xml": 1, "/": 1, "/a": 1, "/b?x=2&y=1": 1}


def test_what_robots_forbids_is_not_asked_for(town: Town, tmp_path: Path) -> None:
    town.pages = {
        "/robots.txt": Reply("User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\n"),
        "/": page("/private", "/private/open", "/x.pdf", "/x.pdf?page=1"),
        "/private/open": page(),
        "/x.pdf?page=1": page(),
    }
    kept = town.crawled(tmp_path)
    assert kept.pages == ["/", "/private/open", "/x.pdf?page=1"]
    assert kept.notes["/private"] == kept.notes["/x.pdf"] == "robots.txt forbids it"
    assert not {"/private", "/x.pdf"} & set(town.paths())


def test_a_redirect_to_a_forbidden_page_is_not_followed(town: Town, tmp_path: Path) -> None:
    town.pages = {
        "/robots.txt": Reply("User-agent: storywright\nDisallow: /private\n"),
        "/": Reply(status=301, headers={"Location": "/private"}),
    }
    assert town.crawled(tmp_path).notes == {"/private": "robots.txt forbids it"}
    assert "/private" not in town.paths()


def test_a_crawl_delay_is_kept_even_with_several_connections(town: Town, tmp_path: Path) -> None:
    town.pages = {
        "/robots.txt": Reply("User-agent: *\nCrawl-delay: 0.15\n"),
        "/": page(*(f"/{number}" for number in range(5))),
    } | {f"/{number}": page() for number in range(5)}
    town.crawled(tmp_path, connections=4)
    times = [one.at for one in town.asked if one.path != "/robots.txt"]
    assert len(times) == 7
    assert times[-1] - times[0] > 6 * 0.15 - 0.05


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(town: Town, tmp_path: Path) -> None:
    busy = iter([Reply(status=503, headers={"Retry-After": "1"})])
    town.pages = {
        "/": page("/a", "/b"),
        "/a": lambda asked: next(busy, page()),
        "/b": page(),
    }
    kept = town.crawled(tmp_path, connections=1)
    assert kept.pages == ["/", "/a", "/b"]
    assert kept.counts == {"retries": 1}
    first, *later = [one.at for one in town.asked if one.path in ("/a", "/b")]
    assert all(at - first > 0.95 for at in later)


def test_retry_after_may_be_a_date(town: Town, tmp_path: Path) -> None:
    busy = iter([Reply(status=429, headers={"Retry-After": formatdate(time.time() + 2, usegmt=True)})])
    town.pages = {"/": lambda asked: next(busy, page())}
    assert town.crawled(tmp_path).pages == ["/"]
    first, second = (one.at for one in town.asked if one.path == "/")
    assert second - first > 0.8


def test_a_site_that_asks_to_be_left_alone_for_long_is_left_and_the_next_crawl_goes_on(
    town: Town, tmp_path: Path
) -> None:
    town.pages = {"/": page("/a", "/b"), "/a": Reply(status=503, headers={"Retry-After": "3600"}), "/b": page()}
    kept = town.crawled(tmp_path, connections=1)
    assert kept.problems == ["it asks to come back in 3600 s"]
    assert town.paths()[-1] == "/a"
    town.pages["/a"] = page()
    town.asked.clear()
    assert town.crawled(tmp_path).pages == ["/", "/a", "/b"]
    assert "/" not in town.paths()


def test_a_failing_page_is_asked_again_later_each_time_and_then_named(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page("/broken"), "/broken": Reply(status=500)}
    kept = town.crawled(tmp_path, retries=2, backoff_seconds=0.1)
    times = [one.at for one in town.asked if one.path == "/broken"]
    assert len(times) == 3
    assert times[1] - times[0] > 0.09
    assert times[2] - times[1] > 0.19
    assert kept.notes == {"/broken": "the server answers 500"}


def test_a_page_that_is_not_there_is_not_asked_again(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page("/gone")}
    assert town.crawled(tmp_path).notes["/gone"] == "the server answers 404"
    assert town.paths().count("/gone") == 1


def test_a_server_that_stops_answering_is_left_after_a_few_failures(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page(*(f"/{number}" for number in range(60)))}
    town.pages |= {f"/{number}": Reply(status=502) for number in range(60)}
    kept = town.crawled(tmp_path, retries=0, connections=1)
    assert "failed 12 times in a row" in kept.problems[0]
    assert len(town.asked) < 20


def test_a_robots_txt_that_fails_closes_the_site_and_one_that_is_missing_opens_it(town: Town, tmp_path: Path) -> None:
    town.pages = {"/robots.txt": Reply(status=500), "/": page()}
    kept = town.crawled(tmp_path / "failing", retries=1)
    assert "robots.txt cannot be had" in kept.problems[0]
    assert set(town.paths()) == {"/robots.txt"}
    del town.pages["/robots.txt"]
    assert town.crawled(tmp_path / "missing").pages == ["/"]


def test_pages_in_sitemaps_are_found_without_a_link(town: Town, tmp_path: Path) -> None:
    town.pages = {
        "/robots.txt": Reply(f"Sitemap: {town.address}/maps/index.xml\n"),
        "/": page(),
        "/maps/index.xml": Reply("<sitemapindex><sitemap><loc>/maps/one.txt</loc></sitemap></sitemapindex>"),
        "/maps/one.txt": Reply(
            f"{town.address}/hidden\nhttp://elsewhere.example/\n", headers={"Content-Type": "text/plain"}
        ),
        "/hidden": page(),
    }
    assert town.crawled(tmp_path).pages == ["/", "/hidden"]


def test_the_depth_and_the_number_of_pages_are_limits(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page("/1")} | {f"/{number}": page(f"/{number + 1}") for number in range(1, 30)}
    assert town.crawled(tmp_path / "depth", limits={"depth": 3}).pages == ["/", "/1", "/2", "/3"]
    assert town.crawled(tmp_path / "pages", limits={"pages": 5}).pages == ["/", "/1", "/2", "/3", "/4"]


def test_under_a_limit_the_same_pages_are_read_whatever_the_order_of_the_answers(town: Town, tmp_path: Path) -> None:
    def slow(asked: Asked) -> Reply:
        time.sleep(hash((asked.path, asked.at)) % 5 / 200)
        return page("/", f"{asked.path}/deep")

    town.pages = {"/": page(*(f"/{number:02}" for number in reversed(range(20))))}
    town.pages |= {f"/{number:02}": slow for number in range(20)}
    kept = [town.crawled(tmp_path / str(run), connections=6, limits={"pages": 9}).pages for run in range(2)]
    assert kept[0] == kept[1] == ["/", *(f"/{number:02}" for number in range(8))]


def test_other_hosts_are_not_followed_unless_the_profile_names_them(town: Town, tmp_path: Path) -> None:
    there = {("other.example", town.port): ("127.0.0.1", town.port)}
    town.pages = {"/": page(f"http://other.example:{town.port}/there"), "/there": page()}
    assert town.crawled(tmp_path / "without", pinned=there).pages == ["/"]
    named = town.crawled(tmp_path / "with", pinned=there, profile=Profile(hosts=["other.example"]))
    assert len(named.pages) == 2
    assert town.asked[-1].headers["host"] == f"other.example:{town.port}"


def test_the_crawler_says_who_it_is_and_whom_to_write_to(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page()}
    town.crawled(tmp_path, contact="crawl@example.org")
    assert {one.headers["user-agent"] for one in town.asked} == {town.asked[0].headers["user-agent"]}
    assert town.asked[0].headers["user-agent"].startswith("storywright/")
    assert town.asked[0].headers["user-agent"].endswith("(+crawl@example.org)")


def test_nofollow_of_a_page_is_respected(town: Town, tmp_path: Path) -> None:
    town.pages = {
        "/": Reply('<meta name="robots" content="noindex, nofollow"><h1>x</h1><a href="/a">a</a>'),
        "/a": page(),
    }
    assert town.crawled(tmp_path).pages == ["/"]


@pytest.mark.parametrize(
    ("meta", "headers"),
    [
        ("<meta name=robots content=noai>", {}),
        ("<meta name=tdm-reservation content=1>", {}),
        ("", {"TDM-Reservation": "1"}),
        ("", {"X-Robots-Tag": "noai, noimageai"}),
    ],
)
def test_a_page_that_reserves_its_rights_is_not_learned_from(
    meta: str, headers: dict[str, str], town: Town, tmp_path: Path
) -> None:
    town.pages = {"/": Reply(meta + str(page("/a").body), headers=headers), "/a": page()}
    kept = town.crawled(tmp_path)
    assert set(kept.made) == {"/a"}
    assert "reserves its rights" in kept.notes["/"]


def test_a_crawl_that_stops_early_still_knows_what_an_earlier_one_has_read(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page("/a", "/b"), "/a": page(), "/b": page()}
    assert set(town.crawled(tmp_path).made) == {"/", "/a", "/b"}
    town.pages["/robots.txt"] = Reply(status=503)
    later = town.crawled(tmp_path, retries=0)
    assert "cannot be had" in later.problems[0]
    assert set(later.made) == {"/", "/a", "/b"}


def test_a_disk_that_fills_up_is_a_sentence_and_what_was_fetched_stays(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page("/a"), "/a": page(words=WORDS * 2_000)}
    with contextlib.closing(Journal(tmp_path / "journal.sqlite")) as journal:
        used = journal._base.execute("PRAGMA page_count").fetchone()[0]
        journal._base.execute(f"PRAGMA max_page_count = {used + 4}")
        with pytest.raises(BadInput, match=r"journal cannot be written .*full"):
            crawl(town.plan(), journal)
    town.asked.clear()
    assert town.crawled(tmp_path).pages == ["/", "/a"]
    assert "/" not in town.paths()


def test_a_second_crawl_asks_whether_pages_have_changed_and_reads_only_those(town: Town, tmp_path: Path) -> None:
    version = {"/a": '"1"', "/b": '"1"'}

    def tagged(asked: Asked) -> Reply:
        etag = version[asked.path]
        if asked.headers.get("if-none-match") == etag:
            return Reply(status=304)
        return Reply(
            page(title=f"{asked.path} {etag}").body,
            headers={"ETag": etag, "Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"},
        )

    town.pages = {"/": page("/a", "/b"), "/a": tagged, "/b": tagged}
    first = town.crawled(tmp_path)
    version["/b"] = '"2"'
    town.asked.clear()
    second = town.crawled(tmp_path)
    assert first.pages == second.pages == ["/", "/a", "/b"]
    assert first.made["/a"] == second.made["/a"]
    assert '/b \\"2\\"' in second.made["/b"]
    asked = {one.path: one.headers for one in town.asked}
    assert asked["/a"]["if-none-match"] == '"1"'
    assert asked["/a"]["if-modified-since"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert "if-none-match" not in asked["/"]


def test_a_page_that_fails_the_second_time_is_kept_and_one_that_is_gone_is_not(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page("/a", "/b"), "/a": page(), "/b": page()}
    assert set(town.crawled(tmp_path).made) == {"/", "/a", "/b"}
    town.pages |= {"/a": Reply(status=500), "/b": Reply(status=410)}
    second = town.crawled(tmp_path, retries=0)
    assert set(second.made) == {"/", "/a"}
    assert "kept from an earlier crawl" in second.notes["/a"]


def test_another_profile_reads_everything_anew(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": Reply(page().body, headers={"ETag": '"1"'})}
    town.crawled(tmp_path)
    town.asked.clear()
    town.crawled(tmp_path, profile=Profile(name="another"))
    assert "if-none-match" not in next(one for one in town.asked if one.path == "/").headers


CRAWL = """
import sys
from pathlib import Path
from storywright.sources.demo_site.concepts import PROFILE
from storywright.sources.web import profile
from storywright.sources.web.crawl import Plan, Site, crawl
from storywright.sources.web.journal import Journal

port = int(sys.argv[1])
plan = Plan(
    sites=(Site(f"http://127.0.0.1:{port}/", profile.read(PROFILE)),), date="2026-11-01", delay_seconds=0.004,
    connections=4, loopback=(("127.0.0.1", port),),
)
crawl(plan, Journal(Path(sys.argv[2])))
"""


def test_a_killed_crawl_goes_on_and_fetches_nothing_twice_that_it_had(tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    with serving() as server:
        asked = _overheard(server)
        command = [sys.executable, "-c", CRAWL, str(server.server_port), str(journal)]
        process = subprocess.Popen(command)
        while len(asked) < 80:
            assert process.poll() is None, "the crawl was over before it could be killed"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with contextlib.closing(Journal(journal)) as left:
            done = {url.partition(str(server.server_port))[2] for url in left.fetched()}
        before, asked[:] = list(asked), []
        subprocess.run(command, check=True)
        with contextlib.closing(Journal(journal)) as whole:
            pages = whole.fetched()
    assert len(done) > 40
    assert not done & set(asked)
    assert "/robots.txt" not in asked
    assert len(set(before) & set(asked)) <= 4 + 1  # in flight when it was killed, and the busy page
    assert len(pages) == 191


def _overheard(server: object) -> list[str]:
    """The paths that are asked of the demonstration site, as they come."""
    asked: list[str] = []
    handler = server.RequestHandlerClass  # type: ignore[attr-defined]

    class Overheard(handler):  # type: ignore[valid-type, misc]
        def do_GET(self) -> None:  # noqa: N802
            asked.append(self.path)
            super().do_GET()

    server.RequestHandlerClass = Overheard  # type: ignore[attr-defined]
    return asked


def test_an_interrupted_crawl_leaves_a_journal_that_another_can_open(town: Town, tmp_path: Path) -> None:
    def slow(asked: Asked) -> Reply:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        return page()

    town.pages = {"/": page("/slow"), "/slow": slow}
    with pytest.raises(KeyboardInterrupt):
        town.crawled(tmp_path)
    town.pages["/slow"] = page()
    town.asked.clear()
    assert town.crawled(tmp_path).pages == ["/", "/slow"]
    assert "/" not in town.paths()


def test_a_journal_in_use_or_of_another_kind_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with contextlib.closing(Journal(tmp_path / "a.sqlite")), pytest.raises(BadInput, match="in use by another crawl"):
        Journal(tmp_path / "a.sqlite")
    (tmp_path / "b.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(BadInput, match="not a crawl's journal"):
        Journal(tmp_path / "b.sqlite")


def test_the_same_site_twice_is_refused(town: Town, tmp_path: Path) -> None:
    plan = Plan(sites=(Site(town.address), Site(town.address + "/x")), date="2026-11-01")
    with contextlib.closing(Journal(tmp_path / "j")) as journal, pytest.raises(BadInput, match="given twice"):
        crawl(plan, journal)


def test_one_site_that_refuses_leaves_the_other_alone(town: Town, tmp_path: Path) -> None:
    town.pages = {"/": page()}
    sites = (Site(town.address), Site("http://10.0.0.1/"))
    plan = Plan(sites=sites, date="2026-11-01", delay_seconds=0, loopback=(("127.0.0.1", town.port),))
    with contextlib.closing(Journal(tmp_path / "j")) as journal:
        crawl(plan, journal)
        assert len(journal.fetched()) == 1
        assert list(journal.problems()) == ["http://10.0.0.1/"]


@pytest.mark.system("openssl")
@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_tls_asks_for_the_name_and_speaks_http_2_where_the_server_does(protocol: str, tmp_path: Path) -> None:
    body = b"<h1>Secure</h1>" + os.urandom(400_000).hex().encode()
    trust = _certificate("secure.example", tmp_path)

    async def ask(name: str) -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
        context.set_alpn_protocols([protocol])
        serve = _speak_h2 if protocol == "h2" else _speak_h1
        server = await asyncio.start_server(lambda r, w: serve(r, w, body), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        gate = Gate(pinned={(name, 443): ("127.0.0.1", port)})
        async with server, Fetcher(gate, Limits(answer_seconds=5), agent="storywright", trust=trust) as fetcher:
            answers = await asyncio.gather(*(fetcher.get(f"https://{name}/{number}") for number in range(3)))
            assert {answer.headers["x-protocol"] for answer in answers} == {protocol}
            assert {answer.headers["x-host"] for answer in answers} == {name}
            return answers[0].body

    assert asyncio.run(ask("secure.example")) == body
    with pytest.raises(FailedError, match="certificate"):
        asyncio.run(ask("another.example"))


def _certificate(name: str, folder: Path) -> ssl.SSLContext:
    made = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name}"
    command = [
        *made.split(),
        "-addext",
        f"subjectAltName=DNS:{name}",
        "-keyout",
        folder / "key.pem",
        "-out",
        folder / "cert.pem",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return ssl.create_default_context(cafile=folder / "cert.pem")


async def _speak_h1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            host = next(line[6:] for line in request.split(b"\r\n") if line.lower().startswith(b"host: "))
            head = b"HTTP/1.1 200 OK\r\nX-Protocol: http/1.1\r\nX-Host: %s\r\nContent-Length: %d\r\n\r\n"
            writer.write(head % (host, len(body)) + body)
            await writer.drain()


async def _speak_h2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> None:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    left: dict[int, bytes] = {}
    with contextlib.suppress(OSError):
        while True:
            writer.write(connection.data_to_send())
            await writer.drain()
            if not (data := await reader.read(65_536)):
                return
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    host = dict(event.headers)[":authority"]
                    headers = [(":status", "200"), ("x-protocol", "h2"), ("x-host", host)]
                    connection.send_headers(event.stream_id, headers)
                    left[event.stream_id] = body
            for stream in list(left):
                while left[stream] and (room := min(connection.local_flow_control_window(stream), 16_384)) > 0:
                    connection.send_data(stream, left[stream][:room])
                    left[stream] = left[stream][room:]
                if not left[stream]:
                    connection.end_stream(stream)
                    del left[stream]
