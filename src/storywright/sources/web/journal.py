"""What a crawl knows: which addresses wait, what each one gave, and how to ask whether it has changed.

An SQLite file. What a page gave and the addresses it led to are written in one transaction, so that a killed crawl goes
on where it was and fetches nothing twice that it had finished.
"""

import contextlib
import enum
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storywright.errors import BadInput

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS pages (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,             -- sitemap, page or picture
    depth INTEGER NOT NULL,
    hops INTEGER NOT NULL,          -- redirects that led here
    state INTEGER NOT NULL,
    status INTEGER,                 -- of the newest answer
    note TEXT NOT NULL DEFAULT '',
    etag TEXT NOT NULL DEFAULT '',
    modified TEXT NOT NULL DEFAULT '',
    fetched TEXT NOT NULL DEFAULT '', -- the date of what it gave
    made TEXT NOT NULL DEFAULT ''   -- what it gave: its concepts as JSON, or a picture's file
) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON pages (site, depth, url) WHERE state = 0;
CREATE TABLE IF NOT EXISTS left_sites (site TEXT PRIMARY KEY, problem TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS robots (origin TEXT PRIMARY KEY, status INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class State(enum.IntEnum):
    """What has become of an address."""

    WAITING = 0
    DONE = 1
    FORBIDDEN = 2  # by robots.txt
    REFUSED = 3  # by the gate or a limit, or not what it should be
    FAILED = 4  # the server did not give it, however often it was asked
    MOVED = 5  # a redirect


@dataclass(frozen=True, slots=True)
class Entry:
    """An address that waits."""

    id: int
    url: str
    kind: str
    depth: int
    hops: int
    etag: str
    modified: str
    made: bool
    """An earlier crawl has made something of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """An address that was found, and how."""

    url: str
    kind: str
    depth: int
    hops: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of an entry, and what it led to."""

    state: State
    status: int = 0
    note: str = ""
    etag: str = ""
    modified: str = ""
    made: str = ""
    found: tuple[Found, ...] = ()
    unchanged: bool = False
    """It was asked for again, and what an earlier crawl has made of it still holds."""


class Journal:
    """The journal of one crawl, in one file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = sqlite3.connect(path, timeout=0.5, isolation_level=None)
            # A crawl that is killed loses nothing; a machine that loses power loses the newest pages, not the file.
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("BEGIN IMMEDIATE")
            self._base.execute("COMMIT")
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise BadInput(f"{path} was written by another version of storywright: name another folder.")
            self._base.executescript(_TABLES)
            self._base.execute(f"PRAGMA user_version = {_VERSION}")
        except sqlite3.OperationalError as error:
            raise BadInput(
                f"{path} is in use by another crawl ({error}): wait for it or name another folder."
            ) from error
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"{path} is not a crawl's journal ({error}): move it away or name another folder."
            ) from error

    def begin(self, plan: str) -> bool:
        """Go on with an unfinished crawl (True), or begin one; what the same plan has fetched is asked for again."""
        same = self._fact("plan") == plan
        if same and self._fact("finished") == "no":
            return True
        with self._transaction():
            if same:
                self._base.execute("UPDATE pages SET state = ?, hops = 0 WHERE kind != 'picture'", (State.WAITING,))
            else:
                self._base.execute("DELETE FROM pages")
            for table in ("left_sites", "robots", "counts"):
                self._base.execute(f"DELETE FROM {table}")
            for name, value in (("plan", plan), ("finished", "no")):
                self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
        return False

    def finish(self) -> None:
        """Say that nothing is left to fetch."""
        self._base.execute("INSERT OR REPLACE INTO facts VALUES ('finished', 'yes')")

    def add(self, site: str, found: list[Found]) -> None:
        """Let these addresses of a site wait, if they are new."""
        with self._transaction():
            self._add(site, found)

    def waiting(self, site: str, most: int, *, pages: bool = True) -> list[Entry]:
        """The addresses of a site that come next, of the smallest depth there is, by name; `pages` or all but those."""
        which = "site = ?1 AND state = 0 AND (?3 OR kind != 'page')"
        rows = self._base.execute(
            f"SELECT id, url, kind, depth, hops, etag, modified, made != '' FROM pages WHERE {which}"
            f" AND depth = (SELECT min(depth) FROM pages WHERE {which}) ORDER BY url LIMIT ?2",
            (site, most, pages),
        )
        return [Entry(*row) for row in rows]

    def close_entry(self, site: str, entry: Entry, outcome: Outcome, date: str) -> None:
        """Write down what became of an entry and what it led to, all or nothing."""
        with self._transaction():
            if outcome.unchanged:
                self._base.execute(
                    "UPDATE pages SET state = ?, status = ?, note = ? WHERE id = ?",
                    (outcome.state, outcome.status, outcome.note, entry.id),
                )
            else:
                self._base.execute(
                    "UPDATE pages SET state = ?, status = ?, note = ?, etag = ?, modified = ?, fetched = ?, made = ?"
                    " WHERE id = ?",
                    (
                        *(outcome.state, outcome.status, outcome.note, outcome.etag, outcome.modified),
                        *(date, outcome.made, entry.id),
                    ),
                )
            if outcome.found:
                self._add(site, outcome.found)

    def pages_of(self, site: str) -> int:
        """How many pages of a site were fetched in this crawl."""
        row = self._base.execute(
            "SELECT count(*) FROM pages WHERE site = ? AND kind = 'page' AND state != 0 AND status != 0", (site,)
        ).fetchone()
        return int(row[0])

    def give_up(self, site: str, problem: str) -> None:
        """Write down why a site was left."""
        self._base.execute("INSERT OR REPLACE INTO left_sites VALUES (?, ?)", (site, problem))

    def problems(self) -> dict[str, str]:
        """Why each site that was left was left."""
        return dict(self._base.execute("SELECT site, problem FROM left_sites ORDER BY site"))

    def robots(self, origin: str) -> tuple[int, bytes] | None:
        """The robots.txt of this crawl, with the status it came with."""
        row = self._base.execute("SELECT status, content FROM robots WHERE origin = ?", (origin,)).fetchone()
        return (row[0], row[1]) if row else None

    def keep_robots(self, origin: str, status: int, content: bytes) -> None:
        """Keep a robots.txt until this crawl is over."""
        self._base.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", (origin, status, content))

    def count(self, name: str, more: int = 1) -> None:
        """Count what leaves no other trace."""
        self._base.execute(
            "INSERT INTO counts VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2", (name, more)
        )

    def counts(self) -> dict[str, int]:
        """How often each thing was counted in this crawl."""
        return dict(self._base.execute("SELECT name, value FROM counts"))

    def states(self, kind: str) -> dict[State, int]:
        """How many addresses of a kind are in each state."""
        rows = self._base.execute("SELECT state, count(*) FROM pages WHERE kind = ? GROUP BY state", (kind,))
        return {State(state): count for state, count in rows}

    def unchanged(self) -> int:
        """How many addresses were asked for again and had not changed."""
        row = self._base.execute(
            "SELECT count(*) FROM pages WHERE state = ? AND status = 304", (State.DONE,)
        ).fetchone()
        return int(row[0])

    def notes(self) -> Iterator[tuple[str, State, str]]:
        """The addresses that gave less than they should have, with the reason."""
        rows = self._base.execute("SELECT url, state, note FROM pages WHERE note != '' AND state != 0 ORDER BY url")
        for url, state, note in rows:
            yield url, State(state), note

    def fetched(self) -> list[str]:
        """The pages that were read, by name."""
        rows = self._base.execute("SELECT url FROM pages WHERE kind = 'page' AND state = ? ORDER BY url", (State.DONE,))
        return [url for (url,) in rows]

    def made(self, kind: str) -> Iterator[tuple[str, str, str]]:
        """What addresses of a kind gave, the nearest to the start first: address, date, what was made.

        What an earlier crawl has read and this one did not come to is still known.
        """
        yield from self._base.execute(
            "SELECT url, fetched, made FROM pages WHERE kind = ? AND state IN (?, ?) AND made != ''"
            " ORDER BY depth, url",
            (kind, State.DONE, State.WAITING),
        )

    def close(self) -> None:
        """Close the file; everything is in it."""
        self._base.close()

    def _add(self, site: str, found: list[Found] | tuple[Found, ...]) -> None:
        self._base.executemany(
            "INSERT OR IGNORE INTO pages (url, site, kind, depth, hops, state) VALUES (?, ?, ?, ?, ?, 0)",
            [(one.url, site, one.kind, one.depth, one.hops) for one in found],
        )

    def _fact(self, name: str) -> str:
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._base.execute("BEGIN")
            yield
            self._base.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise BadInput(
                f"The crawl's journal cannot be written ({error}): free some space, or make its folder writable, and "
                "run the crawl again; it goes on where it was."
            ) from error
        except BaseException:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise
