"""How well the panels of a story belong together by their looks, and how different several answers are.

All of it on vectors of the critic, which have unit length. Knows nothing about words.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storywright.errors import BadInput

Floats = NDArray[np.floating]


def belonging(pictures: Floats, story: Sequence[object]) -> Floats:
    """For each picture, how much nearer it is to the rest of its own story than to the other stories; -2 to 2.

    A story of one panel, or a single story, has nothing to compare with and gets 0.
    """
    names, number = np.unique(np.asarray(story, dtype=object).astype(str), return_inverse=True)
    sums = np.zeros((len(names), pictures.shape[1]))
    np.add.at(sums, number, pictures)
    counts = np.bincount(number)
    own = counts[number] - 1
    own_fit = (np.einsum("nd,nd->n", pictures, sums[number]) - 1) / np.maximum(own, 1)
    others = len(pictures) - counts[number]
    other_fit = (pictures @ sums.sum(0) - np.einsum("nd,nd->n", pictures, sums[number])) / np.maximum(others, 1)
    comparable = (own > 0) & (others > 0)
    return np.where(comparable, own_fit - other_fit, 0.0)


def continuity(pictures: Floats) -> Floats:
    """The cosine of each panel and the one before it."""
    return np.einsum("nd,nd->n", pictures[1:], pictures[:-1])


def diversity(vectors: Floats) -> float:
    """The mean distance (one less the cosine) of all pairs: 0 when all are the same."""
    count = len(vectors)
    if count < 2:
        raise BadInput("Diversity compares several with one another: give at least two.")
    total = vectors.sum(0)
    return float(1 - (total @ total - np.einsum("nd,nd->", vectors, vectors)) / (count * (count - 1)))


class StyleJudge:
    """Tells styles apart by the mean vectors of pictures whose style is known."""

    def __init__(self, pictures: Floats, styles: Sequence[str]) -> None:
        self.styles = sorted(set(styles))
        if len(self.styles) < 2:
            raise BadInput("Styles can only be told apart where there are at least two of them.")
        labels = np.asarray(styles)
        means = np.stack([pictures[labels == style].mean(0) for style in self.styles])
        # What all pictures have in common says nothing about their style.
        self._centre = means.mean(0)
        self._means = _unit(means - self._centre)

    def styles_of(self, pictures: Floats) -> list[str]:
        """The style that each picture is nearest to."""
        nearest = (_unit(pictures - self._centre) @ self._means.T).argmax(1)
        return [self.styles[number] for number in nearest]


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
