"""The studio's database: one engine for each URL, and the tables of what was made and what people said about it.

SQLite is opened so that a commit is on the disk when it returns, also when the power fails right after.
"""

import functools
import time
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Engine, Index, MetaData, String, Table, Text, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from storywright.errors import BadInput

_TABLES = MetaData()

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
)
_INDEXES = (
    Index("boards_made", BOARDS.c.made_ms),
    Index("boards_asked", BOARDS.c.asked),
    Index("feedback_made", FEEDBACK.c.made_ms),
    Index("feedback_board", FEEDBACK.c.board),
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
        with made.begin() as connection:
            for table in _TABLES.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            for index in _INDEXES:
                connection.execute(CreateIndex(index, if_not_exists=True))
    except (ArgumentError, SQLAlchemyError, ModuleNotFoundError, OSError) as error:
        shown = _shown(url)
        said = str(error).strip().split("\n")[0]
        raise BadInput(
            f"The studio's database {shown} cannot be opened ({said}): start it, or set STORYWRIGHT_DATABASE_URL to "
            "where it is."
        ) from error
    return made


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


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
