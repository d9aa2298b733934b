"""What the studio may remember of a person, and what it makes of that: nothing, unless they allowed it.

Whoever allows it gets the ideas first that they chose before, and begins with the look of their last brief; who takes
it back is forgotten at once, and nothing that was said before counts. Knows nothing of how boards are made.
"""

from collections import Counter

from sqlalchemy import BigInteger, Column, ColumnElement, Engine, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from storywright.server.ledger import Ledger
from storywright.studio import workspaces
from storywright.studio.ideas import IDEAS
from storywright.studio.store import NotKept, Store
from storywright.watch import database, feedback
from storywright.watch.database import now_ms

_CHOICES_LOOKED_AT = 50
_ORDERS_LOOKED_AT = 200
_TABLES = MetaData()
_REMEMBERED = Table(
    "remembered_people",
    _TABLES,
    Column("workspace", String(24), primary_key=True),
    Column("user", String(128), primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
)


class People:
    """The people of one database who allowed to be remembered."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        database.make_tables(engine, _TABLES)

    def remembers(self, user: str, workspace: str) -> bool:
        """Whether this person allowed it."""
        with self._engine.connect() as connection:
            return connection.execute(select(_REMEMBERED.c.user).where(_is(user, workspace))).first() is not None

    def remember(self, user: str, workspace: str, allowed: bool) -> None:
        """Write down that they allow it, or do not any longer."""
        try:
            with self._engine.begin() as connection:
                if allowed:
                    row = {"workspace": workspace, "user": user, "since_ms": now_ms()}
                    connection.execute(insert(_REMEMBERED), row)
                else:
                    connection.execute(delete(_REMEMBERED).where(_is(user, workspace)))
        except IntegrityError:  # allowed already
            return

    def preferred_ideas(self, user: str, workspace: str, store: Store) -> list[str]:
        """The names of the ideas that this person chose, the most often chosen first; empty where not allowed."""
        if not user or not self.remembers(user, workspace):
            return []
        counts: Counter[str] = Counter()
        for board_id in feedback.chosen(self._engine, user, workspace, limit=_CHOICES_LOOKED_AT):
            if workspaces.of(board_id) == workspace and (idea := _idea_of(board_id, store)):
                counts[idea] += 1
        return [name for name, _ in counts.most_common()]

    def usual(self, user: str, workspace: str, ledger: Ledger) -> dict[str, str]:
        """The look that this person's last brief asked for, to begin the next one with; empty where not allowed."""
        if not user or not self.remembers(user, workspace):
            return {}
        for job in ledger.listed(_ORDERS_LOOKED_AT, workspace=workspace):
            if job.kind == "boards" and job.user == user:
                brief = job.asked["brief"]
                return {name: str(brief[name]) for name in ("style", "tone") if brief.get(name)} | {
                    "aspect": str(brief["format"]["aspect"])
                }
        return {}


def _idea_of(board_id: str, store: Store) -> str:
    """The idea that a board follows; empty where it is none of those that briefs are drawn from."""
    try:
        board = store.version(board_id, 1).board
    except NotKept:
        return ""
    named = ((idea.name, title) for idea in IDEAS for title in idea.called.values())
    return next((name for name, title in named if board.title.endswith(f": {title}")), "")


def _is(user: str, workspace: str) -> ColumnElement[bool]:
    return (_REMEMBERED.c.user == user) & (_REMEMBERED.c.workspace == workspace)
