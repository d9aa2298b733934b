"""Every address of the demonstration site and what it answers, always the same bytes.

Six layouts tell the concepts in the ways that sites do, some pages are written badly on purpose, some in old encodings,
some twice. Knows nothing about sockets.
"""

import functools
import gzip
import hashlib
import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import jinja2
from jinja2.utils import htmlsafe_json_dumps
from PIL import Image

from storywright.sources.demo_site.concepts import FOLDER, LICENCE_ADDRESSES, Written, extras, written
from storywright.toonworld.drawing import draw
from storywright.toonworld.scene import COLOURS, STYLES, TIMES, Prop, Scene

BASE = "http://the-drawer.invalid"
"""Stands in robots.txt and the sitemaps for the address under which the site is being served."""

_LAYOUTS = ("article", "table", "microdata", "linked", "blog")
_PER_PAGE = 5
_IN_BRIEF_EVERY = 7
_BADLY_WRITTEN_EVERY = 9
_OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_RUSSIAN_ENCODINGS = ("utf-8", "windows-1251", "koi8-r", "utf-8-sig")
_SHOWN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # What a category sells, and where it is shown.
    "cars": (("car",), ("street", "mountains", "desert")),
    "cosmetics": (("perfume", "toothbrush"), ("bathroom", "bedroom")),
    "drinks": (("bottle", "can", "mug"), ("kitchen", "cafe", "beach")),
    "finance": (("gift box", "book", "laptop"), ("office", "living room")),
    "food": (("cake", "pizza"), ("kitchen", "cafe")),
    "home": (("chair", "lamp", "plant"), ("living room", "bedroom")),
    "phones": (("phone", "headphones"), ("cafe", "office", "park")),
    "shoes": (("shoe",), ("gym", "street", "forest")),
    "travel": (("backpack", "bicycle", "umbrella"), ("beach", "mountains", "bus stop")),
}
_WORDS = {
    "en": {"brand": "Brand", "product": "Product", "category": "Category", "tone": "Tone"},
    "ru": {"brand": "Бренд", "product": "Продукт", "category": "Раздел", "tone": "Тон"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What an address answers."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""
    modified: str = ""
    poster: tuple[str, str] | None = None
    """The slug and category of a picture, which is drawn when it is asked for."""
    busy_once: bool = False
    """The first who asks is told to come back later."""

    @property
    def content(self) -> bytes:
        """The bytes to send."""
        return poster(*self.poster) if self.poster else self.body

    @property
    def etag(self) -> str:
        """The same for the same bytes."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:20]}"'


@functools.cache
def replies(editions: int = 1) -> dict[str, Reply]:
    """The whole site by path; further editions repeat it under other paths, to measure crawlers on something longer."""
    site = dict(_edition("", editions))
    for number in range(2, editions + 1):
        site |= dict(_edition(f"/edition-{number}", editions))
    site["/robots.txt"] = Reply(
        body=(FOLDER / "robots.txt").read_text().replace("{base}", BASE).encode(), kind="text/plain; charset=utf-8"
    )
    return site | _sitemaps(site)


@functools.lru_cache(maxsize=4_096)
def zipped(body: bytes) -> bytes:
    """The body with gzip, the same bytes each time."""
    return gzip.compress(body, 6, mtime=0)


@functools.lru_cache(maxsize=256)
def poster(slug: str, category: str) -> bytes:
    """The product as the drawn world shows it; the slug decides on what, where and in which style."""
    things, settings = _SHOWN[category]
    dice = random.Random(slug)
    scene = Scene(
        setting=dice.choice(settings),
        time=dice.choice(TIMES[:3]),
        props=(Prop(kind=dice.choice(things), colour=dice.choice(COLOURS[:7])),),
        shot="insert",
        style=dice.choice(STYLES),
        words_room=True,
        seed=dice.randrange(1_000),
    )
    made = io.BytesIO()
    Image.fromarray(draw(scene, (320, 180))).save(made, "PNG")
    return made.getvalue()


def _edition(home: str, editions: int) -> Iterator[tuple[str, Reply]]:
    categories = sorted({concept.category for concept in written()})
    shelf: dict[str, list[tuple[str, str]]] = {name: [] for name in categories}
    in_brief: dict[str, list[Written]] = {name: [] for name in categories}
    paths: dict[str, str] = {}
    singles = []
    for number, concept in enumerate(written()):
        if number % _IN_BRIEF_EVERY == _IN_BRIEF_EVERY - 1 and concept.language == "en":
            in_brief[concept.category].append(concept)
        else:
            paths[concept.slug] = f"{home}/concepts/{concept.category}/{concept.slug}"
            shelf[concept.category].append((paths[concept.slug], concept.title))
            singles.append((number, concept))
    common = {"home": home, "categories": categories, "language": "en", "charset": "utf-8"}

    for number, concept in singles:
        others = _others(shelf[concept.category], paths[concept.slug])
        yield paths[concept.slug], _concept_page(number, concept, common | {"others": others})
        yield f"{home}/pictures/{concept.slug}.png", Reply(poster=(concept.slug, concept.category), kind="image/png")
    for name, some in in_brief.items():
        if some:
            path = f"{home}/concepts/{name}/in-brief"
            shelf[name].append((path, f"{name.capitalize()} in brief"))
            yield path, _in_brief_page(name, some, common)
    yield from _extra_pages(home, common, paths, shelf)
    yield from _listings(home, common, shelf, editions)


def _others(shelf: list[tuple[str, str]], path: str) -> list[tuple[str, str]]:
    """The three that come next on the shelf, linked as a site does that wants to know who clicked."""
    at = next(number for number, (found, _) in enumerate(shelf) if found == path)
    after = [shelf[(at + step) % len(shelf)] for step in (1, 2, 3)]
    return [(f"{found}?utm_campaign=also&utm_content={number}", name) for number, (found, name) in enumerate(after)]


def _concept_page(number: int, concept: Written, common: dict[str, Any]) -> Reply:
    layout = _LAYOUTS[(number + number // len(_LAYOUTS)) % len(_LAYOUTS)]
    encoding = _RUSSIAN_ENCODINGS[number % len(_RUSSIAN_ENCODINGS)] if concept.language == "ru" else "utf-8"
    values = {name: getattr(concept, name) for name in Written.__dataclass_fields__}
    page = _rendered(
        layout,
        common
        | values
        | {
            "charset": encoding.removesuffix("-sig"),
            "licence_address": LICENCE_ADDRESSES[concept.licence],
            "picture": f"{common['home']}/pictures/{concept.slug}.png",
            "words": _WORDS[concept.language],
            "linked_data": _linked_data(concept),
        },
    )
    if number % _BADLY_WRITTEN_EVERY == _BADLY_WRITTEN_EVERY - 1:
        page = _badly_written(page)
    # Half of the old encodings are named by the server, the others only by the page itself.
    named = encoding == "utf-8" or number % 2
    kind = f"text/html; charset={encoding.removesuffix('-sig')}" if named else "text/html"
    modified = format_datetime(_OPENED + timedelta(days=number), usegmt=True)
    return Reply(body=page.encode(encoding, "xmlcharrefreplace"), kind=kind, modified=modified)


def _linked_data(concept: Written) -> Any:
    thing = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "headline": concept.title,
        "brand": {"@type": "Brand", "name": concept.brand},
        "about": [{"@type": "Product", "name": concept.product}],
        "genre": concept.category,
        "tone": concept.tone,
        "text": f"{concept.idea} {concept.scene} {concept.line}",
        "inLanguage": concept.language,
        "license": LICENCE_ADDRESSES[concept.licence],
        "author": {"@type": "Organization", "name": concept.owner},
    }
    return htmlsafe_json_dumps(thing, dumps=functools.partial(json.dumps, ensure_ascii=False))


def _badly_written(page: str) -> str:
    """The page as a person in a hurry leaves it; a browser still shows all of it."""
    page = (
        page.replace("<!doctype html>\n", "").replace("</p>", "").replace("</li>", "").replace("</section>", "</div>")
    )
    page = re.sub(r'="([a-z]+)"', r"=\1", page)
    page = page.replace("<h1", "<div><b><h1", 1).replace("</h1>", "</h1></b>", 1)
    page = re.sub(r"&(amp|#39);", lambda match: "&" if match[1] == "amp" else "'", page)
    return page.replace("</body>", "</span></td></body><body>").replace("</html>", "<!-- end")


def _in_brief_page(name: str, some: list[Written], common: dict[str, Any]) -> Reply:
    return _page(
        "brief",
        common,
        title=f"{name.capitalize()} in brief",
        concepts=some,
        owner=some[0].owner,
        licence_address=LICENCE_ADDRESSES[some[0].licence],
    )


def _extra_pages(
    home: str, common: dict[str, Any], paths: dict[str, str], shelf: dict[str, list[tuple[str, str]]]
) -> Iterator[tuple[str, Reply]]:
    by_slug = {concept.slug: concept for concept in written()}
    for slug in extras().printed:
        # Print views have one plain layout, and their words are the same.
        path = f"{home}/print/{slug}"
        shelf[by_slug[slug].category].append((path, f"{by_slug[slug].title} (print)"))
        yield path, _concept_page(0, by_slug[slug], common | {"others": []})
    for _, concept in extras().near:
        path = f"{home}/concepts/{concept.category}/{concept.slug}"
        shelf[concept.category].append((path, f"{concept.title} (another edition)"))
        yield path, _concept_page(1, concept, common | {"others": []})
    for number, slug in enumerate(extras().moved):
        path = f"{home}/idea.php?id={100 + number}"
        shelf[by_slug[slug].category].append((path, f"{by_slug[slug].title} (old address)"))
        target = paths.get(slug, f"{home}/concepts/{by_slug[slug].category}/in-brief")
        yield path, Reply(status=301, location=target)
    for broken in extras().broken:
        path = f"{home}/{broken['path']}"
        shelf[broken["path"].split("/")[1]].append((path, broken.get("title") or "Untitled"))
        yield path, _broken_page(broken)
    published = f"{home}/drafts/published/the-first-drawer"
    yield published, _published_draft(common)
    yield f"{home}/drafts/", _page("listing", common, title="Drafts", items=[(f"{home}/drafts/one", "One")])
    yield f"{home}/drafts/one", _page("listing", common, title="Not yet", items=[])
    yield f"{home}/search", _page("listing", common, title="Search", items=[])
    style = b"Say one thing. Show it. Stop.\n"
    yield f"{home}/downloads/house-style.txt", Reply(body=style, kind="text/plain; charset=utf-8")
    about = "The Drawer keeps the ideas that were not filmed. Nobody here sells anything."
    linked = [
        (published, "The first drawer"),
        (f"{home}/concepts", "All categories"),
        (f"{home}/no-such-page", "Our founders"),
    ]
    yield f"{home}/about", _page("listing", common, title="About", items=linked, words_before=about)


def _broken_page(broken: dict[str, str]) -> Reply:
    kind, title, text = broken["kind"], broken.get("title", ""), broken.get("text", "")
    if kind == "empty":
        return Reply()
    if kind == "picture":
        return Reply(poster=("scan", "travel"))
    if kind == "garbled":
        return Reply(body=f"<h1>{title}</h1><div class=post><p>{text}</div>".encode("windows-1251"))
    heading = f"<h1>{title}</h1>" if kind == "short" else "<h1> </h1>"
    return Reply(body=f"<html><body>{heading}<div class=post><p>{text}</p></div></body></html>".encode())


def _published_draft(common: dict[str, Any]) -> Reply:
    concept = Written(
        slug="the-first-drawer",
        title="The First Drawer",
        brand="The Drawer",
        product="an archive of unused ideas",
        category="home",
        tone="self-ironic",
        idea="Every agency has a drawer with the ideas that were too good for the meeting.",
        scene="A cleaner opens it at night, looking for a pen, and reads until morning. When the creatives come in, "
        "she is at the window, presenting to the pigeons, and the pigeons are crying.",
        line="Open it.",
        language="en",
        licence="CC0-1.0",
        owner="The Drawer",
    )
    return _concept_page(0, concept, common | {"others": []})


def _listings(
    home: str, common: dict[str, Any], shelf: dict[str, list[tuple[str, str]]], editions: int
) -> Iterator[tuple[str, Reply]]:
    for name, items in shelf.items():
        pages = [items[at : at + _PER_PAGE] for at in range(0, len(items), _PER_PAGE)]
        addresses = [
            f"{home}/concepts/{name}" + (f"?page={number + 1}" if number else "") for number in range(len(pages))
        ]
        for number, (path, some) in enumerate(zip(addresses, pages, strict=True)):
            near = [
                (addresses[at], word)
                for at, word in ((number - 1, "newer"), (number + 1, "older"))
                if 0 <= at < len(pages)
            ]
            reply = _page("listing", common, title=name.capitalize(), items=some, pages=near)
            yield path, reply
    items = [(f"{home}/concepts/{name}", name.capitalize()) for name in shelf]
    items += [(f"/edition-{number}/", f"Edition {number}") for number in range(2, editions + 1) if not home]
    start = _page("listing", common, title="The Drawer", items=items)
    yield f"{home}/", Reply(body=start.body)
    yield f"{home}/concepts", Reply(body=start.body, busy_once=not home)


def _page(layout: str, common: dict[str, Any], **values: Any) -> Reply:
    values = {"words_before": "", "pages": []} | values
    modified = format_datetime(_OPENED, usegmt=True)
    return Reply(body=_rendered(layout, common | values).encode(), modified=modified)


def _rendered(layout: str, values: dict[str, Any]) -> str:
    return _layouts().get_template(f"{layout}.html").render(values)


@functools.cache
def _layouts() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(FOLDER / "layouts")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)


def _sitemaps(site: dict[str, Reply]) -> dict[str, Reply]:
    """An index and a sitemap for each category; two thirds of the concepts stand in them, and no other edition."""
    editions = {concept.slug for _, concept in extras().near}
    found: dict[str, list[str]] = {}
    for path in site:
        parts = path.split("/")
        if len(parts) == 4 and parts[1] == "concepts" and "?" not in path and parts[3] not in ("in-brief", *editions):
            found.setdefault(parts[2], []).append(path)
    made, names = {}, []
    for name, paths in found.items():
        listed = [path for number, path in enumerate(paths) if number % 3]
        urls = "".join(f"<url><loc>{BASE}{path}</loc></url>" for path in listed)
        content = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAPS}">{urls}</urlset>\n'.encode()
        names.append(f"/sitemaps/{name}.xml")
        made[names[-1]] = Reply(body=content, kind="application/xml")
    entries = "".join(f"<sitemap><loc>{BASE}{name}</loc></sitemap>" for name in names)
    index = f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_SITEMAPS}">{entries}</sitemapindex>\n'
    return made | {"/sitemap.xml": Reply(body=index.encode(), kind="application/xml")}


_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
