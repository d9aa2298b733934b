"""UCI's data set Movie, by Gio Wiederhold: `main.html`, and `people.html` and `casts.html` where they lie beside it.

HTML in name, and lines of cells in truth: `<tr><td> H40<td> T:Rebecca<td> 1940<td> D:Hitchcock<td> …`. Cells say what
they are by what stands in front (T: title, D: director), codes stand for categories, and accents are written as in TeX.
It has no plots. What is known of a film beyond its columns is in notes such as `Alt(T:…; USA)` or `Le(2:10)`.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from storywright.errors import BadInput
from storywright.sources.films import tables
from storywright.sources.films.film import Bad, Film, different, number, year_in
from storywright.sources.films.harvest import Source

SOURCE = Source(
    name="uci",
    title="UCI's data set Movie",
    licence="LicenseRef-UCI-Movie",
    owner="Gio Wiederhold, Stanford University",
    address="https://archive.ics.uci.edu/dataset/132/movie#{}",
)
MAIN = "main.html"

_ROW = re.compile(r"<tr>([^<]*)<td>", re.IGNORECASE)
_CELL = re.compile(r"<td>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]*>")
_TITLE = re.compile(r"^\\?T[a-z]{0,2}:\s*", re.IGNORECASE)
_CATEGORIES = {
    "susp": "Thriller", "cnr": "Crime", "dram": "Drama", "west": "Western", "myst": "Mystery",
    "s.f.": "Science Fiction",
    "scfi": "Science Fiction", "scif": "Science Fiction", "advt": "Adventure", "horr": "Horror", "romt": "Romance",
    "comd": "Comedy", "musc": "Musical", "docu": "Documentary", "porn": "Adult", "noir": "Film-Noir",
    "biop": "Biography", "tv": "TV", "tvs": "TV Series", "tvm": "TV Mini Series", "actn": "Action", "fant": "Fantasy",
    "cart": "Animation", "epic": "Epic", "hist": "History", "disa": "Disaster", "surr": "Surreal", "faml": "Family",
    "avga": "Avant-Garde",
}  # fmt: skip
"""What the codes stand for; what stands for nothing (Ctxx) or is misspelt is left out."""
_LANGUAGES = {
    "fr": "fr", "it": "it", "sp": "es", "ge": "de", "sw": "sv", "ja": "ja", "jp": "ja", "pg": "pt", "ru": "ru",
    "tu": "tr", "gr": "el", "hu": "hu", "ch": "zh", "cz": "cs", "da": "da", "ro": "ro", "du": "nl", "no": "no",
    "english": "en", "japanese": "ja", "bengali": "bn", "arabic": "ar", "yiddish": "yi", "portugese": "pt",
    "portuguese": "pt", "hindi": "hi", "dutch": "nl", "cantonese": "zh", "mandarin": "zh", "chinese": "zh",
    "farsi": "fa", "polish": "pl", "french": "fr", "bahasa indonesia": "id", "wolof": "wo",
}  # fmt: skip
_ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", ":": "\u0308", "^": "\u0302", "~": "\u0303"}
_ACCENTED = re.compile(r"\\(['`\":^~])\{?([A-Za-z])\}?")
_LETTERS = {r"\ss": "ß", r"\cc": "ç", r"\cC": "Ç", r"\o": "ø", r"\O": "Ø", r"\ae": "æ", r"\aa": "å"}
_LETTER = re.compile(r"\{?(\\(?:ss|cc|cC|ae|aa|o|O))(?:\}|(?![a-z])|(?<=cc))")
_ADULT = "Adult"
_CAST = 8


def films(folder: Path) -> Iterator[Film | Bad]:
    """The films of a folder with the data set, and the rows that are none."""
    path = folder / MAIN
    with closing(tables.Beside()) as beside:
        _keep_people(folder / "people.html", beside)
        _keep_casts(folder / "casts.html", beside)
        any_row = False
        for line, cells in rows(path):
            any_row = True
            yield _film(cells, f"{path}, line {line}", beside)
        if not any_row:
            raise BadInput(f"{path} has no rows `<tr><td> …`: is it the main.html of UCI's data set Movie?")


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of one of its files, without the mark at their end; its characters are Latin-1."""
    with path.open(encoding="latin-1") as file:
        for number_of_line, line in enumerate(file, 1):
            if begin := _ROW.search(line):
                cells = [_plain(cell) for cell in _CELL.split(line[begin.end() :])]
                if _TITLE.match(cells[0]):
                    cells.insert(0, _plain(begin[0]))  # a row whose id stands before its first cell
                yield number_of_line, cells[:-1] if cells[-1].strip("| ") == "" else cells


def notes(cells: list[str]) -> dict[str, str]:
    """The notes of a row by their codes, the first of each; brackets within brackets are part of the note."""
    text, found = " ".join(cells), dict[str, str]()
    for code in re.finditer(r"(?<![A-Za-z])([A-Z][A-Za-z]{0,6})\(", text):
        depth, end = 1, code.end()
        while end < len(text) and depth:
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        found.setdefault(code[1], text[code.end() : end - 1 if not depth else end].strip())
    return found


def _film(cells: list[str], origin: str, beside: tables.Beside) -> Film | Bad:
    film_id = cells[0] if cells else ""
    if len(cells) < 3 or not _TITLE.match(cells[1]):
        return Bad(film_id or "a row", origin, "its second cell is no title, which would begin with T:")
    title = _known(_TITLE.sub("", cells[1]).strip(" |"))
    if not film_id or not title:
        return Bad(film_id or "a row", origin, "it has no id" if title else "it has no title")
    genres = _genres(cells[7] if len(cells) > 7 else "")
    if _ADULT in genres:
        return Bad(film_id, origin, "it is for adults only")
    told = notes(cells[8:])
    director = cells[3].removeprefix("D:").strip() if len(cells) > 3 else ""
    return Film(
        film_id=f"uci:{film_id}",
        title=_alternative(told) or title,
        original_title=title,
        year=year_in(cells[2]),
        minutes=_minutes(told.get("Le", "")),
        genres=genres,
        keywords=_places(cells[9] if len(cells) > 9 else ""),
        directors=different([beside.of(director).get("name", director)]) if director not in ("", "none") else (),
        cast=different(beside.of(film_id).get("cast", ())),
        original_language=_language(told.get("Lang", "")),
    )


def _genres(cell: str) -> tuple[str, ...]:
    codes = (code.strip(" .|").lower() for code in re.split(r"[,;]", cell))
    return different(_CATEGORIES[code] for code in codes if code in _CATEGORIES)


def _alternative(told: dict[str, str]) -> str:
    """The title that a film had in the United States, where it had another."""
    title, _, reason = told.get("Alt", "").partition(";")
    return _TITLE.sub("", title.strip()) if reason.strip().startswith(("USA", "US")) and _TITLE.match(title) else ""


def _places(cell: str) -> tuple[str, ...]:
    """Where a film plays, from the small to the large, without the note of its time."""
    parts = (re.sub(r"\bT\([^)]*\)?", "", part).strip(" |,") for part in cell.split(";"))
    return different(part for part in parts if part not in ("", "lc") and "(" not in part)


def _minutes(cell: str) -> int | None:
    found = re.match(r"(\d{1,2}):(\d{2})", cell)
    return int(found[1]) * 60 + int(found[2]) if found else number(re.sub(r"\D.*", "", cell), 1, 600)


def _language(cell: str) -> str:
    first = re.split(r"[,;]", cell)[0].strip(" \\/").lower()
    return _LANGUAGES.get(first, "")


def _keep_people(path: Path, beside: tables.Beside) -> None:
    """The full names of directors; the name that films call them by comes first."""
    if path.exists():
        for _, cells in rows(path):
            if len(cells) > 5 and cells[0] and cells[4]:
                first = "" if cells[5] == "gn" else _known(cells[5])
                beside.keep(cells[0], "name", f"{first} {cells[4]}".strip())


def _keep_casts(path: Path, beside: tables.Beside) -> None:
    """The actors of each film; its rows stand together."""
    if not path.exists():
        return
    film, cast = "", list[str]()
    for _, cells in rows(path):
        if len(cells) < 3:
            continue
        if cells[0] != film:
            beside.keep(film, "cast", cast[:_CAST])
            film, cast = cells[0], []
        if cells[2]:
            cast.append(cells[2])
    beside.keep(film, "cast", cast[:_CAST])


def _known(cell: str) -> str:
    """A cell, or nothing where it says that it is not known."""
    return "" if cell.upper() == r"\UN" else cell


def _plain(cell: str) -> str:
    """A cell without markup, with its accents; a tilde is a blank that must not break."""
    text = html.unescape(_MARKUP.sub("", cell))
    text = _ACCENTED.sub(lambda found: found[2] + _ACCENTS[found[1]], text)
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], text)
    return " ".join(unicodedata.normalize("NFC", text).replace("~", " ").split())
