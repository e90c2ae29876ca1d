"""Checks and small steps that all attacks share."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from zoo.checks import check_range

Clip = tuple[float, float]


def checked_images(images: np.ndarray, clip: Clip) -> np.ndarray:
    """Return ``images``, (n, height, width, channels), as float32.

    Raises:
        ValueError: For another number of dimensions, values that are not finite or lie outside ``clip``.
    """
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or not len(images):
        raise ValueError(f"images must be (n, height, width, channels). Received: shape {images.shape}")
    if not clip[0] < clip[1]:
        raise ValueError(f"clip must be (lowest, highest). Received: {clip}")
    return check_range(images, clip[0], clip[1], f"images, with clip={clip},", slack=1e-4)


def checked_classes(model: keras.Model, classes: np.ndarray, count: int, what: str) -> np.ndarray:
    """Return ``classes`` as integers, (count,), each a class of the model.

    Raises:
        ValueError: For another shape or a class the model does not have.
    """
    classes = np.asarray(classes)
    known = model.outputs[0].shape[-1]
    if classes.shape != (count,) or classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() >= known:
        raise ValueError(
            f"{what} must be one class per image, from 0 to {known - 1}, {count}. "
            f"Received: {classes.dtype} {classes.shape}, {classes.ravel()[:5]}"
        )
    return classes.astype(np.int32)


def units(levels: float, clip: Clip) -> float:
    """Convert ``levels`` of an 8-bit image to the scale of ``clip``.

    Raises:
        ValueError: For a number that is not positive.
    """
    if not levels > 0:
        raise ValueError(f"A strength in grey levels must be above 0. Received: {levels}")
    return levels * (clip[1] - clip[0]) / 255


def predicted(model: keras.Model, images: np.ndarray, batch_size: int) -> np.ndarray:
    """Return the predicted classes, int32 (n,)."""
    found = [outputs(model.predict_on_batch(images[part])).argmax(-1) for part in parts(len(images), batch_size)]
    return np.concatenate(found).astype(np.int32)


def outputs(result: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Return the first output, (n, classes): further ones are auxiliary heads."""
    return np.asarray(result[0] if isinstance(result, list | tuple) else result)


def parts(count: int, size: int) -> Iterator[slice]:
    """Return the slices of at most ``size`` that cover ``count``."""
    return (slice(first, first + size) for first in range(0, count, size))


def batched(function: Callable[..., np.ndarray], size: int, *arrays: np.ndarray) -> np.ndarray:
    """Apply ``function`` to parts of at most ``size`` rows of the arrays, (n, ...), and concatenate the results."""
    return np.concatenate([function(*(a[part] for a in arrays)) for part in parts(len(arrays[0]), size)])
