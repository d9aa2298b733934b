"""Texts that are the same but for a few words.

Each text is the set of its runs of three words. A sketch of that set (MinHash) finds the texts that may be near;
whether they are is then decided by the sets themselves, so that chance decides nothing.
"""

import re

import numpy as np
import xxhash

_WORD = re.compile(r"\w+")
_RUN = 3
_BANDS, _ROWS = 20, 3
_draw = np.random.default_rng(61)
_MULTIPLY = _draw.integers(1, 1 << 32, _BANDS * _ROWS, dtype=np.uint64)[:, None] | np.uint64(1)
_ADD = _draw.integers(0, 1 << 32, _BANDS * _ROWS, dtype=np.uint64)[:, None]


class Seen:
    """The texts so far."""

    def __init__(self, similarity: float) -> None:
        """Texts whose sets overlap by at least `similarity`, of what both have together, are near."""
        self._similarity = similarity
        self._sets: list[np.ndarray] = []
        self._bands: dict[int, list[int]] = {}

    def near(self, text: str) -> int | None:
        """The number of an earlier text that this one is near to; one that is near to none gets the next number."""
        runs = _runs(text)
        keys = _band_keys(runs)
        candidates = dict.fromkeys(number for key in keys for number in self._bands.get(key, ()))
        for number in candidates:
            if _overlap(self._sets[number], runs) >= self._similarity:
                return number
        for key in keys:
            self._bands.setdefault(key, []).append(len(self._sets))
        self._sets.append(runs)
        return None


def _runs(text: str) -> np.ndarray:
    words = _WORD.findall(text.casefold())
    runs = {" ".join(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1))}
    return np.array(sorted(xxhash.xxh3_64_intdigest(run.encode()) for run in runs), dtype=np.uint64)


def _band_keys(runs: np.ndarray) -> list[int]:
    with np.errstate(over="ignore"):
        mixed = runs[None, :] * _MULTIPLY + _ADD  # (bands * rows, runs), modulo 2**64
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    sketch = mixed.min(axis=1).reshape(_BANDS, _ROWS)
    return [xxhash.xxh3_64_intdigest(band.tobytes(), seed=number) for number, band in enumerate(sketch)]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    both = np.intersect1d(one, other, assume_unique=True).size
    return float(both / (one.size + other.size - both))
