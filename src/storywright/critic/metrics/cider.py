"""CIDEr-D: how near a caption's n-grams are to its references', rare n-grams counting more.

How rare an n-gram is comes from the references of the set itself. So the number depends on the set, and a set of
one item scores zero whatever it says.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storywright.critic.metrics.ngrams import Counts, Sentences, counts_by_order, sentences_of, starts_of_runs
from storywright.critic.metrics.scored import Scored, Tokens, refuse_unpaired

ORDERS = 4
SIGMA = 6.0
"""Width of the penalty for a caption that is longer or shorter than its reference, in tokens."""


def cider_d(hyps: Sequence[Tokens], refs: Sequence[Sequence[Tokens]]) -> Scored:
    """CIDEr-D of each item, between 0 and 10, and its mean."""
    refuse_unpaired(hyps, refs)
    sentences = sentences_of(hyps, refs)
    cosines = sum(_cosines(sentences, counts) for counts in counts_by_order(sentences, ORDERS))
    # The reference implementation measures length in bigrams.
    lengths = np.maximum(sentences.lengths - 1, 0)
    apart = lengths - lengths[sentences.is_hyp][sentences.item]
    each = cosines * np.exp(-(apart**2) / (2 * SIGMA**2)) / ORDERS
    num_refs = np.bincount(sentences.item) - 1
    items = 10.0 * np.bincount(sentences.item, np.where(sentences.is_hyp, 0.0, each)) / num_refs
    return Scored(float(items.mean()), items)


def _cosines(sentences: Sentences, counts: Counts) -> NDArray[np.float64]:
    """For each sentence, the cosine with its item's hypothesis, whose counts are clipped by the sentence's."""
    item, is_hyp = sentences.item[counts.sentence], sentences.is_hyp[counts.sentence]
    starts = starts_of_runs(counts.gram) | starts_of_runs(item)
    weight = _rareness(sentences.num_items, counts.gram, is_hyp, starts)[counts.gram] ** 2
    # A hypothesis comes first among the sentences of its item, so it stands at the start of each run.
    first = np.flatnonzero(starts)[np.cumsum(starts) - 1] if len(item) else item
    of_hyp = np.where(is_hyp[first], counts.count[first], 0)
    num = len(sentences.item)
    dots = np.bincount(counts.sentence, np.minimum(of_hyp, counts.count) * counts.count * weight, num)
    norms = np.sqrt(np.bincount(counts.sentence, counts.count**2 * weight, num))
    both = norms * norms[sentences.is_hyp][sentences.item]
    return np.divide(dots, both, out=np.zeros(num), where=both > 0)


def _rareness(
    num_items: int, gram: NDArray[np.int64], is_hyp: NDArray[np.bool_], starts: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """For each n-gram, the logarithm of how many items there are for each one whose references have it."""
    # Only the first reference of a run counts for its item: it starts the run, or follows the hypothesis that does.
    follows = np.zeros_like(starts)
    follows[1:] = starts[:-1] & is_hyp[:-1]
    in_items = np.bincount(gram, ~is_hyp & (starts | follows))
    return np.log(num_items) - np.log(np.maximum(in_items, 1.0))
