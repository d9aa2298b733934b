"""What a measure of captions gives: one number for the whole set, and one for each item."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storywright.errors import BadInput

Tokens = Sequence[str]


@dataclass(frozen=True, slots=True)
class Scored:
    """A measure of a set of captions."""

    value: float
    """The number for the whole set."""
    items: NDArray[np.float64]
    """The number for each item, in order."""


def refuse_unpaired(hyps: Sequence[Tokens], refs: Sequence[Sequence[Tokens]]) -> None:
    """Say what is wrong when hypotheses and references do not belong together."""
    if not hyps:
        raise BadInput("There are no captions to score: give at least one.")
    if len(hyps) != len(refs):
        raise BadInput(f"{len(hyps):,} captions cannot be scored against references for {len(refs):,}: give as many.")
    for index, sentences in enumerate(refs):
        if not sentences:
            raise BadInput(f"Caption {index + 1:,} has no reference: give at least one for each caption.")
