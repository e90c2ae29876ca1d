"""Processing of features before the comparison: L2 normalisation and PCA, with and without whitening.

Moments are gathered block by block, so that the features of 1.28 million images never sit in memory.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

PROCESSINGS = ("none", "l2", "pca", "pca-whiten", "l2-pca", "l2-pca-whiten")


@dataclasses.dataclass(frozen=True)
class Processing:
    """A fitted chain: divide by the L2 norm (``l2``), subtract ``mean``, multiply by ``matrix`` (d, kept).

    ``matrix`` is None where there is no PCA. Features of norm 0 stay 0.
    """

    l2: bool
    mean: np.ndarray | None = None
    matrix: np.ndarray | None = None

    def __call__(self, features: Any) -> Any:
        """Process features, (n, d) -> (n, kept) float32; a NumPy array or, differentiably, any Keras tensor."""
        ops = np if isinstance(features, np.ndarray) else keras.ops
        if self.l2:
            norm = ops.sqrt(ops.sum(features * features, axis=1, keepdims=True))
            features = features / ops.maximum(norm, 1e-12)
        if self.matrix is not None:
            features = ops.matmul(features - self.mean, self.matrix)
        return np.ascontiguousarray(features, np.float32) if ops is np else features


class Moments:
    """Mean and covariance of rows that come in blocks, in float64 (Chan, Golub and LeVeque's merging)."""

    def __init__(self, dimensions: int) -> None:
        self.count = 0
        self.mean = np.zeros(dimensions)
        self.scatter = np.zeros((dimensions, dimensions))

    def add(self, rows: np.ndarray) -> None:
        """Add a block of rows, (n, d)."""
        rows = rows.astype(np.float64)
        mean = rows.mean(0)
        centred = rows - mean
        total = self.count + len(rows)
        shift = mean - self.mean
        self.scatter += centred.T @ centred + np.outer(shift, shift) * (self.count * len(rows) / total)
        self.mean += shift * (len(rows) / total)
        self.count = total


def fit_processing(name: str, blocks: Iterable[np.ndarray], dimensions: int = 256) -> Processing:
    """Fit the processing ``name`` of ``PROCESSINGS`` to blocks of features, (n, d) each.

    PCA keeps ``dimensions`` components, or all where the features have no more (the authors skip PCA there, which for
    PCA without whitening gives the same distances). Whitening divides each component by its standard deviation;
    FAISS's ``PCAW`` differs by one common factor, which no neighbour and no score depends on.

    Raises:
        ValueError: For an unknown name, dimensions below 1, or fewer rows than components.
    """
    if name not in PROCESSINGS:
        raise ValueError(f"processing must be one of {', '.join(PROCESSINGS)}. Received: {name!r}")
    if dimensions < 1:
        raise ValueError(f"dimensions must be at least 1. Received: {dimensions}")
    l2 = name.startswith("l2")
    if "pca" not in name:
        return Processing(l2)
    normalise, moments = Processing(l2), None
    for block in blocks:
        moments = moments or Moments(block.shape[1])
        moments.add(normalise(block))
    kept = min(dimensions, len(moments.mean)) if moments else dimensions
    if moments is None or moments.count <= kept:
        raise ValueError(
            f"PCA to {kept} components needs more than {kept} rows. Received: {moments.count if moments else 0}"
        )
    values, vectors = np.linalg.eigh(moments.scatter / (moments.count - 1))
    values, vectors = values[::-1][:kept], vectors[:, ::-1][:, :kept]
    if "whiten" in name:
        # Directions without variance would be blown up to noise: they are left out by a zero.
        alive = values > values[0] * 1e-10
        vectors = vectors * np.where(alive, 1 / np.sqrt(np.where(alive, values, 1)), 0)
    return Processing(l2, moments.mean.astype(np.float32), vectors.astype(np.float32))
