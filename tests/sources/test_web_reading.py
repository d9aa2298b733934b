"""What is read: addresses in one spelling, robots.txt, encodings, compressed bodies, sitemaps, near-duplicates."""

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from storywright.sources.web import decoding, links, robots, sitemap
from storywright.sources.web.decoding import GarbledError, TooLargeError
from storywright.sources.web.duplicates import Seen
from storywright.sources.web.gate import place

BASE = "http://example.org/a/b?c=d"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org:443/x", "https://example.org/x"),
        ("https://example.org:8443/x", "https://example.org:8443/x"),
        ("../x/./y/../z", "http://example.org/x/z"),
        ("/../../x", "http://example.org/x"),
        ("/a/..", "http://example.org/"),
        ("?q=1", "http://example.org/a/b?q=1"),
        ("//other.example/x", "http://other.example/x"),
        ("#part", "http://example.org/a/b?c=d"),
        ("/x#part", "http://example.org/x"),
        (" /x\n", "http://example.org/x"),
        ("/a b", "http://example.org/a%20b"),
        ("/%7euser/%2f", "http://example.org/~user/%2F"),
        ("/чай", "http://example.org/%D1%87%D0%B0%D0%B9"),
        ("/%d1%87%D0%B0%D0%B9", "http://example.org/%D1%87%D0%B0%D0%B9"),
        ("/x?b=2&a=1", "http://example.org/x?a=1&b=2"),
        ("/x?q=a+b&q=", "http://example.org/x?q=&q=a%20b"),
        ("/x?utm_source=a&UTM_Medium=b&gclid=c&id=7", "http://example.org/x?id=7"),
        ("/x;jsessionid=1A2B?id=7&PHPSESSID=f", "http://example.org/x?id=7"),
        ("http://пример.испытание/", "http://xn--e1afmkfd.xn--80akhbyknj4f/"),
        ("http://example.org./", "http://example.org/"),
        ("http://[2606:4700:0:0::1]/", "http://[2606:4700::1]/"),
        ("http://exa_mple.org/", "http://exa_mple.org/"),
        ("javascript:void(0)", None),
        ("mailto:a@example.org", None),
        ("http://", None),
        ("http:///x", None),
        ("http://a..b/", None),
        ("http://user:word@example.org/", None),
        ("http://example.org\\@other.example/", None),
        ("http://1.2.3/", None),
        ("http://0x7f.1/", None),
        ("http://[::1%eth0]/", None),
        ("/" + "x" * 3_000, None),
        ("/" + "ч" * 1_000, None),
    ],
)
def test_an_address_has_one_spelling(written: str, expected: str | None) -> None:
    assert links.canonical(written, BASE) == expected


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=60), st.sampled_from(["", "/", "//", "http://", "https://example.org/", "?", "http://a.example:8"])
)
def test_the_one_spelling_does_not_change_when_read_again(text: str, start: str) -> None:
    if found := links.canonical(start + text, BASE):
        assert links.canonical(found) == found
        assert found.isascii()
        assert found.startswith(("http://", "https://"))


def test_a_place_is_a_host_and_a_port() -> None:
    assert place("127.0.0.1:8765") == ("127.0.0.1", 8765)
    assert place("[::1]:80") == ("::1", 80)
    for wrong in ("127.0.0.1", "http://x:1", "x:1/y", "x:port", ""):
        with pytest.raises(ValueError, match="is not a place"):
            place(wrong)


ROBOTS = """
User-agent: *
Disallow: /everyone

User-agent: StoryWright   # any case
User-agent: otherbot/2.1
Disallow: /shared
Crawl-delay: 2.5

User-agent: storywright/9
Allow: /shared/open$
Disallow: /fish*salmon
Disallow: /q?*x=
disallow:/%7Esecret
Disallow: /чай
Disallow:
Noindex: /nothing
Sitemap: https://example.org/one.xml
"""


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/", True),
        ("/robots.txt", True),
        ("/everyone", True),
        ("/shared", False),
        ("/shared/closed", False),
        ("/sharedby", False),
        ("/shared/open", True),
        ("/shared/open/", False),
        ("/fish", True),
        ("/fish/and/salmon.html", False),
        ("/fishsalmon", False),
        ("/Fish/salmon", True),
        ("/q?a=1&x=2", False),
        ("/q?a=1", True),
        ("/~secret", False),
        ("/%D1%87%D0%B0%D0%B9", False),
    ],
)
def test_robots_groups_are_merged_and_the_longest_rule_wins(target: str, allowed: bool) -> None:
    rules = robots.read(ROBOTS.encode(), "storywright")
    assert rules.allows(target) is allowed
    assert rules.delay_seconds == 2.5
    assert rules.sitemaps == ("https://example.org/one.xml",)


def test_a_crawler_without_a_group_of_its_own_obeys_the_one_for_everyone() -> None:
    rules = robots.read(ROBOTS.encode(), "somebody")
    assert not rules.allows("/everyone/x")
    assert rules.allows("/shared")
    assert rules.delay_seconds == 0


@pytest.mark.parametrize(
    ("content", "target", "allowed"),
    [
        (b"", "/x", True),
        (b"Disallow: /x", "/x", True),  # speaks to nobody
        (b"\xef\xbb\xbfUser-agent: *\rDisallow: /x\r", "/x", False),  # byte order mark, old line ends
        (b"User-agent: *\nDisallow: /x\nAllow: /x", "/x", True),  # a draw
        (b"User-agent: *\nDisallow: /\nAllow: /$", "/", True),
        (b"User-agent: *\nDisallow: /\nAllow: /$", "/x", False),
        (b"User-agent: *\nDisallow: *.php", "/a/b.php?c", False),
        (b"User-agent: *\nDisallow: /*.php$", "/a.php?c", True),
        (b"User-agent: *\nDisallow: /a*b*c$", "/abcabc", False),
        (b"User-agent: *\nDisallow: /a*$", "/a", False),
        (b"User-agent: *\nDisallow: /***", "/x", False),
        (b"User-agent: *\nDisallow: http://example.org/x", "/x", True),
        (b"User-agent: *\n\n\n# comment\nDisallow: /x # why", "/x", False),
        (b"<html><body>Not found</body></html>", "/x", True),
    ],
)
def test_robots_at_the_edges(content: bytes, target: str, allowed: bool) -> None:
    assert robots.read(content, "storywright").allows(target) is allowed


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        ("чай".encode(), "text/html; charset=utf-8", "чай"),
        ("чай".encode("cp1251"), "text/html; charset=windows-1251", "чай"),
        ("чай".encode("cp1251"), 'text/html; charset="CP1251"', None),
        ("чай".encode("koi8-r"), "text/html; charset=koi8-r", "чай"),
        (b"<meta charset=windows-1251>" + "чай".encode("cp1251"), "text/html", "<meta charset=windows-1251>чай"),
        (b"\xef\xbb\xbf" + "чай".encode(), "text/html; charset=windows-1251", "чай"),
        ("чай".encode("utf-16"), "text/html", "чай"),
        ("café".encode("cp1252"), "text/html; charset=iso-8859-1", "café"),
        ("“café”".encode("cp1252"), "text/html", "“café”"),
        ("Пришёл чай с мёдом".encode("cp1251"), "text/html", "Пришёл чай с мёдом"),
        (b"<meta charset=utf-16>plain", "text/html", "<meta charset=utf-16>plain"),
        (b"a\xffb", "text/html; charset=utf-8", "a\ufffdb"),
        (b"plain", "text/html; charset=rot13", "plain"),
    ],
)
def test_text_is_read_by_its_mark_the_header_itself_or_its_bytes(
    content: bytes, content_type: str, expected: str | None
) -> None:
    if expected is not None:
        assert decoding.text(content, content_type) == expected
    else:
        assert decoding.text(content, content_type)  # an unknown name is passed over


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "": bytes,
}


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_compressed_body_is_read_whatever_the_size_of_its_pieces(encoding: str) -> None:
    body = random.Random(1).randbytes(2_000) + b"a page of words " * 20_000
    packed = PACKERS[encoding](body)
    for size in (1, 7, 4_096, len(packed)):
        reader = decoding.decoder(encoding, 1_000_000)
        for start in range(0, len(packed), size):
            reader.feed(packed[start : start + size])
        assert reader.close() == body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_compressed_body_ends_where_its_limit_is_and_may_not_end_before(encoding: str) -> None:
    body = b"a page of words " * 1_000
    packed = PACKERS[encoding](body)
    exact = decoding.decoder(encoding, len(body))
    exact.feed(packed)
    assert exact.close() == body
    with pytest.raises(TooLargeError):
        smaller = decoding.decoder(encoding, len(body) - 1)
        smaller.feed(packed)
        smaller.close()
    with pytest.raises(GarbledError, match="too early"):
        shorter = decoding.decoder(encoding, len(body))
        shorter.feed(packed[:-6])
        shorter.close()


def test_several_members_are_one_body() -> None:
    for pack, encoding in ((gzip.compress, "gzip"), (zstandard.compress, "zstd")):
        reader = decoding.decoder(encoding, 100)
        reader.feed(pack(b"one ") + pack(b"two"))
        assert reader.close() == b"one two"
    padded = decoding.decoder("gzip", 100)
    padded.feed(gzip.compress(b"one") + bytes(10))
    assert padded.close() == b"one"


def test_a_sitemap_may_be_xml_text_or_compressed_and_what_is_broken_ends_it() -> None:
    url = "http://example.org/sitemap.xml"
    xml = b"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
    xml += b"<url><loc> /a?b=1&amp;a=2 </loc>"
    whole = xml + b"<image><loc>/picture.png</loc></image></url><url><loc>ftp://x/</loc></url></urlset>"
    found = ["http://example.org/a?a=2&b=1", "http://example.org/picture.png"]
    assert sitemap.read(url, whole, 10_000) == (found, [])
    assert sitemap.read(url, gzip.compress(whole), 10_000) == (found, [])
    assert sitemap.read(url, xml + b"</url><url><loc>/b", 10_000) == (found[:1], [])
    assert sitemap.read(url, b"http://example.org/a\nno address\n", 10_000) == (["http://example.org/a"], [])
    index = b"<sitemapindex><sitemap><loc>/one.xml</loc></sitemap></sitemapindex>"
    assert sitemap.read(url, index, 10_000) == ([], ["http://example.org/one.xml"])
    assert sitemap.read(url, b"", 10_000) == ([], [])


def test_a_text_with_a_few_words_changed_is_near_and_another_on_the_same_theme_is_not() -> None:
    seen = Seen(0.6)
    lemon = (
        "Good lemonade tastes of somebody's garden, and of the small crime of reaching over the wall. A boy steals a "
        "lemon from an old neighbour's tree, and he sees. Forty years later the man returns with a crate of bottles."
    )
    other = (
        "The best lemonade is the one you made yourself, out of what somebody threw over your wall. A girl picks "
        "lemons at night in the garden of an old neighbour, who sleeps; years later she sends him a crate of bottles."
    )
    assert seen.near(lemon) is None
    assert seen.near(other) is None
    assert seen.near(lemon.replace("Forty", "Thirty").replace("boy", "girl")) == 0
    assert seen.near(lemon.upper().replace(",", " –")) == 0
    assert seen.near("") is None
    assert seen.near("Two words") is None
    assert seen.near("two words!") is not None


def test_near_duplicates_are_found_among_many_and_only_those() -> None:
    rng = random.Random(5)
    words = [
        f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lmnrst')}{number}" for number in range(3_000)
    ]
    texts = [" ".join(rng.choices(words, k=60)) for _ in range(1_500)]
    seen = Seen(0.6)
    assert all(seen.near(text) is None for text in texts)
    for number in range(0, 1_500, 50):
        changed = texts[number].split()
        changed[rng.randrange(60)] = changed[rng.randrange(60)] = "another"
        assert seen.near(" ".join(changed)) == number
