"""White balance of a DNG that stores its white as a chromaticity instead of a camera neutral.

LibRaw takes it for the daylight balance where there is one colour matrix, and leaves it out where there are two.
Adobe, "Digital Negative (DNG) Specification" 1.4, chapter 6: from white balance xy coordinates to camera neutral
coordinates.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

_MATRICES, _CALIBRATIONS, _ILLUMINANTS = (50721, 50722), (50723, 50724), (50778, 50779)
_ANALOG_BALANCE, _NEUTRAL, _WHITE_XY = 50727, 50728, 50729
# Kelvin of EXIF's LightSource, as far as it says one.
_TEMPERATURES = {
    1: 5503, 2: 4150, 3: 2856, 4: 5503, 9: 5503, 10: 6504, 11: 7504, 12: 6430, 13: 5000, 14: 4150, 15: 3450,
    17: 2856, 18: 4874, 19: 6774, 20: 5503, 21: 6504, 22: 7504, 23: 5003, 24: 3200,
}  # fmt: skip


def white_balance(tag: Callable[[int], Any]) -> tuple[float, float, float] | None:
    """Return gains of red, green (1) and blue by AsShotWhiteXY; None without it, or if there is AsShotNeutral.

    ``tag`` gives the value of a TIFF tag by its number, None for one that is missing; rationals are pairs of integers.
    None too where the matrices are missing or the result is not positive.
    """
    x, y = _rationals(tag(_WHITE_XY), 2)
    if tag(_NEUTRAL) is not None or not (x > 0 and y > 0 and x + y < 1):
        return None
    matrices = [
        (_rationals(tag(calibration), 9, np.eye(3).ravel()).reshape(3, 3) @ _rationals(tag(matrix), 9).reshape(3, 3))
        for matrix, calibration in zip(_MATRICES, _CALIBRATIONS, strict=True)
    ]
    known = [matrix for matrix in matrices if np.isfinite(matrix).all()]
    if not known:
        return None
    matrix = known[0]
    if len(known) == 2 and (temperatures := [_TEMPERATURES.get(tag(number) or 0) for number in _ILLUMINANTS])[0]:
        matrix = _between(known, temperatures, x, y)
    neutral = _rationals(tag(_ANALOG_BALANCE), 3, np.ones(3)) * (matrix @ (x / y, 1, (1 - x - y) / y))
    if not (np.isfinite(neutral).all() and min(neutral) > 0):
        return None
    red, green, blue = neutral.tolist()
    return green / red, 1.0, green / blue


def _between(matrices: list[np.ndarray], temperatures: list[int | None], x: float, y: float) -> np.ndarray:
    """The matrix for a white of (x, y): linear in the reciprocal of its temperature, the nearest beyond the two."""
    first, second = temperatures
    if not first or not second or first == second:
        return matrices[0]
    # McCamy, "Correlated color temperature as an explicit function of chromaticity coordinates", 1992.
    n = (x - 0.3320) / (0.1858 - y)
    kelvin = max(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33, 1.0)
    weight = np.clip((1 / kelvin - 1 / second) / (1 / first - 1 / second), 0, 1)
    return weight * matrices[0] + (1 - weight) * matrices[1]


def _rationals(value: Any, count: int, missing: Any = np.nan) -> np.ndarray:
    if value is None or len(value) != 2 * count:
        return np.broadcast_to(missing, count)
    pairs = np.array(value, float).reshape(count, 2)
    return pairs[:, 0] / np.where(pairs[:, 1] == 0, np.nan, pairs[:, 1])
