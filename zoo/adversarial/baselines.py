"""Baseline detectors: the network's own confidence, and the distance to the class centroid."""

from typing import Self

import keras
import numpy as np

from zoo.adversarial.layered import Layered, class_means


class MaxSoftmax(Layered):
    """The probability of the predicted class (Hendrycks and Gimpel, ICLR 2017); nothing is fitted.

    Args:
        model: A Keras classifier that ends in softmax.
        batch_size: Images per forward pass.
    """

    def __init__(self, model: keras.Model, batch_size: int = 64) -> None:
        super().__init__(model, [model.layers[-1].name], batch_size)

    def score(self, images: np.ndarray) -> np.ndarray:
        """Return the largest probability, float64 (n,)."""
        return self.extractor(images)[0].max(-1).astype(np.float64)


class CentroidDistance(Layered):
    """The negative distance of a layer's feature from the mean feature of the predicted class.

    Args:
        model: A Keras classifier of one input.
        layer: Name of the layer.
        batch_size: Images per forward pass.
    """

    def __init__(self, model: keras.Model, layer: str, batch_size: int = 64) -> None:
        super().__init__(model, [layer], batch_size)

    def fit_features(self, features: dict[str, np.ndarray], labels: np.ndarray) -> Self:
        """Take the classes' means of ``features``, (n, d) by layer, with classes ``labels``, (n,)."""
        self.means = class_means(features[self.layers[0]], labels, self.model.outputs[0].shape[-1])
        return self

    def score_features(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """Return the negative Euclidean distance, (n,)."""
        return -np.linalg.norm(features[self.layers[0]] - self.means[classes], axis=1)
