"""The concepts on a page: by the site's profile first, and where it is silent by what pages commonly say.

What pages commonly say stands, in this order, in JSON-LD, microdata, labelled lists and tables, meta elements and the
first heading; and the text is the smallest part of the page that holds most of its prose.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from lxml import etree

from storywright.sources.web import html, links
from storywright.sources.web.html import Page
from storywright.sources.web.profile import FIELDS, Concepts, Rule

_BLOCKS = frozenset(
    (
        *(
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "br",
            "caption",
            "center",
            "dd",
            "details",
            "dialog",
            "div",
        ),
        *(
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
        ),
        *("hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th"),
        *("thead", "tr", "ul"),
    )
)
_FURNITURE = frozenset(
    (
        *(
            "aside",
            "audio",
            "button",
            "canvas",
            "dialog",
            "embed",
            "footer",
            "form",
            "head",
            "header",
            "iframe",
            "input",
        ),
        *("label", "map", "nav", "noscript", "object", "option", "script", "select", "style", "svg", "template"),
        *("textarea", "video"),
    )
)
_FURNITURE_NAME = re.compile(
    r"\b(nav|menu|breadcrumbs?|sidebar|footer|share|social|cookie|banner|comments?|related|pagination|pager|promo)\b",
    re.IGNORECASE,
)
_PROSE = etree.XPath(
    "descendant-or-self::*[self::p or self::li or self::td or self::dd or self::div or self::blockquote]"
)
_SCRIPTS = etree.XPath("//script[@type='application/ld+json']/text()", smart_strings=False)
_META = etree.XPath("//meta[@content and (@name or @property or @itemprop)]")
_ITEM_PROPERTIES = etree.XPath("descendant::*[@itemprop]")
_SHORTEST_PROSE = 25
_MOST_OF_IT = 0.85
_LONGEST_TEXT = 50_000
_META_NAMES = {
    "title": ("og:title", "twitter:title", "dc.title", "dcterms.title"),
    "brand": ("product:brand", "og:brand", "og:site_name"),
    "category": ("product:category", "article:section", "dc.subject"),
    "text": (),
    "language": ("og:locale", "dc.language", "content-language"),
    "licence": ("dcterms.license", "dc.rights", "license", "licence", "copyright"),
    "owner": ("author", "dc.creator", "article:author", "dcterms.rightsholder"),
    "picture": ("og:image", "twitter:image"),
}
_LINKED_NAMES = {
    "title": ("headline", "name"),
    "brand": ("brand", "sponsor"),
    "product": ("about", "product"),
    "category": ("articleSection", "category", "genre"),
    "tone": ("tone",),
    "text": ("articleBody", "text", "description"),
    "language": ("inLanguage",),
    "licence": ("license",),
    "owner": ("author", "creator", "copyrightHolder"),
    "picture": ("image",),
}
_LABELS = {
    "brand": ("brand", "client", "бренд", "марка", "клиент"),
    "product": ("product", "продукт", "товар"),
    "category": ("category", "sector", "раздел", "категория"),
    "tone": ("tone", "tone of voice", "тон"),
    "owner": ("author", "agency", "автор", "агентство"),
    "licence": ("licence", "license", "лицензия"),
}
_LICENCE_ADDRESSES = (
    (re.compile(r"creativecommons\.org/publicdomain/zero/1\.0", re.IGNORECASE), "CC0-1.0"),
    (re.compile(r"creativecommons\.org/publicdomain/mark/1\.0", re.IGNORECASE), "LicenseRef-PDM-1.0"),
)
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)", re.IGNORECASE)
_CYRILLIC, _LETTER = re.compile(r"[а-яё]", re.IGNORECASE), re.compile(r"[^\W\d_]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Concept:
    """An ad concept as a page tells it; a field is empty where the page is silent."""

    title: str
    text: str
    language: str
    licence: str
    owner: str
    brand: str = ""
    product: str = ""
    category: str = ""
    tone: str = ""
    picture: str = ""


def concepts(page: Page, rules: Concepts) -> tuple[list[Concept], list[str]]:
    """The concepts on a page, and a sentence for each thing that should be one and is not."""
    several = rules.selects_each(page.root) if rules.selects_each else []
    places, whole = several or [page.root], not several
    found, problems = [], []
    for place in places:
        values = {name: _by_profile(place, page, rules, name) for name in FIELDS}
        values = _completed(values, page if whole else None, page, place)
        values["picture"] = links.canonical(values["picture"], page.url) or "" if values["picture"] else ""
        if problem := _problem(values, rules):
            problems.append(problem)
        else:
            found.append(Concept(**values))
    return found, problems


def as_json(found: list[Concept]) -> str:
    """Concepts as they are kept in the journal; none is the empty text."""
    return json.dumps([asdict(concept) for concept in found], ensure_ascii=False) if found else ""


def from_json(text: str) -> list[Concept]:
    """Concepts from the journal."""
    names = {field.name for field in fields(Concept)}
    return [Concept(**{name: value for name, value in one.items() if name in names}) for one in json.loads(text)]


def language_of(text: str) -> str:
    """`ru` where most letters are Cyrillic, else `en`: the languages that storywright tells apart."""
    letters = len(_LETTER.findall(text))
    return "ru" if letters and len(_CYRILLIC.findall(text)) * 2 > letters else "en"


def _problem(values: dict[str, str], rules: Concepts) -> str:
    if not values["title"]:
        return "it has no title"
    if len(values["text"]) < rules.fewest_characters:
        return f"its text has {len(values['text'])} characters, fewer than {rules.fewest_characters}"
    if "\ufffd" in values["title"] or values["text"].count("\ufffd") > len(values["text"]) / 100:
        return "its text is not in the encoding that it names"
    return ""


def _by_profile(place: etree._Element, page: Page, rules: Concepts, name: str) -> str:
    if name in rules.fixed:
        return rules.fixed[name]
    for rule in rules.fields.get(name, []):
        if value := _taken(rule, rule.select(place)):
            return value
        if place is not page.root and rules.selects_each:
            # What a page says once for all its concepts, such as whose they are, stands outside of each.
            inside = set(rules.selects_each(page.root))
            outside = [one for one in rule.select(page.root) if not inside.intersection((one, *one.iterancestors()))]
            if value := _taken(rule, outside):
                return value
    return ""


def _taken(rule: Rule, elements: list[etree._Element]) -> str:
    taken: list[str] = []
    for element in elements:
        text = element.get(rule.attribute, "") if rule.attribute else " ".join(html.blocks(element, _BLOCKS))
        text = html.plain(text)
        if rule.pattern:
            match = re.search(rule.pattern, text)
            text = (match[1] or "").strip() if match else ""
        if text and not rule.join:
            return text
        if text:
            taken.append(text)
    return rule.join.join(taken)


def _completed(values: dict[str, str], whole: Page | None, page: Page, place: etree._Element) -> dict[str, str]:
    """The values with what the page says in common ways, and in the spelling that the corpus uses."""
    if whole is not None and not all(values.values()):
        known = _common(whole)
        values = {name: value or known.get(name, "") for name, value in values.items()}
        values["title"] = values["title"] or _heading(whole.root)
        values["text"] = values["text"] or main_text(whole.root)
    values["text"] = values["text"][:_LONGEST_TEXT]
    # A licence that nobody states stays empty, so that validation sees it; who publishes a thing is its owner.
    values["licence"] = licence_id(values["licence"] or _linked_licence(place) or _linked_licence(page.root))
    values["owner"] = values["owner"] or _publisher(page.url)
    named = (values["language"] or page.root.get("lang", "")).lower().replace("_", "-").partition("-")[0]
    seen = language_of(values["text"])
    # A page that names a language and is written in another script is believed by its letters.
    values["language"] = named if len(named) == 2 and (seen == "ru") == (named in _CYRILLIC_LANGUAGES) else seen
    return values


_CYRILLIC_LANGUAGES = frozenset(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"))


def licence_id(text: str) -> str:
    """A licence's SPDX id where its address is known, else its words."""
    for pattern, name in _LICENCE_ADDRESSES:
        if pattern.search(text):
            return name
    if match := _CREATIVE_COMMONS.search(text):
        return f"CC-{match[1].upper()}-{match[2]}"
    return html.plain(text)


def main_text(root: etree._Element) -> str:
    """The smallest part of a page that holds most of its prose, a paragraph a line; links are not prose."""
    prose: dict[etree._Element, float] = {}
    for element in _PROSE(root):
        own, linked = _own_text(element)
        if own < _SHORTEST_PROSE or linked >= own or _in_furniture(element):
            continue
        part: etree._Element | None = element
        while part is not None:
            prose[part] = prose.get(part, 0.0) + own - linked
            part = part.getparent() if part is not root else None
    if root not in prose:
        return ""
    best, inside = root, True
    while inside:
        fullest = max(best, key=lambda child: prose.get(child, 0.0), default=None)
        inside = fullest is not None and prose.get(fullest, 0.0) >= _MOST_OF_IT * prose[root]
        best = fullest if inside and fullest is not None else best
    return "\n".join(_paragraphs(best))


def _own_text(element: etree._Element) -> tuple[int, int]:
    """How many characters stand in a block and not in a block within it, and how many of them are links."""
    own, linked = len((element.text or "").strip()), 0
    for child in element:
        if child.tag == "br" or (child.tag not in _BLOCKS and child.tag not in _FURNITURE):
            inside = len("".join(child.itertext()).strip())
            own += inside
            linked += inside if child.tag == "a" else 0
        own += len((child.tail or "").strip())
    return own, linked


def _paragraphs(element: etree._Element) -> Iterator[str]:
    kept = copy.deepcopy(element)
    for part in list(kept.iter()):
        if part is not kept and (part.tag == "h1" or _is_furniture(part)):
            _drop(part)
    yield from html.blocks(kept, _BLOCKS)


def _drop(part: etree._Element) -> None:
    parent, before = part.getparent(), part.getprevious()
    if parent is None:
        return
    if part.tail:
        if before is not None:
            before.tail = (before.tail or "") + " " + part.tail
        else:
            parent.text = (parent.text or "") + " " + part.tail
    parent.remove(part)


def _is_furniture(element: etree._Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in _FURNITURE or element.get("hidden") is not None:
        return True
    named = f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"
    return bool(_FURNITURE_NAME.search(named)) and element.tag not in ("html", "body", "main", "article")


def _in_furniture(element: etree._Element) -> bool:
    return any(_is_furniture(part) for part in (element, *element.iterancestors()))


def _heading(root: etree._Element) -> str:
    for tag in ("h1", "h2", "title"):
        for element in root.iter(tag):
            if text := html.words_of(element):
                return text
    return ""


def _common(page: Page) -> dict[str, str]:
    """What the page says about itself in the ways that many pages share."""
    found: dict[str, str] = {}
    for source in (_linked_data(page.root), _microdata(page.root), _labelled(page.root), _meta(page.root)):
        for name, value in source.items():
            if value and name not in found:
                found[name] = value
    return found


def _meta(root: etree._Element) -> dict[str, str]:
    said: dict[str, str] = {}
    for element in _META(root):
        name = element.get("property") or element.get("name") or ""
        said.setdefault(name.lower(), html.plain(element.get("content")))
    return {field: next((said[name] for name in names if said.get(name)), "") for field, names in _META_NAMES.items()}


def _microdata(root: etree._Element) -> dict[str, str]:
    said: dict[str, str] = {}
    for element in _ITEM_PROPERTIES(root):
        value = next((element.get(name) for name in ("content", "href", "src") if element.get(name)), None)
        said.setdefault(
            element.get("itemprop"), html.plain(value) if value else "\n".join(html.blocks(element, _BLOCKS))
        )
    return {field: next((said[name] for name in names if said.get(name)), "") for field, names in _LINKED_NAMES.items()}


def _labelled(root: etree._Element) -> dict[str, str]:
    """The terms of a list or a table: `Brand` in one cell, and what it is in the next."""
    said: dict[str, str] = {}
    for label in root.iter("dt", "th"):
        value = label.getnext()
        if value is not None and value.tag in ("dd", "td"):
            said.setdefault(html.words_of(label).rstrip(":").casefold(), html.words_of(value))
    return {field: next((said[name] for name in names if said.get(name)), "") for field, names in _LABELS.items()}


def _linked_data(root: etree._Element) -> dict[str, str]:
    for script in _SCRIPTS(root):
        try:
            things = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for thing in things if isinstance(things, list) else [things]:
            if isinstance(thing, dict) and any(isinstance(thing.get(name), str) for name in _LINKED_NAMES["text"]):
                return {
                    field: next((text for name in names if (text := _said(thing.get(name)))), "")
                    for field, names in _LINKED_NAMES.items()
                }
    return {}


def _said(value: Any) -> str:
    """What a JSON-LD value says, be it a text, a thing with a name, or a list of either."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = next((value[name] for name in ("name", "url", "@id") if isinstance(value.get(name), str)), "")
    return html.plain(value) if isinstance(value, str) else ""


def _publisher(url: str) -> str:
    address = links.parsed(url)
    return address.host if address else ""


def _linked_licence(place: etree._Element) -> str:
    for element in place.iter("a", "link"):
        if "license" in (element.get("rel") or "").lower().split():
            return element.get("href") or html.words_of(element)
    return ""
