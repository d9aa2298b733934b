"""How varied a set of captions is: distinct-n, and self-BLEU, which falls as variety grows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storywright.critic.metrics.bleu import ORDERS, bleu_of
from storywright.critic.metrics.ngrams import Counts, Sentences, counts_by_order, sentences_of, starts_of_runs
from storywright.critic.metrics.scored import Scored, Tokens
from storywright.errors import BadInput


def distinct(captions: Sequence[Tokens], order: int) -> float:
    """The share of different ones among all n-grams of the captions, n being `order`."""
    *_, counts = counts_by_order(_alone(captions), order)
    total = int(counts.count.sum())
    # N-grams are numbered densely and sorted: the last number says how many there are.
    return (int(counts.gram[-1]) + 1) / total if total else 0.0


def self_bleu(captions: Sequence[Tokens]) -> list[Scored]:
    """BLEU-1 to BLEU-4 of each caption with all others as its references, and their means."""
    if len(captions) < 2:
        raise BadInput("Self-BLEU compares captions with one another: give at least two.")
    sentences = _alone(captions)
    rows = np.empty((len(captions), 2 * ORDERS + 2))
    for n, counts in enumerate(counts_by_order(sentences, ORDERS)):
        rows[:, n] = np.bincount(counts.sentence, np.minimum(counts.count, _most_elsewhere(counts)), len(captions))
        rows[:, ORDERS + n] = np.maximum(sentences.lengths - n, 0)
    rows[:, -2] = sentences.lengths
    rows[:, -1] = _nearest_other(sentences.lengths)
    items = bleu_of(rows)
    return [Scored(float(items[:, n].mean()), items[:, n]) for n in range(ORDERS)]


def _alone(captions: Sequence[Tokens]) -> Sentences:
    if not captions:
        raise BadInput("There are no captions to compare: give at least one.")
    return sentences_of(captions, [()] * len(captions))


def _most_elsewhere(counts: Counts) -> NDArray[np.int64]:
    """For each n-gram of each caption, how often it stands in the other caption that has most of it."""
    if not len(counts.gram):
        return counts.count
    # Sorted by n-gram and falling count, the first of a run is the most of all others, the second of its own.
    order = np.lexsort((-counts.count, counts.gram))
    gram, count = counts.gram[order], counts.count[order]
    starts = starts_of_runs(gram)
    first = np.flatnonzero(starts)
    second = np.where(np.append(starts[1:], True)[first], 0, np.append(count, 0)[first + 1])
    run = np.cumsum(starts) - 1
    most = np.empty_like(count)
    most[order] = np.where(starts, second[run], count[first[run]])
    return most


def _nearest_other(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The length nearest to each caption's among the others; the shorter of two equally near."""
    order = np.argsort(lengths, kind="stable")
    ordered = lengths[order]
    never = np.iinfo(np.int64).max // 2
    before, after = np.append(-never, ordered[:-1]), np.append(ordered[1:], never)
    nearest = np.empty_like(ordered)
    nearest[order] = np.where(ordered - before <= after - ordered, before, after)
    return nearest
