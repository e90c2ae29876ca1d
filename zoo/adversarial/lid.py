"""Local intrinsic dimensionality (Ma et al., "Characterizing adversarial subspaces using LID", ICLR 2018).

Theirs estimates it in minibatches at every layer and trains a logistic regression on adversarial images; here one layer
is compared with the whole database and nothing is trained.
"""

from typing import Self

import keras
import numpy as np

from zoo.adversarial import index as neighbours_index
from zoo.adversarial.layered import Layered


class LID(Layered):
    """The negative maximum-likelihood estimate of the local intrinsic dimension around a layer's feature.

    Args:
        model: A Keras classifier of one input.
        layer: Name of the layer.
        k: Neighbours of the estimate.
        batch_size: Images per forward pass.

    Raises:
        ValueError: For k below 2.
    """

    def __init__(self, model: keras.Model, layer: str, k: int = 20, batch_size: int = 64) -> None:
        if k < 2:
            raise ValueError(f"k must be at least 2. Received: {k}")
        super().__init__(model, [layer], batch_size)
        self.k = k

    def fit_features(self, features: dict[str, np.ndarray], labels: np.ndarray) -> Self:
        """Build the database; ``labels`` are not looked at."""
        rows = features[self.layers[0]]
        if len(rows) < self.k:
            raise ValueError(f"fit needs at least k={self.k} images. Received: {len(rows)}")
        self.index = neighbours_index.InPlace(rows)
        return self

    def score_features(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """Return the negative dimension, (n,); ``classes`` are not looked at."""
        squared, _ = self.index.search(np.ascontiguousarray(features[self.layers[0]], np.float32), self.k)
        return -local_dimension(np.sqrt(np.maximum(squared, 0)))


def local_dimension(distances: np.ndarray) -> np.ndarray:
    """Estimate of equation 4 in Ma et al., ``-1 / mean(log(r_i / r_k))``, from sorted distances (n, k)."""
    ratios = np.maximum(distances.astype(np.float64), 1e-12) / np.maximum(distances[:, -1:].astype(np.float64), 1e-12)
    return -1 / np.minimum(np.log(ratios).mean(1), -1e-12)
