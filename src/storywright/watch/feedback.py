"""What people said about boards: choices between candidates, ratings and edits.

`record` returns when the words are on the disk, and not before; a repeated key is the same thing said once. Knows
nothing of what is learned from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from storywright.errors import BadInput
from storywright.watch.database import FEEDBACK

Kind = Literal["choice", "rating", "edit"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_VALUE = 4_000
STARS = ("1", "2", "3", "4", "5")


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
        if not 1 <= len(self.key) <= 128:
            raise BadInput("Field key: an idempotency key has 1 to 128 characters.")
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


def record(engine: Engine, said: Feedback) -> bool:
    """Write it down durably; False when this key had been written before with the same words."""
    row = {name: getattr(said, name) for name in Feedback.__dataclass_fields__}
    try:
        with engine.begin() as connection:
            connection.execute(insert(FEEDBACK), row)
    except IntegrityError as error:
        with engine.connect() as connection:
            known = connection.execute(select(FEEDBACK).where(FEEDBACK.c.key == said.key)).mappings().one()
        if any(known[name] != value for name, value in row.items() if name != "made_ms"):
            raise BadInput(f"The idempotency key {said.key!r} was used for other words: choose a new one.") from error
        return False
    return True


def about(engine: Engine, board_ids: list[str], user: str) -> list[Feedback]:
    """What one user said about some boards, the oldest first."""
    query = select(FEEDBACK).where(FEEDBACK.c.board.in_(board_ids), FEEDBACK.c.user == user)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(FEEDBACK.c.made_ms, FEEDBACK.c.key)).mappings()
        return [Feedback(**row) for row in rows]


def count(engine: Engine, *, until_ms: int | None = None) -> int:
    """How many things were said."""
    query = select(func.count()).select_from(FEEDBACK)
    if until_ms is not None:
        query = query.where(FEEDBACK.c.made_ms <= until_ms)
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def read(engine: Engine, *, until_ms: int | None = None) -> Iterator[Feedback]:
    """Everything that was said, the oldest first."""
    query = select(FEEDBACK).order_by(FEEDBACK.c.made_ms, FEEDBACK.c.key)
    if until_ms is not None:
        query = query.where(FEEDBACK.c.made_ms <= until_ms)
    with engine.connect().execution_options(yield_per=1_000) as connection:
        for row in connection.execute(query).mappings():
            yield Feedback(**row)
