"""Mahalanobis distance to class means with one covariance (Lee, Lee, Lee and Shin, NeurIPS 2018).

"A simple unified framework for detecting out-of-distribution samples and adversarial attacks", equation 2. Their input
preprocessing and their logistic regression over layers need adversarial images to train on and are left out.
"""

from typing import Self

import keras
import numpy as np

from zoo.adversarial.layered import Layered, class_means, labelled_blocks


class Mahalanobis(Layered):
    """The confidence ``max_c -(f - m_c)' S^-1 (f - m_c)`` of one layer's pooled feature.

    Args:
        model: A Keras classifier of one input.
        layer: Name of the layer.
        batch_size: Images per forward pass.
        shrunk: Whether the covariance is shrunk towards a multiple of the identity by Ledoit and Wolf's rule, which is
            not in the original. Units that are almost always zero have a variance near zero, so that a new picture
            on which one is active gets a very large distance. Shrunk variances are larger.
    """

    def __init__(self, model: keras.Model, layer: str, batch_size: int = 64, shrunk: bool = False) -> None:
        super().__init__(model, [layer], batch_size)
        self.shrunk = shrunk

    def fit_features(self, features: dict[str, np.ndarray], labels: np.ndarray) -> Self:
        """Take the classes' means and the covariance around them, reading the features block by block."""
        features_of_layer = features[self.layers[0]]
        self.means = class_means(features_of_layer, labels, self.model.outputs[0].shape[-1])
        count, width = features_of_layer.shape
        scatter, fourth = np.zeros((width, width)), 0.0
        for rows, classes in labelled_blocks(features_of_layer, labels):
            rows -= self.means[classes]
            scatter += rows.T @ rows
            fourth += float(((rows * rows).sum(1) ** 2).sum())
        covariance = scatter / count
        if self.shrunk:
            covariance = shrunk_covariance(covariance, fourth / count, count)
        values, vectors = np.linalg.eigh(covariance)
        # Dead units make the covariance singular: they are left out, as by the pseudo-inverse.
        alive = values > values[-1] * 1e-15
        self.whitening = vectors[:, alive] / np.sqrt(values[alive])
        return self

    def score_features(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """Return the confidence, (n,); ``classes`` are not looked at, as in the original."""
        rows = features[self.layers[0]].astype(np.float64) @ self.whitening
        return np.max([-((rows - mean) ** 2).sum(1) for mean in self.means @ self.whitening], axis=0)


def shrunk_covariance(covariance: np.ndarray, fourth_moment: float, count: int) -> np.ndarray:
    """Ledoit and Wolf's estimate (Journal of Multivariate Analysis 2004), (d, d), from moments.

    scikit-learn's ``ledoit_wolf`` gives the same of all rows in memory at once.

    Args:
        covariance: Of centred rows, (d, d).
        fourth_moment: Mean of the rows' lengths to the power of four.
        count: Number of rows.
    """
    width = len(covariance)
    scale = float(np.trace(covariance)) / width
    squares = float((covariance * covariance).sum())
    # How far the covariance lies from the multiple of the identity, and how far it lies from itself by chance.
    distance = squares / width - scale**2
    chance = min((fourth_moment - squares) / (width * count), distance)
    share = chance / distance if distance > 0 else 0.0
    return (1 - share) * covariance + share * scale * np.eye(width)
