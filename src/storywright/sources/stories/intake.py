"""Takes stories in: whole ones into shards, the others into `rejected.jsonl`, each story once.

Reads from a source as much as fits into a piece of a shard, so memory does not grow with what there is. A shard is put
in its place when it is whole, and the ledger is written with it. What has changed at its source is taken again, and its
old rows leave their shard. Knows nothing about where stories come from.
"""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from storywright import files
from storywright.corpus import shards
from storywright.corpus.schema import GROUNDING, PANELS
from storywright.errors import BadInput
from storywright.progress import Progress
from storywright.sources.stories.ledger import Ledger, News
from storywright.sources.stories.story import Rejected, Story, Things, Unit

LEDGER = ".ledger.sqlite"
REJECTED = "rejected.jsonl"
WORDLESS = "wordless"
"""The tag of a panel whose source has no words for it."""

_TABLES = {"panels": PANELS, "grounding": GROUNDING}
_PANELS_AT_ONCE = 256
_BYTES_AT_ONCE = 48_000_000
_BYTES_IN_SHARD = 512_000_000
_NEWS_AT_ONCE = 20_000


@dataclass(slots=True)
class Counts:
    """What a run has done."""

    stories: int = 0
    """Taken in now."""
    panels: int = 0
    unchanged: int = 0
    """Units that were in already."""
    rejected: int = 0
    longest_caption: int = 0
    """Characters of the longest caption."""
    wordless: int = 0
    """Panels whose source has no words for them."""
    terms: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """The licences, with their owners and sources."""


class Intake:
    """One folder that stories are taken into."""

    def __init__(self, folder: Path, shard_panels: int = 2_000) -> None:
        if not (folder / LEDGER).exists() and any(shards.of_table(folder, "panels")):
            raise BadInput(f"{folder} holds panels that another command has made: name another folder with --out.")
        self.counts = Counts()
        self._folder, self._shard_panels = folder, shard_panels
        with files.full_disk_named(folder):
            self._ledger = Ledger(folder / LEDGER)
        self._news = News()
        self._shard = self._ledger.next_shard
        self._writers: dict[str, shards.Writer] = {}
        self._open = contextlib.ExitStack()
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
        self._bytes = self._bytes_in_shard = self._panels_in_shard = 0
        self._clear_unfinished()
        self._take_outdated_out()

    def take(self, source: str, units: Iterable[Unit]) -> None:
        """Take in what is new or has changed in a source."""
        with Progress(f"taking in {source}") as progress:
            for unit in units:
                self._take(source, unit, progress)
        self._end_shard()
        self._ledger.gone_through(source)

    def _take(self, source: str, unit: Unit, progress: Progress) -> None:
        known = self._ledger.unit(unit.key)
        if known == (unit.fingerprint, True):
            self.counts.unchanged += 1
            self._news.unchanged.append(unit.key)
            self._pass_on()
            return
        self._news.begun[unit.key] = source, unit.fingerprint
        stories = self._ledger.stories_of(unit.key)
        if known and known[0] != unit.fingerprint:
            self._news.changed.append(unit.key)
            stories = set()
        for given in self._given(unit, stories):
            thing = self._clash(given, unit) or given if isinstance(given, Story) else given
            if isinstance(thing, Rejected):
                self._news.rejected.append((unit.key, thing))
                self.counts.rejected += 1
            else:
                self._add(thing, unit)
            progress.advance(note=f"{self.counts.panels:,} panels")
            self._pass_on()
        self._news.whole.append(unit.key)
        self._pass_on()

    def _given(self, unit: Unit, known: set[str]) -> Things:
        """What a unit gives; when its source breaks off, what it gave before stays."""
        try:
            yield from unit.read(known)
        except BadInput:
            self._end_shard()
            raise

    def finish(self) -> None:
        """Take out what is outdated, and write down what was rejected."""
        self._take_outdated_out()
        lines = (
            json.dumps({"item": one.item, "origin": one.origin, "reason": one.reason}, ensure_ascii=False) + "\n"
            for one in self._ledger.rejected()
        )
        part = self._folder / f".{REJECTED}.part"
        with files.full_disk_named(self._folder), part.open("w", encoding="utf-8") as file:
            file.writelines(lines)
        part.replace(self._folder / REJECTED)

    def totals(self) -> dict[str, int]:
        """How much is in the folder now."""
        return self._ledger.totals()

    def __enter__(self) -> "Intake":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._open.__exit__(kind, error, trace)
        finally:
            self._ledger.close()

    def _clash(self, story: Story, unit: Unit) -> Rejected | None:
        """A story of a name that is taken; two of a name would be one story with twice the panels."""
        holder = self._news.stories[story.story_id][0] if story.story_id in self._news.stories else None
        holder = holder or self._ledger.unit_of(story.story_id)
        if holder is None or (holder in self._news.changed and story.story_id not in self._news.stories):
            return None
        where = "there twice" if holder == unit.key else f"also in {holder}"
        return Rejected(story.story_id, story.rights.origin, f"a story of this name is {where}; the first is kept")

    def _add(self, story: Story, unit: Unit) -> None:
        for number, panel in enumerate(story.panels):
            place = {"story_id": story.story_id, "panel": number}
            self._rows["panels"].append(
                place
                | {
                    "panels": len(story.panels),
                    "picture": {"bytes": panel.picture, "path": panel.name},
                    "prompt": panel.prompt,
                    "caption": panel.caption,
                    "language": story.language,
                    "style": panel.style,
                    "tags": list(panel.tags),
                    "phase": panel.phase,
                    "scene": "",
                }
                | story.rights.columns()
            )
            self._rows["grounding"] += [_complete(place | thing) for thing in panel.things]
            self._bytes += len(panel.picture)
            self.counts.longest_caption = max(self.counts.longest_caption, len(panel.caption))
            self.counts.wordless += WORDLESS in panel.tags
        self.counts.terms[story.rights.licence, story.rights.owner, story.rights.source] = None
        self.counts.stories += 1
        self.counts.panels += len(story.panels)
        self._news.stories[story.story_id] = (unit.key, len(story.panels))

    def _pass_on(self) -> None:
        """Write what is enough for a piece, and end what is enough for a shard."""
        if len(self._rows["panels"]) >= _PANELS_AT_ONCE or self._bytes >= _BYTES_AT_ONCE:
            self._write_piece()
        full = self._panels_in_shard + len(self._rows["panels"]) >= self._shard_panels
        if full or self._bytes_in_shard >= _BYTES_IN_SHARD or len(self._news) >= _NEWS_AT_ONCE:
            self._end_shard()

    def _write_piece(self) -> None:
        for name, rows in self._rows.items():
            if rows:
                if name not in self._writers:
                    writer = shards.Writer(self._path(name, self._shard), _TABLES[name])
                    self._writers[name] = self._open.enter_context(writer)
                self._writers[name].write(pa.Table.from_pylist(rows, _TABLES[name]))
        self._panels_in_shard += len(self._rows["panels"])
        self._bytes_in_shard += self._bytes
        self._rows = {name: [] for name in _TABLES}
        self._bytes = 0

    def _end_shard(self) -> None:
        self._write_piece()
        wrote = bool(self._panels_in_shard)
        self._open.close()
        self._ledger.write(self._news, self._shard if wrote else None)
        self._news, self._writers = News(), {}
        self._shard += wrote
        self._panels_in_shard = self._bytes_in_shard = 0

    def _clear_unfinished(self) -> None:
        """Remove the shard that a killed run had in its place before the ledger knew of it."""
        for name in _TABLES:
            path = self._path(name, self._shard)
            path.unlink(missing_ok=True)
            for part in self._folder.glob(f".{name}-*.part"):
                part.unlink()

    def _take_outdated_out(self) -> None:
        for shard, names in self._ledger.outdated().items():
            for table, schema in _TABLES.items():
                path = self._path(table, shard)
                if path.exists():
                    _rewrite(path, schema, names)
            self._ledger.taken_out(shard)

    def _path(self, table: str, shard: int) -> Path:
        return self._folder / f"{table}-{shard:05d}.parquet"


def _complete(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `grounding` with all its columns."""
    return {field.name: row.get(field.name, [] if pa.types.is_list(field.type) else "") for field in GROUNDING}


def _rewrite(path: Path, schema: pa.Schema, without: set[str]) -> None:
    """Write a shard again without some stories; a shard that holds nothing else goes."""
    kept = 0
    new = path.with_name(f".{path.name}.new")
    with shards.Writer(new, schema) as writer:
        for piece in shards.pieces(path, schema, _PANELS_AT_ONCE):
            some = piece.filter(pa.array([name not in without for name in piece["story_id"].to_pylist()]))
            kept += len(some)
            writer.write(some)
    if kept:
        new.replace(path)
    else:
        path.unlink()
