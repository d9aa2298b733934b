"""BLEU-1 to BLEU-4: how many n-grams of a caption stand in its references, with a penalty for being short.

As captions are usually scored: counts are clipped by the reference that has most, the reference nearest in length
sets the brevity penalty (the shorter of two equally near), and the counts of the whole set are added before dividing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storywright.critic.metrics.ngrams import Counts, Sentences, counts_by_order, sentences_of, starts_of_runs
from storywright.critic.metrics.scored import Scored, Tokens, refuse_unpaired

ORDERS = 4

# Added to counts and totals, so that a caption without a match, or without tokens, has a score near zero.
_TINY, _SMALL = 1e-15, 1e-9


def bleu(hyps: Sequence[Tokens], refs: Sequence[Sequence[Tokens]]) -> list[Scored]:
    """BLEU-1 to BLEU-4."""
    counts = bleu_counts(hyps, refs)
    whole, items = bleu_of(counts.sum(0)), bleu_of(counts)
    return [Scored(float(whole[n]), items[:, n]) for n in range(ORDERS)]


def bleu_counts(hyps: Sequence[Tokens], refs: Sequence[Sequence[Tokens]]) -> NDArray[np.float64]:
    """All that BLEU needs of each item; sums of rows give the BLEU of any part of the set.

    Columns: matches of the four orders, n-grams of the four orders, own length, length of the nearest reference.
    """
    refuse_unpaired(hyps, refs)
    sentences = sentences_of(hyps, refs)
    lengths = sentences.lengths[sentences.is_hyp]
    rows = np.empty((len(hyps), 2 * ORDERS + 2))
    for n, counts in enumerate(counts_by_order(sentences, ORDERS)):
        rows[:, n] = _matches(sentences, counts)
        rows[:, ORDERS + n] = np.maximum(lengths - n, 0)
    rows[:, -2] = lengths
    rows[:, -1] = _nearest_lengths(sentences)
    return rows


def bleu_of(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """BLEU-1 to BLEU-4 of rows of counts."""  # (…, 10) -> (…, 4)
    matches, totals = counts[..., :ORDERS], counts[..., ORDERS : 2 * ORDERS]
    own, nearest = counts[..., -2:-1], counts[..., -1:]
    precision = np.cumprod((matches + _TINY) / (totals + _SMALL), axis=-1) ** (1 / np.arange(1, ORDERS + 1))
    ratio = (own + _TINY) / (nearest + _SMALL)
    # The penalty underflows to zero for a caption without tokens, as it should.
    with np.errstate(under="ignore"):
        return precision * np.exp(np.minimum(1 - 1 / ratio, 0))


def _matches(sentences: Sentences, counts: Counts) -> NDArray[np.float64]:
    """For each item, its hypothesis' counts, each clipped by the reference that has most of that n-gram."""
    item, is_hyp = sentences.item[counts.sentence], sentences.is_hyp[counts.sentence]
    if not len(item):
        return np.zeros(sentences.num_items)
    first = np.flatnonzero(starts_of_runs(counts.gram) | starts_of_runs(item))
    most = np.maximum.reduceat(np.where(is_hyp, 0, counts.count), first)
    own = np.where(is_hyp[first], counts.count[first], 0)
    return np.bincount(item[first], np.minimum(own, most), sentences.num_items).astype(np.float64)


def _nearest_lengths(sentences: Sentences) -> NDArray[np.int64]:
    first = np.flatnonzero(sentences.is_hyp)
    longest = int(sentences.lengths.max(initial=0)) + 1
    away = np.abs(sentences.lengths - sentences.lengths[first][sentences.item])
    # Distance first, then length: the smallest of these pairs, written as one number.
    pair = np.where(sentences.is_hyp, np.iinfo(np.int64).max, away * longest + sentences.lengths)
    return np.minimum.reduceat(pair, first) % longest
