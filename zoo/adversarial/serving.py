"""A classifier with deep features, and with the database of a ``KNNDetector``, as products."""

from typing import Any, cast

import keras
import numpy as np
from keras import ops

from zoo.adversarial.detector import KNNDetector
from zoo.adversarial.digits import digits
from zoo.adversarial.features import FeatureExtractor
from zoo.adversarial.processing import Processing
from zoo.adversarial.scoring import Weighting
from zoo.serving import Serving, of_pictures

SPARE = 32
"""Neighbours found beyond ``k`` by matrix product, of which the ``k`` nearest by plain differences are kept."""


class Neighbours(keras.layers.Layer):
    """Finds the exact ``k`` nearest rows of a database by squared Euclidean distance: one matrix product per batch.

    Input: (batch, d). Output: squared distances, row numbers and classes, (batch, k) each, nearest first; gradients
    flow through the distances.

    Args:
        rows: The database, float32 (n, d).
        labels: The rows' classes, (n,).
        k: Neighbours, at most n.
        name: Name of the layer.

    Raises:
        ValueError: For a ``k`` that is not from 1 to n.
    """

    def __init__(self, rows: np.ndarray, labels: np.ndarray, k: int, name: str | None = None) -> None:
        super().__init__(name=name, trainable=False, dtype="float32")
        if not 1 <= k <= len(rows):
            raise ValueError(f"k must be from 1 to the number of rows, {len(rows)}. Received: {k}")
        self.k, self.wide = k, min(len(rows), k + SPARE)
        # Distances do not change with the origin; near the middle of the rows they lose fewer digits.
        middle = rows.mean(0, dtype=np.float64).astype(np.float32)
        for part, value in {"middle": middle, "rows": rows - middle, "labels": np.int32(labels)}.items():
            weight = self.add_weight(value.shape, "zeros", value.dtype.name, trainable=False, name=part)
            weight.assign(value)
            setattr(self, part, weight)
        self.built = True

    def call(self, features: Any) -> Any:
        """Return the squared distances, row numbers and classes."""
        query, rows = features - self.middle, ops.convert_to_tensor(self.rows)
        squared = ops.sum(ops.square(rows), axis=1)[None] - 2.0 * ops.matmul(query, ops.transpose(rows))
        near = ops.top_k(-squared, self.wide)[1]
        differences = ops.expand_dims(query, 1) - ops.take(rows, near, axis=0)
        exact = ops.sum(ops.square(differences), axis=2)
        order = ops.top_k(-exact, self.k)[1]
        exact, near = (ops.take_along_axis(values, order, axis=1) for values in (exact, near))
        return exact, near, ops.take(ops.convert_to_tensor(self.labels), near, axis=0)


def classification(model: keras.Model, layer: str | None = None) -> Serving:
    """Serve a classifier: probabilities and the pooled features of ``layer``, by default the paper's best."""
    layer = layer or best_layer(model)
    extractor = FeatureExtractor(model, [layer])

    def core(image: Any) -> dict[str, Any]:
        probabilities, features = extractor.network(image, training=False)
        return {"probabilities": probabilities, "features": features}

    meaning = _meaning(extractor.input_shape) | {"features": f"of {layer}, averaged over the picture"}
    return of_pictures(core, [extractor.network], meaning, {"image": extractor.input_shape}, scale=1.0)


def detection_on_digits(model: keras.Model) -> Serving:
    """Serve a small network that knows the digits with the paper's detector, fitted to the digits' training part.

    ``k`` is the mean number of pictures per class, as in the paper.
    """
    images, labels = digits("train")
    k = max(1, round(len(images) / len(np.unique(labels))))
    return detection(KNNDetector(model, best_layer(model), k, dimensions=256).fit((images, labels)))


def detection(detector: KNNDetector) -> Serving:
    """Serve a fitted ``KNNDetector``: class, features, exact neighbours, score and, with a threshold, the verdict.

    Neighbours are exact, also where the detector's own index is approximate.

    Raises:
        ValueError: For a detector that is not fitted, or whose index does not keep its vectors.
    """
    extractor = detector.extractor
    # Fitted, or it had no vectors.
    nearest = Neighbours(_vectors(detector), cast(np.ndarray, detector.labels), detector.k, name="neighbours")
    processing, threshold = cast(Processing, detector.processing), detector.threshold

    def core(image: Any) -> dict[str, Any]:
        probabilities, features = extractor.network(image, training=False)
        predicted = ops.cast(ops.argmax(probabilities, axis=-1), "int32")
        processed = processing(features)
        squared, near, classes = nearest(processed)
        score = _score(squared, ops.equal(classes, predicted[:, None]), detector.weighting)
        found = {"probabilities": probabilities, "class": predicted, "features": processed, "score": score}
        found |= {"neighbours": near, "neighbour_classes": classes, "squared_distances": squared}
        return found if threshold is None else found | {"trusted": score > threshold}

    meaning = _meaning(extractor.input_shape) | {
        "class": "what the classifier says",
        "features": f"of {detector.layer}, pooled and processed ({detector.processing_name})",
        "neighbours": "row numbers of the nearest training images, nearest first",
        "neighbour_classes": "their classes",
        "squared_distances": "to them",
        "score": f"equation 2 with {detector.weighting}, k = {detector.k}: 0..1, higher: to be trusted",
    }
    if threshold is not None:
        meaning["trusted"] = f"score above {threshold}"
    return of_pictures(core, [extractor.network, nearest], meaning, {"image": extractor.input_shape}, scale=1.0)


def best_layer(model: keras.Model) -> str:
    """Return the layer that the paper found best, of those that the model has.

    Raises:
        ValueError: Where it has none of them.
    """
    names = [layer.name for layer in model.layers]
    for best in ("pool5", "mixed_6d"):
        if best in names:
            return best
    raise ValueError(f"The layer must be named, one of {', '.join(names)}. Received: none")


def _vectors(detector: KNNDetector) -> np.ndarray:
    if detector.index is None:
        raise ValueError("The detector has no database: call fit or load one. Received: no index")
    try:
        return detector.index.reconstruct_n(0, detector.index.ntotal)
    except RuntimeError as error:
        raise ValueError(
            f"The index must keep its vectors, as 'Flat' does. Received: {detector.factory!r} ({str(error)[-120:]})"
        ) from error


def _score(squared: Any, agree: Any, weighting: Weighting) -> Any:
    """``zoo.adversarial.scoring.knn_score`` of tensors: neighbours at distance 0 alone count for DW-kNN."""
    squared = ops.cast(squared, "float64")
    if weighting == "DW-kNN":
        zero = squared <= 0
        alone = ops.cast(zero, "float64")
        weights = ops.where(ops.any(zero, axis=1, keepdims=True), alone, 1 / ops.where(zero, 1.0, squared))
    else:
        count = squared.shape[1]
        plain = 1 / np.arange(1, count + 1) if weighting == "W-kNN" else np.ones(count)
        weights = ops.broadcast_to(ops.convert_to_tensor(plain, "float64"), ops.shape(squared))
    share = ops.sum(weights * ops.cast(agree, "float64"), axis=1) / ops.sum(weights, axis=1)
    return ops.cast(share, "float32")


def _meaning(shape: tuple[int | None, ...]) -> dict[str, str]:
    sides = " x ".join("any" if n is None else str(n) for n in shape[:2])
    return {
        "image": f"pictures of {sides} pixels as the classifier takes them, {shape[2]} channels",
        "probabilities": "of the classes",
    }
