"""Effects of saving an adversarial image in an 8-bit file."""

import numpy as np

from zoo.adversarial.attacks.checks import Clip, checked_images
from zoo.levels import to_levels


def to_8_bits(
    images: np.ndarray, originals: np.ndarray | None = None, eps: float | None = None, clip: Clip = (0, 255)
) -> np.ndarray:
    """Round to uint8, (n, height, width, channels); with ``originals`` and ``eps`` also hold to eps grey levels.

    The competition's runner clips every attack's file to the original's +-eps in this way. ``originals`` are on the
    scale of ``clip`` like ``images``.

    Raises:
        ValueError: For images outside ``clip``, or ``eps`` without ``originals``.
    """
    levels = np.rint((checked_images(images, clip) - clip[0]) * (255 / (clip[1] - clip[0])))
    if (originals is None) != (eps is None):
        raise ValueError(f"originals and eps must be given together. Received: eps={eps}")
    if originals is not None and eps is not None:
        centre = np.rint((checked_images(originals, clip) - clip[0]) * (255 / (clip[1] - clip[0])))
        levels = np.clip(levels, centre - np.floor(eps), centre + np.floor(eps))
    return to_levels(levels)


def stretched(images: np.ndarray, originals: np.ndarray, eps: float = 16) -> np.ndarray:
    """uint8 as the authors' scripts saved noop, random_noise and the targeted attacks, for exact emulation.

    ``scipy.misc.imsave`` of float arrays, as it was, stretches each image so that its least value becomes 0 and its
    greatest 255; the runner then holds the result to eps levels of the original. An image that does not use the whole
    range is changed even by ``noop``. ``images`` and ``originals`` are (n, height, width, channels) in 0..255.

    Raises:
        ValueError: For images outside 0..255.
    """
    images = checked_images(images, (0, 255))
    low, high = (f(axis=(1, 2, 3), keepdims=True) for f in (images.min, images.max))
    scale = np.where(high > low, 255 / np.maximum(high - low, 1e-12), 1)
    levels = np.floor(np.clip((images - low) * scale, 0, 255) + 0.5).astype(np.float32)
    return to_8_bits(levels, originals, eps)
