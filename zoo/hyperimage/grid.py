"""Where the patches of a hyper-image lie: equation 2 of Chandakkar and Li 2017, and rules for sizes it leaves out."""

import cv2
import numpy as np


def stride(size: int, patch: int, count: int) -> int:
    """Return equation 2: ``rnd((size - patch) / (count - 1))`` pixels, halves rounded up; 0 for one patch."""
    if count == 1 or size <= patch:
        return 0
    return (2 * (size - patch) + count - 1) // (2 * (count - 1))


def grid_starts(size: int, patch: int, count: int) -> np.ndarray:
    """Return the first pixel of each of ``count`` patches along a side of ``size``, int (count,).

    Equation 2 rounds, so that the last patches may end outside the image (768 x 512 with 24 x 23 patches of 32 does, by
    4 pixels): starts are clamped to the image. Rounding down leaves up to ``count / 2`` pixels at the end unseen, as in
    the paper. Beyond the paper: a single patch (``count`` 1, a division by zero in equation 2) lies in the middle; in a
    side shorter than a patch all start at 0, and what is read beyond the image is its reflection.

    Raises:
        ValueError: For sizes or counts below 1.
    """
    if min(size, patch, count) < 1:
        raise ValueError(f"size, patch and count must be at least 1. Received: {size=}, {patch=}, {count=}")
    if count == 1:
        return np.array([max(size - patch, 0) // 2])
    return np.minimum(np.arange(count) * stride(size, patch, count), max(size - patch, 0))


def all_starts(size: int, patch: int, step: int) -> np.ndarray:
    """Return first pixels of all patches ``step`` apart that fit inside, int (n,); one if the side is too short.

    Raises:
        ValueError: For sizes or a step below 1.
    """
    if min(size, patch, step) < 1:
        raise ValueError(f"size, patch and step must be at least 1. Received: {size=}, {patch=}, {step=}")
    return np.arange(0, max(size - patch, 0) + 1, step)


def fit_inside(image: np.ndarray, largest: tuple[int, int] | None) -> np.ndarray:
    """Scale an image down, both sides alike, until it is no larger than ``largest`` (height, width); page 3.

    uint8 or float (height, width, channels) in, the same type out. Smaller images are returned as they are: the grid
    adapts to them. Scaling averages areas, which the paper does not say.
    """
    if largest is None:
        return image
    height, width = image.shape[:2]
    factor = min(largest[0] / height, largest[1] / width)
    if factor >= 1:
        return image
    size = (max(1, min(largest[1], round(width * factor))), max(1, min(largest[0], round(height * factor))))
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return scaled if image.ndim == scaled.ndim else scaled[..., None]
