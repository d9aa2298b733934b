"""A brief out of a few sentences of plain text, in English or Russian: what was said, what was inferred, and from what.

Labels such as `Tone: warm` are taken at their word; the rest is read out of the sentences. Nothing is invented: what is
not said keeps the brief's usual value, and only a name for the product and a title are made up where there are none.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from storywright.board import Brief, Language, Style, brief_fields, parse
from storywright.errors import BadInput
from storywright.studio import languages
from storywright.toonworld import words
from storywright.toonworld.scene import Scene

_PLAIN = (".txt", ".md", "")
_MOST_CHARACTERS = 20_000
_LABELS: dict[str, tuple[str, ...]] = {
    "title": ("title", "название", "заголовок"),
    "product.name": ("product", "brand", "client", "продукт", "товар", "бренд"),
    "proposition": ("proposition", "single thing to say", "key message", "message", "главная мысль", "сообщение"),
    "audience": ("audience", "target", "target audience", "аудитория", "целевая аудитория"),
    "insight": ("insight", "инсайт"),
    "objective": ("objective", "goal", "цель"),
    "tone": ("tone", "tone of voice", "тон", "тональность"),
    "call_to_action": ("call to action", "cta", "призыв", "призыв к действию"),
    "mandatories.legal": ("legal", "legal line", "disclaimer", "дисклеймер"),
}
_LABEL_OF = {label: field for field, labels in _LABELS.items() for label in labels}
_LABELLED = re.compile(r"^\s*[-*]?\s*([^\W\d_][\w ]{1,24}?)\s*[:–—]\s+(.+?)\s*$")
_SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…]+[\"”»]?|\n|$)")
_QUOTED = re.compile(r"[“\"«]([^”\"»]{2,80})[”\"»]")
_NAME = r"(?:[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]*|\d+)(?: (?:[A-ZÀ-ÖØ-ÞА-ЯЁ][\w’'-]*|\d+)){0,3}"
_CALLED = re.compile(rf"(?:called|named|brand|by|for|из|под названием|называется|марки|бренда?|для)\s+({_NAME})")
_ANY_NAME = re.compile(rf"(?<=[\w,] )(?=[^\W\d])({_NAME})")
_MARKED = re.compile(r"[“\"«「『„]([^”\"»」』“]{2,40})[”\"»」』“]")
_FOREIGN_SENTENCE = re.compile(r"[^.!?…。！？\n]+(?:[.!?…。！？]+|\n|$)")
_TAG = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SECONDS = re.compile(
    r"(\d+(?:[.,]\d+)?)[\s-]*(?:(?:seconds?|secs?|s|secondes?|sekunden?|segundos?|secondi|секунд\w*|сек)\b|秒|초)",
    re.IGNORECASE,
)
_PANELS = re.compile(r"(\d+)[\s-]*(?:panels?|frames?|shots?|кадр\w*|панел\w*)\b", re.IGNORECASE)
_ASPECT = re.compile(r"\b(\d{1,2}:\d{1,2})\b")
_SHAPES = {
    "9:16": ("vertical", "portrait", "stories", "reels", "tiktok", "вертикальн"),
    "1:1": ("square", "квадратн"),
}
_STYLES: dict[Style, tuple[str, ...]] = {
    "flat": ("flat colour", "flat color", "плоск"),
    "pencil": ("pencil", "карандаш"),
    "ink": ("in ink", "ink drawing", "тушь"),
    "watercolour": ("watercolour", "watercolor", "акварел"),
}
_TONES = (
    "warm", "playful", "funny", "serious", "calm", "bold", "tender", "ironic", "dramatic", "cheerful", "premium",
    "honest", "energetic", "nostalgic",
    "тёпл", "весёл", "смешн", "серьёзн", "спокойн", "смел", "нежн", "иронич", "честн", "бодр",
)  # fmt: skip
_AUDIENCE = re.compile(
    r"\b(?:aimed at|audience is|speaks to|targets?|рассчитан\w* на|адресован\w*)\s+([^.;!?\n]{3,80})"
)
_LOOKS = frozenset(f"person_1.{part}" for part in ("gender", "age", "hair_length", "hair_colour", "top", "top_colour"))
_NOT_NAMES = (
    "a",
    "an",
    "the",
    "we",
    "she",
    "he",
    "they",
    "it",
    "i",
    "our",
    "make",
    "мы",
    "она",
    "он",
    "они",
    "это",
    "наш",
)
_PERSON = re.compile(r"\b([A-ZА-ЯЁ][a-zа-яё]+),? (?:who is |— |- |is |это )?((?:an? |the )?[^,.;!?\n]*)")


@dataclass(frozen=True, slots=True)
class Understood:
    """A brief and how it was come by."""

    brief: Brief
    inferred: dict[str, str]
    """Each field that was read out of the text, and its value."""
    language: str | None = None
    """The code of its language where it is one that the writer does not know; empty where it has none here."""

    @property
    def notices(self) -> list[str]:
        """What a reader of the board should know."""
        found = [languages.of_brief(self.language, self.brief.language)] if self.language is not None else []
        if self.inferred:
            pairs = "; ".join(f"{field}: {value}" for field, value in self.inferred.items())
            begin = "Понято из текста: " if self.brief.language == "ru" else "Understood from the text: "
            found.append(begin + pairs)
        return found


def read(path: Path) -> Understood:
    """Read a brief: YAML or JSON as it stands, plain text (.txt, .md) by what it says."""
    if path.suffix.lower() not in _PLAIN:
        return _in_fields(path)
    try:
        return from_text(path.read_text(encoding="utf-8-sig"), str(path))
    except FileNotFoundError as error:
        raise BadInput(f"{path} does not exist: check the path.") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path} is a folder: name the file of a brief.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8.") from error


def _in_fields(path: Path) -> Understood:
    """A brief as it stands; one in a language that the writer does not know is answered in English."""
    value = brief_fields(path)
    asked = value.get("language")
    if isinstance(asked, str) and _TAG.fullmatch(asked.strip()):
        code = asked.strip().lower().partition("-")[0]
        known = code in get_args(Language)
        read = parse(Brief, value | {"language": code if known else "en"}, str(path))
        return Understood(read, {}, None if known else code)
    return Understood(parse(Brief, value, str(path)), {})


def from_text(text: str, where: str = "the brief") -> Understood:
    """A brief from sentences."""
    if not text.strip():
        raise BadInput(f"{where} is empty: say in a sentence or two what is advertised, to whom, and how.")
    if len(text) > _MOST_CHARACTERS:
        raise BadInput(
            f"{where} has {len(text):,} characters, and a brief at most {_MOST_CHARACTERS:,}: for a story or a book, "
            "use `storywright adapt`."
        )
    said, prose = _labelled(text)
    language: Language = (
        "ru" if len(re.findall("[а-яё]", text.lower())) > len(re.findall("[a-z]", text.lower())) else "en"
    )
    unknown = languages.unknown_in(text)
    found = said | {"language": "en" if unknown is not None else language}
    if unknown is not None:
        read = _numbers(prose) | _sold(prose)
    else:
        read = _numbers(prose) | _manner(prose) | _product(prose, words.scene_from_words(prose).scene) | _people(prose)
    for field, value in read.items():
        found.setdefault(field, value)
    found.setdefault("product.name", _made_up_name(found, language))
    found.setdefault("title", str(found["product.name"]))
    fields = {name: value for name, value in found.items() if value not in ("", [], None)}
    brief = parse(Brief, _nested(fields), where)
    shown = {name: _shown(value) for name, value in fields.items()}
    return Understood(brief, shown, unknown)


def _labelled(text: str) -> tuple[dict[str, Any], str]:
    """What stands behind a known label, and the text without those lines."""
    said: dict[str, Any] = {}
    others = []
    for line in text.splitlines():
        match = _LABELLED.match(line)
        field = _LABEL_OF.get(match[1].lower().strip()) if match else None
        if match and field:
            said[field] = match[2].strip(' "“”«»')
        else:
            others.append(line)
    return said, "\n".join(others)


def _numbers(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if match := _SECONDS.search(text):
        found["format.seconds"] = float(match[1].replace(",", "."))
    if match := _PANELS.search(text):
        found["format.panels"] = int(match[1])
    if match := _ASPECT.search(text):
        found["format.aspect"] = match[1]
    for aspect, names in _SHAPES.items():
        if any(name in text.lower() for name in names):
            found.setdefault("format.aspect", aspect)
    return found


def _manner(text: str) -> dict[str, Any]:
    lower = text.lower()
    found: dict[str, Any] = {}
    for style in get_args(Style):
        if any(name in lower for name in _STYLES[style]):
            found.setdefault("style", style)
    tones = [word for tone in _TONES if (word := _whole_word(tone, lower))]
    if tones:
        found["tone"] = ", ".join(dict.fromkeys(tones))
    if match := _AUDIENCE.search(text):
        found["audience"] = match[1].strip()
    quotes = [match for match in _QUOTED.findall(text) if match[-1] in ".!?" or " " in match]
    if quotes:
        found["call_to_action"] = quotes[-1]
    return found


def _product(text: str, scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = {}
    named = _CALLED.search(text) or _ANY_NAME.search(text)
    if named:
        found["product.name"] = named[1].strip()
    if scene.props:
        found["product.kind"] = scene.props[0].kind
    sentences = [" ".join(sentence.split()) for sentence in _SENTENCE.findall(text) if sentence.strip()]
    about = [s for s in sentences if (named and named[1] in s) or words.scene_from_words(s).scene.props]
    if about or sentences:
        found["product.description"] = (about or sentences)[0].rstrip(".!?…")
    return found


def _sold(text: str) -> dict[str, Any]:
    """What is told of the product in a language of which nothing is understood: its name, and the first sentence."""
    named = _MARKED.search(text) or _ANY_NAME.search(text)
    sentences = [" ".join(sentence.split()) for sentence in _FOREIGN_SENTENCE.findall(text) if sentence.strip()]
    found = {"product.description": sentences[0].rstrip(".!?…。！？")} if sentences else {}
    return found | ({"product.name": named[1].strip()} if named else {})


def _people(text: str) -> dict[str, Any]:
    """People with a name and looks that can be drawn."""
    cast = []
    for name, looks in _PERSON.findall(text):
        read = words.scene_from_words(looks)
        if name.lower() not in _NOT_NAMES and _LOOKS & read.said and read.scene.people:
            cast.append({"name": name, "looks": " ".join(looks.split())})
    return {"cast": cast[:3]} if cast else {}


def _made_up_name(found: dict[str, Any], language: str) -> str:
    kind = str(found.get("product.kind", ""))
    return kind or ("Товар" if language == "ru" else "The product")


def _whole_word(start: str, text: str) -> str:
    match = re.search(rf"\b{start}\w{{0,3}}\b", text)
    return match[0] if match else ""


def _nested(fields: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        *parents, last = name.split(".")
        inner = nested
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = value
    return nested


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{one['name']} ({one['looks']})" for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
