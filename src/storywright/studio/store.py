"""The boards that people work on: every version whole, pictures by their content, and where each board is now.

A version is never changed and never lost: a revision adds one below the version it was made from, undo goes up to the
parent, redo down to the newest child. Whoever revises says which version was looked at, and is told when another
editor was faster. Pictures are files named by their SHA-256, so that all versions and boards share them. Knows nothing
of drawing, and nothing of who may do what.
"""

import contextlib
import copy
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)  # fmt: skip
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from storywright import files
from storywright.board import Panel, Storyboard, parse
from storywright.errors import BadInput
from storywright.studio import workspaces

SCHEMA = 1
"""Of the tables; a database with newer ones is refused."""

_TABLES = MetaData()
_SCHEMA = Table("store_schema", _TABLES, Column("version", Integer, primary_key=True))
_BOARDS = Table(
    "storyboards",
    _TABLES,
    Column("id", String(64), primary_key=True),
    Column("job", String(64), nullable=False),  # that made it; empty: none did
    Column("at", Integer, nullable=False),  # the version that it is now
    Column("newest", Integer, nullable=False),  # the highest version number
    Column("made_ms", BigInteger, nullable=False),
)
_VERSIONS = Table(
    "versions",
    _TABLES,
    Column("board", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("parent", Integer, nullable=False),  # 0: the first
    Column("document", Text, nullable=False),  # JSON
    Column("what", Text, nullable=False),  # the revision that was asked for, as JSON
    Column("who", String(128), nullable=False),
    Column("key", String(128)),  # the idempotency key of the revision
    Column("made_ms", BigInteger, nullable=False),
    UniqueConstraint("board", "key"),
)
_DRAWS = Table(
    "draws",
    _TABLES,
    Column("board", String(64), primary_key=True),
    Column("wish", String(64), primary_key=True),  # digest of everything it was drawn from
    Column("panel", Text, nullable=False),  # JSON
    Column("picture", String(64), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_INDEXES = (Index("storyboards_made", _BOARDS.c.made_ms), Index("storyboards_job", _BOARDS.c.job))
_PICTURE = re.compile(r"panels/([0-9a-f]{64})\.png")


class NotKept(BadInput):
    """A board, version or picture that the store does not have."""


class Conflict(BadInput):
    """Another editor was faster, or a key was used for something else."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A board as one of its versions says it is."""

    board: Storyboard
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What is known about a version besides the board itself."""

    number: int
    parent: int
    """The version it was made from; 0 for the first."""
    what: dict[str, object]
    """The revision that was asked for; empty for the first."""
    who: str
    made_ms: int
    current: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A board in a list."""

    id: str
    job: str
    number: int
    made_ms: int
    board: Storyboard


class Store:
    """The boards in one database, and their pictures in one folder."""

    def __init__(self, engine: Engine, pictures: Path) -> None:
        self._engine, self._pictures = engine, pictures
        self._workspace, self._all_pictures = workspaces.HOME, pictures
        with engine.begin() as connection:
            for table in _TABLES.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            for index in _INDEXES:
                connection.execute(CreateIndex(index, if_not_exists=True))
        _check_schema(engine)

    def within(self, workspace: str) -> "Store":
        """The store as a workspace sees it: its boards alone are listed, its pictures lie in a folder of their own."""
        view = copy.copy(self)
        view._workspace = workspaces.checked(workspace)
        view._pictures = self._all_pictures.with_name(workspaces.own(self._all_pictures.name, workspace))
        return view

    def add(self, board: Storyboard, pictures: Mapping[str, bytes], *, job: str = "") -> Kept:
        """Keep a board from its first version on; one whose id is there already is left as it is."""
        kept = Kept(self._with_pictures(board, pictures), 1)
        now = _now_ms()
        first = {"board": board.id, "number": 1, "parent": 0, "what": "{}", "who": "", "made_ms": now}
        try:
            with self._engine.begin() as connection:
                row = {"id": board.id, "job": job, "at": 1, "newest": 1, "made_ms": now}
                connection.execute(insert(_BOARDS), row)
                connection.execute(insert(_VERSIONS), first | {"document": kept.board.model_dump_json()})
        except IntegrityError:
            return self.current(board.id)
        return kept

    def has(self, board_id: str) -> bool:
        """Whether this board is kept here."""
        with self._engine.connect() as connection:
            return connection.execute(select(_BOARDS.c.at).where(_BOARDS.c.id == board_id)).first() is not None

    def current(self, board_id: str) -> Kept:
        """The board as it is now."""
        with self._engine.connect() as connection:
            return _read(connection, board_id, _at(connection, board_id))

    def version(self, board_id: str, number: int) -> Kept:
        """The board as it once was."""
        with self._engine.connect() as connection:
            return _read(connection, board_id, number)

    def versions(self, board_id: str) -> list[Version]:
        """Every version, the oldest first."""
        columns = (_VERSIONS.c.number, _VERSIONS.c.parent, _VERSIONS.c.what, _VERSIONS.c.who, _VERSIONS.c.made_ms)
        query = select(*columns).where(_VERSIONS.c.board == board_id).order_by(_VERSIONS.c.number)
        with self._engine.connect() as connection:
            at = _at(connection, board_id)
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [Version(**row | {"what": json.loads(row["what"])}, current=row["number"] == at) for row in rows]

    def listed(self, limit: int, before: str = "") -> list[Listed]:
        """The newest boards, the newest first; `before` is the last id of the page before."""
        query = select(_BOARDS, _VERSIONS.c.document).join(
            _VERSIONS, (_VERSIONS.c.board == _BOARDS.c.id) & (_VERSIONS.c.number == _BOARDS.c.at)
        )
        query = query.where(workspaces.within(_BOARDS.c.id, self._workspace))
        with self._engine.connect() as connection:
            if before:
                made_ms = select(_BOARDS.c.made_ms).where(_BOARDS.c.id == before).scalar_subquery()
                older = (_BOARDS.c.made_ms == made_ms) & (_BOARDS.c.id > before)
                query = query.where((_BOARDS.c.made_ms < made_ms) | older)
            found = connection.execute(query.order_by(_BOARDS.c.made_ms.desc(), _BOARDS.c.id).limit(limit)).mappings()
            return [
                Listed(id=row["id"], job=row["job"], number=row["at"], made_ms=row["made_ms"], board=_document(row))
                for row in found
            ]

    def of_job(self, job: str) -> list[Kept]:
        """The boards that a job made, in the order of their ids."""
        with self._engine.connect() as connection:
            query = select(_BOARDS.c.id).where(_BOARDS.c.job == job).order_by(_BOARDS.c.id)
            ids = list(connection.execute(query).scalars())
            return [_read(connection, one, _at(connection, one)) for one in ids]

    def beside(self, board_id: str) -> list[Storyboard]:
        """The other boards that were made with this one, as they are now."""
        with self._engine.connect() as connection:
            job = connection.execute(select(_BOARDS.c.job).where(_BOARDS.c.id == board_id)).scalar()
        return [kept.board for kept in self.of_job(job) if kept.board.id != board_id] if job else []

    def keep(
        self,
        board: Storyboard,
        pictures: Mapping[str, bytes],
        *,
        seen: int,
        what: Mapping[str, object],
        who: str = "",
        key: str = "",
    ) -> Kept:
        """Make this the board; `seen` is the version that it was made from. The same key keeps the same thing once."""
        if known := self.done_before(board.id, key, what):
            return known
        board = self._with_pictures(board, pictures).model_copy(update={"parent_version": str(seen)})
        row = {
            "board": board.id, "parent": seen, "document": board.model_dump_json(),
            "what": json.dumps(dict(what), sort_keys=True), "who": who, "key": key or None, "made_ms": _now_ms(),
        }  # fmt: skip
        try:
            with self._engine.begin() as connection:
                # The update comes first: it locks the board, so that of two editors one finds the other's version.
                ours = update(_BOARDS).where(_BOARDS.c.id == board.id, _BOARDS.c.at == seen)
                changed = connection.execute(ours.values(at=_BOARDS.c.newest + 1, newest=_BOARDS.c.newest + 1))
                if changed.rowcount != 1:
                    raise _conflict(board.id, seen, _at(connection, board.id))
                number = _at(connection, board.id)
                connection.execute(insert(_VERSIONS), row | {"number": number})
        except (IntegrityError, Conflict):
            if known := self.done_before(board.id, key, what):  # the same request, sent twice at once
                return known
            raise
        return Kept(board, number)

    def done_before(self, board_id: str, key: str, what: Mapping[str, object]) -> Kept | None:
        """The version that a revision with this idempotency key made, if it was made."""
        if not key:
            return None
        query = select(_VERSIONS.c.number, _VERSIONS.c.what)
        with self._engine.connect() as connection:
            row = connection.execute(query.where(_VERSIONS.c.board == board_id, _VERSIONS.c.key == key)).first()
            if row is None:
                return None
            if row.what != json.dumps(dict(what), sort_keys=True):
                raise Conflict(f"The idempotency key {key!r} was used for another revision: choose a new one.")
            return _read(connection, board_id, row.number)

    def step(self, board_id: str, by: int, *, seen: int) -> Kept:
        """Undo (-1) goes to the version this one was made from, redo (1) to the newest that was made from this one."""
        with self._engine.connect() as connection:
            target = _parent(connection, board_id, seen) if by < 0 else _newest_child(connection, board_id, seen)
        if not target:
            raise BadInput(f"There is nothing to {'undo' if by < 0 else 'redo'} in board {board_id}.")
        with self._engine.begin() as connection:
            ours = update(_BOARDS).where(_BOARDS.c.id == board_id, _BOARDS.c.at == seen)
            if connection.execute(ours.values(at=target)).rowcount != 1:
                raise _conflict(board_id, seen, _at(connection, board_id))
            return _read(connection, board_id, target)

    def can_step(self, board_id: str, number: int) -> tuple[bool, bool]:
        """Whether there is something to undo and to redo."""
        with self._engine.connect() as connection:
            parent, child = _parent(connection, board_id, number), _newest_child(connection, board_id, number)
        return bool(parent), bool(child)

    def put_picture(self, png: bytes) -> str:
        """Keep a picture and say its digest; one that is there already is not written again."""
        digest = hashlib.sha256(png).hexdigest()
        path = self._path(digest)
        if not path.is_file():
            files.write_bytes(path, png)
        return digest

    def picture(self, digest: str) -> Path:
        """The file of a picture."""
        path = self._path(digest) if re.fullmatch("[0-9a-f]{64}", digest) else None
        if path is None or not path.is_file():
            raise NotKept(f"There is no picture {digest!r}.")
        return path

    def named(self, name: str) -> bytes:
        """A picture by what the panel of a kept board calls it."""
        match = _PICTURE.fullmatch(name)
        return self.picture(match[1] if match else name).read_bytes()

    @property
    def folder(self) -> Path:
        """Where the pictures lie, by their names from `place_of`."""
        return self._pictures

    def place_of(self, digest: str) -> str:
        """The name of a picture's file in the store's folder, as a brief names its assets."""
        return self.picture(digest).relative_to(self._pictures).as_posix()

    def has_picture_at(self, name: str) -> bool:
        """Whether a name is that of a kept picture, and of nothing else."""
        match = re.fullmatch(r"([0-9a-f]{2})/(\1[0-9a-f]{62})\.png", name)
        return match is not None and self._path(match[2]).is_file()

    def lay_out(self, board: Storyboard, folder: Path) -> Path:
        """Write the board as a folder that every export reads: `board.json` and its pictures."""
        for panel in board.panels:
            if digest := digest_of(panel):
                _link(self.picture(digest), files.inside(folder, panel.picture))
        for asset in board.brief.assets if board.brief else []:
            if self.has_picture_at(asset.file):
                _link(files.inside(self._pictures, asset.file), files.inside(folder, asset.file))
        board.save(folder)
        return folder

    def remember_draw(self, board_id: str, wish: str, panel: Panel, png: bytes) -> str:
        """Keep a draw that was not chosen yet, so that choosing it later gives this very picture."""
        digest = self.put_picture(png)
        row = {"board": board_id, "wish": wish, "panel": panel.model_dump_json(), "picture": digest}
        with contextlib.suppress(IntegrityError), self._engine.begin() as connection:  # kept already: it stays
            connection.execute(insert(_DRAWS), row | {"made_ms": _now_ms()})
        return digest

    def draw(self, board_id: str, wish: str) -> tuple[Panel, bytes] | None:
        """The panel and the picture of a draw that is remembered."""
        query = select(_DRAWS.c.panel, _DRAWS.c.picture).where(_DRAWS.c.board == board_id, _DRAWS.c.wish == wish)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return parse(Panel, json.loads(row.panel), f"a draw of board {board_id}"), self.picture(
            row.picture
        ).read_bytes()

    def _path(self, digest: str) -> Path:
        return self._pictures / digest[:2] / f"{digest}.png"

    def _with_pictures(self, board: Storyboard, pictures: Mapping[str, bytes]) -> Storyboard:
        """The board with its new pictures kept and called by their content."""
        named = {name: f"panels/{self.put_picture(png)}.png" for name, png in pictures.items()}
        panels = [
            panel.model_copy(update={"picture": named.get(panel.picture, panel.picture)}) for panel in board.panels
        ]
        for panel in panels:
            if panel.picture and not digest_of(panel):
                raise BadInput(f"Board {board.id}, panel {panel.id}: its picture {panel.picture} was not given.")
        return board.model_copy(update={"panels": panels})


def digest_of(panel: Panel) -> str:
    """The digest of a kept panel's picture; empty where it has none."""
    match = _PICTURE.fullmatch(panel.picture)
    return match[1] if match else ""


def _check_schema(engine: Engine) -> None:
    with engine.begin() as connection:
        found = connection.execute(select(func.max(_SCHEMA.c.version))).scalar()
        if found is None:
            connection.execute(insert(_SCHEMA), {"version": SCHEMA})
    if found is not None and found > SCHEMA:
        raise BadInput(
            f"The studio's database has tables of version {found}, and this storywright reads up to {SCHEMA}: "
            "upgrade with `pip install -U storywright`."
        )


def _at(connection: Connection, board_id: str) -> int:
    at = connection.execute(select(_BOARDS.c.at).where(_BOARDS.c.id == board_id)).scalar()
    if at is None:
        raise NotKept(f"There is no board {board_id!r}.")
    return int(at)


def _read(connection: Connection, board_id: str, number: int) -> Kept:
    query = select(_VERSIONS).where(_VERSIONS.c.board == board_id, _VERSIONS.c.number == number)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotKept(f"Board {board_id!r} has no version {number}.")
    return Kept(_document(row), number)


def _document(row: RowMapping) -> Storyboard:
    return parse(Storyboard, json.loads(str(row["document"])), f"a version of board {row.get('board', row.get('id'))}")


def _parent(connection: Connection, board_id: str, number: int) -> int:
    query = select(_VERSIONS.c.parent).where(_VERSIONS.c.board == board_id, _VERSIONS.c.number == number)
    return int(connection.execute(query).scalar() or 0)


def _newest_child(connection: Connection, board_id: str, number: int) -> int:
    query = select(func.max(_VERSIONS.c.number)).where(_VERSIONS.c.board == board_id, _VERSIONS.c.parent == number)
    return int(connection.execute(query).scalar() or 0)


def _conflict(board_id: str, seen: int, at: int) -> Conflict:
    return Conflict(
        f"Board {board_id} is at version {at} now, and version {seen} was looked at: somebody else changed it. "
        "Look at it again, then repeat the change."
    )


def _link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the disk has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        with files.full_disk_named(target):
            shutil.copyfile(source, target)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
