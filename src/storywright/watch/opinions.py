"""What people think of what is made: how much of it they like, by window of time and by the version that made it.

A board that somebody judged wins when they chose it or gave it four or five stars, and loses when they gave it fewer.
Each person has one voice, whatever they said how often: a win rate is the mean of everybody's own share of wins. Knows
nothing of what is learned from it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from storywright.watch.database import BOARDS, FEEDBACK

WINDOWS_MS = {"week": 7 * 86_400_000, "month": 28 * 86_400_000}
"""The windows of time, which end now."""
_MOST_JUDGEMENTS = 20_000
_MOST_VERSIONS = 3


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is thought of some boards."""

    win_rate: float
    num_boards: int
    """That somebody judged; a board that two people judged counts twice."""
    num_people: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Opinions:
    """What is thought, and what was not yet learned from."""

    by_window: dict[str, Opinion]
    by_version: dict[str, Opinion]
    """The newest versions that anybody judged in the longest window; `embedded` for the models of the package."""
    num_waiting: int
    """Words that no set of preferences has taken."""
    oldest_waiting_ms: int | None
    """When the oldest of them was said."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    user: str
    version: str
    wins: bool
    made_ms: int


def read(engine: Engine, now_ms: int) -> Opinions:
    """The opinions of now."""
    waits = select(func.count(), func.min(FEEDBACK.c.made_ms)).where(FEEDBACK.c.taken.is_(None), FEEDBACK.c.board != "")
    with engine.connect() as connection:
        num_waiting, oldest_ms = connection.execute(waits).one()
    judged = _judgements(engine, now_ms - max(WINDOWS_MS.values()))
    by_window = {
        name: [one for one in judged if one.made_ms > now_ms - length_ms] for name, length_ms in WINDOWS_MS.items()
    }
    by_version: dict[str, list[_Judgement]] = defaultdict(list)
    for one in judged:
        by_version[one.version or "embedded"].append(one)
    newest = sorted(by_version, key=_rank, reverse=True)[:_MOST_VERSIONS]
    return Opinions(
        by_window={name: _opinion(found) for name, found in by_window.items() if found},
        by_version={version: _opinion(by_version[version]) for version in newest},
        num_waiting=int(num_waiting),
        oldest_waiting_ms=oldest_ms,
    )


def _judgements(engine: Engine, since_ms: int) -> list[_Judgement]:
    likes = case((FEEDBACK.c.kind == "choice", 1), (FEEDBACK.c.value.in_(("4", "5")), 1), else_=0)
    query = (
        select(FEEDBACK.c.user, BOARDS.c.version, func.max(likes), func.max(FEEDBACK.c.made_ms).label("last_ms"))
        .join(BOARDS, BOARDS.c.id == FEEDBACK.c.board)
        .where(FEEDBACK.c.kind.in_(("choice", "rating")), FEEDBACK.c.made_ms > since_ms)
        .group_by(FEEDBACK.c.user, FEEDBACK.c.board, BOARDS.c.version)
        .order_by(func.max(FEEDBACK.c.made_ms).desc())
        .limit(_MOST_JUDGEMENTS)
    )
    with engine.connect() as connection:
        return [
            _Judgement(user, version, bool(wins), last_ms) for user, version, wins, last_ms in connection.execute(query)
        ]


def _opinion(judged: Iterable[_Judgement]) -> Opinion:
    by_user: dict[str, list[bool]] = defaultdict(list)
    for one in judged:
        by_user[one.user].append(one.wins)
    shares = [sum(wins) / len(wins) for wins in by_user.values()]
    return Opinion(sum(shares) / len(shares), sum(map(len, by_user.values())), len(by_user))


def _rank(version: str) -> int:
    return int(version) if version.isdecimal() else -1
