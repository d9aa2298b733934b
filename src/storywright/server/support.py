"""The support inbox: what people report, with what is needed to look into it, and what they are answered.

A ticket holds the reporter's words, the provenance of the board it is about, and how the server was doing, with
secrets removed before anything is written. Knows nothing of pages and commands.
"""

import json
import logging
import platform
import re
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)  # fmt: skip
from sqlalchemy.schema import CreateIndex, CreateTable

from storywright import __version__
from storywright.board import Storyboard
from storywright.errors import BadInput
from storywright.studio.store import NotKept
from storywright.watch.database import now_ms

State = Literal["open", "answered", "closed"]
STATES: tuple[State, ...] = get_args(State)
LONGEST_WORDS, LONGEST_CONTACT = 8_000, 200
_LINES_KEPT = 40
_HIDDEN = "(removed)"
_SECRET_NAME = re.compile(r"pass(word|wd)?|secret|token|api.?key|credential|authorization|cookie|signature", re.I)
_SECRETS = (
    (re.compile(r"(\w+://)[^\s/@]+@"), rf"\1{_HIDDEN}@"),  # user and password in an address
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.I), rf"\1 {_HIDDEN}"),
    (re.compile(r"(/review/)[\w.-]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"((?:pass(?:word|wd)?|secret|token|api[_-]?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+", re.I),
     rf"\1{_HIDDEN}"),
    (re.compile(r"\b(?:sk-|hf_|ghp_|AKIA|storywright_[0-9a-f]{8}_)[\w-]{8,}"), _HIDDEN),
)  # fmt: skip

_TABLES = MetaData()
_TICKETS = Table(
    "support_tickets",
    _TABLES,
    Column("id", String(16), primary_key=True),
    Column("words", Text, nullable=False),
    Column("contact", String(200), nullable=False),
    Column("user", String(128), nullable=False),
    Column("board", String(64), nullable=False),  # empty: none
    Column("facts", Text, nullable=False),  # JSON
    Column("state", String(16), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("key", String(128), unique=True),
)
_ANSWERS = Table(
    "support_answers",
    _TABLES,
    Column("id", String(16), primary_key=True),
    Column("ticket", String(16), nullable=False),
    Column("who", String(80), nullable=False),
    Column("operator", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_INDEXES = (
    Index("support_tickets_state", _TICKETS.c.state, _TICKETS.c.made_ms),
    Index("support_answers_ticket", _ANSWERS.c.ticket),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Something that was said about a ticket."""

    who: str
    operator: bool
    """Whether somebody of the studio says it, and not the reporter."""
    words: str
    made_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A problem that somebody reported."""

    id: str
    words: str
    contact: str
    """Where the reporter can be reached; may be empty."""
    user: str
    board: str
    """Empty: it is about none."""
    facts: dict[str, Any]
    """The board's provenance and the server's state, without secrets."""
    state: State
    made_ms: int
    answers: list[Answer] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The first words."""
        first = self.words.strip().split("\n")[0]
        return first if len(first) <= 72 else f"{first[:71].rstrip()}…"


class Inbox:
    """The tickets of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as connection:
            for table in _TABLES.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            for index in _INDEXES:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def report(
        self, words: str, *, facts: Mapping[str, Any], board: str = "", contact: str = "", user: str = "", key: str = ""
    ) -> Ticket:
        """File a ticket; the same key files it once."""
        if key and (known := self._one(_TICKETS.c.key == key)):
            return known
        contact = " ".join(contact.replace("\0", "").split())
        if len(contact) > LONGEST_CONTACT:
            raise BadInput(f"Field contact: at most {LONGEST_CONTACT} characters.")
        row = {
            "id": secrets.token_hex(5), "words": redacted(_said(words)), "contact": contact, "user": user,
            "board": board, "facts": json.dumps(redacted(dict(facts)), ensure_ascii=False, default=str),
            "state": "open", "made_ms": now_ms(), "key": key or None,
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(insert(_TICKETS), row)
        return self.find(str(row["id"]))

    def find(self, ticket_id: str) -> Ticket:
        """A ticket with its answers."""
        found = self._one(_TICKETS.c.id == ticket_id) if re.fullmatch("[0-9a-f]{10}", ticket_id) else None
        if found is None:
            raise NotKept(f"There is no ticket {ticket_id!r}: `storywright support list --all` shows which there are.")
        return found

    def listed(self, states: tuple[str, ...] = ("open", "answered"), limit: int = 200) -> list[Ticket]:
        """The tickets in these states, the newest first, without their answers."""
        query = select(_TICKETS).where(_TICKETS.c.state.in_(states)).order_by(_TICKETS.c.made_ms.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [_ticket(row, []) for row in connection.execute(query).mappings()]

    def answer(self, ticket_id: str, words: str, *, who: str = "", operator: bool = True) -> Ticket:
        """Say something about a ticket; the reporter's words open it again."""
        self.find(ticket_id)
        row = {
            "id": secrets.token_hex(8), "ticket": ticket_id, "operator": operator,
            "who": " ".join(who.replace("\0", "").split())[:80],
            "words": redacted(_said(words)), "made_ms": now_ms(),
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(insert(_ANSWERS), row)
        return self.move(ticket_id, "answered" if operator else "open")

    def move(self, ticket_id: str, state: State) -> Ticket:
        """Open, answer or close it."""
        with self._engine.begin() as connection:
            connection.execute(update(_TICKETS).where(_TICKETS.c.id == ticket_id).values(state=state))
        return self.find(ticket_id)

    def _one(self, which: Any) -> Ticket | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(_TICKETS).where(which)).mappings().first()
            if row is None:
                return None
            mine = select(_ANSWERS).where(_ANSWERS.c.ticket == row["id"]).order_by(_ANSWERS.c.made_ms, _ANSWERS.c.id)
            answers = connection.execute(mine).mappings()
            names = Answer.__dataclass_fields__
            return _ticket(row, [Answer(**{name: one[name] for name in names}) for one in answers])


class RecentLines(logging.Handler):
    """The last warnings and errors of the server, for tickets."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(self.format(record))

    @property
    def lines(self) -> list[str]:
        """The lines, the oldest first."""
        return list(self._lines)


def machine() -> dict[str, str]:
    """What this process is."""
    return {"storywright": __version__, "python": platform.python_version(), "system": platform.platform()}


def of_board(board: Storyboard, version: int) -> dict[str, Any]:
    """Where a board comes from: enough to draw it again, and none of what it says."""
    return {
        "id": board.id,
        "version": version,
        "style": board.style,
        "aspect": board.aspect,
        "language": board.language,
        "provenance": board.provenance.model_dump(mode="json", exclude_defaults=True),
        "panels": [
            {"id": panel.id, "seed": panel.seed, "drawn_as": panel.drawn_as,
             "provenance": panel.provenance.model_dump(mode="json", exclude_defaults=True)}
            for panel in board.panels
        ],
    }  # fmt: skip


def redacted(value: Any) -> Any:
    """The value without anything that looks like a secret, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: _HIDDEN if _SECRET_NAME.search(str(name)) and inner else redacted(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    if not isinstance(value, str):
        return value
    for pattern, shown in _SECRETS:
        value = pattern.sub(shown, value)
    return value


def _ticket(row: Any, answers: list[Answer]) -> Ticket:
    plain = {name: row[name] for name in ("id", "words", "contact", "user", "board", "state", "made_ms")}
    return Ticket(facts=json.loads(row["facts"]), answers=answers, **plain)


def _said(words: str) -> str:
    said = words.replace("\r\n", "\n").replace("\0", "").strip()
    if not said:
        raise BadInput("Field words: say in a sentence what went wrong.")
    if len(said) > LONGEST_WORDS:
        raise BadInput(f"Field words: at most {LONGEST_WORDS:,} characters.")
    return said
