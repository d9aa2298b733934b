"""Films into tables: `films-SOURCE-NNNNN.parquet`, and those with a logline as concepts for the writer.

The files of a source are replaced together when all of them are whole, and those of the other sources stay. Rows of no
use go to `rejected.jsonl` with their reasons.
"""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from storywright import files
from storywright.corpus import shards
from storywright.corpus.schema import CONCEPTS, FILMS
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.sources import rights
from storywright.sources.films.film import Bad, Film

REJECTED = "rejected.jsonl"
ROWS_PER_FILE = 50_000

_ROWS_AT_ONCE = 2_000
_CAST = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where films come from, and whose they are."""

    name: str
    """tmdb, imdb, uci, omdb or tmdb-api."""
    title: str
    """Its name for people."""
    licence: str
    owner: str
    address: str
    """Where a film of it is seen; `{}` stands for its id there."""


@dataclass(slots=True)
class Counts:
    """What a source gave."""

    films: int = 0
    loglines: int = 0
    twice: int = 0
    """Films that were there again; the first is kept."""
    rejected: int = 0
    languages: dict[str, int] = field(default_factory=dict)


def write(source: Source, found: Iterable[Film | Bad], folder: Path, date: str) -> Counts:
    """Write the films of a source into a folder; a source without any is explained, and what was there stays."""
    part = folder / f".{source.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    counts, bad = Counts(), part / REJECTED
    try:
        with files.full_disk_named(folder):
            part.mkdir(parents=True)
            with bad.open("w", encoding="utf-8") as rejected:
                _write(source, found, part, date, counts, rejected)
        if counts.films:
            for table in ("films", "concepts"):
                _put_in_place(part, folder, f"{table}-{source.name}-*.parquet")
        _put_rejected(bad, folder / REJECTED, source.name)
        if not counts.films:
            raise BadInput(_nothing(source, folder / REJECTED))
    finally:
        shutil.rmtree(part, ignore_errors=True)
    rights.write_notice(folder, source.title, source.licence, source.owner)
    return counts


def _write(source: Source, found: Iterable[Film | Bad], part: Path, date: str, counts: Counts, rejected: Any) -> None:
    with contextlib.ExitStack() as stack, Progress(f"reading {source.title}") as progress, _Seen() as seen:
        tables = {
            "films": stack.enter_context(_Files(part, f"films-{source.name}", FILMS)),
            "concepts": stack.enter_context(_Files(part, f"concepts-{source.name}", CONCEPTS)),
        }
        for one in found:
            progress.advance(note=f"{counts.films:,} films")
            if isinstance(one, Bad):
                counts.rejected += 1
                line = {"source": source.name, "item": one.item, "origin": one.origin, "reason": one.reason}
                rejected.write(json.dumps(line, ensure_ascii=False) + "\n")
            elif seen.before(one.film_id):
                counts.twice += 1
            else:
                _add(source, one, date, counts, tables)


def _add(source: Source, film: Film, date: str, counts: Counts, tables: "dict[str, _Files]") -> None:
    its = rights.Rights(
        source=source.name,
        licence=source.licence,
        owner=source.owner,
        origin=source.address.format(film.film_id.partition(":")[2]),
        date=date,
    ).columns()
    row = film.columns()
    row["cast"] = list(film.cast[:_CAST])
    terms = rights.KNOWN[source.licence].says
    tables["films"].add(row | its | {"terms": terms})
    counts.films += 1
    counts.languages[film.language] = counts.languages.get(film.language, 0) + 1
    if row["logline"]:
        tables["concepts"].add(_concept(film, str(row["logline"])) | its)
        counts.loglines += 1


def _concept(film: Film, logline: str) -> dict[str, str]:
    """A film's logline as the writer's tables hold it; a film sells nothing, so there is no brand and no product."""
    return {
        "concept_id": f"film-{film.film_id.replace(':', '-')}",
        "title": film.title,
        "brand": "",
        "product": "",
        "category": ", ".join(("film", *film.genres)),
        "tone": "",
        "text": logline,
        "language": film.language,
    }


class _Files:
    """The files of a table, written row by row."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self._folder, self._name, self._schema = folder, name, schema
        self._rows: list[dict[str, Any]] = []
        self._number = self._in_file = 0
        self._open = contextlib.ExitStack()
        self._writer: shards.Writer | None = None

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) == _ROWS_AT_ONCE:
            self._pass_on()

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            self._pass_on()
        self._open.__exit__(*error)

    def _pass_on(self) -> None:
        if self._in_file + len(self._rows) > ROWS_PER_FILE:
            self._open.close()
            self._writer, self._in_file = None, 0
        if self._writer is None:
            path = self._folder / f"{self._name}-{self._number:05d}.parquet"
            self._writer = self._open.enter_context(shards.Writer(path, self._schema))
            self._number += 1
        self._writer.write(pa.Table.from_pylist(self._rows, self._schema))
        self._in_file += len(self._rows)
        self._rows = []


class _Seen:
    """The films that were there already, in a temporary base: IMDb alone has millions."""

    def __enter__(self) -> "_Seen":
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute("CREATE TABLE seen (film TEXT PRIMARY KEY) WITHOUT ROWID")
        self._base.execute("BEGIN")
        return self

    def __exit__(self, *error: Any) -> None:
        self._base.close()

    def before(self, film_id: str) -> bool:
        """Whether a film was there before; it is from now on."""
        return not self._base.execute("INSERT OR IGNORE INTO seen VALUES (?)", (film_id,)).rowcount


def _put_in_place(part: Path, folder: Path, pattern: str) -> None:
    new = sorted(part.glob(pattern))
    for path in new:
        path.replace(folder / path.name)
    for path in set(folder.glob(pattern)) - {folder / one.name for one in new}:
        path.unlink()


def _put_rejected(new: Path, path: Path, source: str) -> None:
    """Replace a source's lines in the list of what was rejected; those of the others stay."""
    mixed = new.with_suffix(".mixed")
    with mixed.open("w", encoding="utf-8") as file:
        if path.exists():
            with path.open(encoding="utf-8") as old:
                file.writelines(line for line in old if json.loads(line)["source"] != source)
        with new.open(encoding="utf-8") as lines:
            file.writelines(lines)
    mixed.replace(path)


def _nothing(source: Source, rejected: Path) -> str:
    first = next(_reasons(rejected, source.name), "it has no rows")
    return f"{source.title} gave not one film ({first}): look into {rejected}, and put the source right."


def _reasons(path: Path, source: str) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            if entry["source"] == source:
                yield f"{entry['origin']}: {entry['reason']}"
