"""The score of equation 2 with the weights of Table 1."""

from typing import Literal

import numpy as np

Weighting = Literal["kNN", "W-kNN", "DW-kNN"]
WEIGHTINGS: dict[Weighting, str] = {"kNN": "w_i = 1", "W-kNN": "w_i = 1 / i", "DW-kNN": "w_i = 1 / d(q, x_i)^2"}
"""Table 1: the weight of the i-th of the k nearest neighbours, counted from 1."""


def neighbour_weights(squared_distances: np.ndarray, weighting: Weighting = "DW-kNN") -> np.ndarray:
    """Return the weights of neighbours, float64 (n, k), nearest first.

    Where neighbours lie at distance 0 (the query itself is in the database), DW-kNN would divide by 0, as the authors'
    code does; here these neighbours alone count then, each the same, which is the limit.

    Raises:
        ValueError: For an unknown weighting or distances that are not finite.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting must be one of {', '.join(WEIGHTINGS)}. Received: {weighting!r}")
    squared = np.asarray(squared_distances, np.float64)
    if squared.ndim != 2 or not np.isfinite(squared).all():
        raise ValueError(f"Distances must be finite, (n, k). Received: {squared.shape}, {squared.ravel()[:5]}")
    if weighting == "kNN":
        return np.ones_like(squared)
    if weighting == "W-kNN":
        return np.broadcast_to(1 / np.arange(1, squared.shape[1] + 1), squared.shape).copy()
    zero = squared <= 0
    return np.where(zero.any(1, keepdims=True), zero, 1 / np.where(zero, 1, squared))


def knn_score(
    squared_distances: np.ndarray, labels: np.ndarray, classes: np.ndarray, weighting: Weighting = "DW-kNN"
) -> np.ndarray:
    """Equation 2: the weighted share of neighbours that have the class asked for, float64 (n,), 0..1.

    Args:
        squared_distances: To the neighbours, nearest first, (n, k).
        labels: The neighbours' classes, (n, k); -1 for one that an approximate search did not find: it does not count.
        classes: The class that the network predicts for each image, (n,).
        weighting: A key of ``WEIGHTINGS``.

    Raises:
        ValueError: For shapes that do not fit, an unknown weighting or distances that are not finite.
    """
    labels, classes = np.asarray(labels), np.asarray(classes)
    if labels.shape != np.shape(squared_distances) or classes.shape != labels.shape[:1]:
        raise ValueError(
            "Neighbours' distances and labels must be (n, k), classes (n,). "
            f"Received: {np.shape(squared_distances)}, {labels.shape}, {classes.shape}"
        )
    found = labels >= 0
    weights = neighbour_weights(np.where(found, squared_distances, 1), weighting) * found
    total = weights.sum(1)
    return (weights * (labels == classes[:, None])).sum(1) / np.where(total > 0, total, 1)
