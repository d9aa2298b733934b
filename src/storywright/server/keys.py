"""Keys and sessions: what a program or a person shows to be let in, each in one workspace with one role.

A key is shown once, when it is made; the database holds a digest of its secret. The secret has 256 random bits, so a
plain SHA-256 is enough: there is no dictionary to try. A session belongs to a key, or to somebody whom a provider of
identities vouched for; it ends with its key. Knows nothing of HTTP.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Engine, Index, MetaData, RowMapping, String, Table, insert, select, update

from storywright.errors import BadInput
from storywright.server.callers import ROLES, Caller, Role
from storywright.studio import workspaces
from storywright.watch import database
from storywright.watch.database import now_ms

SESSION_MS = 12 * 60 * 60 * 1_000
_DAY_MS = 24 * 60 * 60 * 1_000
_SEEN_EVERY_MS = 60 * 60 * 1_000
_TOKEN = re.compile(r"storywright_([0-9a-f]{8})_([0-9a-f]{64})")
_NAME = re.compile(r"[\w.@+ -]{1,64}")

_TABLES = MetaData()
_KEYS = Table(
    "keys",
    _TABLES,
    Column("id", String(8), primary_key=True),
    Column("digest", String(64), nullable=False),  # SHA-256 of the secret
    Column("name", String(64), nullable=False),
    Column("workspace", String(24), nullable=False),
    Column("role", String(8), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("seen_ms", BigInteger),  # to the hour
)
_SESSIONS = Table(
    "sessions",
    _TABLES,
    Column("digest", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("key", String(8), nullable=False),  # empty: a provider of identities vouched
    Column("user", String(64), nullable=False),
    Column("workspace", String(24), nullable=False),
    Column("role", String(8), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
_INDEXES = (Index("sessions_expires", _SESSIONS.c.expires_ms), Index("sessions_key", _SESSIONS.c.key))


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key as it is listed."""

    id: str
    name: str
    workspace: str
    role: Role
    made_ms: int
    expires_ms: int
    revoked_ms: int | None
    seen_ms: int | None

    @property
    def state(self) -> str:
        """active, expired or revoked."""
        if self.revoked_ms is not None:
            return "revoked"
        return "active" if self.expires_ms > now_ms() else "expired"


class Keys:
    """The keys and sessions of one database."""

    def __init__(self, engine: Engine, operator: str = "") -> None:
        """`operator` is the id of the key that the environment holds; a session that was begun with another ends."""
        self._engine, self._operator = engine, operator
        database.make_tables(engine, _TABLES, _INDEXES)

    def make(self, name: str, *, workspace: str, role: str, days: float) -> tuple[Key, str]:
        """A new key and its token, which cannot be seen again."""
        if not _NAME.fullmatch(name) or name != name.strip():
            raise BadInput(f"{name!r} is no name of a key: up to 64 letters, digits, spaces and . @ + - _ are.")
        if role not in ROLES:
            raise BadInput(f"{role!r} is no role: {', '.join(ROLES)} are.")
        if not 0 < days <= 3_660:
            raise BadInput(f"A key lasts more than 0 and at most 3660 days, and {days:g} were asked for.")
        key_id, secret, now = secrets.token_hex(4), secrets.token_hex(32), now_ms()
        row = {
            "id": key_id, "digest": _digest(secret), "name": name,
            "workspace": workspaces.checked(workspace), "role": role, "made_ms": now,
            "expires_ms": now + int(days * _DAY_MS),
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(insert(_KEYS), row)
        return self._one(key_id), f"storywright_{key_id}_{secret}"

    def listed(self) -> list[Key]:
        """Every key, the oldest first."""
        with self._engine.connect() as connection:
            return [_key(row) for row in connection.execute(select(_KEYS).order_by(_KEYS.c.made_ms)).mappings()]

    def revoke(self, key_id: str) -> Key:
        """End a key and all sessions that were begun with it; one that had ended stays as it is."""
        self._one(key_id)
        with self._engine.begin() as connection:
            ours = (_KEYS.c.id == key_id) & _KEYS.c.revoked_ms.is_(None)
            connection.execute(update(_KEYS).where(ours).values(revoked_ms=now_ms()))
            connection.execute(_SESSIONS.delete().where(_SESSIONS.c.key == key_id))
        return self._one(key_id)

    def any_usable(self) -> bool:
        """Whether anybody has a key that still opens something."""
        with self._engine.connect() as connection:
            query = select(_KEYS.c.id).where(_KEYS.c.revoked_ms.is_(None), _KEYS.c.expires_ms > now_ms())
            return connection.execute(query.limit(1)).first() is not None

    def holder(self, token: str) -> Caller | None:
        """Who holds this key; None when it is not one, or not any longer."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        with self._engine.connect() as connection:
            row = connection.execute(select(_KEYS).where(_KEYS.c.id == match[1])).mappings().first()
        if row is None or not hmac.compare_digest(str(row["digest"]), _digest(match[2])):
            return None
        key = _key(row)
        if key.state != "active":
            return None
        self._note_seen(key)
        return Caller(user=key.name, workspace=key.workspace, role=key.role, by="key", key=key.id)

    def begin_session(self, who: Caller) -> str:
        """What the cookie of a person who signed in holds."""
        secret, now = secrets.token_urlsafe(32), now_ms()
        row = {
            "digest": _digest(secret), "key": who.key if who.by == "key" else "", "user": who.user,
            "workspace": who.workspace, "role": who.role, "made_ms": now, "expires_ms": now + SESSION_MS,
        }  # fmt: skip
        with self._engine.begin() as connection:
            connection.execute(_SESSIONS.delete().where(_SESSIONS.c.expires_ms < now))
            connection.execute(insert(_SESSIONS), row)
        return secret

    def in_session(self, secret: str) -> Caller | None:
        """Who signed in with this; None when the session, or the key it was begun with, has ended."""
        query = select(_SESSIONS, _KEYS.c.revoked_ms, _KEYS.c.expires_ms.label("key_expires_ms")).join(
            _KEYS, _KEYS.c.id == _SESSIONS.c.key, isouter=True
        )
        with self._engine.connect() as connection:
            row = connection.execute(query.where(_SESSIONS.c.digest == _digest(secret))).mappings().first()
        if row is None or row["expires_ms"] <= now_ms() or row["revoked_ms"] is not None:
            return None
        if row["key_expires_ms"] is not None and row["key_expires_ms"] <= now_ms():
            return None
        if row["key"] and row["key_expires_ms"] is None and row["key"] != self._operator:
            return None
        return Caller(
            user=row["user"], workspace=row["workspace"], role=row["role"], by="session", key=row["digest"][:8]
        )

    def end_session(self, secret: str) -> None:
        """Sign out."""
        with self._engine.begin() as connection:
            connection.execute(_SESSIONS.delete().where(_SESSIONS.c.digest == _digest(secret)))

    def _one(self, key_id: str) -> Key:
        with self._engine.connect() as connection:
            row = connection.execute(select(_KEYS).where(_KEYS.c.id == key_id)).mappings().first()
        if row is None:
            raise BadInput(f"There is no key {key_id!r}: `storywright keys list` shows the ids of all.")
        return _key(row)

    def _note_seen(self, key: Key) -> None:
        """Note that a key is in use; to the hour, so that it costs next to nothing."""
        now = now_ms()
        if key.seen_ms is None or now - key.seen_ms > _SEEN_EVERY_MS:
            with self._engine.begin() as connection:
                connection.execute(update(_KEYS).where(_KEYS.c.id == key.id).values(seen_ms=now))


def operators_id(key: str) -> str:
    """What the operator's key is called; another key is called something else."""
    return _digest(f"operator {key}")[:8] if key else ""


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: RowMapping) -> Key:
    return Key(**{name: row[name] for name in Key.__dataclass_fields__})
