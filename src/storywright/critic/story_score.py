"""How well a story score tells whole stories from flawed ones, and how far its probabilities can be believed.

The score itself is a part of the writer, which reads pictures and words together; here are the measures of it, which
know only logits and which stories were whole.
"""

import numpy as np
from numpy.typing import NDArray

from storywright.errors import BadInput

Floats = NDArray[np.floating]


def auc(logits: Floats, whole: Floats) -> float:
    """The chance that a whole story scores higher than a flawed one; equal scores count half."""
    num_whole, num_flawed = int(whole.sum()), int(len(whole) - whole.sum())
    if not num_whole or not num_flawed:
        raise BadInput("The story score is measured on whole and flawed stories: give some of both.")
    _, place, counts = np.unique(logits, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    return float((rank[place][whole > 0.5].sum() - num_whole * (num_whole + 1) / 2) / (num_whole * num_flawed))


def calibration(logits: Floats, whole: Floats, rounds: int = 50) -> tuple[float, float]:
    """Scale and bias that turn logits into probabilities (Platt), whole and flawed stories counting the same."""
    x, weight = np.stack([logits, np.ones_like(logits)]).astype(np.float64), _even(whole)
    values = np.array([1.0, 0.0])
    for _ in range(rounds):
        chance = probabilities(logits, *values)
        # The small ridge keeps the scale finite where the two kinds can be told apart without an error.
        gradient = x @ (weight * (chance - whole)) + 1e-3 * (values - (1.0, 0.0))
        curvature = (x * (weight * chance * (1 - chance))) @ x.T + 1e-3 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        values = values - step
        if np.abs(step).max() < 1e-9:
            break
    return float(values[0]), float(values[1])


def probabilities(logits: Floats, scale: float, bias: float) -> Floats:
    """The probability that each story is whole."""
    return 1 / (1 + np.exp(-np.clip(scale * np.asarray(logits, np.float64) + bias, -40, 40)))


def calibration_error(chance: Floats, whole: Floats, bins: int = 10) -> float:
    """Expected calibration error: how far, on the mean, probabilities lie from what came true at them."""
    return float(sum(row[3] * abs(row[1] - row[2]) for row in reliability(chance, whole, bins)))


def reliability(chance: Floats, whole: Floats, bins: int = 10) -> list[tuple[float, float, float, float]]:
    """For each bin with stories in it: its middle, the mean probability, the share of whole stories, and its weight.

    Whole and flawed stories count the same in sum, as in `calibration`.
    """
    weight, which = _even(whole), np.minimum((chance * bins).astype(int), bins - 1)
    rows = []
    for bin_ in range(bins):
        inside = which == bin_
        if (total := float(weight[inside].sum())) > 0:
            mean, share = (float((weight * v)[inside].sum() / total) for v in (chance, whole))
            rows.append(((bin_ + 0.5) / bins, mean, share, total))
    return rows


def _even(whole: Floats) -> Floats:
    """Weights that add up to one, half of it for whole stories."""
    share = np.clip(whole.mean(), 1e-9, 1 - 1e-9)
    weight: Floats = np.where(whole > 0.5, 0.5 / share, 0.5 / (1 - share)) / len(whole)
    return weight
