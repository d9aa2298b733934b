"""Train, validation and test: by story and near-duplicate group, so that nothing of the test is known from training.

A story's split is the hash of its group, and a group keeps the name of its first story: what is in a split stays
there when material is added. A new story that would tie together groups of different splits can be in none of them.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storywright.corpus import duplicates, shards
from storywright.corpus.schema import PANELS

SPLITS = ("train", "validation", "test")
LEFT_OUT = "left_out"


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


def divided(story_ids: list[str], pairs: np.ndarray, shares: Shares) -> Division:
    """Give every story its group and its split, in order; `pairs` are (earlier, later) places of near-duplicates."""
    earlier: dict[int, list[int]] = {}
    for first, later in pairs.tolist():
        earlier.setdefault(later, []).append(first)
    groups: list[str] = []
    splits: list[str] = []
    for place, story_id in enumerate(story_ids):
        known = [one for one in earlier.get(place, ()) if splits[one] != LEFT_OUT]
        group = groups[min(known)] if known else story_id
        ties = len({splits[one] for one in known}) > 1
        groups.append(group)
        splits.append(LEFT_OUT if ties else shares.split_of(group))
    return Division(groups, splits)


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
