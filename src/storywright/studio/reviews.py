"""Reviews: a link for a client without an account, the comments pinned to panels, and what was decided.

A link shows one version of one board until it expires or is revoked. Its token is signed, so that none can be guessed
or lengthened; whatever is said is kept with the version it was said about. Knows nothing of boards' contents.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)  # fmt: skip
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from storywright.errors import BadInput
from storywright.studio.store import NotKept
from storywright.studio.workspaces import HOME, within

Verdict = Literal["approved", "changes"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MOST_DAYS = 365
LONGEST_WORDS, LONGEST_NAME = 4_000, 80
_DAY_MS = 86_400_000
_TOKEN = re.compile(r"([0-9a-f]{16})\.([0-9a-f]{1,12})\.([\w-]{32})")

_TABLES = MetaData()
_SECRET = Table(
    "review_secret",
    _TABLES,
    Column("id", Integer, primary_key=True),  # always 1
    Column("secret", LargeBinary, nullable=False),
)
_LINKS = Table(
    "review_links",
    _TABLES,
    Column("id", String(16), primary_key=True),
    Column("board", String(64), nullable=False),
    Column("version", Integer, nullable=False),  # that it shows
    Column("name", String(80), nullable=False),
    Column("by", String(128), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger, nullable=False),  # 0: it is not
)
_COMMENTS = Table(
    "review_comments",
    _TABLES,
    Column("id", String(32), primary_key=True),
    Column("review", String(16), nullable=False),
    Column("board", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("panel", String(64), nullable=False),  # empty: the whole board
    Column("x", Float),  # the spot on the picture, from 0 to 1
    Column("y", Float),
    Column("answers", String(32), nullable=False),  # the comment that it answers
    Column("who", String(80), nullable=False),
    Column("owner", Boolean, nullable=False),  # whether somebody of the studio says it
    Column("words", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_DECISIONS = Table(
    "review_decisions",
    _TABLES,
    Column("id", String(32), primary_key=True),
    Column("review", String(16), nullable=False),
    Column("board", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("who", String(80), nullable=False),
    Column("words", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_INDEXES = (
    Index("review_links_board", _LINKS.c.board),
    Index("review_comments_board", _COMMENTS.c.board),
    Index("review_decisions_board", _DECISIONS.c.board),
)


class Closed(BadInput):
    """A review link that was good and is so no longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A link, and what it shows."""

    id: str
    board: str
    version: int
    """Of the board, that whoever follows the link sees."""
    name: str
    """Whom it was made for."""
    by: str
    made_ms: int
    expires_ms: int
    revoked_ms: int
    """0 unless it was revoked."""

    def state(self, now_ms: int) -> Literal["open", "expired", "revoked"]:
        """Whether the link can be followed."""
        if self.revoked_ms:
            return "revoked"
        return "expired" if self.expires_ms <= now_ms else "open"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """Something that was said about a panel, or about the whole board."""

    id: str
    review: str
    board: str
    version: int
    """The version that was looked at."""
    panel: str
    """Empty: the whole board."""
    x: float | None
    """The spot on the picture, from the left, 0 to 1."""
    y: float | None
    answers: str
    """The comment that it answers; empty: none."""
    who: str
    owner: bool
    """Whether somebody of the studio says it."""
    words: str
    done: bool
    """Whether it was seen to."""
    made_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a client decided about a version."""

    id: str
    review: str
    board: str
    version: int
    verdict: Verdict
    who: str
    words: str
    made_ms: int


class Reviews:
    """The reviews of one database."""

    def __init__(self, engine: Engine, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._engine, self.now_ms = engine, now_ms
        with engine.begin() as connection:
            for table in _TABLES.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
            for index in _INDEXES:
                connection.execute(CreateIndex(index, if_not_exists=True))
        self._secret = _secret(engine)

    def open(self, board: str, version: int, *, days: int, name: str = "", by: str = "") -> Review:
        """Make a link to a version of a board that is good for so many days."""
        if not 1 <= days <= MOST_DAYS:
            raise BadInput(f"Field days: a review link is good for 1 to {MOST_DAYS} days, and {days} were asked for.")
        now = self.now_ms()
        made = Review(
            id=secrets.token_hex(8), board=board, version=version, name=_name(name, "name"), by=by, made_ms=now,
            expires_ms=now + days * _DAY_MS, revoked_ms=0,
        )  # fmt: skip
        self._insert(_LINKS, made)
        return made

    def token(self, review: Review) -> str:
        """What the link ends with."""
        text = f"{review.id}.{review.expires_ms // 1_000:x}"
        return f"{text}.{self._signed(text)}"

    def by_token(self, token: str) -> Review:
        """The review of a link that can be followed; refuses one that was not made here, expired or was revoked."""
        match = _TOKEN.fullmatch(token)
        if not match or not hmac.compare_digest(self._signed(f"{match[1]}.{match[2]}"), match[3]):
            raise NotKept("This is not a review link of this studio: check that it was copied whole.")
        return self._followed(self.find(match[1]))

    def find(self, review_id: str) -> Review:
        """A review by its id."""
        known = re.fullmatch("[0-9a-f]{16}", review_id) is not None
        rows = self._read(select(_LINKS).where(_LINKS.c.id == review_id)) if known else []
        if not rows:
            raise NotKept(f"There is no review {review_id!r}.")
        return Review(**rows[0])

    def listed(self, board: str = "", *, workspace: str = HOME, limit: int = 100) -> list[Review]:
        """The reviews of a board, or of all boards of a workspace; the newest first."""
        query = select(_LINKS).where(within(_LINKS.c.board, workspace))
        query = query.order_by(_LINKS.c.made_ms.desc(), _LINKS.c.id).limit(limit)
        return [Review(**row) for row in self._read(query.where(_LINKS.c.board == board) if board else query)]

    def revoke(self, review_id: str) -> Review:
        """Close a link for good; what was said stays."""
        ours = update(_LINKS).where(_LINKS.c.id == review_id, _LINKS.c.revoked_ms == 0)
        with self._engine.begin() as connection:
            connection.execute(ours.values(revoked_ms=self.now_ms()))
        return self.find(review_id)

    def show(self, review_id: str, version: int) -> Review:
        """Let the link show another version from now on."""
        self._followed(self.find(review_id))
        with self._engine.begin() as connection:
            connection.execute(update(_LINKS).where(_LINKS.c.id == review_id).values(version=version))
        return self.find(review_id)

    def say(
        self,
        review: Review,
        words: str,
        *,
        who: str,
        owner: bool = False,
        panel: str = "",
        spot: tuple[float, float] | None = None,
        answers: str = "",
        key: str = "",
    ) -> Comment:
        """Keep a comment; the same key keeps it once."""
        if spot and not all(0 <= at <= 1 for at in spot):
            raise BadInput("Field x, y: a spot on the picture lies between 0 and 1 both ways.")
        if answers:
            first = self.comment(answers)
            if first.review != review.id:
                raise NotKept(f"There is no comment {answers!r} in this review.")
            panel, answers = first.panel, first.answers or first.id
        made = Comment(
            id=_id(review, "comment", key), review=review.id, board=review.board, version=review.version, panel=panel,
            x=spot[0] if spot else None, y=spot[1] if spot else None, answers=answers, who=_name(who, "who"),
            owner=owner, words=_words(words), done=False, made_ms=self.now_ms(),
        )  # fmt: skip
        return made if self._insert(_COMMENTS, made) else self.comment(made.id)

    def comment(self, comment_id: str) -> Comment:
        """One comment."""
        known = re.fullmatch("[0-9a-f]{32}", comment_id) is not None
        rows = self._read(select(_COMMENTS).where(_COMMENTS.c.id == comment_id)) if known else []
        if not rows:
            raise NotKept(f"There is no comment {comment_id!r}.")
        return Comment(**rows[0])

    def comments(self, *, board: str = "", review: str = "") -> list[Comment]:
        """What was said about a board, or in one review; the oldest first."""
        # In one millisecond an answer comes after what it answers, whose own `answers` is empty.
        query = select(_COMMENTS).order_by(_COMMENTS.c.made_ms, _COMMENTS.c.answers, _COMMENTS.c.id)
        mine = _COMMENTS.c.review == review if review else _COMMENTS.c.board == board
        return [Comment(**row) for row in self._read(query.where(mine))]

    def settle(self, comment_id: str, done: bool = True) -> Comment:
        """Say that a comment was seen to, or that it was not after all."""
        self.comment(comment_id)
        with self._engine.begin() as connection:
            connection.execute(update(_COMMENTS).where(_COMMENTS.c.id == comment_id).values(done=done))
        return self.comment(comment_id)

    def decide(self, review: Review, verdict: str, *, who: str, words: str = "", key: str = "") -> Decision:
        """Keep what was decided about the version that the link shows; the same key keeps it once."""
        found = next((one for one in VERDICTS if one == verdict), None)
        if found is None:
            raise BadInput(f"Field verdict: {verdict!r} is not one of {', '.join(VERDICTS)}.")
        if found == "changes" and not words.strip():
            raise BadInput("Field words: say what should be changed.")
        made = Decision(
            id=_id(review, "decision", key), review=review.id, board=review.board, version=review.version,
            verdict=found, who=_name(who, "who"), words=_words(words, may_be_empty=True), made_ms=self.now_ms(),
        )  # fmt: skip
        self._insert(_DECISIONS, made)
        return made

    def decisions(self, *, board: str = "", review: str = "") -> list[Decision]:
        """What was decided about a board, or in one review; the oldest first."""
        query = select(_DECISIONS).order_by(_DECISIONS.c.made_ms, _DECISIONS.c.id)
        mine = _DECISIONS.c.review == review if review else _DECISIONS.c.board == board
        return [Decision(**row) for row in self._read(query.where(mine))]

    def _followed(self, review: Review) -> Review:
        state = review.state(self.now_ms())
        if state != "open":
            was = "was revoked" if state == "revoked" else "has expired"
            raise Closed(f"This review link {was}: ask whoever sent it for a new one.")
        return review

    def _signed(self, text: str) -> str:
        mac = hmac.new(self._secret, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac[:24]).decode()

    def _insert(self, table: Table, made: Review | Comment | Decision) -> bool:
        row = {name: getattr(made, name) for name in type(made).__dataclass_fields__}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(table), row)
        except IntegrityError:  # sent twice
            return False
        return True

    def _read(self, query: Select[Any]) -> list[RowMapping]:
        with self._engine.connect() as connection:
            return list(connection.execute(query).mappings())


def _secret(engine: Engine) -> bytes:
    """What links are signed with: made once, and the same for all servers of a database."""
    try:
        with engine.begin() as connection:
            known = connection.execute(select(_SECRET.c.secret)).scalar()
            if known is None:
                known = secrets.token_bytes(32)
                connection.execute(insert(_SECRET), {"id": 1, "secret": known})
            return bytes(known)
    except IntegrityError:  # another server was faster
        with engine.connect() as connection:
            return bytes(connection.execute(select(_SECRET.c.secret)).scalar_one())


def _id(review: Review, kind: str, key: str) -> str:
    return hashlib.sha256(f"{review.id} {kind} {key or secrets.token_hex(16)}".encode()).hexdigest()[:32]


def _name(name: str, field: str) -> str:
    said = " ".join(name.split())
    _check_writable(said, field)
    if len(said) > LONGEST_NAME:
        raise BadInput(f"Field {field}: a name has at most {LONGEST_NAME} characters.")
    return said


def _words(words: str, *, may_be_empty: bool = False) -> str:
    said = words.replace("\r\n", "\n").strip()
    _check_writable(said, "words")
    if not said and not may_be_empty:
        raise BadInput("Field words: a comment has at least one word.")
    if len(said) > LONGEST_WORDS:
        raise BadInput(f"Field words: a comment has at most {LONGEST_WORDS:,} characters.")
    return said


def _check_writable(text: str, field: str) -> None:
    """Databases differ in whether they can keep these."""
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise BadInput(f"Field {field}: it cannot hold the character U+0000 or half of a pair.")
