"""The export of The Movie Database that is known as `the-movies-dataset`: movies_metadata, keywords and credits.

Its columns of lists are Python literals. Three of its rows are known to be broken: a plot with a line break that was
not quoted tears the row into a head and a tail. Put together they are whole again, and so is any other such row.
"""

import ast
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from storywright.progress import track
from storywright.sources.films import tables
from storywright.sources.films.film import Bad, Film, different, number, year_in
from storywright.sources.films.harvest import Source

SOURCE = Source(
    name="tmdb",
    title="the TMDB export",
    licence="LicenseRef-TMDB",
    owner="The Movie Database (TMDB)",
    address="https://www.themoviedb.org/movie/{}",
)
METADATA, KEYWORDS, CREDITS = "movies_metadata.csv", "keywords.csv", "credits.csv"

_NEEDED = ("id", "title", "overview", "genres", "release_date")
_CAST = 8
_BETWEEN = "}, {"


def films(folder: Path) -> Iterator[Film | Bad]:
    """The films of a folder with the export, and the rows that are none."""
    with closing(tables.Beside()) as beside:
        _keep_keywords(folder / KEYWORDS, beside)
        _keep_credits(folder / CREDITS, beside)
        for line, record in _records(folder / METADATA):
            yield _film(folder, line, record, beside)


def film_of(record: Mapping[str, Any], film_id: str, language: str = "en") -> Film:
    """A film from the fields that the export and the answers of the interface have in common."""
    title = str(record.get("title") or record.get("original_title") or "").strip()
    votes = number(record.get("vote_count"), 0, 1 << 31)
    return Film(
        film_id=film_id,
        imdb_id=str(record.get("imdb_id") or ""),
        title=title,
        original_title=str(record.get("original_title") or "").strip(),
        year=year_in(record.get("release_date")),
        minutes=number(record.get("runtime"), 1, 6_000),
        genres=_names(record.get("genres")),
        keywords=_names(record.get("keywords")),
        directors=different(record.get("directors") or ()),
        cast=different(record.get("cast") or (), _CAST),
        countries=_names(record.get("production_countries")),
        original_language=str(record.get("original_language") or ""),
        # Without votes the rating is a zero that nobody has given.
        rating=_rating(record.get("vote_average")) if votes else None,
        votes=votes,
        tagline=str(record.get("tagline") or "").strip(),
        plot=_plot(record.get("overview")),
        words=language,
    )


def directors_in(crew: Any) -> list[str]:
    """The directors of a list of people."""
    return [one.get("name", "") for one in crew or () if isinstance(one, dict) and one.get("job") == "Director"]


def names_in(cast: Any) -> list[str]:
    """The first names of the bill."""
    return [one.get("name", "") for one in (cast or ())[:_CAST] if isinstance(one, dict)]


def _records(path: Path) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The rows by column, torn ones put together; None for one that cannot be."""
    torn: tuple[int, list[str]] | None = None
    for line, head, row in tables.rows_of_csv(path, _NEEDED):
        begins, cells = torn or (line, [])
        if torn and len(row) < len(head) == len(cells) + len(row) - 1:
            whole = [*cells[:-1], f"{cells[-1]}\n{row[0]}", *row[1:]]
            yield begins, dict(zip(head, whole, strict=True))
            torn = None
            continue
        if torn:
            yield begins, None
        torn = (line, row) if 0 < len(row) < len(head) else None
        if len(row) >= len(head):
            yield line, dict(zip(head, row, strict=True)) if len(row) == len(head) else None
    if torn:
        yield torn[0], None


def _film(folder: Path, line: int, record: dict[str, str] | None, beside: tables.Beside) -> Film | Bad:
    origin = f"{folder / METADATA}, line {line}"
    if record is None:
        return Bad("a row", origin, "it is torn: it has another number of cells than there are columns")
    film_id = record["id"].strip()
    if not film_id.isdecimal():
        return Bad(film_id or "a row", origin, f"its id is {film_id!r}, which is no number: the row is shifted")
    if record.get("adult", "") == "True":
        return Bad(film_id, origin, "it is for adults only")
    try:
        lists = {name: _literal(record.get(name, "")) for name in ("genres", "production_countries")}
    except ValueError as error:
        return Bad(film_id, origin, str(error))
    known = str(int(film_id))
    film = film_of(record | lists | beside.of(known), f"tmdb:{known}")
    return film if film.title else Bad(film_id, origin, "it has no title")


def _keep_keywords(path: Path, beside: tables.Beside) -> None:
    if not path.exists():
        return
    for _, head, row in track(tables.rows_of_csv(path, ("id", "keywords")), "reading keywords"):
        record = dict(zip(head, row, strict=False))
        if words := _literal_or_none(record.get("keywords", "")):
            beside.keep(record["id"], "keywords", [one.get("name", "") for one in words if isinstance(one, dict)])


def _keep_credits(path: Path, beside: tables.Beside) -> None:
    """Only what is wanted of the lists of people is parsed: they are nine tenths of the export."""
    if not path.exists():
        return
    for _, head, row in track(tables.rows_of_csv(path, ("id", "cast", "crew")), "reading credits"):
        record = dict(zip(head, row, strict=False))
        if not record.get("id"):
            continue
        if cast := names_in(_literal_or_none(_first_of(record.get("cast", ""), _CAST))):
            beside.keep(record["id"], "cast", cast)
        if directors := directors_in(_literal_or_none(_with_directors(record.get("crew", "")))):
            beside.keep(record["id"], "directors", directors)


def _first_of(literal: str, count: int) -> str:
    """The list of the first entries of a list; the whole one where a name holds what stands between entries."""
    entries = literal.split(_BETWEEN, count)
    shorter = _BETWEEN.join(entries[:count]) + "}]"
    return shorter if len(entries) > count and _literal_or_none(shorter) else literal


def _with_directors(literal: str) -> str:
    """The list of the entries that speak of a director; the whole one where they cannot be told apart."""
    if "'Director'" not in literal:
        return "[]"
    entries = literal.removeprefix("[{").removesuffix("}]").split(_BETWEEN)
    shorter = "[" + ", ".join(f"{{{entry}}}" for entry in entries if "'Director'" in entry) + "]"
    return shorter if _literal_or_none(shorter) else literal


def _literal(text: str) -> list[Any]:
    if not text.strip():
        return []
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise ValueError(f"{text[:40]!r} is no list") from error
    return value if isinstance(value, list) else []


def _literal_or_none(text: str) -> list[Any] | None:
    try:
        return _literal(text)
    except ValueError:
        return None


def _names(entries: Any) -> tuple[str, ...]:
    """The names in a list of names, or of things that have one."""
    return different(one.get("name", "") if isinstance(one, dict) else one for one in entries or ())


def _plot(given: Any) -> str:
    plot = str(given or "").strip()
    return "" if plot.lower().rstrip(".") in ("no overview found", "no overview", "n/a", "nan") else plot


def _rating(given: Any) -> float | None:
    try:
        value = float(given)
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= 10 else None
