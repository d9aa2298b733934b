"""What the studio made lately: a row for each board, with the brief it answers and the request it belongs to.

The board itself is a folder in the studio's home; the row is how it is found again.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from storywright import board, files
from storywright.board import Brief, Storyboard
from storywright.errors import BadInput
from storywright.watch.database import BOARDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A board that was made."""

    id: str
    asked: str
    """The request; the candidates for one brief have it in common."""
    brief: Brief
    folder: str
    """Relative to the studio's home."""
    version: str
    """Of the bundle that made it; empty for the embedded models."""
    made_ms: int


def note(engine: Engine, made: list[Made]) -> None:
    """Write down boards that stand in their folders; all of them or none."""
    rows = [
        {
            "id": one.id,
            "asked": one.asked,
            "brief": one.brief.model_dump_json(),
            "folder": one.folder,
            "version": one.version,
            "made_ms": one.made_ms,
        }
        for one in made
    ]
    try:
        with engine.begin() as connection:
            connection.execute(insert(BOARDS), rows)
    except IntegrityError as error:
        raise BadInput(f"One of the boards {', '.join(one.id for one in made)} is there already.") from error


def recent(engine: Engine, limit: int, until_ms: int | None = None) -> list[Made]:
    """The newest boards, the newest first."""
    query = select(BOARDS).order_by(BOARDS.c.made_ms.desc(), BOARDS.c.id).limit(limit)
    if until_ms is not None:
        query = query.where(BOARDS.c.made_ms <= until_ms)
    with engine.connect() as connection:
        return [_made(row) for row in connection.execute(query).mappings()]


def find(engine: Engine, board_id: str) -> Made | None:
    """One board."""
    with engine.connect() as connection:
        row = connection.execute(select(BOARDS).where(BOARDS.c.id == board_id)).mappings().first()
    return _made(row) if row else None


def candidates(engine: Engine, asked: str) -> list[Made]:
    """All boards of one request, in the order they were made in."""
    query = select(BOARDS).where(BOARDS.c.asked == asked).order_by(BOARDS.c.id)
    with engine.connect() as connection:
        return [_made(row) for row in connection.execute(query).mappings()]


def read(made: Made, home: Path) -> Storyboard:
    """The board's document."""
    return board.read_board(files.inside(home, made.folder))


def picture(made: Made, storyboard: Storyboard, panel: str, home: Path) -> Path:
    """The file of a panel's picture."""
    for one in storyboard.panels:
        if one.id == panel and one.picture:
            return files.inside(files.inside(home, made.folder), one.picture)
    known = ", ".join(one.id for one in storyboard.panels)
    raise BadInput(f"Board {made.id} has no picture of a panel {panel!r}; its panels are {known}.")


def _made(row: RowMapping) -> Made:
    brief = board.parse(Brief, json.loads(row["brief"]), f"the brief of board {row['id']}")
    rest = {name: row[name] for name in ("id", "asked", "folder", "version", "made_ms")}
    return Made(brief=brief, **rest)
