"""Base of the other detectors: features of some layers in, a score for the predicted class out."""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import keras
import numpy as np

from zoo.adversarial.features import FeatureExtractor, batches
from zoo.adversarial.spool import blocks
from zoo.adversarial.threshold import Thresholded


class Layered(Thresholded):
    """A detector on pooled features of layers; subclasses give ``fit_features`` and ``score_features``.

    Args:
        model: A Keras classifier of one input.
        layers: Names of the layers to look at.
        batch_size: Images per forward pass.
    """

    def __init__(self, model: keras.Model, layers: Sequence[str], batch_size: int = 64) -> None:
        self.extractor = FeatureExtractor(model, layers, batch_size=batch_size)
        self.model, self.layers = model, tuple(layers)

    def fit(self, dataset: Any) -> Self:
        """Fit to the network's training images and true classes, as ``KNNDetector.fit`` takes them."""
        return self.fit_features(*self.gather(dataset))

    def score(self, images: np.ndarray) -> np.ndarray:
        """Return the score of each image's classification, float64 (n,), higher: to be trusted."""
        output, features = self.extractor(images)
        return self.score_features(features, output.argmax(-1))

    def gather(self, dataset: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return the features by layer, float32 (n, d), and classes, (n,), of a data set.

        Raises:
            ValueError: For an empty data set.
        """
        found, labels = [], []
        for images, classes in batches(dataset, self.extractor.batch_size):
            found.append(self.extractor(images)[1])
            labels.append(classes)
        if not found:
            raise ValueError("fit needs images. Received: an empty dataset")
        return {name: np.concatenate([f[name] for f in found]) for name in self.layers}, np.concatenate(labels)

    def fit_features(self, features: dict[str, np.ndarray], labels: np.ndarray) -> Self:
        """Fit from pooled features by layer, (n, d), and classes, (n,); otherwise like ``fit``."""
        raise NotImplementedError

    def score_features(self, features: dict[str, np.ndarray], classes: np.ndarray) -> np.ndarray:
        """Score pooled features by layer, (n, d), and the predicted classes, (n,); otherwise like ``score``."""
        raise NotImplementedError


def class_means(features: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the mean feature of each class, float64 (classes, d).

    Raises:
        ValueError: For a class without images.
    """
    counts = np.bincount(labels, minlength=classes)
    if len(counts) > classes or not counts[:classes].all():
        raise ValueError(f"Each of the {classes} classes needs images. Received: {counts.tolist()} images per class")
    sums = np.zeros((classes, features.shape[1]))
    for rows, part in labelled_blocks(features, labels):
        order = np.argsort(part, kind="stable")
        present, starts = np.unique(part[order], return_index=True)
        sums[present] += np.add.reduceat(rows[order], starts, axis=0)
    return sums / counts[:, None]


def labelled_blocks(features: np.ndarray, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of features, copied as float64 (m, d), with their classes, (m,)."""
    first = 0
    for block in blocks(features):
        yield block.astype(np.float64), labels[first : first + len(block)]
        first += len(block)
