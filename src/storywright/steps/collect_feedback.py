"""Turn what people said in the studio into a set of preferences that models can learn from, and the recent briefs.

A choice prefers the chosen board to each other candidate of its request; ratings prefer a panel to those of the same
board with fewer stars; an edit prefers the edited words to the written ones. One user weighs no more than `max_share`
of all, so that a single insistent voice does not become everybody's taste, and who only makes noise is left out, with
the reason (`watch.trust`). Knows nothing of how anything is learned.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine

from storywright import files
from storywright.board import Panel, Storyboard
from storywright.errors import BadInput
from storywright.settings import Settings
from storywright.steps import command
from storywright.steps.contract import makes
from storywright.studio import workspaces
from storywright.watch import boards, database, feedback, trust
from storywright.watch.boards import Made
from storywright.watch.feedback import Feedback
from storywright.watch.trust import Screening

COLLECTED = "watch/feedback.json"
"""Where the newest numbers lie in the studio's home."""

PAIRS_FILE = "pairs.parquet"
"""In the output `preferences`; a version of the models that learned from it has its digest in the tag `preferences`,
so that whoever asks for their words to be deleted can be told which versions saw them."""

PAIRS = pa.schema(
    [
        ("pair_id", pa.string()),
        ("kind", pa.string()),  # choice, rating or edit
        ("brief", pa.string()),  # JSON
        ("language", pa.string()),
        *[
            (f"{side}_{what}", kind)
            for side in ("chosen", "rejected")
            for what, kind in (
                ("picture", pa.binary()),  # as it lies on disk; the same on both sides of an edit
                ("prompt", pa.string()),
                ("caption", pa.string()),
                ("before", pa.list_(pa.string())),  # the captions of the panels before, on the same board
                ("place", pa.int8()),  # where its board stood among those that were shown; 0 where nothing stood beside
            )
        ],
        ("weight", pa.float64()),  # the pairs of one choice, rating or edit weigh 1 together, or less by `max_share`
        ("user", pa.string()),  # a digest: enough to split by, not to know whom
        ("version", pa.string()),  # of the bundle that made both
    ]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What is taken into the set."""

    until: str
    """Last moment that counts, ISO 8601; empty: everything there is."""
    num_briefs: int
    """How many of the newest briefs are kept."""
    max_share: float
    """The most that one user may weigh in all pairs together."""
    screening: Screening
    """Whose words do not count."""

    def __post_init__(self) -> None:
        if not 0 < self.max_share <= 1:
            raise ValueError(f"max_share lies between 0 and 1, got {self.max_share:g}")
        if self.num_briefs < 1:
            raise ValueError(f"num_briefs must be at least 1, got {self.num_briefs}")
        _milliseconds(self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """None: it reads the studio's database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """The set, who is not in it, what was asked for lately, and how many there are."""

    preferences: Path = makes("preferences")
    left_out: Path = makes("left_out.json")
    """By a digest of each user who does not count, why."""
    briefs: Path = makes("briefs.jsonl")
    prompts: Path = makes("prompts.jsonl")
    """What the illustrator was asked for in the newest boards, each once."""
    metrics: Path = makes("metrics.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pair:
    """One panel that somebody preferred to another."""

    kind: str
    user: str
    made: Made
    chosen: "_Side"
    """Picture, prompt and caption."""
    rejected: "_Side"
    version: str
    weight: float = 1.0


def outside(config: Config) -> dict[str, str]:
    """How much was said, and what this machine shows Prometheus."""
    at, until = Settings.from_environment(), _milliseconds(config.until)
    engine, here = database.engine(at.database_url), at.home / COLLECTED
    newest = boards.recent(engine, 1, until)
    return {
        "said": str(feedback.count(engine, until_ms=until)),
        "deleted": str(feedback.num_deleted(engine)),
        "boards": newest[0].id if newest else "",
        "here": files.digest(here) if here.is_file() else "",
    }


def run(config: Config, inputs: Inputs, outputs: Outputs) -> None:
    """Read, pair, weigh, write it."""
    at, until = Settings.from_environment(), _milliseconds(config.until)
    engine = database.engine(at.database_url)
    number, everything = feedback.take(engine, until_ms=until)
    shelf = _Shelf(engine, at.home)
    silent = trust.left_out(everything, shelf.asked, config.screening, _digest_of_user)
    said = [one for one in _last_words(everything) if _digest_of_user(one) not in silent]
    pairs = [pair for words in _together(said, shelf) for pair in _weighed(_pairs(words, shelf))]
    num_users, num_lost = len({pair.user for pair in pairs}), shelf.num_lost
    too_few = 0 < num_users < config.screening.min_users
    pairs = [] if too_few else _capped(pairs, config.max_share)
    outputs.preferences.mkdir(parents=True)
    pq.write_table(_table(pairs), outputs.preferences / PAIRS_FILE)
    files.write_json(outputs.left_out, {"users": silent, "why_nothing": _why_nothing(num_users) if too_few else ""})
    made = boards.recent(engine, config.num_briefs * 10, until)
    briefs = _briefs(made, config.num_briefs)
    files.write_text(outputs.briefs, "".join(f"{brief}\n" for brief in briefs))
    files.write_text(outputs.prompts, "".join(f"{prompt}\n" for prompt in _prompts(made, shelf, config.num_briefs)))
    kinds = Counter(one.kind for one in said)
    metrics = {f"num_{kind}s": kinds[kind] for kind in feedback.KINDS}
    numbers = {
        "num_pairs": len(pairs),
        "num_users": num_users,
        "num_left_out": len(silent),
        "num_briefs": len(briefs),
        "num_lost": num_lost,
    }
    files.write_json(outputs.metrics, metrics | numbers)
    files.write_json(at.home / COLLECTED, metrics | numbers)
    feedback.taken(engine, number, files.digest(outputs.preferences / PAIRS_FILE))


@dataclass(frozen=True, slots=True)
class _Side:
    """One panel of a pair."""

    picture: bytes
    prompt: str
    caption: str
    before: tuple[str, ...]
    place: int


class _Shelf:
    """Boards as they were when people saw them; one whose folder is gone is left out and counted."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self._engine, self._home = engine, home
        self._read: dict[str, tuple[Made, Storyboard] | None] = {}
        self._together: dict[str, list[str]] = {}

    @property
    def num_lost(self) -> int:
        return sum(found is None for found in self._read.values())

    def board(self, board_id: str) -> tuple[Made, Storyboard] | None:
        if board_id not in self._read:
            made = boards.find(self._engine, board_id)
            try:
                self._read[board_id] = (made, boards.read(made, self._home)) if made else None
            except BadInput:
                self._read[board_id] = None
        return self._read[board_id]

    def others(self, made: Made) -> list[str]:
        return [other for other in self._shown(made.asked) if other != made.id]

    def asked(self, board_id: str) -> tuple[str, int, int]:
        """The request of a board, its place among the candidates, and how many there are."""
        found = self.board(board_id)
        if found is None:
            return "", 0, 0
        shown = self._shown(found[0].asked)
        return found[0].asked, shown.index(board_id), len(shown)

    def side(self, made: Made, board: Storyboard, panel: Panel, place: int = 0) -> _Side:
        path = self._home / made.folder / panel.picture
        picture = path.read_bytes() if panel.picture and path.is_file() else b""
        before = tuple(one.action for one in board.panels[: board.panels.index(panel)])
        return _Side(picture, panel.prompt, panel.action, before, place)

    def _shown(self, asked: str) -> list[str]:
        if asked not in self._together:
            self._together[asked] = [one.id for one in boards.candidates(self._engine, asked)]
        return self._together[asked]


def _last_words(said: Iterable[Feedback]) -> list[Feedback]:
    """What each user said last about each thing: who changes their mind counts once."""
    last: dict[tuple[str, str, str, str], Feedback] = {}
    for one in said:
        key = (one.user, one.kind, one.board, one.panel)
        last.pop(key, None)  # so that what was said last also stands last
        last[key] = one
    return list(last.values())


def _together(said: list[Feedback], shelf: _Shelf) -> Iterator[list[Feedback]]:
    """What belongs to one judgement: all ratings by a user in one request, all choices in it, one edit."""
    groups: dict[tuple[str, ...], list[Feedback]] = defaultdict(list)
    for one in said:
        found = shelf.board(one.board)
        if found is None:
            continue
        whole = "" if one.kind == "choice" or not one.panel else one.board
        groups[(one.kind, one.user, found[0].asked, whole, one.key if one.kind == "edit" else "")].append(one)
    yield from groups.values()


def _pairs(words: list[Feedback], shelf: _Shelf) -> list[_Pair]:
    if words[0].kind == "choice":
        return _chosen_board(words[-1], shelf)
    if words[0].kind == "edit":
        return _edited(words[-1], shelf)
    return [
        pair
        for better in words
        for worse in words
        if int(better.value) > int(worse.value)
        for pair in _rated(better, worse, shelf)
    ]


def _chosen_board(choice: Feedback, shelf: _Shelf) -> list[_Pair]:
    found = shelf.board(choice.board)
    if found is None:
        return []
    return [pair for other in shelf.others(found[0]) for pair in _boards(choice, choice.board, other, shelf)]


def _rated(better: Feedback, worse: Feedback, shelf: _Shelf) -> list[_Pair]:
    if not better.panel:
        return _boards(better, better.board, worse.board, shelf)
    found = shelf.board(better.board)
    if found is None:
        return []
    made, board = found
    panels = {panel.id: shelf.side(made, board, panel) for panel in board.panels}
    if better.panel not in panels or worse.panel not in panels:
        return []
    return [_pair(better, made, panels[better.panel], panels[worse.panel])]


def _boards(said: Feedback, chosen: str, rejected: str, shelf: _Shelf) -> list[_Pair]:
    """Panel against panel at the same place in the story."""
    ours, theirs = shelf.board(chosen), shelf.board(rejected)
    if ours is None or theirs is None:
        return []
    places = [shelf.asked(one)[1] if said.kind == "choice" else 0 for one in (chosen, rejected)]
    return [
        _pair(said, ours[0], shelf.side(*ours, a, places[0]), shelf.side(*theirs, b, places[1]))
        for a, b in zip(ours[1].panels, theirs[1].panels, strict=False)
    ]


def _edited(edit: Feedback, shelf: _Shelf) -> list[_Pair]:
    found = shelf.board(edit.board)
    if found is None:
        return []
    made, board = found
    for panel in board.panels:
        if panel.id == edit.panel and panel.action.strip() != edit.value.strip():
            written = shelf.side(made, board, panel)
            return [_pair(edit, made, replace(written, caption=edit.value.strip()), written)]
    return []


def _pair(said: Feedback, made: Made, chosen: _Side, rejected: _Side) -> _Pair:
    user = _digest_of_user(said)
    return _Pair(kind=said.kind, user=user, made=made, chosen=chosen, rejected=rejected, version=made.version)


def _digest_of_user(said: Feedback) -> str:
    whole = workspaces.own(said.user, workspaces.of(said.board))  # two workspaces may have people of the same name
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _why_nothing(num_users: int) -> str:
    who = "one user's words" if num_users == 1 else f"the words of {num_users} users"
    return f"{who} alone would become everybody's taste: nothing is learned until more people have spoken"


def _weighed(pairs: list[_Pair]) -> list[_Pair]:
    """The pairs of one judgement weigh 1 together, however many panels it is about."""
    return [replace(pair, weight=1 / len(pairs)) for pair in pairs]


def _capped(pairs: list[_Pair], max_share: float) -> list[_Pair]:
    total, by_user = sum(pair.weight for pair in pairs), defaultdict[str, float](float)
    for pair in pairs:
        by_user[pair.user] += pair.weight
    return [replace(pair, weight=pair.weight * min(1.0, max_share * total / by_user[pair.user])) for pair in pairs]


def _table(pairs: list[_Pair]) -> pa.Table:
    rows = []
    for pair in pairs:
        row = {"kind": pair.kind, "user": pair.user, "version": pair.version, "weight": pair.weight}
        row |= {"brief": pair.made.brief.model_dump_json(), "language": pair.made.brief.language}
        for side, parts in (("chosen", pair.chosen), ("rejected", pair.rejected)):
            row |= {f"{side}_{name}": value for name, value in asdict(parts).items()}
        words = [pair.user, pair.kind, pair.made.id]
        words += [word for side in (pair.chosen, pair.rejected) for word in (side.prompt, side.caption)]
        rows.append({"pair_id": files.digest_of(words)[:16]} | row)
    return pa.Table.from_pylist(rows, schema=PAIRS)


def _briefs(newest: list[Made], limit: int) -> list[str]:
    """The newest briefs as JSON, each once, the newest first."""
    found: dict[str, None] = {}
    for made in newest:
        found.setdefault(json.dumps(made.brief.model_dump(), ensure_ascii=False, sort_keys=True))
    return list(found)[:limit]


def _prompts(newest: list[Made], shelf: _Shelf, limit: int) -> list[str]:
    """The prompts of the newest boards' panels as JSON, each once, the newest first."""
    found: dict[str, None] = {}
    for made in newest:
        if len(found) >= limit:
            break
        board = shelf.board(made.id)
        for panel in board[1].panels if board else []:
            if panel.prompt:
                found.setdefault(json.dumps({"prompt": panel.prompt}, ensure_ascii=False))
    return list(found)[:limit]


def _milliseconds(moment: str) -> int | None:
    if not moment:
        return None
    try:
        when = datetime.fromisoformat(moment)
    except ValueError as error:
        raise ValueError(f"until is a moment such as 2026-11-20T12:00:00, got {moment!r}") from error
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000)


if __name__ == "__main__":
    command.main("collect_feedback")
