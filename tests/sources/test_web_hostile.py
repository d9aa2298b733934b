"""What strangers may try, each from a real server: nothing escapes, and none takes more than 64 MB or a few seconds.

A canary stands for what must not be reached. The address that is allowed is named, as a person would with `--loopback`,
for the hostile server only.
"""

import asyncio
import contextlib
import http.client
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from storywright.errors import BadInput
from storywright.sources.web import harvest
from storywright.sources.web.crawl import Plan, Site, crawl
from storywright.sources.web.fetch import FailedError, Fetcher
from storywright.sources.web.gate import Gate, RefusedError
from storywright.sources.web.journal import Journal
from storywright.sources.web.limits import Limits

MOST_MEMORY_MB = 64
MOST_CPU_SECONDS = 3.0
SLOW = "no whole answer"
"""What is said of a server that only waits; the limit is short there, so that it does not hold up the tests."""


@dataclass(frozen=True)
class Servers:
    hostile: int
    canary: int

    def hits(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.hostile)
        connection.request("GET", "/hits")
        return int(connection.getresponse().read())


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    site = Path(__file__).with_name("hostile_site.py")
    process = subprocess.Popen([sys.executable, site], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    hostile, canary = map(int, process.stdout.readline().split())
    yield Servers(hostile, canary)
    process.kill()
    process.wait()


@contextlib.contextmanager
def harmless(servers: Servers) -> Iterator[None]:
    """Nothing in the block touches the canary, takes long, or makes the process grow."""
    touched = servers.hits()
    Path("/proc/self/clear_refs").write_text("5")
    before, started = _memory_mb("VmRSS"), time.process_time()
    yield
    assert time.process_time() - started < MOST_CPU_SECONDS
    assert _memory_mb("VmHWM") - before < MOST_MEMORY_MB
    assert servers.hits() == touched


def _memory_mb(which: str) -> float:
    found = re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def _limits(slow: bool = False) -> Limits:
    """Those that a user has, but for pages and time."""
    return Limits(pages=25, answer_seconds=0.6 if slow else 20, site_seconds=60, longest_wait_seconds=1)


def _crawled(
    start: str, servers: Servers, folder: Path, *, slow: bool = False, pictures: bool = False, **more: object
) -> str:
    """All that a crawl has to say about a site that it could not read as it should."""
    names = {(start.partition("://")[2].rstrip("/"), 80): ("127.0.0.1", servers.hostile)}
    plan = Plan(
        sites=(Site(start),),
        date="2026-11-01",
        limits=_limits(slow),
        delay_seconds=0,
        retries=0,
        pictures=pictures,
        **({"pinned": names} | more),  # type: ignore[arg-type]
    )
    with contextlib.closing(Journal(folder / "journal.sqlite")) as journal:
        try:
            crawl(plan, journal, folder / "pictures")
        except BadInput as error:
            return str(error)
        said = [*journal.problems().values(), *(note for _, _, note in journal.notes())]
        numbers = harvest.metrics(journal, 0)
    assert numbers["num_pages"] <= 25
    return "\n".join([*said, f"{numbers['num_pages']} pages", f"{numbers['num_pictures']} pictures"])


# Addresses, as a start or as a link could spell them; {port} is the canary's.
ADDRESSES = {
    "loopback": ("http://127.0.0.1:{port}/", "not a public address"),
    "localhost": ("http://localhost:{port}/", "not a public address"),
    "localhost-with-a-dot": ("http://localhost.:{port}/", "not a public address"),
    "the-rest-of-loopback": ("http://127.99.1.2:{port}/", "not a public address"),
    "a-decimal-host": ("http://2130706433:{port}/", "is not a site"),
    "a-hexadecimal-host": ("http://0x7f000001:{port}/", "is not a site"),
    "an-octal-host": ("http://0177.0.0.1:{port}/", "is not a site"),
    "a-short-host": ("http://127.1:{port}/", "is not a site"),
    "mixed-notation": ("http://0x7f.0.0.1:{port}/", "is not a site"),
    "digits-in-circles": ("http://①②⑦.⓪.⓪.①:{port}/", "not a public address"),
    "digits-of-full-width": ("http://１２７.０.０.１:{port}/", "not a public address"),
    "escaped-digits": ("http://%31%32%37.0.0.1:{port}/", "not a public address"),
    "a-trailing-dot": ("http://127.0.0.1.:{port}/", "not a public address"),
    "ipv6-loopback": ("http://[::1]:{port}/", "not a public address"),
    "ipv6-unspecified": ("http://[::]:{port}/", "not a public address"),
    "ipv4-unspecified": ("http://0.0.0.0:{port}/", "not a public address"),
    "ipv4-mapped": ("http://[::ffff:127.0.0.1]:{port}/", "not a public address"),
    "ipv4-mapped-in-hexadecimal": ("http://[::ffff:7f00:1]:{port}/", "not a public address"),
    "ipv4-mapped-public": ("http://[::ffff:8.8.8.8]/", "not a public address"),
    "ipv4-compatible": ("http://[::127.0.0.1]:{port}/", "not a public address"),
    "ipv4-translated": ("http://[::ffff:0:127.0.0.1]:{port}/", "not a public address"),
    "nat64-of-loopback": ("http://[64:ff9b::7f00:1]/", "not a public address"),
    "nat64-of-a-private-network": ("http://[64:ff9b::10.0.0.1]/", "not a public address"),
    "local-nat64": ("http://[64:ff9b:1::1]/", "not a public address"),
    "6to4": ("http://[2002:7f00:1::]/", "not a public address"),
    "teredo": ("http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "not a public address"),
    "isatap": ("http://[2a00:1450:4001:800:0:5efe:127.0.0.1]/", "not a public address"),
    "ipv6-link-local": ("http://[fe80::1]/", "not a public address"),
    "ipv6-with-a-zone": ("http://[fe80::1%25lo]/", "is not a site"),
    "ipv6-unique-local": ("http://[fd00:ec2::254]/", "not a public address"),
    "ipv6-site-local": ("http://[fec0::1]/", "not a public address"),
    "ipv6-multicast": ("http://[ff02::1]/", "not a public address"),
    "ipv6-documentation": ("http://[2001:db8::1]/", "not a public address"),
    "private-10": ("http://10.0.0.1/", "not a public address"),
    "private-172": ("http://172.16.0.1/", "not a public address"),
    "private-192": ("http://192.168.1.1/", "not a public address"),
    "cgnat": ("http://100.64.0.1/", "not a public address"),
    "the-cloud's-metadata": ("http://169.254.169.254/latest/meta-data/", "not a public address"),
    "benchmarks": ("http://198.18.0.1/", "not a public address"),
    "6to4-relays": ("http://192.88.99.1/", "not a public address"),
    "multicast": ("http://224.0.0.1/", "not a public address"),
    "reserved": ("http://240.0.0.1/", "not a public address"),
    "broadcast": ("http://255.255.255.255/", "not a public address"),
    "a-user": ("http://example.org@127.0.0.1:{port}/", "is not a site"),
    "a-backslash": ("http://127.0.0.1:{port}\\@example.org/", "is not a site"),
    "a-file": ("file:///etc/passwd", "is not a site"),
    "ftp": ("ftp://127.0.0.1:{port}/", "is not a site"),
    "gopher": ("gopher://127.0.0.1:{port}/_PING", "is not a site"),
    "data": ("data:text/html,<h1>x</h1>", "is not a site"),
    "javascript": ("javascript:alert(1)", "is not a site"),
    "no-scheme": ("127.0.0.1:{port}", "is not a site"),
    "a-space-in-the-host": ("http://127.0.0.1 .example.org/", "is not a site"),
    "port-zero": ("http://127.0.0.1:0/", "is not a site"),
    "a-port-too-far": ("http://127.0.0.1:99999/", "is not a site"),
}

# Host names of the hostile site, and what the crawl has to say of each.
SITES = {
    "gzip-bomb": "larger than the limit",
    "br-bomb": "larger than the limit",
    "zstd-bomb": "larger than the limit",
    "deflate-bomb": "larger than the limit",
    "raw-deflate-bomb": "larger than the limit",
    "gzip-in-gzip": "was not asked for",
    "gzip-of-many-members": "larger than the limit",
    "gzip-cut-short": "ends too early",
    "gzip-that-is-not": "damaged",
    "br-that-is-not": "damaged|too early",
    "zstd-that-is-not": "damaged",
    "zstd-with-a-huge-window": "damaged",
    "an-encoding-nobody-asked-for": "was not asked for",
    "a-length-of-terabytes": "larger than the limit",
    "a-length-that-is-no-number": "broke",
    "two-lengths": "broke",
    "a-length-longer-than-the-body": "broke",
    "a-chunk-of-terabytes": "broke",
    "a-negative-chunk": "broke",
    "chunks-without-an-end": "larger than the limit",
    "chunks-of-one-byte": "pieces of a few bytes",
    "a-page-without-an-end": "larger than the limit",
    "a-header-without-an-end": "broke",
    "headers-without-an-end": "broke",
    "a-dripping-body": SLOW,
    "dripping-headers": SLOW,
    "a-body-that-stalls": SLOW,
    "silence": SLOW,
    "100-continue-without-an-end": SLOW,
    "no-http-at-all": "broke",
    "http-0.9": "broke",
    "a-status-of-999": "answers 999",
    "a-nul-in-a-header": "broke",
    "hangs-up-at-once": "broke",
    "hangs-up-in-the-middle": "broke",
    "switching-protocols": "answers 101|broke",
    "nested-100000-deep": "1 pages",
    "an-element-with-100000-attributes": "attributes",
    "attributes-with-brackets-in-them": "attributes",
    "formatting-without-an-end": "1 pages",
    "anchors-in-anchors": "2 pages",
    "a-comment-without-an-end": "it is empty",
    "entities-without-an-end": "1 pages",
    "nul-bytes": "is not",
    "a-picture-as-html": "is not",
    "a-program-as-html": "is not",
    "random-bytes-as-html": "is not|1 pages",
    "a-codec-of-python": "1 pages",
    "a-slow-codec": "1 pages",
    "utf-7": "1 pages",
    "utf-16-of-odd-length": "1 pages",
    "a-hundred-thousand-links": "25 pages",
    "a-link-of-a-megabyte": "1 pages",
    "links-into-the-network": "2 pages",
    "a-base-into-the-network": "1 pages",
    "a-refresh-into-the-network": "1 pages",
    "json-ld-nested-deep": "1 pages",
    "a-calendar-without-an-end": "25 pages",
    "redirects-to-a-file": "not an http address",
    "redirects-to-loopback": "another site",
    "redirects-to-localhost": "another site",
    "redirects-to-a-decimal-host": "not an http address",
    "redirects-to-the-cloud": "another site",
    "redirects-to-mapped-ipv6": "another site",
    "redirects-with-a-user": "not an http address",
    "redirects-to-gopher": "not an http address",
    "redirects-to-data": "not an http address",
    "redirects-to-nonsense": "not an http address",
    "redirects-nowhere": "not an http address",
    "redirects-to-a-line-break": "more than 5 times|0 pages",
    "redirects-in-a-circle": "0 pages",
    "redirects-without-an-end": "more than 5 times",
    "robots-without-an-end": "1 pages",
    "robots-with-slow-patterns": "1 pages",
    "robots-with-50000-rules": "1 pages",
    "robots-asking-for-a-year": "more than the limit",
    "robots-asking-for-infinity": "more than the limit",
    "robots-asking-for-no-number": "robots.txt forbids it",
    "robots-leading-inside": "not a public address|neither a web port",
    "robots-leading-in-a-circle": "1 pages",
    "robots-that-fail": "cannot be had",
    "robots-of-random-bytes": "1 pages",
    "robots-that-are-a-bomb": "cannot be had",
    "robots-with-sitemaps-inside": "1 pages",
    "a-sitemap-of-a-billion-laughs": "1 pages",
    "a-sitemap-with-external-entities": "1 pages",
    "a-sitemap-that-is-a-bomb": "larger than the limit",
    "a-sitemap-leading-inside": "1 pages",
    "a-sitemap-cut-short": "2 pages",
    "sitemaps-without-an-end": "1 pages",
}

PICTURES = {
    "a-picture-of-gigapixels": "larger than the limit",
    "a-picture-whose-text-is-a-bomb": "not a whole picture",
    "a-picture-with-too-many-pixels-inside": "1 pictures",
    "a-gif-of-gigapixels": "larger than the limit",
    "a-gif-of-many-frames": "1 pictures",
    "an-svg": "no kind of picture",
    "an-svg-as-png": "not a whole picture",
    "postscript-as-png": "not a whole picture",
    "html-as-png": "not a whole picture",
    "a-picture-cut-short": "not a whole picture",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_is_not_public_is_never_connected_to(name: str, servers: Servers, tmp_path: Path) -> None:
    address, expected = ADDRESSES[name]
    with harmless(servers):
        said = _crawled(address.format(port=servers.canary), servers, tmp_path, pinned={})
    assert expected in said


@pytest.mark.parametrize("name", SITES)
def test_a_hostile_site_is_named_and_left(name: str, servers: Servers, tmp_path: Path) -> None:
    with harmless(servers):
        said = _crawled(f"http://{name}.example/", servers, tmp_path, slow=SITES[name] == SLOW)
    assert re.search(SITES[name], said), said


@pytest.mark.parametrize("name", PICTURES)
def test_a_hostile_picture_is_not_decoded(name: str, servers: Servers, tmp_path: Path) -> None:
    with harmless(servers):
        said = _crawled(f"http://{name}.example/", servers, tmp_path, pictures=True)
    assert re.search(PICTURES[name], said), said


@pytest.mark.parametrize("name", [name for name in SITES if name.startswith("redirects-")])
def test_a_redirect_passes_the_same_gate_as_its_start(name: str, servers: Servers) -> None:
    """Where redirects are followed at once, as for robots.txt, there is no site to be left: only the gate."""
    gate = Gate(pinned={(f"{name}.example", 80): ("127.0.0.1", servers.hostile)}, ports=[servers.canary])

    async def follow() -> None:
        async with Fetcher(gate, _limits(), agent="storywright") as fetcher:
            await fetcher.follow(f"http://{name}.example/")

    with harmless(servers), pytest.raises((RefusedError, FailedError)):
        asyncio.run(follow())


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([["10.1.2.3"]], "not a public address"),
        ([["8.8.8.8", "127.0.0.1"]], "127.0.0.1, which is not a public address"),
        ([["2606:4700::1", "fd00::1"]], "fd00::1, which is not a public address"),
        ([["::ffff:127.0.0.1"]], "not a public address"),
        ([["fe80::1%eth0"]], "not a public address"),
        ([[]], "cannot be had"),
    ],
    ids=["private", "public-and-loopback", "public-and-private-ipv6", "mapped", "zone", "nothing"],
)
def test_a_name_is_refused_when_any_of_its_addresses_is(
    answers: list[list[str]], expected: str, servers: Servers, tmp_path: Path
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return answers[0]

    with harmless(servers):
        said = _crawled(f"http://name.example:{servers.canary}/", servers, tmp_path, resolve=resolve)
    assert expected in said


def test_a_name_that_changes_its_answer_is_not_asked_again(servers: Servers, tmp_path: Path) -> None:
    answers = iter([["127.0.0.1"], *[["127.0.0.2"]] * 20])

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    with harmless(servers):
        # Each answer closes its connection, so that every page connects anew.
        said = _crawled(
            f"http://a-hundred-thousand-links.example:{servers.hostile}/",
            servers,
            tmp_path,
            resolve=resolve,
            loopback=(("a-hundred-thousand-links.example", servers.hostile),),
        )
    assert "25 pages" in said
    assert next(answers) == ["127.0.0.2"]


def test_loopback_is_open_at_the_named_host_and_port_only(servers: Servers, tmp_path: Path) -> None:
    named = (("127.0.0.1", servers.hostile),)
    with harmless(servers):
        assert "not a public" in _crawled(
            f"http://127.0.0.1:{servers.canary}/", servers, tmp_path / "a", loopback=named
        )
        assert "not a public" in _crawled(
            f"http://127.0.0.2:{servers.hostile}/", servers, tmp_path / "b", loopback=named
        )
        assert "not a public" in _crawled(
            f"http://localhost:{servers.hostile}/", servers, tmp_path / "c", loopback=named
        )
