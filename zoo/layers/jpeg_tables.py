"""Quantisation tables of baseline JPEG: the example tables of ITU-T T.81 (Annex K) and libjpeg's quality scale."""

from typing import Any

import numpy as np
from keras import ops

LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
CHROMINANCE = np.array(
    [
        [17, 18, 24, 47, 99, 99, 99, 99],
        [18, 21, 26, 66, 99, 99, 99, 99],
        [24, 26, 56, 99, 99, 99, 99, 99],
        [47, 66, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
        [99, 99, 99, 99, 99, 99, 99, 99],
    ],
    np.float32,
)
BASE_TABLES = np.stack([LUMINANCE, CHROMINANCE])
"""Annex K at quality 50, float32 (2, 8, 8): luminance, chrominance; rows are vertical frequencies."""


def quantisation_tables(quality: Any, float_scale: bool = False) -> Any:
    """Return libjpeg's tables for each quality, with a gradient for the quality.

    Going forward the quality is rounded to an integer and the tables are libjpeg's integers from 1 to 255. Going
    backward the roundings count as identity: the gradient is that of ``table * scale(quality) / 100`` with the scale
    5000 / q below 50 and 200 - 2q from there on, zero for entries held at 1 or 255.

    Args:
        quality: float tensor (batch,), 1 to 100; what lies outside is held at the nearest end, and NaN at 1.
        float_scale: Use 5000 / q below quality 50 as it is (Korus and Memon, 2019), where libjpeg rounds it down.

    Returns:
        float32 tensor (batch, 2, 8, 8) of integers: luminance, chrominance.
    """
    quality = ops.cast(quality, "float32")
    # A comparison with NaN is false.
    quality = ops.minimum(ops.where(quality >= 1.0, quality, 1.0), 100.0)
    rounded = ops.stop_gradient(ops.floor(quality + 0.5))
    smooth_scale = ops.where(quality < 50.0, 5000.0 / quality, 200.0 - 2.0 * quality)
    scale = ops.where(rounded < 50.0, 5000.0 / rounded, 200.0 - 2.0 * rounded)
    if not float_scale:
        # A hundredth keeps quotients that are integers (5000 / 40) from falling short where division is approximate.
        scale = ops.floor(scale + 0.01)
    base = ops.convert_to_tensor(BASE_TABLES[None])
    # Half an entry's unit: the same guard for the integer division by 100.
    exact = ops.clip(ops.floor((base * scale[:, None, None, None] + 50.5) / 100.0), 1.0, 255.0)
    smooth = ops.clip(base * smooth_scale[:, None, None, None] / 100.0, 1.0, 255.0)
    return exact + (smooth - ops.stop_gradient(smooth))
