"""Tables of text as people publish them: opened whatever they are packed in, kept on disk where they are joined."""

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from storywright.errors import BadInput

MISSING = r"\N"
"""How IMDb writes what is not known."""

_LONGEST_LINE = 16_000_000
_MOST_CHARACTERS = 8_000_000
"""The longest cell; the cast of a long film takes a hundred thousand."""


def lines(path: Path) -> Iterator[str]:
    """The lines of a file, gz or plain, in UTF-8; what is not is replaced, and a broken end is said."""
    try:
        with gzip.open(path, "rb") if _packed(path) else path.open("rb") as packed:
            text = io.TextIOWrapper(packed, encoding="utf-8-sig", errors="replace", newline="")
            while line := text.readline(_LONGEST_LINE):
                if len(line) == _LONGEST_LINE:
                    raise BadInput(f"{path} has a line of more than {_LONGEST_LINE:,} characters: it is no such table.")
                yield line
    except (gzip.BadGzipFile, EOFError) as error:
        raise BadInput(f"{path} is damaged ({error}): fetch it again.") from error


def rows_of_csv(path: Path, needed: Iterable[str]) -> Iterator[tuple[int, list[str], list[str]]]:
    """The rows of a CSV file as the line where each begins, the names of the columns, and the cells."""
    csv.field_size_limit(_MOST_CHARACTERS)
    reader = csv.reader(lines(path))
    head = [name.strip() for name in next(reader, [])]
    refuse_missing(path, head, needed)
    while True:
        number = reader.line_num + 1
        try:
            yield number, head, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput(f"{path}, line {number} cannot be read ({error}): fetch the file again.") from error


def rows_of_tsv(path: Path, needed: Iterable[str]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The rows of a TSV file of IMDb, where a quotation mark is a character like others, by column.

    None stands for a row with another number of cells; what is not known is empty.
    """
    rows = lines(path)
    head = next(rows, "").rstrip("\r\n").split("\t")
    refuse_missing(path, head, needed)
    for number, line in enumerate(rows, 2):
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) != len(head):
            yield number, None
        else:
            yield number, {name: "" if cell == MISSING else cell for name, cell in zip(head, cells, strict=True)}


def refuse_missing(path: Path, head: list[str], needed: Iterable[str]) -> None:
    """Refuse a table without a column that is needed."""
    for name in needed:
        if name not in head:
            raise BadInput(
                f"{path} has no column {name!r}; its first line names {', '.join(head[:30]) or 'nothing'}: "
                "is it the file that its name says?"
            )


class Beside:
    """What other tables say of a film, by its key, in a temporary base on disk."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute(
            "CREATE TABLE said (film TEXT, about TEXT, value TEXT, PRIMARY KEY (film, about)) WITHOUT ROWID"
        )
        self._base.execute("BEGIN")

    def keep(self, film: str, about: str, value: Any) -> None:
        """Keep what is said of a film; what was said first stays."""
        self._base.execute("INSERT OR IGNORE INTO said VALUES (?, ?, ?)", (film, about, json.dumps(value)))

    def of(self, film: str) -> dict[str, Any]:
        """All that is said of a film."""
        rows = self._base.execute("SELECT about, value FROM said WHERE film = ?", (film,))
        return {about: json.loads(value) for about, value in rows}

    def close(self) -> None:
        """Forget it all."""
        self._base.close()


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"
