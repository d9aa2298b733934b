"""The addresses in a sitemap or in an index of sitemaps, from bytes that may be made to hurt.

The XML is read without entities, without a DTD and without a network, element by element.
"""

import contextlib
import io
import itertools
from collections.abc import Iterator

from lxml import etree

from storywright.sources.web import decoding, links

MOST_URLS = 50_000
"""What the protocol allows in one sitemap."""


def read(url: str, content: bytes, most_bytes: int) -> tuple[list[str], list[str]]:
    """The pages and the further sitemaps that this sitemap names; what is broken ends it, what came before counts."""
    if content.startswith(b"\x1f\x8b"):
        content = decoding.gunzipped(content, most_bytes)
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return [found for line in _lines(content) if (found := links.canonical(line))], []
    pages: dict[str, None] = {}
    sitemaps: dict[str, None] = {}
    with contextlib.suppress(etree.XMLSyntaxError):
        for text, inside in itertools.islice(_locations(content), MOST_URLS):
            if found := links.canonical(text, url):
                (sitemaps if inside == "sitemap" else pages)[found] = None
    return list(pages), list(sitemaps)


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", errors="replace").splitlines()[:MOST_URLS]


def _locations(content: bytes) -> Iterator[tuple[str, str]]:
    reader = etree.iterparse(
        io.BytesIO(content), events=("end",), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    for _, element in reader:
        if not isinstance(element.tag, str):
            continue
        name = etree.QName(element).localname
        if name == "loc" and element.text and (parent := element.getparent()) is not None:
            yield element.text, etree.QName(parent).localname
        elif name in ("url", "sitemap"):
            element.clear()
