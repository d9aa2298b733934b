"""The tables that IMDb gives away for non-commercial use: title.basics and, where they lie beside it, title.ratings,
title.akas, title.crew, title.principals and name.basics; gz or plain.

They have no plots. They say which films there are, and of which kind, in a language of one's choice.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from storywright.progress import track
from storywright.sources.films import tables
from storywright.sources.films.film import Bad, Film, different, number
from storywright.sources.films.harvest import Source

SOURCE = Source(
    name="imdb",
    title="the IMDb tables",
    licence="LicenseRef-IMDb-NonCommercial",
    owner="IMDb",
    address="https://www.imdb.com/title/{}/",
)
BASICS = "title.basics.tsv"
KINDS = ("movie", "tvMovie")

_NEEDED = (
    "tconst", "titleType", "primaryTitle", "originalTitle", "isAdult", "startYear", "runtimeMinutes", "genres",
)  # fmt: skip
_REGIONS = {"ru": "RU", "en": "US"}
_ACTING = ("actor", "actress", "self")
_CAST = 8


def films(folder: Path, language: str, kinds: tuple[str, ...] = KINDS, least_votes: int = 0) -> Iterator[Film | Bad]:
    """The films of these kinds with at least so many votes, titled in this language where it has a title."""
    basics = found(folder, BASICS)
    assert basics is not None
    with closing(tables.Beside()) as beside:
        wanted = _keep_ratings(folder, beside, least_votes)
        _keep_titles(folder, beside, language)
        _keep_people(folder, beside)
        for line, row in tables.rows_of_tsv(basics, _NEEDED):
            if row is None:
                yield Bad("a row", f"{basics}, line {line}", "it has another number of cells than there are columns")
            elif row["titleType"] in kinds and row["isAdult"] != "1":
                said = beside.of(row["tconst"])
                if not (wanted and least_votes) or said.get("votes", 0) >= least_votes:
                    yield _film(row, said, f"{basics}, line {line}", language)


def found(folder: Path, name: str) -> Path | None:
    """A table in a folder, as it is or packed."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _film(row: dict[str, str], said: dict[str, object], origin: str, language: str) -> Film | Bad:
    tconst, title = row["tconst"], str(said.get("title") or row["primaryTitle"]).strip()
    if not tconst.startswith("tt"):
        return Bad(tconst or "a row", origin, f"its id is {tconst!r}, and those of titles begin with tt")
    if not title:
        return Bad(tconst, origin, "it has no title")
    rating, votes = said.get("rating"), said.get("votes")
    return Film(
        film_id=f"imdb:{tconst}",
        imdb_id=tconst,
        title=title,
        original_title=row["originalTitle"],
        year=number(row["startYear"], 1870, 2100),
        minutes=number(row["runtimeMinutes"], 1, 6_000),
        genres=different(row["genres"].split(",")),
        directors=_names(said.get("directors")),
        cast=_names(said.get("cast")),
        rating=rating if isinstance(rating, float) else None,
        votes=votes if isinstance(votes, int) else None,
        words=language if "title" in said else "en",
    )


def _names(given: object) -> tuple[str, ...]:
    return different(given) if isinstance(given, list) else ()


def _keep_ratings(folder: Path, beside: tables.Beside, least_votes: int) -> bool:
    path = found(folder, "title.ratings.tsv")
    if path is None:
        return False
    needed = ("tconst", "averageRating", "numVotes")
    for _, row in track(tables.rows_of_tsv(path, needed), "reading ratings"):
        votes = number(row["numVotes"], 0, 1 << 31) if row else None
        if row and votes is not None and votes >= least_votes:
            beside.keep(row["tconst"], "votes", votes)
            if (rating := _rating(row["averageRating"])) is not None:
                beside.keep(row["tconst"], "rating", rating)
    return True


def _keep_titles(folder: Path, beside: tables.Beside, language: str) -> None:
    """The titles in this language; the table also holds those of all the others, tens of millions."""
    path = found(folder, "title.akas.tsv")
    if path is None or language == "en":
        return
    region = _REGIONS.get(language, language.upper())
    for _, row in track(tables.rows_of_tsv(path, ("titleId", "title", "region", "language")), "reading titles"):
        if row and (row["language"] == language or (row["region"] == region and not row["language"])):
            beside.keep(row["titleId"], "title", row["title"])


def _keep_people(folder: Path, beside: tables.Beside) -> None:
    """Directors and actors by name, where the names are there."""
    paths = [found(folder, name) for name in ("name.basics.tsv", "title.crew.tsv", "title.principals.tsv")]
    names_path, crew_path, principals_path = paths
    if names_path is None or (crew_path is None and principals_path is None):
        return
    with closing(tables.Beside()) as names:
        for _, row in track(tables.rows_of_tsv(names_path, ("nconst", "primaryName")), "reading names"):
            if row:
                names.keep(row["nconst"], "name", row["primaryName"])

        def named(nconst: str) -> str:
            return str(names.of(nconst).get("name", ""))

        if crew_path:
            for _, row in track(tables.rows_of_tsv(crew_path, ("tconst", "directors")), "reading directors"):
                if row and row["directors"]:
                    beside.keep(row["tconst"], "directors", [named(one) for one in row["directors"].split(",")[:4]])
        if principals_path:
            for tconst, cast in _casts(principals_path):
                beside.keep(tconst, "cast", [named(one) for one in cast])


def _casts(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The actors of each title; its rows stand together, in the order of the bill."""
    title, cast = "", list[str]()
    for _, row in track(tables.rows_of_tsv(path, ("tconst", "nconst", "category")), "reading casts"):
        if row is None or row["category"] not in _ACTING:
            continue
        if row["tconst"] != title:
            if cast:
                yield title, cast
            title, cast = row["tconst"], []
        if len(cast) < _CAST:
            cast.append(row["nconst"])
    if cast:
        yield title, cast


def _rating(given: str) -> float | None:
    try:
        value = float(given)
    except ValueError:
        return None
    return value if 0 <= value <= 10 else None
