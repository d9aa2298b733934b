"""Fréchet distance: how far apart two sets of pictures are, as normal distributions of their features.

Knows nothing about where the features come from. On the features of Inception it is known as FID; on others it is a
different number, so say which they are.
"""

import numpy as np
from numpy.typing import NDArray

from storywright.errors import BadInput


def frechet_distance(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Squared distance of two sets of features, one row for each picture."""  # (n, d), (m, d)
    for features in (one, other):
        if features.ndim != 2 or len(features) < 2:
            raise BadInput("The Fréchet distance needs the features of at least two pictures on each side.")
    if one.shape[1] != other.shape[1]:
        raise BadInput(f"Features of {one.shape[1]} and {other.shape[1]} numbers cannot be compared: use one encoder.")
    apart = one.mean(0, dtype=np.float64) - other.mean(0, dtype=np.float64)
    cov, other_cov = (np.atleast_2d(np.cov(np.asarray(f, np.float64), rowvar=False)) for f in (one, other))
    distance = apart @ apart + np.trace(cov) + np.trace(other_cov) - 2 * _trace_of_root(cov, other_cov)
    return max(float(distance), 0.0)


def _trace_of_root(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Trace of the square root of the product.

    With one = L Lᵀ the product has the eigenvalues of Lᵀ other L, which is symmetric: that needs no square root of
    a matrix, and leaves no imaginary part to throw away.
    """
    try:
        root = np.linalg.cholesky(one)
    except np.linalg.LinAlgError:
        # Fewer pictures than features: the matrix has no Cholesky factor, but any other factor does as well.
        values, vectors = np.linalg.eigh(one)
        root = vectors * np.sqrt(np.maximum(values, 0))
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(root.T @ other @ root), 0)).sum())
