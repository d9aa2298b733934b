"""The studio's database: one engine for each URL, and the tables of what was made and what people said about it.

SQLite is opened so that a commit is on the disk when it returns, also when the power fails right after.
"""

import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    inspect,
    select,
)  # fmt: skip
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from storywright.errors import BadInput

_TABLES = MetaData()
_MAKING = 0x53746F7279  # any number that nobody else locks

BOARDS = Table(
    "boards",
    _TABLES,
    Column("id", String(64), primary_key=True),
    Column("asked", String(64), nullable=False),  # the same for all candidates of one request
    Column("brief", Text, nullable=False),  # JSON
    Column("folder", Text, nullable=False),  # relative to the studio's home
    Column("version", String(32), nullable=False),  # of the bundle that made it; empty: the embedded models
    Column("made_ms", BigInteger, nullable=False),
)
FEEDBACK = Table(
    "feedback",
    _TABLES,
    Column("key", String(128), primary_key=True),  # the idempotency key
    Column("board", String(64), nullable=False),
    Column("panel", String(64), nullable=False),  # empty: the whole board
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("user", String(128), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("taken", BigInteger),  # the first set of preferences that it went into; null: none so far
)
FEEDBACK_SETS = Table(
    "feedback_sets",
    _TABLES,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("digest", String(64), nullable=False),  # of its pairs; empty: it was begun and never finished
    Column("until_ms", BigInteger),  # what was said later is not in it; null: everything is
    Column("made_ms", BigInteger, nullable=False),
)
_LATER = (FEEDBACK.c.taken,)
"""Columns that databases of earlier versions lack; each can be null."""
_INDEXES = (
    Index("boards_made", BOARDS.c.made_ms),
    Index("boards_asked", BOARDS.c.asked),
    Index("feedback_made", FEEDBACK.c.made_ms),
    Index("feedback_board", FEEDBACK.c.board),
    Index("feedback_user", FEEDBACK.c.user),
)


@functools.cache
def engine(url: str) -> Engine:
    """The engine of a database, its tables made where they are missing."""
    try:
        place = make_url(url)
        if place.get_backend_name() == "sqlite" and place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(place, pool_pre_ping=place.get_backend_name() != "sqlite")
        if made.dialect.name == "sqlite":
            event.listen(made, "connect", _durable)
        else:
            event.listen(made, "connect", _durable_on_postgresql)
        make_tables(made, _TABLES, _INDEXES)
        with made.begin() as connection:
            _add_later_columns(connection)
    except (ArgumentError, SQLAlchemyError, ModuleNotFoundError, OSError) as error:
        shown = _shown(url)
        said = str(error).strip().split("\n")[0]
        raise BadInput(
            f"The studio's database {shown} cannot be opened ({said}): start it, or set STORYWRIGHT_DATABASE_URL to "
            "where it is."
        ) from error
    return made


def make_tables(made: Engine, tables: MetaData, indexes: Sequence[Index] = (), further: Sequence[DDL] = ()) -> None:
    """Make what is missing; of several servers that start at once one does it while the others wait."""
    with made.begin() as connection:
        if made.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MAKING)))
        for table in tables.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        for index in indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
        for statement in further:
            connection.execute(statement)


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _add_later_columns(connection: Connection) -> None:
    for column in _LATER:
        known = {one["name"] for one in inspect(connection).get_columns(column.table.name)}
        if column.name in known:
            continue
        once = "IF NOT EXISTS " if connection.dialect.name == "postgresql" else ""
        kind = column.type.compile(connection.dialect)
        try:
            connection.execute(DDL(f"ALTER TABLE {column.table.name} ADD COLUMN {once}{column.name} {kind}"))
        except OperationalError as error:  # another process was faster
            if "duplicate column" not in str(error):
                raise


def _durable_on_postgresql(connection: Any, _: Any) -> None:
    """An administrator may have turned durable commits off for a role; here nothing is acknowledged without them."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()


def _durable(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "at STORYWRIGHT_DATABASE_URL"
