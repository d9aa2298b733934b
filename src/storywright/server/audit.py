"""The audit log: who changed what, when, from where, and how it ended. Rows are added, and never changed or taken out.

The database itself refuses to change a row. A row is on the disk before the answer it is about leaves the server; many
requests share one flush. Feedback is not in it: each word is a row of its own with its user and its time.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Engine,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    insert,
    select,
)  # fmt: skip

from storywright.watch import database
from storywright.watch.commits import SharedCommits
from storywright.watch.database import now_ms

_LOG = logging.getLogger("storywright.server")
_LONGEST = {"workspace": 24, "user": 64, "role": 8, "by": 16, "key": 8, "what": 128, "about": 256, "address": 64}
"""Characters of each text; what is longer is cut."""
_TABLES = MetaData()
_AUDIT = Table(
    "audit",
    _TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("workspace", String(_LONGEST["workspace"]), nullable=False),
    Column("user", String(_LONGEST["user"]), nullable=False),
    Column("role", String(_LONGEST["role"]), nullable=False),
    Column(
        "by", String(_LONGEST["by"]), nullable=False
    ),  # what they showed: a key, a session, or that they are on this machine
    Column("key", String(_LONGEST["key"]), nullable=False),
    Column("what", String(_LONGEST["what"]), nullable=False),  # the method and the route
    Column("about", String(_LONGEST["about"]), nullable=False),  # what the path named
    Column("address", String(_LONGEST["address"]), nullable=False),
    Column("status", Integer, nullable=False),
)
_INDEXES = (Index("audit_workspace", _AUDIT.c.workspace, _AUDIT.c.number),)
_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS audit_no_{act} BEFORE {act.upper()} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for act in ("update", "delete")
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One row."""

    workspace: str
    user: str
    role: str
    by: str
    key: str
    what: str
    about: str
    address: str
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """A row as it is read."""

    number: int
    at_ms: int
    workspace: str
    user: str
    role: str
    by: str
    key: str
    what: str
    about: str
    address: str
    status: int


class Audit:
    """The log in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        further = [DDL(statement) for statement in _APPEND_ONLY[engine.dialect.name]]
        database.make_tables(engine, _TABLES, _INDEXES, further)
        self._commits: SharedCommits[Act, None] = SharedCommits("audit", self._write)

    async def note(self, act: Act) -> None:
        """Write a row; a log that cannot be written is said loudly, and does not undo what was done."""
        try:
            await self._commits.written(act)
        except Exception:  # noqa: BLE001 - the act has happened; its answer must not be lost as well
            _LOG.exception("The audit log could not be written: %s", act)

    def note_now(self, act: Act) -> None:
        """Write a row from a program that ends soon."""
        self._write([act])

    def read(self, *, workspace: str = "", limit: int = 100, before: int = 0) -> list[Noted]:
        """The newest rows first, of one workspace or of all; `before` is the last number of the page before."""
        query = select(_AUDIT).order_by(_AUDIT.c.number.desc()).limit(limit)
        if workspace:
            query = query.where(_AUDIT.c.workspace == workspace)
        if before:
            query = query.where(_AUDIT.c.number < before)
        with self._engine.connect() as connection:
            return [_noted(row) for row in connection.execute(query).mappings()]

    def close(self) -> None:
        """Write what waits."""
        self._commits.close()

    def _write(self, acts: Sequence[Act]) -> list[Exception | None]:
        rows = [_row(act) for act in acts]
        with self._engine.begin() as connection:
            connection.execute(insert(_AUDIT), rows)
        return [None] * len(acts)


def _row(act: Act) -> dict[str, Any]:
    """A row that fits, and holds nothing that a terminal or a log would obey."""
    row: dict[str, Any] = {"at_ms": now_ms(), "status": act.status}
    for name, longest in _LONGEST.items():
        text = "".join(sign if sign.isprintable() else "\ufffd" for sign in getattr(act, name))
        row[name] = text[:longest]
    return row


def _noted(row: RowMapping) -> Noted:
    return Noted(**{name: row[name] for name in Noted.__dataclass_fields__})
