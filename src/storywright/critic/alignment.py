"""How well the captions of a story follow its pictures, both as vectors of the critic.

`follow` pairs them in order and may stay with one for a while (dynamic time warping); `transport` pairs each with
whatever fits it, in any order, softly. Where the two disagree, the right things are shown in the wrong order. Knows
nothing about where the vectors come from; they have unit length.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Following:
    """The best way to go through captions and pictures together."""

    fit: float
    """Mean cosine along the way."""
    way: list[tuple[int, int]]
    """Caption and picture at each place of it."""

    @property
    def in_step(self) -> float:
        """The share of the captions that are paired with the picture at their own place."""
        return len({a for a, b in self.way if a == b}) / (self.way[-1][0] + 1)


def clip_score(captions: Floats, pictures: Floats) -> Floats:
    """2.5 times the cosine of each caption and the picture at its place, not below zero."""
    return 2.5 * np.maximum(np.einsum("nd,nd->n", captions, pictures), 0)


def follow(captions: Floats, pictures: Floats) -> Following:
    """Dynamic time warping: the cheapest way from the first of both to the last of both, without a step back."""
    cosines = captions @ pictures.T
    cost = 1 - cosines
    best = np.full((cost.shape[0] + 1, cost.shape[1] + 1), np.inf)
    best[0, 0] = 0
    for a in range(cost.shape[0]):
        for b in range(cost.shape[1]):
            best[a + 1, b + 1] = cost[a, b] + min(best[a, b], best[a, b + 1], best[a + 1, b])
    way = [(cost.shape[0], cost.shape[1])]
    while way[-1] != (1, 1):
        a, b = way[-1]
        # On a tie the step along both is taken.
        way.append(min([(a - 1, b - 1), (a - 1, b), (a, b - 1)], key=lambda place: best[place]))
    places = [(a - 1, b - 1) for a, b in reversed(way)]
    return Following(float(np.mean([cosines[place] for place in places])), places)


def transport(captions: Floats, pictures: Floats, sharpness: float = 20.0, rounds: int = 200) -> tuple[float, Floats]:
    """Soft optimal transport (Sinkhorn): the mean cosine under the plan, and the plan, which adds up to one."""
    cosines = (captions @ pictures.T).astype(np.float64)
    kernel = np.exp(sharpness * (cosines - cosines.max()))
    rows, columns = (np.full(n, 1 / n) for n in cosines.shape)
    across = np.ones(cosines.shape[1])
    for _ in range(rounds):
        down = rows / (kernel @ across)
        across = columns / (kernel.T @ down)
    plan: Floats = down[:, None] * kernel * across
    return float((plan * cosines).sum()), plan
