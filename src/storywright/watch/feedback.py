"""What people said about boards: choices between candidates, ratings and edits.

`record` returns when the words are on the disk, and not before; a repeated key is the same thing said once. A journal
does the same for many who speak at once. The table is also the outbox to the preference data sets: a word that no set
has taken yet has no number, and a set takes all such words in one transaction, so that each is taken once. What is
deleted on request leaves its key behind, so that a request that is sent again does not bring it back. Knows nothing of
what is learned from it.
"""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from storywright.errors import BadInput
from storywright.studio import workspaces
from storywright.watch.commits import SharedCommits
from storywright.watch.database import FEEDBACK, FEEDBACK_SETS, now_ms

Kind = Literal["choice", "rating", "edit"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_VALUE = 4_000
LONGEST_KEY = 128
STARS = ("1", "2", "3", "4", "5")
_DELETED = "deleted"
"""The kind of a row whose words were deleted; nothing but its key is left."""
_SAME = ("board", "panel", "kind", "value", "user")
"""What has to agree for a key to be the same thing said again."""
_MOST_TRIES = 8


class OtherWords(BadInput):
    """A key that was used for something else."""


class Deleted(BadInput):
    """A key whose words were deleted on request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """One thing that somebody said."""

    key: str
    """The idempotency key, chosen by whoever sends it."""
    board: str
    panel: str = ""
    """Empty: the whole board."""
    kind: Kind
    """choice: this board rather than the other candidates; rating: one to five stars; edit: these words instead."""
    value: str = ""
    """The stars of a rating, the words of an edit."""
    user: str = ""
    """Who; empty where nobody has to say."""
    made_ms: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= LONGEST_KEY or not self.key.isprintable():
            raise BadInput(f"Field key: an idempotency key has 1 to {LONGEST_KEY} printable characters.")
        if self.kind not in KINDS:
            raise BadInput(f"Field kind: {self.kind!r} is not one of {', '.join(KINDS)}.")
        if self.kind == "choice" and self.panel:
            raise BadInput("Field panel: a choice is between whole boards, so leave the panel out.")
        if self.kind == "rating" and self.value not in STARS:
            raise BadInput(f"Field value: a rating is a whole number from 1 to 5, got {self.value!r}.")
        if self.kind == "edit" and not (self.panel and self.value.strip()):
            raise BadInput("Field value: an edit names a panel and the words that it should have.")
        if len(self.value) > LONGEST_VALUE or len(self.user) > 128:
            raise BadInput(f"Field value: at most {LONGEST_VALUE} characters, and 128 for user.")
        if not (_writable(self.value) and _writable(self.user)):
            raise BadInput("Field value: neither it nor user can hold the character U+0000 or half of a pair.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A set of preferences that words went into."""

    number: int
    digest: str
    """Of its `pairs.parquet`, which the versions that learned from it name in their tag `preferences`."""
    made_ms: int


class Journal(SharedCommits[Feedback, bool]):
    """Writes what many say at once; the answer is False when a key had been written before with the same words."""

    def __init__(self, engine: Engine) -> None:
        super().__init__("feedback", functools.partial(record_all, engine))


def record(engine: Engine, said: Feedback) -> bool:
    """Write it down durably; False when this key had been written before with the same words."""
    answer = record_all(engine, [said])[0]
    if isinstance(answer, Exception):
        raise answer
    return answer


def record_all(engine: Engine, said: Sequence[Feedback]) -> list[bool | Exception]:
    """Write all of them with one commit; for each, what `record` gives or raises."""
    keys = [_key(one) for one in said]
    known: dict[str, RowMapping] = {}
    for _ in range(_MOST_TRIES):
        fresh: dict[str, Feedback] = {}
        for key, one in zip(keys, said, strict=True):
            if key not in known:
                fresh.setdefault(key, one)
        try:
            if fresh:
                # In one order, so that of two servers that write the same keys one waits for the other.
                rows = [_row(key, fresh[key]) for key in sorted(fresh)]
                with engine.begin() as connection:
                    connection.execute(insert(FEEDBACK), rows)
        except IntegrityError:  # most are said once; where not, it is found out which were said before
            known |= _known(engine, list(fresh))
            continue
        return [_answer(key, one, fresh, known) for key, one in zip(keys, said, strict=True)]
    raise OtherWords("Others write the same idempotency keys at this moment: send this again.")


def about(engine: Engine, board_ids: list[str], user: str) -> list[Feedback]:
    """What one user said about some boards, the oldest first."""
    query = select(FEEDBACK).where(FEEDBACK.c.board.in_(board_ids), FEEDBACK.c.user == user, _there())
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(FEEDBACK.c.made_ms, FEEDBACK.c.key)).mappings()
        return [_feedback(row) for row in rows]


def by(engine: Engine, user: str, workspace: str, *, limit: int, after: str = "") -> list[Feedback]:
    """What one user of a workspace said, by its key; `after` is the last key of the page before."""
    query = select(FEEDBACK).where(_of_user(user, workspace), FEEDBACK.c.key > after, _there())
    with engine.connect() as connection:
        return [_feedback(row) for row in connection.execute(query.order_by(FEEDBACK.c.key).limit(limit)).mappings()]


def chosen(engine: Engine, user: str, workspace: str, *, limit: int) -> list[str]:
    """The boards that one user chose, the newest first."""
    query = select(FEEDBACK.c.board).where(_of_user(user, workspace), FEEDBACK.c.kind == "choice")
    with engine.connect() as connection:
        return list(connection.execute(query.order_by(FEEDBACK.c.made_ms.desc()).limit(limit)).scalars())


def count(engine: Engine, *, until_ms: int | None = None) -> int:
    """How many things were said."""
    query = select(func.count()).select_from(FEEDBACK).where(_there(), _until(until_ms))
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def num_deleted(engine: Engine) -> int:
    """How many words were deleted."""
    with engine.connect() as connection:
        query = select(func.count()).select_from(FEEDBACK).where(FEEDBACK.c.kind == _DELETED)
        return int(connection.execute(query).scalar_one())


def read(engine: Engine, *, until_ms: int | None = None) -> Iterator[Feedback]:
    """Everything that was said, the oldest first."""
    query = select(FEEDBACK).where(_there(), _until(until_ms)).order_by(FEEDBACK.c.made_ms, FEEDBACK.c.key)
    with engine.connect().execution_options(yield_per=1_000) as connection:
        for row in connection.execute(query).mappings():
            yield _feedback(row)


def take(engine: Engine, *, until_ms: int | None = None) -> tuple[int, list[Feedback]]:
    """Begin a set of preferences: its number, and everything that was said until then, the oldest first."""
    with engine.begin() as connection:
        row = {"digest": "", "until_ms": until_ms, "made_ms": now_ms()}
        number = int(connection.execute(insert(FEEDBACK_SETS).returning(FEEDBACK_SETS.c.number), row).scalar_one())
        free = _there() & FEEDBACK.c.taken.is_(None) & _until(until_ms)
        connection.execute(update(FEEDBACK).where(free).values(taken=number))
        query = select(FEEDBACK).where(_there(), FEEDBACK.c.taken <= number, _until(until_ms))
        rows = connection.execute(query.order_by(FEEDBACK.c.made_ms, FEEDBACK.c.key)).mappings()
        return number, [_feedback(row) for row in rows]


def taken(engine: Engine, number: int, digest: str) -> None:
    """A set is finished; from now on it counts as having seen what it took."""
    with engine.begin() as connection:
        connection.execute(update(FEEDBACK_SETS).where(FEEDBACK_SETS.c.number == number).values(digest=digest))


def delete(engine: Engine, *, workspace: str, user: str = "", board: str = "") -> tuple[int, list[Taken]]:
    """Delete what a user said, or what was said about a board: how many words, and the sets that had taken some.

    The words are overwritten where they lie, and no later set has them.
    """
    if bool(user) == bool(board):
        raise BadInput("Say whose words are to be deleted, or about which board: one of the two.")
    which = _of_user(user, workspace) if user else (FEEDBACK.c.board == board)
    nothing = {"board": "", "panel": "", "kind": _DELETED, "value": "", "user": "", "made_ms": 0}
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA secure_delete=ON"))
        sets = _sets_with(connection, which & _there())
        num_deleted = connection.execute(update(FEEDBACK).where(which, _there()).values(**nothing)).rowcount
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))  # the log holds the words until then
    return num_deleted, sets


def _sets_with(connection: Connection, which: ColumnElement[bool]) -> list[Taken]:
    """The finished sets that hold any of these rows."""
    until = FEEDBACK_SETS.c.until_ms
    inside = which & (FEEDBACK.c.taken <= FEEDBACK_SETS.c.number) & or_(until.is_(None), FEEDBACK.c.made_ms <= until)
    query = select(FEEDBACK_SETS).where(FEEDBACK_SETS.c.digest != "", select(FEEDBACK.c.key).where(inside).exists())
    rows = connection.execute(query.order_by(FEEDBACK_SETS.c.number)).mappings()
    return [Taken(number=row["number"], digest=row["digest"], made_ms=row["made_ms"]) for row in rows]


def _key(said: Feedback) -> str:
    """The key under which it lies: two workspaces may choose the same one."""
    workspace = workspaces.of(said.board)
    if workspace == workspaces.HOME:
        return said.key
    return workspaces.own(hashlib.sha256(said.key.encode()).hexdigest(), workspace)


def _row(key: str, said: Feedback) -> dict[str, Any]:
    return {
        "key": key, "board": said.board, "panel": said.panel, "kind": said.kind, "value": said.value,
        "user": said.user, "made_ms": said.made_ms,
    }  # fmt: skip


def _known(engine: Engine, keys: Sequence[str]) -> dict[str, RowMapping]:
    with engine.connect() as connection:
        rows = connection.execute(select(FEEDBACK).where(FEEDBACK.c.key.in_(keys))).mappings()
        return {row["key"]: row for row in rows}


def _answer(key: str, said: Feedback, fresh: dict[str, Feedback], known: dict[str, RowMapping]) -> bool | Exception:
    if fresh.get(key) is said:
        return True
    before = _row(key, fresh[key]) if key in fresh else known[key]
    if before["kind"] == _DELETED:
        return Deleted(f"What was said under the idempotency key {said.key!r} was deleted on request.")
    if any(before[name] != getattr(said, name) for name in _SAME):
        return OtherWords(f"The idempotency key {said.key!r} was used for other words: choose a new one.")
    return False


def _feedback(row: RowMapping) -> Feedback:
    return Feedback(**{name: row[name] for name in Feedback.__dataclass_fields__})


def _there() -> ColumnElement[bool]:
    return FEEDBACK.c.kind != _DELETED


def _until(until_ms: int | None) -> ColumnElement[bool]:
    return FEEDBACK.c.made_ms <= (until_ms if until_ms is not None else (1 << 63) - 1)


def _of_user(user: str, workspace: str) -> ColumnElement[bool]:
    return (FEEDBACK.c.user == user) & workspaces.within(FEEDBACK.c.board, workspace)


def _writable(words: str) -> bool:
    """Whether every database can hold it."""
    try:
        return b"\0" not in words.encode()
    except UnicodeEncodeError:
        return False
