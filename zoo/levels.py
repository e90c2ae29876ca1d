"""Pictures that were computed in floats, as 8-bit levels."""

import numpy as np


def to_levels(values: np.ndarray) -> np.ndarray:
    """Round ``values`` of any shape, floats on the scale of 0..255, half to even, and clip them: uint8."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def to_levels_half_up(values: np.ndarray) -> np.ndarray:
    """Round ``values`` of any shape, floats on the scale of 0..255, half up, and clip them: uint8.

    Generated scenes are rounded so, and stored networks were trained on them.
    """
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
