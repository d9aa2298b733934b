"""What is in a folder of stories already: an SQLite file beside the shards.

It says which unit of a source is in as a whole, which story stands in which shard, what was rejected and why, and what
is out of date and waits to be taken out. It changes only together with a shard that is whole, so that a killed run goes
on where the last shard ended.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from storywright.errors import BadInput
from storywright.sources.stories.story import Rejected

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS units (
    unit TEXT PRIMARY KEY, source TEXT NOT NULL, fingerprint TEXT NOT NULL, whole INTEGER NOT NULL, run INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS stories (
    story_id TEXT PRIMARY KEY, unit TEXT NOT NULL, shard INTEGER NOT NULL, panels INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS stories_of ON stories (unit);
CREATE TABLE IF NOT EXISTS rejected (
    unit TEXT NOT NULL, item TEXT NOT NULL, origin TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS rejected_of ON rejected (unit);
CREATE TABLE IF NOT EXISTS outdated (shard INTEGER NOT NULL, story_id TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""


@dataclass(slots=True)
class News:
    """What has happened since the last shard."""

    begun: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Units that are read from now on, with their sources and fingerprints."""
    unchanged: list[str] = field(default_factory=list)
    """Units that are still there as they were."""
    changed: list[str] = field(default_factory=list)
    """Those of them that were in with another fingerprint."""
    whole: list[str] = field(default_factory=list)
    """Units that are in to their end."""
    stories: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Stories with their unit and their number of panels."""
    rejected: list[tuple[str, Rejected]] = field(default_factory=list)
    """What was rejected, with its unit."""

    def __len__(self) -> int:
        return len(self.begun) + len(self.unchanged) + len(self.rejected)


class Ledger:
    """The ledger of one folder."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = sqlite3.connect(path, timeout=0.5, isolation_level=None)
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("BEGIN IMMEDIATE")
            self._base.execute("COMMIT")
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise BadInput(f"{path} was written by another version of storywright: name another folder.")
            self._base.executescript(_TABLES)
            self._base.execute(f"PRAGMA user_version = {_VERSION}")
            self._run = self._fact("run") + 1
        except sqlite3.OperationalError as error:
            raise BadInput(
                f"{path} is in use ({error}): wait for the other command, or name another folder."
            ) from error
        except sqlite3.DatabaseError as error:
            raise BadInput(f"{path} is no ledger of stories ({error}): move it away or name another folder.") from error

    @property
    def next_shard(self) -> int:
        """The number of the shard that comes next; numbers are not used again."""
        return self._fact("next_shard")

    def unit(self, unit: str) -> tuple[str, bool] | None:
        """The fingerprint that a unit was read with, and whether it is in to its end."""
        row = self._base.execute("SELECT fingerprint, whole FROM units WHERE unit = ?", (unit,)).fetchone()
        return (row[0], bool(row[1])) if row else None

    def stories_of(self, unit: str) -> set[str]:
        """The stories of a unit that are in."""
        return {name for (name,) in self._base.execute("SELECT story_id FROM stories WHERE unit = ?", (unit,))}

    def unit_of(self, story_id: str) -> str | None:
        """The unit that a story came from, if it is in."""
        row = self._base.execute("SELECT unit FROM stories WHERE story_id = ?", (story_id,)).fetchone()
        return row[0] if row else None

    def totals(self) -> dict[str, int]:
        """How many stories and panels are in, and how much was rejected."""
        stories, panels = self._base.execute("SELECT count(*), coalesce(sum(panels), 0) FROM stories").fetchone()
        rejected = self._base.execute("SELECT count(*) FROM rejected").fetchone()[0]
        return {"stories": stories, "panels": panels, "rejected": rejected}

    def rejected(self) -> Iterator[Rejected]:
        """All that was rejected."""
        rows = self._base.execute("SELECT item, origin, reason FROM rejected ORDER BY rowid")
        yield from (Rejected(*row) for row in rows)

    def outdated(self) -> dict[int, set[str]]:
        """The stories that wait to be taken out, by shard."""
        found: dict[int, set[str]] = {}
        for shard, story_id in self._base.execute("SELECT shard, story_id FROM outdated"):
            found.setdefault(shard, set()).add(story_id)
        return found

    def taken_out(self, shard: int) -> None:
        """Say that a shard holds nothing outdated any more."""
        self._base.execute("DELETE FROM outdated WHERE shard = ?", (shard,))

    def write(self, news: News, shard: int | None) -> None:
        """Write what has happened, all or nothing; its stories stand in this shard."""
        try:
            self._base.execute("BEGIN")
            self._write(news, shard)
            self._base.execute("COMMIT")
        except BaseException as error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise BadInput(
                    f"The ledger cannot be written ({error}): free some space, or make its folder writable, and run "
                    "the same command again; it goes on where it was."
                ) from error
            raise

    def gone_through(self, source: str) -> None:
        """Say that a source was gone through to its end: what it rejected and does not have any more is forgotten."""
        self._base.execute(
            "DELETE FROM rejected WHERE unit IN (SELECT unit FROM units WHERE source = ? AND run < ?)",
            (source, self._run),
        )

    def close(self) -> None:
        """Close the file; everything is in it."""
        self._base.close()

    def _write(self, news: News, shard: int | None) -> None:
        run, many = self._base.execute, self._base.executemany
        for unit in news.changed:
            run("INSERT INTO outdated SELECT shard, story_id FROM stories WHERE unit = ?", (unit,))
            run("DELETE FROM stories WHERE unit = ?", (unit,))
        many("DELETE FROM rejected WHERE unit = ?", _ones(news.begun))
        begun = ((unit, source, mark, self._run) for unit, (source, mark) in news.begun.items())
        many("INSERT OR REPLACE INTO units VALUES (?, ?, ?, 0, ?)", begun)
        many("UPDATE units SET run = ? WHERE unit = ?", ((self._run, unit) for unit in news.unchanged))
        run("INSERT OR REPLACE INTO facts VALUES ('run', ?)", (self._run,))
        many("UPDATE units SET whole = 1 WHERE unit = ?", _ones(news.whole))
        many(
            "INSERT INTO rejected VALUES (?, ?, ?, ?)",
            ((unit, one.item, one.origin, one.reason) for unit, one in news.rejected),
        )
        if shard is not None:
            rows = ((name, unit, shard, panels) for name, (unit, panels) in news.stories.items())
            many("INSERT INTO stories VALUES (?, ?, ?, ?)", rows)
            run("INSERT OR REPLACE INTO facts VALUES ('next_shard', ?)", (shard + 1,))

    def _fact(self, name: str) -> int:
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0


def _ones(names: Iterable[str]) -> Iterator[tuple[str]]:
    return ((name,) for name in names)
