"""Noise that differs from place to place: a forgery score without training, to hold networks against."""

import cv2
import numpy as np

from zoo.checks import check_rgb


def noise_variation(image: np.ndarray, block: int = 32) -> float:
    """How much the noise level varies over an image, 0 or above; higher for pictures put together from several.

    The level of a block is the median absolute response to a second-difference kernel that ignores edges and slopes
    (Immerkaer, "Fast noise variance estimation", 1996), on luma; the score is the interquartile range of the levels'
    logarithms. ``image`` is uint8 RGB (height, width, 3).

    Raises:
        ValueError: For another image, or one that holds fewer than four blocks.
    """
    image = check_rgb(image)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    response = np.abs(cv2.filter2D(grey, -1, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)))
    rows, columns = (n // block for n in response.shape)
    if rows * columns < 4:
        raise ValueError(f"Four blocks of {block} x {block} are needed. Received: {image.shape}")
    blocks = response[: rows * block, : columns * block].reshape(rows, block, columns, block)
    levels = np.log(np.median(blocks, axis=(1, 3)).ravel() + 0.5)
    low, high = np.quantile(levels, (0.25, 0.75))
    return float(high - low)
