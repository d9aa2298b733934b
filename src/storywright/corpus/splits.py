"""Train, validation and test: by story and near-duplicate group, so that nothing of the test is known from training.

A story's split is the hash of its group, and a group keeps the name of its first story: what is in a split stays
there when material is added behind it. `groups.parquet` of a corpus records it all, and kept for the next corpus it
holds every story where it was wherever material is added. A new story that would tie together groups of different
splits can be in none of them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storywright.corpus import duplicates, shards
from storywright.corpus.schema import PANELS
from storywright.errors import BadInput

SPLITS = ("train", "validation", "test")
LEFT_OUT = "left_out"
RECORD = "groups.parquet"
"""The file of a corpus that says which group and which split each story is in."""

_RECORD = pa.schema([("story_id", pa.string()), ("group", pa.string()), ("split", pa.string())])


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """How the groups are divided; what is neither validation nor test is for training."""

    validation: float
    test: float
    seed: int

    def split_of(self, group: str) -> str:
        """The split of a group: always the same for the same name."""
        place = int.from_bytes(hashlib.sha256(f"{self.seed} {group}".encode()).digest()[:8]) / 2**64
        if place < self.test:
            return "test"
        return "validation" if place < self.test + self.validation else "train"


@dataclass(frozen=True, slots=True)
class Division:
    """Where each story belongs, by its place."""

    groups: list[str]
    """The name of each story's group: its first story."""
    splits: list[str]
    """`train`, `validation`, `test`, or `left_out` for a story that would tie two of them together."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A story of one split that is also, or nearly, in another."""

    story: str
    split: str
    other: str
    other_split: str

    def __str__(self) -> str:
        same = "is also in" if self.story == self.other else f"is nearly the same as {self.other} in"
        return f"{self.story} of {self.split} {same} {self.other_split}"


def divided(story_ids: list[str], pairs: np.ndarray, shares: Shares, kept: Mapping[str, tuple[str, str]]) -> Division:
    """Give every story its group and its split, in order; `pairs` are (earlier, later) places of near-duplicates.

    What is `kept` of an earlier corpus has its group and split already, and what is new follows it.
    """
    likes: dict[int, list[int]] = {}
    for first, later in pairs.tolist():
        if story_ids[later] not in kept:
            likes.setdefault(later, []).append(first)
        elif story_ids[first] not in kept:
            likes.setdefault(first, []).append(later)
    if not story_ids:
        return Division([], [])
    groups, splits = (list(column) for column in zip(*(kept.get(one, ("", "")) for one in story_ids), strict=True))
    for place, story_id in enumerate(story_ids):
        if story_id in kept:
            continue
        known = [one for one in likes.get(place, ()) if splits[one] not in ("", LEFT_OUT)]
        groups[place] = groups[min(known)] if known else story_id
        ties = len({splits[one] for one in known}) > 1
        # A story on its own has the split of its name; a member of a group that of the group's others.
        splits[place] = LEFT_OUT if ties else splits[known[0]] if known else shares.split_of(story_id)
    return Division(groups, splits)


def write_record(path: Path, story_ids: list[str], division: Division) -> None:
    """Write down where each story is."""
    pq.write_table(pa.table([story_ids, division.groups, division.splits], schema=_RECORD), path)


def read_record(path: Path) -> dict[str, tuple[str, str]]:
    """The group and the split of each story of an earlier corpus."""
    try:
        table = pq.read_table(path, schema=_RECORD)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(
            f"preprocess.keep names {path}, which is no {RECORD} of a corpus: name the one of the corpus whose splits "
            "are to stay, or leave it empty."
        ) from error
    columns = (table[name].to_pylist() for name in ("group", "split"))
    return dict(zip(table["story_id"].to_pylist(), zip(*columns, strict=True), strict=True))


def leaks(corpus: Path, rule: duplicates.Rule, threads: int = 1) -> list[Leak]:
    """Look for stories of one split in another, by their names, their pictures and their words."""
    traces, ids, splits = duplicates.Traces(), list[str](), list[str]()
    with ThreadPoolExecutor(threads) as executor:
        for split, path in _paths(corpus):
            for piece in shards.pieces(path, PANELS):
                ids += traces.add(piece, executor)
                splits += [split] * (len(ids) - len(splits))
    first: dict[str, str] = {}
    found = [
        Leak(story, split, story, first[story])
        for story, split in zip(ids, splits, strict=True)
        if first.setdefault(story, split) != split
    ]
    return found + [
        Leak(ids[later], splits[later], ids[earlier], splits[earlier])
        for earlier, later in traces.pairs(rule).tolist()
        if splits[earlier] != splits[later] and ids[earlier] != ids[later]
    ]


def _paths(corpus: Path) -> Iterator[tuple[str, Path]]:
    """The shards of all splits, in the order in which their stories came."""
    paths = [(path.name, split, path) for split in SPLITS for path in shards.of_table(corpus / split, "panels")]
    for _, split, path in sorted(paths):
        yield split, path
