"""A film as every source gives it, and the logline in its plot."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from storywright.corpus import text

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”»)]*\s+(?=[\"'“«(¿¡]*[A-ZА-ЯЁ0-9À-Þ])")
_ABBREVIATION = re.compile(r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|Lt|Col|Gen|Sgt|Capt|Prof|vs|No|U\.S|г|им|св))\.$")
_SHORT_CHARACTERS, _LONG_CHARACTERS, _MOST_CHARACTERS = 60, 300, 590


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """A film, without its rights: the columns of the table `films` before them."""

    film_id: str
    title: str
    imdb_id: str = ""
    original_title: str = ""
    year: int | None = None
    minutes: int | None = None
    genres: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    original_language: str = ""
    rating: float | None = None
    votes: int | None = None
    tagline: str = ""
    plot: str = ""
    words: str = "en"
    """The language of its words, where they do not show that themselves."""

    def columns(self) -> dict[str, object]:
        """The columns of a row, apart from the rights."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "words"}
        values |= {name: list(value) for name, value in values.items() if isinstance(value, tuple)}
        return values | {"logline": logline(self.plot), "language": self.language}

    @property
    def language(self) -> str:
        """The language of its words: Russian when they are in Cyrillic."""
        written = self.plot or self.tagline
        if written and text.share_in_script(written, "ru") >= 0.5:
            return "ru"
        return "en" if written and self.words == "ru" else self.words


@dataclass(frozen=True, slots=True)
class Bad:
    """A row or an answer that is no film."""

    item: str
    origin: str
    """Where it is, down to the line where there is one."""
    reason: str


def logline(plot: str) -> str:
    """The first sentence of a plot, and the second where the first says little; empty for no plot."""
    first, second = [*itertools.islice(_sentences(text.normalised(plot)), 2), "", ""][:2]
    both = f"{first} {second}".strip()
    told = both if len(first) < _SHORT_CHARACTERS and len(both) <= _LONG_CHARACTERS else first
    if len(told) > _MOST_CHARACTERS:
        told = told[: told.rindex(" ", 0, _MOST_CHARACTERS)].rstrip(" ,;:-–—") + "…"
    return told


def number(given: object, least: int, most: int) -> int | None:
    """A whole number within bounds; None for what is none, and for one that cannot be meant."""
    try:
        value = int(float(str(given)))
    except (ValueError, OverflowError):
        return None
    return value if least <= value <= most else None


def year_in(given: object) -> int | None:
    """The first four digits in a row that are a year of films."""
    found = re.search(r"(?<!\d)\d{4}(?!\d)", str(given or ""))
    return number(found[0], 1870, 2100) if found else None


def different(names: Iterable[object], most: int = 40) -> tuple[str, ...]:
    """Names without blanks around them, each once."""
    kept = dict.fromkeys(text.normalised(str(name)) for name in names if name)
    return tuple(name for name in kept if name)[:most]


def _sentences(plot: str) -> Iterator[str]:
    begin = 0
    for end in _SENTENCE_END.finditer(plot):
        if not _ABBREVIATION.search(plot[begin : end.start()]):
            yield plot[begin : end.end()].strip()
            begin = end.end()
    if plot[begin:].strip():
        yield plot[begin:].strip()
