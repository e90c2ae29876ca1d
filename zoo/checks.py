"""Checks of pictures in arrays: dtype, shape, and the range of their values."""

import numpy as np


def check_rgb(image: np.ndarray) -> np.ndarray:
    """Return ``image`` if it is uint8 RGB of shape (height, width, 3), both sides at least 1; else raise ValueError."""
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(
            "An image must be uint8 RGB of shape (height, width, 3) with no side of length 0. "
            f"Received: {image.dtype} {image.shape}"
        )
    return image


def check_range(values: np.ndarray, low: float, high: float, name: str, slack: float = 0.0) -> np.ndarray:
    """Return ``values`` if they are finite, lie in a range, and look as if they were meant for it.

    Floats of at most 1 that are not all whole are taken for a picture in [0, 1] where ``high`` is 255. uint8 is refused
    where ``high`` is 1.

    Args:
        values: Of any shape; an empty array passes.
        low: Lowest value.
        high: Highest value.
        name: What the values are, for the message.
        slack: By how much they may leave the range, as a network's output or a filtered picture does.

    Raises:
        ValueError: Otherwise.
    """
    values = np.asarray(values)
    right = f"{name} must be finite numbers from {low:g} to {high:g}"
    if values.dtype.kind not in "uif" or (values.dtype == np.uint8 and high == 1):
        raise ValueError(f"{right}. Received: {values.dtype} {values.shape}")
    if not values.size:
        return values
    least, most = float(values.min()), float(values.max())
    check_span(least, most, low, high, name, slack)
    if high == 255 and values.dtype.kind == "f" and most <= 1 and (values != np.rint(values)).any():
        raise ValueError(f"{right}, and these look like [0, 1]: multiply by 255. Received: {least:g} to {most:g}")
    return values


def check_span(least: float, most: float, low: float, high: float, name: str, slack: float = 0.0) -> None:
    """Refuse values of which the least and the most are known, such as those of a tensor.

    Args:
        least: The smallest of the values; NaN if any value is NaN.
        most: The largest of the values.
        low: Lowest value that is right.
        high: Highest value that is right.
        name: What the values are, for the message.
        slack: By how much they may leave the range.

    Raises:
        ValueError: For values outside, and NaN.
    """
    if not (low - slack <= least and most <= high + slack):
        raise ValueError(
            f"{name} must be finite numbers from {low:g} to {high:g}. Received: {float(least):g} to {float(most):g}"
        )
