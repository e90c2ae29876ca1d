"""Mahalanobis distance to class means with one covariance (Lee, Lee, Lee and Shin, NeurIPS 2018).

"A simple unified framework for detecting out-of-distribution samples and adversarial attacks", equation 2. Their input
preprocessing and their logistic regression over layers need adversarial images to train on and are left out.
"""

from typing import Self

import keras
import numpy as np
from sklearn.covariance import ledoit_wolf

from zoo.adversarial.layered import Layered, class_means


class Mahalanobis(Layered):
    """The confidence ``max_c -(f - m_c)' S^-1 (f - m_c)`` of one layer's pooled feature.

    Args:
        model: A Keras classifier of one input.
        layer: Name of the layer.
        batch_size: Images a forward pass.
        shrunk: Whether the covariance is shrunk towards a multiple of the identity by Ledoit and Wolf's rule, which is
            not in the original. Units that are almost always zero have a variance near zero, so that a new picture
            on which one is active gets a very large distance. Shrunk variances are larger.
    """

    def __init__(self, model: keras.Model, layer: str, batch_size: int = 64, shrunk: bool = False) -> None:
        super().__init__(model, [layer], batch_size)
        self.shrunk = shrunk

    def fit_features(self, features: dict[str, np.ndarray], labels: np.ndarray) -> Self:
        """Take the classes' means and the covariance around them."""
        rows = features[self.layers[0]].astype(np.float64)
        self.means = class_means(rows, labels, self.model.outputs[0].shape[-1])
        centred = rows - self.means[labels]
        covariance = ledoit_wolf(centred, assume_centered=True)[0] if self.shrunk else centred.T @ centred / len(rows)
        # Dead units make the covariance singular: the pseudo-inverse leaves them out.
        self.precision = np.linalg.pinv(covariance, hermitian=True)
        return self

    def score_features(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """The confidence, (n,); ``classes`` are not looked at, as in the original."""
        rows = features[self.layers[0]].astype(np.float64)
        found = []
        for mean in self.means:
            centred = rows - mean
            found.append(-np.einsum("ij,jk,ik->i", centred, self.precision, centred, optimize=True))
        return np.max(found, axis=0)
