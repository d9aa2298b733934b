"""Which films to ask a service for: IMDb ids, numbers of TMDB, or titles with their year, a line each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storywright.errors import BadInput

_IMDB = re.compile(r"tt\d{5,10}")
_TITLED = re.compile(r"(.+?)(?:\s*\((\d{4})\))?")
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Item:
    """A film that is wanted; one of the three is given."""

    text: str
    """As it was written."""
    where: str
    imdb_id: str = ""
    tmdb_id: str = ""
    title: str = ""
    year: str = ""


def items(given: Iterable[str], file: Path | None = None) -> Iterator[Item]:
    """The films that are named, and those in a file; an empty line or one that begins with # is none."""
    for text in given:
        yield item(text, "the command line")
    if file is None:
        return
    try:
        with file.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip() and not line.startswith("#"):
                    yield item(line, f"{file}, line {number}")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8: save it as UTF-8, a film in each line.") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read ({error.strerror}): name a file with a film in each line.") from error


def item(text: str, where: str) -> Item:
    """A film as a person names it."""
    text = text.strip()
    if len(text) > _MOST_CHARACTERS or not text:
        raise BadInput(f"{where}: {text[:40]!r} is no film: give an id such as tt0114709, or a title with its year.")
    if _IMDB.fullmatch(text):
        return Item(text, where, imdb_id=text)
    if text.isdecimal():
        return Item(text, where, tmdb_id=text)
    found = _TITLED.fullmatch(text)
    assert found
    return Item(text, where, title=found[1], year=found[2] or "")
