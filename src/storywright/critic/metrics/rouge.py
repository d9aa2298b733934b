"""ROUGE-L: the longest sequence of words that a caption and a reference have in common, in order.

Precision and recall are each that of the best reference, and are weighed by BETA, as captions are usually scored.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from storywright.critic.metrics.ngrams import Sentences, sentences_of
from storywright.critic.metrics.scored import Scored, Tokens, refuse_unpaired

BETA = 1.2
"""How much more recall counts than precision."""

_CELLS = 1 << 18  # of one table of pairs by tokens: stays in the processor's cache


def rouge_l(hyps: Sequence[Tokens], refs: Sequence[Sequence[Tokens]]) -> Scored:
    """ROUGE-L of each item, and its mean."""
    refuse_unpaired(hyps, refs)
    sentences = sentences_of(hyps, refs)
    first = np.flatnonzero(sentences.is_hyp)
    common = _common(sentences, first[sentences.item])
    own = np.maximum(sentences.lengths[first], 1)
    # A hypothesis has the place of a reference that has nothing in common with it.
    common[first] = 0
    precision = np.maximum.reduceat(common, first) / own
    recall = np.maximum.reduceat(common / np.maximum(sentences.lengths, 1), first)
    weighed = recall + BETA**2 * precision
    items = np.divide((1 + BETA**2) * precision * recall, weighed, out=np.zeros(len(hyps)), where=weighed > 0)
    return Scored(float(items.mean()), items)


def _common(sentences: Sentences, hyp: NDArray[np.int64]) -> NDArray[np.int64]:
    """Length of the longest common subsequence of each sentence and its item's hypothesis."""
    starts = np.cumsum(sentences.lengths) - sentences.lengths
    result = np.zeros(len(hyp), np.int64)
    for pairs in _of_similar_length(sentences.lengths, sentences.lengths[hyp]):
        rows = _padded(sentences.tokens, starts[hyp[pairs]], sentences.lengths[hyp[pairs]], -1)
        columns = _padded(sentences.tokens, starts[pairs], sentences.lengths[pairs], -2)
        result[pairs] = _longest(rows, columns)
    return result


def _longest(rows: NDArray[np.int32], columns: NDArray[np.int32]) -> NDArray[np.int32]:
    """One row of the usual table at a time, for all pairs together; the running maximum replaces the inner loop."""
    table = np.zeros((len(columns), columns.shape[1] + 1), np.int32)
    for row in rows.T:
        longer = table[:, :-1] + (columns == row[:, None])
        np.maximum(longer, table[:, 1:], out=longer)
        np.maximum.accumulate(longer, axis=1, out=table[:, 1:])
    return table[:, -1]


def _of_similar_length(columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Groups of pairs that waste little when they are filled up to the same length."""
    order = np.lexsort((columns, rows))
    longest = int(columns.max(initial=0)) + 1
    size = max(1, _CELLS // longest)
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _padded(
    tokens: NDArray[np.int64], starts: NDArray[np.int64], lengths: NDArray[np.int64], filler: int
) -> NDArray[np.int32]:
    width = int(lengths.max(initial=0))
    at = np.arange(width)
    inside = at < lengths[:, None]
    padded = np.full((len(starts), width), filler, np.int32)
    padded[inside] = tokens[(starts[:, None] + at)[inside]]
    return padded
