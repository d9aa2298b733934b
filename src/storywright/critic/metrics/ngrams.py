"""Counts of n-grams of many sentences at once, as arrays.

Knows nothing about scores. Tokens become numbers; an n-gram is the number of its first n-1 tokens and its last one,
renumbered densely; one stable sort for each n then puts equal n-grams together, item by item, sentence by sentence.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storywright.critic.metrics.scored import Tokens

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sentences:
    """Items one after another; of each, the hypothesis comes first and its references follow."""

    tokens: Ints
    """Every token of every sentence, as a number."""
    lengths: Ints
    """How many tokens each sentence has."""
    item: Ints
    """Which item each sentence belongs to; never falls."""

    @property
    def num_items(self) -> int:
        """How many items there are."""
        return int(self.item[-1]) + 1

    @property
    def is_hyp(self) -> NDArray[np.bool_]:
        """Which sentences are hypotheses: the first of each item."""
        return starts_of_runs(self.item)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each n-gram stands in each sentence that has it, sorted by n-gram, then by sentence."""

    gram: Ints
    sentence: Ints
    count: Ints


def sentences_of(hyps: Sequence[Tokens], refs: Sequence[Sequence[Tokens]]) -> Sentences:
    """Number the tokens of hypotheses and references."""
    groups = [(hyp, *sentences) for hyp, sentences in zip(hyps, refs, strict=True)]
    flat = list(itertools.chain.from_iterable(groups))
    lengths = np.fromiter(map(len, flat), np.int64, len(flat))
    number: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    words = itertools.chain.from_iterable(flat)
    tokens = np.fromiter(map(number.__getitem__, words), np.int64, int(lengths.sum()))
    item = np.repeat(np.arange(len(groups)), np.fromiter(map(len, groups), np.int64, len(groups)))
    return Sentences(tokens, lengths, item)


def counts_by_order(sentences: Sentences, orders: int = 4) -> Iterator[Counts]:
    """The counts of the n-grams for n = 1, 2, … orders."""
    tokens, num_words = sentences.tokens, int(sentences.tokens.max(initial=0)) + 1
    sentence = np.repeat(np.arange(len(sentences.lengths)), sentences.lengths)
    end = np.cumsum(sentences.lengths)[sentence]
    start = np.arange(len(tokens))
    gram = np.zeros(len(tokens), np.int64)
    for order in range(orders):
        whole = start + order < end[start]
        start, gram = start[whole], gram[whole]
        gram, counts = _sorted(gram * num_words + tokens[start + order], sentence[start])
        yield counts


def _sorted(key: Ints, sentence: Ints) -> tuple[Ints, Counts]:
    """The dense number of each key, and the runs of equal key and sentence."""
    order = np.argsort(key, kind="stable")
    new_gram = starts_of_runs(key[order])
    number = np.cumsum(new_gram) - 1
    gram = np.empty_like(number)
    gram[order] = number
    of = sentence[order]
    first = np.flatnonzero(new_gram | starts_of_runs(of))
    return gram, Counts(number[first], of[first], np.diff(first, append=len(key)))


def starts_of_runs(values: Ints) -> NDArray[np.bool_]:
    """True wherever a value differs from the one before it."""
    starts = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return starts
