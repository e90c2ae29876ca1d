"""Deep k-nearest neighbours (Papernot and McDaniel, 2018): conformal credibility over several layers.

Theirs classifies by the neighbours and gives the credibility of that class; here the score is that of the class which
the network predicts, so that it answers the same question as the other detectors.
"""

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np

from zoo.adversarial import index as neighbours_index
from zoo.adversarial.layered import Layered


class DkNN(Layered):
    """Share of calibration images whose neighbours, over all layers, disagree with their class at least as often.

    Args:
        model: A Keras classifier of one input.
        layers: Names of the layers whose neighbours are counted.
        k: Neighbours per layer; 75 in the original.
        batch_size: Images per forward pass.

    Raises:
        ValueError: For k below 1.
    """

    def __init__(self, model: keras.Model, layers: Sequence[str], k: int = 75, batch_size: int = 64) -> None:
        if k < 1:
            raise ValueError(f"k must be at least 1. Received: {k}")
        super().__init__(model, layers, batch_size)
        self.k = k

    def fit(self, dataset: Any, calibration: Any = None) -> Self:
        """Fit to training images, and to calibration images that the network was not trained on, with true classes.

        Raises:
            ValueError: Without calibration images.
        """
        if calibration is None:
            raise ValueError("DkNN needs a calibration set apart from the training set. Received: None")
        return self.fit_features(*self.gather(dataset), *self.gather(calibration))

    def fit_features(
        self,
        features: dict[str, np.ndarray],
        labels: np.ndarray,
        calibration: dict[str, np.ndarray] | None = None,
        calibration_labels: np.ndarray | None = None,
    ) -> Self:
        """Fit from pooled features by layer, in place of images; otherwise like ``fit``."""
        if calibration is None or calibration_labels is None or not len(calibration_labels):
            raise ValueError("DkNN needs a calibration set apart from the training set. Received: None")
        if len(labels) < self.k:
            raise ValueError(f"fit needs at least k={self.k} images. Received: {len(labels)}")
        self.labels = np.asarray(labels)
        self.indexes = {name: neighbours_index.InPlace(features[name]) for name in self.layers}
        self.reference = np.sort(self.nonconformity(calibration, np.asarray(calibration_labels)))
        return self

    def nonconformity(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """Return the number of neighbours, over all layers, of other classes, int (n,)."""
        total = np.zeros(len(classes), np.int64)
        for name in self.layers:
            _, found = self.indexes[name].search(np.ascontiguousarray(features[name], np.float32), self.k)
            total += (self.labels[found] != classes[:, None]).sum(1)
        return total

    def score_features(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """Return the empirical p-value of the predicted classes, (n,), 0..1."""
        below = np.searchsorted(self.reference, self.nonconformity(features, classes), side="left")
        return 1 - below / len(self.reference)
