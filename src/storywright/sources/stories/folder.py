"""A folder of pictures with `metadata.csv`: a line for each picture, as `datasets` reads image folders.

`file_name` and `caption` (or `text`) are needed. `story_id` and `order` make stories of the pictures; without them each
picture is a story of its own. Whatever is wrong with a line is said with its number, and the other stories go in.
"""

import codecs
import csv
import json
import sqlite3
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from storywright import files
from storywright.errors import BadInput
from storywright.sources.rights import Rights
from storywright.sources.stories import pictures
from storywright.sources.stories.intake import WORDLESS
from storywright.sources.stories.story import Panel, Plan, Rejected, Story, Things, Unit

METADATA = "metadata.csv"

_NEEDED = ("file_name", "caption")
_OTHER = (
    "story_id", "order", "prompt", "language", "style", "tags", "phase", "licence", "owner", "source", "date",
)  # fmt: skip
_ALSO_CALLED = {"text": "caption", "license": "licence", "image": "file_name", "file": "file_name"}
_DELIMITERS = ",;\t|"
_PHASES = ("", "goal", "obstacle", "turn", "end")
_MOST_CHARACTERS = 65_536
"""The longest cell; whatever is longer is a quotation mark that was not closed."""
_READING = 1
"""Another number when the same folder is read otherwise than before, so that it is read again."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table: its number, and its cells by column."""

    number: int
    cells: dict[str, str]


def units(folder: Path, plan: Plan) -> Iterator[Unit]:
    """The stories of a folder, in the order in which they begin; each is a unit, so that one can change alone."""
    path = folder / METADATA
    base, broken = _sorted(path)
    yield _broken_lines(path, broken)
    for (story,) in base.execute("SELECT story FROM lines GROUP BY story ORDER BY min(number)"):
        rows = base.execute("SELECT number, cells FROM lines WHERE story = ? ORDER BY number", (story,))
        lines = [_Line(number, json.loads(cells)) for number, cells in rows]
        yield Unit(
            key=f"{folder.resolve()}#{story}",
            fingerprint=_fingerprint(folder, lines, plan),
            read=partial(_read, folder, story, lines, plan),
        )


class _FaultError(Exception):
    """A line that cannot be taken; the message says why."""


def _broken_lines(path: Path, broken: list[Rejected]) -> Unit:
    """The lines that are no lines of the table, as a unit that has no stories."""

    def read(known: Collection[str]) -> Things:
        yield from broken

    return Unit(
        key=f"{path.resolve()}#", fingerprint=files.digest_of([[one.origin, one.reason] for one in broken]), read=read
    )


def _read(folder: Path, story: str, lines: list[_Line], plan: Plan, known: Collection[str]) -> Things:
    story_id = f"{folder.resolve().name}-{story}"
    if story_id in known:
        return
    panels, faults = [], []
    for line in lines:
        try:
            panels.append((_order(line), line, _panel(folder, line, plan)))
        except _FaultError as error:
            faults.append((line, str(error)))
    places: dict[float, int] = {}
    for order, line, _ in panels:
        if (first := places.setdefault(order, line.number)) != line.number:
            faults.append((line, f"its order is that of line {first}"))
    left_out = f", so its story {story!r} with {len(lines)} pictures is left out" if len(lines) > 1 else ""
    for line, fault in faults:
        item = line.cells.get("file_name") or story
        yield Rejected(item, f"{folder / METADATA}, line {line.number}", f"{fault}{left_out}")
    if not faults:
        panels.sort(key=lambda one: one[0])
        yield _story(folder, story_id, [line for _, line, _ in panels], [panel for _, _, panel in panels], plan)


def _story(folder: Path, story_id: str, lines: list[_Line], panels: list[Panel], plan: Plan) -> Story:
    cells = lines[0].cells
    rights = Rights(
        source=cells.get("source") or "folder",
        licence=cells.get("licence") or plan.licence,
        owner=cells.get("owner") or plan.owner,
        origin=f"{folder.name}/{METADATA}#{lines[0].number}",
        date=cells.get("date") or plan.date,
    )
    language = cells.get("language") or plan.language
    return Story(story_id=story_id, language=language, rights=rights, panels=tuple(panels))


def _order(line: _Line) -> float:
    given = line.cells.get("order", "")
    if not given:
        return float(line.number)
    try:
        return float(given.replace(",", "."))
    except ValueError as error:
        raise _FaultError(f"its order is {given!r}, which is no number") from error


def _panel(folder: Path, line: _Line, plan: Plan) -> Panel:
    cells = line.cells
    caption = cells["caption"]
    if not caption:
        raise _FaultError("it has no caption")
    for name, given in (("licence", plan.licence), ("owner", plan.owner)):
        if not (cells.get(name) or given):
            raise _FaultError(f"it names no {name}: fill the column {name}, or give --{name}")
    prompt = cells.get("prompt", "")
    if not prompt and (cells.get("language") or plan.language) != "en":
        raise _FaultError("its caption is not English, and it has no prompt that says in English what is seen")
    if (phase := cells.get("phase", "")) not in _PHASES:
        raise _FaultError(f"its phase is {phase!r}: it must be goal, obstacle, turn, end, or empty")
    return Panel(
        picture=_picture(folder, cells["file_name"], plan),
        name=cells["file_name"],
        prompt=prompt or caption,
        caption=caption,
        style=cells.get("style", ""),
        tags=tuple(tag for one in cells.get("tags", "").split(",") if (tag := one.strip()) and tag != WORDLESS),
        phase=phase,
    )


def _picture(folder: Path, name: str, plan: Plan) -> bytes:
    try:
        path = _found(folder, name)
        if not path.is_file():
            raise _FaultError(f"the picture {name} does not exist" if not path.exists() else f"{name} is no file")
        if path.stat().st_size > pictures.MOST_BYTES:
            raise _FaultError(f"the picture {name} has more than {pictures.MOST_BYTES:,} bytes")
        return pictures.taken(path.read_bytes(), plan.longest_px).content
    except BadInput as error:
        raise _FaultError(str(error).rstrip(".")) from error
    except pictures.UnusableError as error:
        raise _FaultError(f"the picture {name} cannot be used: {error}") from error
    except OSError as error:
        raise _FaultError(f"the picture {name} cannot be read ({error.strerror or error})") from error


def _found(folder: Path, name: str) -> Path:
    """The file of this name; archives made on a Mac spell й and é in two characters, and tables in one."""
    spellings = (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    paths = [files.inside(folder, spelling) for spelling in spellings]
    return next((path for path in paths if path.exists()), paths[0])


def _fingerprint(folder: Path, lines: list[_Line], plan: Plan) -> str:
    """Of the lines' cells, not their numbers: lines may move; and of the pictures as the file system knows them."""
    told = []
    for line in lines:
        try:
            stat = _found(folder, line.cells["file_name"]).stat()
            told.append([line.cells, stat.st_size, stat.st_mtime_ns])
        except (BadInput, OSError):
            told.append([line.cells])
    return files.digest_of([_READING, told, plan.licence, plan.owner, plan.language, plan.longest_px])


def _sorted(path: Path) -> tuple[sqlite3.Connection, list[Rejected]]:
    """The lines of the table by story, in a temporary base, since a story's lines may stand far apart."""
    base = sqlite3.connect("")
    base.execute("CREATE TABLE lines (number INTEGER PRIMARY KEY, story TEXT NOT NULL, cells TEXT NOT NULL)")
    broken: list[Rejected] = []

    def rows() -> Iterator[tuple[int, str, str]]:
        for found in _lines(path):
            if isinstance(found, Rejected):
                broken.append(found)
            else:
                story = found.cells.get("story_id") or f"line-{_name_of(found)}"
                yield found.number, story, json.dumps(found.cells, ensure_ascii=False)

    base.executemany("INSERT INTO lines VALUES (?, ?, ?)", rows())
    base.execute("CREATE INDEX by_story ON lines (story, number)")
    return base, broken


def _name_of(line: _Line) -> str:
    """A name for a picture that is a story of its own; it stays when lines move."""
    return files.digest_of([line.cells["file_name"], line.cells["caption"]])[:12]


def _lines(path: Path) -> Iterator[_Line | Rejected]:
    with path.open(encoding=_encoding(path), errors="replace", newline="") as file:
        reader = _Reader(path, file)
        head = reader.head()
        for number, row, problem in reader:
            origin = f"{path}, line {number}"
            if problem:
                yield Rejected("a line", origin, problem)
            elif len(row) > len(head) and any(row[len(head) :]):
                yield Rejected("a line", origin, f"it has {len(row)} cells, and there are {len(head)} columns")
            elif any(row):
                cells = dict(zip(head, (cell.strip() for cell in row), strict=False))
                yield _Line(number, {name: cells.get(name, "") for name in (*_NEEDED, *_OTHER) if name in head})


class _Reader:
    """A CSV file line by line. After a line that cannot be read it goes on with the one below, not where the
    quotation mark of the broken one happens to end."""

    def __init__(self, path: Path, file: Iterator[str]) -> None:
        self._path, self._file = path, file
        self._waiting: list[str] = []
        self._taken: list[str] = []
        self._number = 0
        self._delimiter = ","

    def head(self) -> list[str]:
        """The names of the columns, as this module calls them; the delimiter is the one that they stand between."""
        first = next(self._file, "")
        self._number = 1
        self._delimiter = max(_DELIMITERS, key=first.count) if any(one in first for one in _DELIMITERS) else ","
        found = next(csv.reader([first], delimiter=self._delimiter), [])
        given = [name.strip().lower() for name in found]
        named = [_ALSO_CALLED.get(name, name) if _ALSO_CALLED.get(name) not in given else name for name in given]
        for name in _NEEDED:
            if name not in named:
                raise BadInput(
                    f"{self._path} has no column {name!r}; its first line names {', '.join(found) or 'nothing'}. "
                    f"{' and '.join(_NEEDED)} are needed, {', '.join(_OTHER)} may be there."
                )
        if twice := next((name for name in named if name and named.count(name) > 1), ""):
            raise BadInput(f"{self._path} has the column {twice!r} twice: take one of them out.")
        return named

    def __iter__(self) -> Iterator[tuple[int, list[str], str]]:
        csv.field_size_limit(_MOST_CHARACTERS)
        rows = csv.reader(self._physical(), delimiter=self._delimiter, strict=True)
        while True:
            self._taken = []
            number = self._number + 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                self._waiting = self._taken[1:] + self._waiting
                self._number = number
                rows = csv.reader(self._physical(), delimiter=self._delimiter, strict=True)
                yield number, [], f"it cannot be read ({error}): look for a quotation mark that is not closed"
            else:
                yield number, row, ""

    def _physical(self) -> Iterator[str]:
        while self._waiting or (line := next(self._file, "")):
            line = self._waiting.pop(0) if self._waiting else line
            self._taken.append(line)
            self._number += 1
            yield line


def _encoding(path: Path) -> str:
    """UTF-8 or UTF-16, as the file's first bytes say; whatever is neither is refused by its line."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise BadInput(
                    f"{path}, line {number} is not UTF-8 ({error.reason} at byte {error.start + 1}): save the table as "
                    "UTF-8, in a spreadsheet as `CSV UTF-8`."
                ) from error
    return "utf-8-sig"
