"""Forgery baselines without training: local differences of noise level and JPEG error."""

import cv2
import numpy as np

from zoo.checks import check_rgb


def noise_levels(image: np.ndarray, block: int = 32) -> np.ndarray:
    """Return the logarithm of the noise level of each block, float (rows, columns).

    The level of a block is the median absolute response to a second-difference kernel that ignores edges and slopes
    (Immerkaer, "Fast noise variance estimation", 1996), on luma. ``image`` is uint8 RGB (height, width, 3); what is
    left over on the right and below is not looked at.

    Raises:
        ValueError: For another image, or one that holds fewer than four blocks.
    """
    grey = cv2.cvtColor(check_rgb(image), cv2.COLOR_RGB2GRAY).astype(np.float32)
    response = np.abs(cv2.filter2D(grey, -1, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)))
    return np.log(np.median(_blocks(response, block), axis=(1, 3)) + 0.5)


def error_levels(image: np.ndarray, block: int = 32, quality: int = 90) -> np.ndarray:
    """Return the logarithm of what each block loses when the picture is saved as JPEG once more, float (rows, columns).

    Error-level analysis (Krawetz, "A picture's worth", 2007): a region with another history of compression loses more
    or less than its surroundings. The loss is the mean absolute difference over pixels and channels. Image and errors
    as for ``noise_levels``.
    """
    before = cv2.cvtColor(check_rgb(image), cv2.COLOR_RGB2BGR)
    coded = cv2.imencode(".jpg", before, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    again = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.float32)
    loss = np.abs(before - again).mean(-1)
    return np.log(_blocks(loss, block).mean((1, 3)) + 0.5)


def spread(levels: np.ndarray) -> float:
    """Return how much levels, (rows, columns), vary over a picture: their interquartile range, 0 or above.

    Higher for pictures put together from several.
    """
    low, high = np.quantile(levels, (0.25, 0.75))
    return float(high - low)


def strangeness(levels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return how far each place is from the picture's median level, float32 (height, width), 0 or above.

    ``levels`` are (rows, columns), of blocks; between their centres is interpolated.
    """
    return cv2.resize(np.abs(levels - np.median(levels)).astype(np.float32), (width, height))


def _blocks(plane: np.ndarray, block: int) -> np.ndarray:
    """Return a plane as (rows, block, columns, block)."""
    rows, columns = (n // block for n in plane.shape)
    if rows * columns < 4:
        raise ValueError(
            f"An image must hold at least four blocks of {block} x {block} pixels. Received: {plane.shape}"
        )
    return plane[: rows * block, : columns * block].reshape(rows, block, columns, block)
