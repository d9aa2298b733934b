"""Which stories are nearly the same, in their pictures or in their words.

Each picture is reduced to a fingerprint (average brightness and colour on a coarse grid), each story's captions to a
MinHash signature. Both are looked up in hash tables, so the work grows with the number of stories and not with its
square. What is found for a story depends only on the stories before it: new material never changes what was said of
the old. Knows nothing about splits.
"""

import re
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
import pyarrow as pa
import xxhash

from storywright.corpus.pictures import each, pixels
from storywright.errors import BadInput

_GREY_GRID, _COLOUR_GRID = 12, 6
_CELLS = _GREY_GRID**2 + 2 * _COLOUR_GRID**2
_SAME_CELL = 12
"""How much a cell may differ, of 255. Of 1,394 drawings scaled to half and saved as JPEG of quality 75, 99.8 % stayed
within it; of 24 million pairs of different drawings of 192x108, the nearest was at 17."""

_PICTURE_TABLES, _PICTURE_KEYS, _KEY_WIDTH = 8, 8, 160
_WORD_TABLES, _WORD_KEYS = 16, 4
_LOOK_BACK = 24
"""How many entries of the same bucket an entry is compared with, besides the bucket's first."""
_SHINGLE_WORDS = 3
_MIN_SHINGLES = 12
"""A text with fewer may recur by chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """When two stories count as nearly the same."""

    same_pictures: float
    """The share of the shorter story's pictures that the other also has."""
    same_words: float
    """The share of three-word sequences that their captions have in common (Jaccard); not for single pictures."""


@dataclass
class Traces:
    """What is kept of each story to compare it with the others: about 300 bytes a picture and 400 a story."""

    _prints: list[np.ndarray] = field(default_factory=list)
    _picture_keys: list[np.ndarray] = field(default_factory=list)
    _owners: list[np.ndarray] = field(default_factory=list)
    _signatures: list[np.ndarray] = field(default_factory=list)
    _num_stories: int = 0

    def add(self, panels: pa.Table, executor: Executor) -> list[str]:
        """Add some whole stories, in order; returns their names."""
        names = panels["story_id"].to_pylist()
        starts = [row for row, name in enumerate(names) if row == 0 or name != names[row - 1]]
        sizes = np.diff([*starts, len(names)])
        contents = [value.as_py() for chunk in panels["picture"].chunks for value in chunk.field("bytes")]
        named = list(zip(contents, names, panels["panel"].to_pylist(), strict=True))
        prints = np.stack(each(_print_of, named, executor))
        captions = panels["caption"].to_pylist()
        told = [captions[row : row + size] if size > 1 else [] for row, size in zip(starts, sizes, strict=True)]
        self._prints.append(prints)
        self._picture_keys.append(_picture_keys(prints))
        self._owners.append(np.repeat(np.arange(self._num_stories, self._num_stories + len(starts)), sizes))
        self._signatures.append(np.stack([_signature(lines) for lines in told]))
        self._num_stories += len(starts)
        return [names[row] for row in starts]

    def pairs(self, rule: Rule) -> np.ndarray:
        """Pairs (earlier, later) of places of stories that are nearly the same; enough to link a group, not all."""
        if not self._num_stories:
            return np.empty((0, 2), np.int64)
        found = np.concatenate([self._same_pictures(rule.same_pictures), self._same_words(rule.same_words)])
        return np.unique(found, axis=0)

    def _same_pictures(self, share: float) -> np.ndarray:
        prints, owners = np.concatenate(self._prints), np.concatenate(self._owners)
        alike = _alike(prints, np.concatenate(self._picture_keys))
        stories = owners[alike]
        between = stories[:, 0] != stories[:, 1]
        pairs, which = np.unique(stories[between], axis=0, return_inverse=True)
        # How many pictures of the one, and of the other, have a like.
        counts = [
            np.bincount(np.unique(np.stack([which.ravel(), alike[between, side]]), axis=1)[0], minlength=len(pairs))
            for side in (0, 1)
        ]
        sizes = np.bincount(owners, minlength=self._num_stories)[pairs].min(axis=1)
        return pairs[np.minimum(*counts) >= share * sizes].astype(np.int64)

    def _same_words(self, share: float) -> np.ndarray:
        signatures = np.concatenate(self._signatures)
        told = np.flatnonzero((signatures != _NO_WORDS).any(axis=1))
        signatures = signatures[told]
        bands = signatures.reshape(len(signatures), _WORD_TABLES, _WORD_KEYS)
        found = [np.empty((0, 2), np.int64)]
        for table in range(_WORD_TABLES):
            pairs = _neighbours(_mixed(bands[:, table].astype(np.uint64)))
            same = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
            found.append(told[pairs[same >= share]])
        return np.concatenate(found)


def fingerprint(picture: bytes) -> np.ndarray:
    """What a picture looks like from afar: uint8 numbers that change little when it is saved again or scaled."""
    # Twice the grid first: the second average then has the same weight for every pixel at any size.
    small = cv2.resize(pixels(picture), (4 * _GREY_GRID, 4 * _GREY_GRID), interpolation=cv2.INTER_AREA)
    grey, *colours = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb))
    cells = [cv2.resize(grey, (_GREY_GRID, _GREY_GRID), interpolation=cv2.INTER_AREA).ravel()]
    cells += [cv2.resize(c, (_COLOUR_GRID, _COLOUR_GRID), interpolation=cv2.INTER_AREA).ravel() for c in colours]
    return np.concatenate(cells)


def _print_of(named: tuple[bytes, str, int]) -> np.ndarray:
    picture, story, panel = named
    try:
        return fingerprint(picture)
    except BadInput as error:
        raise BadInput(f"Story {story}, panel {panel}: {error}. Run the step validate on it first.") from error


def _alike(prints: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Pairs (earlier, later) of places of pictures that look the same."""
    found = np.empty(0, np.int64)
    for table in range(keys.shape[1]):
        pairs = _neighbours(keys[:, table])
        for some in np.array_split(pairs, len(pairs) // 65_536 + 1):
            apart = np.abs(prints[some[:, 0]].astype(np.int16) - prints[some[:, 1]]).max(axis=1, initial=0)
            same = some[apart <= _SAME_CELL]
            # As one number a pair: what the tables find is mostly the same, and is kept once.
            found = np.union1d(found, same[:, 0] * len(prints) + same[:, 1])
    return np.stack(np.divmod(found, len(prints)), axis=1)


def _neighbours(keys: np.ndarray) -> np.ndarray:
    """Pairs (earlier, later) of places with the same key: each with the key's first, and with those shortly before."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    found = [np.empty((0, 2), np.int64)]
    for back in range(1, min(_LOOK_BACK, len(order) - 1) + 1):
        same = np.flatnonzero(ordered[back:] == ordered[:-back])
        if not len(same):
            break
        found.append(np.stack([order[same], order[same + back]], axis=1))
    starts = np.searchsorted(ordered, ordered)
    far = np.flatnonzero(np.arange(len(order)) - starts > _LOOK_BACK)
    found.append(np.stack([order[starts[far]], order[far]], axis=1))
    return np.concatenate(found)


def _picture_keys(prints: np.ndarray) -> np.ndarray:
    """For each table the bucket of each picture: random sums of its cells, cut into steps."""
    signs, offsets = _projections()
    # Whole numbers below 2**24: exact in float32, whatever the order of summing.
    sums = (prints.astype(np.float32) @ signs + offsets) // _KEY_WIDTH
    steps = sums.astype(np.int64).astype(np.uint64).reshape(len(prints), _PICTURE_TABLES, _PICTURE_KEYS)
    return np.stack([_mixed(steps[:, table]) for table in range(_PICTURE_TABLES)], axis=1)


def _mixed(columns: np.ndarray) -> np.ndarray:
    """One 64-bit number for each row."""
    mixed = np.zeros(len(columns), np.uint64)
    for column in columns.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


@cache
def _projections() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    count = _PICTURE_TABLES * _PICTURE_KEYS
    signs = rng.integers(0, 2, (_CELLS, count)) * 2 - 1
    return signs.astype(np.float32), rng.integers(0, _KEY_WIDTH, count).astype(np.float32)


_NO_WORDS = np.uint32(0xFFFFFFFF)


def _signature(captions: Sequence[str]) -> np.ndarray:
    """The MinHash of the captions' word sequences; a text too short to say anything has none."""
    words = [re.findall(r"\w+", caption.casefold()) for caption in captions]
    shingles = {
        " ".join(line[at : at + _SHINGLE_WORDS])
        for line in words
        for at in range(max(1, len(line) - _SHINGLE_WORDS + 1))
    }
    if len(shingles) < _MIN_SHINGLES:
        return np.full(_WORD_TABLES * _WORD_KEYS, _NO_WORDS)
    hashes = np.array([xxhash.xxh64_intdigest(shingle.encode()) for shingle in shingles], np.uint64)
    factors, terms = _permutations()
    return ((hashes[:, None] * factors + terms) >> np.uint64(32)).min(axis=0).astype(np.uint32)


@cache
def _permutations() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    factors, terms = rng.integers(0, 2**63, (2, _WORD_TABLES * _WORD_KEYS), dtype=np.uint64)
    return factors | np.uint64(1), terms
