"""Deep features: pooled activations of named layers, with the class the network predicts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import keras
import numpy as np

Pooling = Literal["average", "max"]


class FeatureExtractor:
    """Predicted classes and pooled activations of some layers of a classifier.

    Feature maps become vectors by global average pooling (section 5.1; the authors' code can also take the maximum);
    vectors stay as they are.

    Args:
        model: A Keras classifier of one input. Of several outputs the first is the classification.
        layers: Names of layers, see ``model.summary()``.
        pooling: ``"average"`` or ``"max"``.
        batch_size: Images per forward pass.

    Raises:
        ValueError: For a layer the model does not have, one without feature maps or vectors, or an unknown pooling.
    """

    def __init__(
        self, model: keras.Model, layers: Sequence[str], pooling: Pooling = "average", batch_size: int = 64
    ) -> None:
        if pooling not in ("average", "max"):
            raise ValueError(f"pooling must be 'average' or 'max'. Received: {pooling!r}")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1. Received: {batch_size}")
        known = {layer.name: layer for layer in model.layers}
        missing = [name for name in layers if name not in known]
        if missing or not layers:
            raise ValueError(f"Layers of {model.name} must be among {', '.join(known)}. Received: {missing or 'none'}")
        self.model, self.layers, self.pooling, self.batch_size = model, tuple(layers), pooling, batch_size
        self.input_shape = tuple(model.inputs[0].shape[1:])
        taps = {name: _pool(name, known[name].output, pooling) for name in self.layers}
        self.dimensions = {name: int(tap.shape[-1]) for name, tap in taps.items()}
        self.network = keras.Model(model.inputs[0], [model.outputs[0], *taps.values()], name=f"{model.name}_features")

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Classifier's output, float32 (n, classes), and features by layer, float32 (n, d), of (n, h, w, c) images.

        Raises:
            ValueError: For images of another size than the model takes, or images or features that are not finite.
        """
        images = np.asarray(images)
        expected = self.input_shape
        if images.ndim != 4 or any(e not in (None, s) for e, s in zip(expected, images.shape[1:], strict=True)):
            raise ValueError(f"{self.model.name} takes images of shape (n, {expected}). Received: {images.shape}")
        if not np.isfinite(images).all():
            bad = int((~np.isfinite(images).all((1, 2, 3))).sum())
            raise ValueError(f"images must be finite. Received: NaN or infinity in {bad} of {len(images)}")
        widths = (int(self.model.outputs[0].shape[-1]), *self.dimensions.values())
        found = [[np.zeros((0, width), np.float32)] for width in widths]  # an empty batch has an empty answer
        for first in range(0, len(images), self.batch_size):
            batch = images[first : first + self.batch_size].astype(np.float32)
            # Filled up to a power of two: every other shape would be traced and compiled anew.
            filled = np.zeros((1 << (len(batch) - 1).bit_length(), *batch.shape[1:]), np.float32)
            filled[: len(batch)] = batch
            for store, value in zip(found, self.network.predict_on_batch(filled), strict=True):
                store.append(np.asarray(value, np.float32)[: len(batch)])
        output, *features = (np.concatenate(store) for store in found)
        for name, value in zip(self.layers, features, strict=True):
            if not np.isfinite(value).all():
                bad = int((~np.isfinite(value).all(1)).sum())
                raise ValueError(
                    f"Features of {name} must be finite. Received: NaN or infinity in {bad} of {len(value)}"
                )
        return output, dict(zip(self.layers, features, strict=True))


def batches(dataset: Any, batch_size: int = 64) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (images, integer labels) of a tuple of two arrays, a ``keras.utils.PyDataset`` or any iterable of batches.

    One-hot labels become integers. An iterable (``tf.data.Dataset``, generator, list) is gone through once.

    Raises:
        ValueError: For batches that are not pairs or whose labels do not fit.
    """
    items: Iterable[Any]
    if isinstance(dataset, tuple) and len(dataset) == 2 and not isinstance(dataset[0], tuple | list):
        all_images, all_labels = (np.asarray(part) for part in dataset)
        starts = range(0, max(len(all_images), len(all_labels)), batch_size)
        items = ((all_images[i : i + batch_size], all_labels[i : i + batch_size]) for i in starts)
    elif isinstance(dataset, keras.utils.PyDataset):
        items = (dataset[i] for i in range(len(dataset)))
    else:
        items = dataset
    for item in items:
        if not isinstance(item, tuple | list) or len(item) < 2:
            raise ValueError(f"A dataset must yield (images, labels). Received: {type(item).__name__}")
        images, labels = np.asarray(item[0]), np.asarray(item[1])
        labels = labels.argmax(-1) if labels.ndim == 2 else labels
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
            raise ValueError(
                "labels must be one class per image, integer or one-hot. "
                f"Received: {labels.dtype} {labels.shape} for {len(images)} images"
            )
        yield images, labels.astype(np.int32)


def _pool(name: str, tensor: Any, pooling: Pooling) -> Any:
    if len(tensor.shape) == 2:
        return tensor
    if len(tensor.shape) != 4:
        raise ValueError(f"A layer must return vectors or feature maps. Received: {name} with shape {tensor.shape}")
    reduce = keras.ops.mean if pooling == "average" else keras.ops.max
    return reduce(tensor, axis=(1, 2))
