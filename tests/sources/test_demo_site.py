"""The demonstration site: what stands on it, that it is the same each time, and how it is served."""

import http.client
import re
import signal
import subprocess
import sys
from collections import Counter

import pytest

from storywright.errors import BadInput
from storywright.sources.demo_site import pages
from storywright.sources.demo_site.concepts import LICENCE_ADDRESSES, extras, written
from storywright.sources.demo_site.server import Server, serving


def _get(server: Server, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def test_there_are_many_whole_concepts_of_many_kinds_in_two_languages() -> None:
    concepts = written()
    assert len(concepts) >= 120
    assert len({concept.slug for concept in concepts}) == len(concepts)
    assert len({concept.text for concept in map(_text, concepts)}) == len(concepts)
    assert len({concept.category for concept in concepts}) >= 9
    assert len({concept.tone for concept in concepts}) >= 60
    assert Counter(concept.language for concept in concepts)["ru"] >= 10
    assert {concept.licence for concept in concepts} <= set(LICENCE_ADDRESSES)
    for concept in concepts:
        assert len(f"{concept.idea} {concept.scene}".split()) >= 25, concept.slug


def _text(concept: object) -> object:
    return type("Text", (), {"text": f"{concept.idea} {concept.scene} {concept.line}"})  # type: ignore[attr-defined]


def test_the_extras_are_about_concepts_that_exist_and_editions_differ_from_their_originals() -> None:
    by_slug = {concept.slug: concept for concept in written()}
    assert {*extras().printed, *extras().moved} <= set(by_slug)
    for of, edition in extras().near:
        original = by_slug[of]
        assert (edition.idea, edition.scene) != (original.idea, original.scene), edition.slug


def test_the_site_is_made_of_the_same_bytes_every_time() -> None:
    code = (
        "import hashlib; from storywright.sources.demo_site.pages import replies\n"
        "sha = hashlib.sha256()\n"
        "for path, reply in sorted(replies().items()):\n"
        "    sha.update(path.encode() + reply.content + reply.kind.encode())\n"
        "print(sha.hexdigest())"
    )
    made = {subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout for _ in range(2)}
    assert len(made) == 1


def test_every_link_of_the_site_leads_somewhere() -> None:
    site = pages.replies(2)
    broken = set()
    for path, reply in site.items():
        for href in re.findall(rb"""href=["']?(/[^"' >]*)""", reply.body, re.IGNORECASE):
            target = href.decode().replace("&amp;", "&")
            bare = re.sub(r"[?&](utm_\w+|PHPSESSID|q)=[^&#]*|#.*", "", target)
            if bare not in site:
                broken.add((path, bare))
    assert {target for _, target in broken} == {"/no-such-page", "/edition-2/no-such-page"}  # one on purpose


def test_a_page_is_compressed_cached_and_sent_whole() -> None:
    with serving() as server:
        first = _get(server, "/concepts/drinks/first-sip-of-the-day")
        body = first.read()
        assert b"bubble rising" in body
        assert int(first.headers["Content-Length"]) == len(body)
        packed = _get(server, "/concepts/drinks/first-sip-of-the-day?utm_source=x", **{"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.read()) < len(body)
        again = _get(server, "/concepts/drinks/first-sip-of-the-day", **{"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.read()) == (304, b"")
        assert _get(server, "/no-such-page").status == 404
        moved = _get(server, "/idea.php?id=100")
        assert (moved.status, moved.headers["Location"]) == (301, "/concepts/drinks/first-sip-of-the-day")


def test_the_addresses_in_robots_and_sitemaps_are_those_it_is_served_under() -> None:
    with serving() as server:
        here = f"127.0.0.1:{server.server_port}"
        assert f"Sitemap: http://{here}/sitemap.xml".encode() in _get(server, "/robots.txt").read()
        assert f"<loc>http://{here}/sitemaps/drinks.xml</loc>".encode() in _get(server, "/sitemap.xml").read()
        spoofed = _get(server, "/robots.txt", Host="evil.example/<script>").read()
        assert b"evil" not in spoofed


def test_who_asks_first_for_a_busy_page_is_told_when_to_come_back() -> None:
    with serving() as server:
        first, second = _get(server, "/concepts"), _get(server, "/concepts")
        assert (first.status, first.headers["Retry-After"], second.status) == (503, "1", 200)


def test_a_port_in_use_is_one_sentence_with_the_remedy() -> None:
    with serving() as server, pytest.raises(BadInput, match=f"such as --port {server.server_port + 1}"):
        Server(server.server_port)


def test_the_command_serves_until_it_is_interrupted() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "storywright", "demo-site", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline() + process.stdout.readline() + process.stdout.readline()
    place = re.search(r"storywright material crawl http://(\S+)/ --loopback (\S+) ", said)
    assert place is not None
    assert place[1] == place[2]
    connection = http.client.HTTPConnection(place[1])
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
