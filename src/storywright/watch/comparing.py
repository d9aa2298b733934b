"""Two versions of the models side by side, judged by people who do not know which is which.

A comparison is a folder of pairs, each one panel as the champion and as the challenger make it from the same words, and
rows in the studio's database for what was answered. Which side a person sees the challenger on is decided by the pair
and the person, evenly and unknown to both; some pairs come a second time with their sides changed. The result is a
Bradley-Terry score with ties and with a liking for the left side of its own, and intervals from resampling people.
Knows nothing of pages, nor of how a version is made.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image
from sqlalchemy import BigInteger, Column, Engine, Index, Integer, MetaData, String, Table, insert, select
from sqlalchemy.exc import IntegrityError

from storywright import files
from storywright.errors import BadInput
from storywright.watch.database import make_tables, now_ms

Side = Literal["left", "right"]
Answer = Literal["left", "right", "tie"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
FOLDER = "comparisons"
"""In the studio's home: a folder for each comparison."""
ABOUT = "comparison.json"
_TABLES = MetaData()
_ANSWERS = Table(
    "comparison_answers",
    _TABLES,
    Column("comparison", String(64), primary_key=True),
    Column("user", String(128), primary_key=True),
    Column("turn", Integer, primary_key=True),  # the how manieth pair of this person
    Column("pair", Integer, nullable=False),
    Column("challenger", String(8), nullable=False),  # the side that it stood on
    Column("answer", String(8), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)
_INDEXES = (Index("comparison_answers_made", _ANSWERS.c.comparison, _ANSWERS.c.made_ms),)


@dataclass(frozen=True, slots=True)
class Pair:
    """One panel, as each of the two makes it."""

    words: str
    """What both were asked for, as people read it."""
    champion: str
    """What the champion tells; empty where only pictures are compared."""
    challenger: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What is compared."""

    name: str
    champion: str
    """The version."""
    challenger: str
    pairs: tuple[Pair, ...]
    repeats: int
    """So many of a person's pairs come a second time, with sides changed."""
    folder: Path

    @property
    def num_turns(self) -> int:
        """How many pairs a person is shown."""
        return len(self.pairs) + min(self.repeats, len(self.pairs))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a person is shown next."""

    number: int
    pair: int
    challenger: Side


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    user: str
    turn: int
    pair: int
    challenger: Side
    answer: Answer
    made_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Believing:
    """Whose answers do not count, and how much one person may weigh."""

    max_share: float = 0.25
    """The most that one person may weigh in all answers together."""
    same_side: int = 12
    """So many answers, all for one side, are no answers."""
    repeats: int = 4
    """With so many pairs seen twice, whoever takes back more than half of them does not count."""
    quickest_ms: int = 400
    """Whoever answers faster than this on the whole does not look."""

    def __post_init__(self) -> None:
        if not 0 < self.max_share <= 1 or min(self.same_side, self.repeats) < 2 or self.quickest_ms < 0:
            raise ValueError(
                "max_share lies in (0, 1], same_side and repeats are at least 2, quickest_ms is not negative"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What people think; the challenger's score is above the champion's 0 where it is preferred."""

    comparisons: int
    people: int
    wins: int
    losses: int
    ties: int
    win_rate: float
    """The chance that the challenger is preferred where neither stands left of the other; ties count half."""
    win_rate_low: float
    win_rate_high: float
    score: float
    """Bradley-Terry: the logarithm of the odds that the challenger is preferred, when somebody prefers."""
    score_low: float
    score_high: float
    left_bias: float
    """What standing left is worth, in the unit of the score."""
    left_out: dict[str, str]
    """By a digest of each person who does not count, why."""


def begin(
    home: Path, champion: str, challenger: str, pairs: Sequence[tuple[Pair, Image.Image, Image.Image]], *, repeats: int
) -> Comparison:
    """Lay out a comparison that people can be shown: each pair with the champion's picture and the challenger's."""
    if not pairs:
        raise BadInput("There is nothing to compare: give at least one pair.")
    if champion == challenger:
        raise BadInput(f"Version {champion} cannot be compared with itself: name another challenger.")
    value = {
        "champion": champion,
        "challenger": challenger,
        "repeats": repeats,
        "pairs": [[pair.words, pair.champion, pair.challenger] for pair, *_ in pairs],
    }
    name = f"{challenger}-against-{champion}-{files.digest_of(value)[:8]}"
    folder = files.inside(home, f"{FOLDER}/{name}")
    for number, (_, old, new) in enumerate(pairs):
        folder.mkdir(parents=True, exist_ok=True)
        old.save(folder / f"{number:03}-champion.png")
        new.save(folder / f"{number:03}-challenger.png")
    files.write_json(folder / ABOUT, value)  # the last, so that what is half laid out is no comparison
    return find(home, name)


def find(home: Path, name: str) -> Comparison:
    """A comparison by its name."""
    folder = files.inside(home, f"{FOLDER}/{name}")
    path = folder / ABOUT
    if not path.is_file():
        known = ", ".join(one.name for one in listed(home)) or "none so far"
        raise BadInput(f"There is no comparison {name!r}; there are {known}.")
    value = json.loads(path.read_text(encoding="utf-8"))
    pairs = tuple(Pair(*words) for words in value["pairs"])
    return Comparison(
        name=name,
        champion=value["champion"],
        challenger=value["challenger"],
        pairs=pairs,
        repeats=int(value["repeats"]),
        folder=folder,
    )


def listed(home: Path) -> list[Comparison]:
    """All comparisons, the newest first."""
    found = sorted((home / FOLDER).glob(f"*/{ABOUT}"), key=lambda path: (-path.stat().st_mtime_ns, path.parent.name))
    return [find(home, path.parent.name) for path in found]


def next_turn(engine: Engine, comparison: Comparison, user: str) -> Turn | None:
    """What this person is shown next; None when they have seen everything."""
    done = [one.turn for one in _answers(engine, comparison.name) if one.user == user]
    number = len(done)
    return turn_of(comparison, user, number) if number < comparison.num_turns else None


def turn_of(comparison: Comparison, user: str, number: int) -> Turn:
    """The same pair on the same sides however often it is asked for; each person has an order of their own."""
    count = len(comparison.pairs)
    seed = int.from_bytes(hashlib.sha256(f"{comparison.name} {user}".encode()).digest()[:8])
    random = np.random.default_rng(seed)
    order, lefts = random.permutation(count), np.resize([True, False], count)
    random.shuffle(lefts)
    again = number >= count
    at = number - count if again else number
    left = bool(lefts[at]) != again
    return Turn(number, int(order[at]), "left" if left else "right")


def picture(comparison: Comparison, turn: Turn, side: Side) -> Path:
    """The picture that stands on a side."""
    who = "challenger" if side == turn.challenger else "champion"
    return comparison.folder / f"{turn.pair:03}-{who}.png"


def caption(comparison: Comparison, turn: Turn, side: Side) -> str:
    """The words that stand on a side."""
    pair = comparison.pairs[turn.pair]
    return pair.challenger if side == turn.challenger else pair.champion


def answer(engine: Engine, comparison: Comparison, user: str, number: int, said: str) -> bool:
    """Write an answer down; False when this turn was answered before."""
    if said not in ANSWERS:
        raise BadInput(f"Field answer: {said!r} is not one of {', '.join(ANSWERS)}.")
    if not 0 <= number < comparison.num_turns:
        raise BadInput(f"Field turn: this comparison has the turns 0 to {comparison.num_turns - 1}, got {number}.")
    expected = next_turn(engine, comparison, user)
    if expected is not None and number > expected.number:
        raise BadInput(f"Field turn: turn {expected.number} comes first.")
    turn = turn_of(comparison, user, number)
    row = {
        "comparison": comparison.name, "user": user, "turn": number, "pair": turn.pair,
        "challenger": turn.challenger, "answer": said, "made_ms": now_ms(),
    }  # fmt: skip
    try:
        with engine.begin() as connection:
            connection.execute(insert(_ANSWERS), row)
    except IntegrityError:
        return False
    return True


def forget(engine: Engine, user: str) -> int:
    """Delete what somebody answered; how many answers it was."""
    _ready(engine)
    with engine.begin() as connection:
        return int(connection.execute(_ANSWERS.delete().where(_ANSWERS.c.user == user)).rowcount)


def result(
    engine: Engine, comparison: Comparison, believing: Believing | None = None, *, resamples: int = 1_000, seed: int = 7
) -> Result:
    """What people think so far."""
    return judged(_answers(engine, comparison.name), believing or Believing(), resamples=resamples, seed=seed)


def judged(said: Sequence[Said], believing: Believing, *, resamples: int, seed: int) -> Result:
    """Leave out who does not look, fit, and resample people."""
    by_user: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        by_user[one.user].append(one)
    left_out = {_digest(user): why for user, own in by_user.items() if (why := _disbelief(own, believing))}
    users = sorted(user for user in by_user if _digest(user) not in left_out)
    tables = [_table(by_user[user]) for user in users]
    weights = _capped([len(by_user[user]) for user in users], believing.max_share)
    outcomes = [one.answer for user in users for one in _firsts(by_user[user])]
    sides = [one.challenger for user in users for one in _firsts(by_user[user])]
    ties = outcomes.count("tie")
    wins = sum(answer == side for answer, side in zip(outcomes, sides, strict=True))
    score, tie, left = _fit(tables, weights)
    random, drawn = np.random.default_rng(seed), []
    for _ in range(resamples if len(users) > 1 else 0):
        some = random.integers(len(users), size=len(users))
        drawn.append(_fit([tables[n] for n in some], weights[some], (score, tie, left))[:2])
    scores = [one[0] for one in drawn]
    rates = [_win_rate(*one) for one in drawn]
    return Result(
        comparisons=len(outcomes),
        people=len(users),
        wins=wins,
        losses=len(outcomes) - wins - ties,
        ties=ties,
        win_rate=_win_rate(score, tie),
        win_rate_low=_quantile(rates, 0.025, 0.0),
        win_rate_high=_quantile(rates, 0.975, 1.0),
        score=score,
        score_low=_quantile(scores, 0.025, -np.inf),
        score_high=_quantile(scores, 0.975, np.inf),
        left_bias=left,
        left_out=left_out,
    )


def document(comparison: Comparison, found: Result) -> dict[str, Any]:
    """The result as `human.json`, which is kept with the challenger and read by a gate."""
    numbers = {name: getattr(found, name) for name in Result.__dataclass_fields__}
    finite = {name: _rounded(value) for name, value in numbers.items()}
    return {"champion": comparison.champion, "challenger": comparison.challenger, "name": comparison.name} | finite


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 6) if np.isfinite(value) else None


def _answers(engine: Engine, name: str) -> list[Said]:
    _ready(engine)
    query = select(_ANSWERS).where(_ANSWERS.c.comparison == name).order_by(_ANSWERS.c.user, _ANSWERS.c.turn)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    return [Said(**{field: row[field] for field in Said.__dataclass_fields__}) for row in rows]


_MADE: set[str] = set()


def _ready(engine: Engine) -> None:
    """The table is made by whoever needs it first."""
    url = str(engine.url)
    if url not in _MADE:
        make_tables(engine, _TABLES, _INDEXES)
        _MADE.add(url)


def _digest(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()[:16]


def _firsts(said: Sequence[Said]) -> list[Said]:
    """Each pair once: what comes a second time only says whether somebody looks."""
    seen: dict[int, Said] = {}
    for one in said:
        seen.setdefault(one.pair, one)
    return list(seen.values())


def _disbelief(said: Sequence[Said], believing: Believing) -> str:
    decided = [one.answer for one in said if one.answer != "tie"]
    if len(decided) >= believing.same_side and len(set(decided)) == 1:
        return f"same side: took the {decided[0]} one in each of {len(decided)} answers"
    firsts = {one.pair: one for one in _firsts(said)}
    again = [(firsts[one.pair], one) for one in said if one is not firsts[one.pair]]
    taken_back = sum(_for_challenger(a) * _for_challenger(b) < 0 for a, b in again)
    if len(again) >= believing.repeats and taken_back > len(again) / 2:
        return f"contradiction: took back {taken_back} of {len(again)} answers when the sides were changed"
    gaps = np.diff(sorted(one.made_ms for one in said))
    if len(gaps) >= believing.same_side and float(np.median(gaps)) < believing.quickest_ms:
        return f"burst: answered every {np.median(gaps):.0f} ms, faster than anybody looks"
    return ""


def _for_challenger(said: Said) -> int:
    return 0 if said.answer == "tie" else 1 if said.answer == said.challenger else -1


_Table = np.ndarray
"""(2, 3): with the challenger on the left and on the right, how often it won, lost, and tied."""


def _table(said: Sequence[Said]) -> _Table:
    table = np.zeros((2, 3))
    for one in _firsts(said):
        column = {1: 0, -1: 1, 0: 2}[_for_challenger(one)]
        table[0 if one.challenger == "left" else 1, column] += 1
    return table


def _capped(counts: Sequence[int], max_share: float) -> np.ndarray:
    """A weight for each person, so that none has more than a share of all answers."""
    total = sum(counts)
    return np.array([min(1.0, max_share * total / count) for count in counts]) if counts else np.zeros(0)


def _fit(
    tables: Sequence[_Table], weights: np.ndarray, begin: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> tuple[float, float, float]:
    """Score, tie and liking for the left that make the answers likeliest (Davidson's model), by Newton's method.

    A half answer for each outcome on each side is added, so that five wins of five are no certainty.
    """
    total = np.full((2, 3), 0.5) + sum((w * t for w, t in zip(weights, tables, strict=True)), np.zeros((2, 3)))
    at = np.array(begin)
    for _ in range(100):
        slope, curve = _slope(at, total)
        step = np.linalg.solve(curve, slope)
        at = at + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return float(at[0]), float(at[1]), float(at[2])


def _slope(at: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and curvature of the log likelihood in (score, log tie, left)."""
    slope, curve = np.zeros(3), np.zeros((3, 3))
    for row, left in enumerate((1.0, -1.0)):
        # The logarithm of how likely each outcome is: won, lost, tied.
        features = np.array([[0.5, 0.0, 0.5 * left], [-0.5, 0.0, -0.5 * left], [0.0, 1.0, 0.0]])
        logits = features @ at
        chance = np.exp(logits - logits.max())
        chance /= chance.sum()
        count = total[row].sum()
        mean = chance @ features
        slope += total[row] @ features - count * mean
        curve += count * ((features * chance[:, None]).T @ features - np.outer(mean, mean))
    return slope, curve


def _win_rate(score: float, tie: float) -> float:
    chance = np.exp([0.5 * score, -0.5 * score, tie])
    chance /= chance.sum()
    return float(chance[0] + chance[2] / 2)


def _quantile(values: Sequence[float], share: float, otherwise: float) -> float:
    return float(np.quantile(values, share)) if values else float(otherwise)
