"""A threshold on a detector's score, set on the user's own data."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from zoo.adversarial.rates import eer_threshold


class Thresholded:
    """A detector with ``score(images)``, higher for a classification to be trusted, and a threshold.

    ``threshold`` is None until ``calibrate``.
    """

    threshold: float | None = None
    score: Callable[[np.ndarray], np.ndarray]

    def calibrate(self, images: np.ndarray, labels: np.ndarray, at: Literal["eer"] | float = "eer") -> float:
        """Set the threshold on images apart from those that are judged later; returns it.

        Args:
            images: As for ``score``.
            labels: 1 where the classification is right and the image authentic, 0 where it is adversarial or wrong.
            at: ``"eer"``, as many of one kind on the wrong side as of the other (needs both kinds); or a rate, 0..1, of
                trustworthy images that may be rejected.

        Raises:
            ValueError: For labels that do not fit, a rate outside 0..1, or a kind of image that is missing.
        """
        labels = np.asarray(labels)
        if labels.shape != (len(images),) or not np.isin(labels, (0, 1)).all():
            raise ValueError(f"labels must be 0 or 1, one per image. Received: {labels.shape}, {labels.ravel()[:8]}")
        self.threshold = threshold_at(self.score(images), labels, at)
        return self.threshold

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return whether to trust the classification of each image, bool (n,): score above the threshold.

        Raises:
            ValueError: Before ``calibrate``.
        """
        if self.threshold is None:
            raise ValueError("predict needs a threshold: call calibrate first. Received: threshold=None")
        return self.score(images) > self.threshold


def threshold_at(scores: np.ndarray, labels: np.ndarray, at: Literal["eer"] | float) -> float:
    """Return the threshold of ``Thresholded.calibrate`` on scores, (n,), with its arguments and errors."""
    trusted = scores[np.asarray(labels) == 1]
    if at == "eer":
        return eer_threshold(trusted, scores[np.asarray(labels) == 0])
    if isinstance(at, str) or not 0 <= at <= 1:
        raise ValueError(f"at must be 'eer' or a rate from 0 to 1. Received: {at!r}")
    if not len(trusted):
        raise ValueError("A threshold at a rate needs images to be trusted (label 1). Received: none")
    return rejection_threshold(trusted, at)


def rejection_threshold(trusted: np.ndarray, rate: float) -> float:
    """Return the highest threshold that rejects at most ``rate`` of the ``trusted`` scores, (n,)."""
    ordered = np.sort(np.asarray(trusted, np.float64))
    # Strictly below the first score that must stay, since only what lies above the threshold stays.
    return float(np.nextafter(ordered[min(int(np.floor(rate * len(ordered) + 1e-9)), len(ordered) - 1)], -np.inf))
