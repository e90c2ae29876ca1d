"""What every detector takes for a picture; everything else is a ValueError."""

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
