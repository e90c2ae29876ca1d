"""The contrast adjustments the paper trains on and tests with under other strengths (section III-A, Table I).

Every operator is a function of an RGB image, uint8 (height, width, 3), that returns one of the same kind. They follow
the OpenCV code that made the paper's data: 8-bit HSV (hue 0..179), truncation where the authors truncate.
The Photoshop tools of Table II are emulated in ``photoshop.py``.
"""

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np

from zoo.checks import check_rgb

Operator = Callable[[np.ndarray], np.ndarray]
ClipConvention = Literal["opencv", "skimage", "matlab"]


def on_hsv_value(image: np.ndarray, adjust: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply ``adjust`` (uint8 plane -> uint8 plane) to the V channel of OpenCV's 8-bit HSV and convert back.

    The round trip alone changes pixels (hue has 180 levels), see ``hsv_round_trip``.
    """
    hsv = cv2.cvtColor(check_rgb(image), cv2.COLOR_RGB2HSV)
    hsv[..., 2] = adjust(np.ascontiguousarray(hsv[..., 2]))
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def hsv_round_trip(image: np.ndarray) -> np.ndarray:
    """RGB to 8-bit HSV and back, contrast untouched: the control for CLAHE and histogram stretching.

    A detector that finds this has learnt the traces of the colour conversion, not of contrast.
    """
    return on_hsv_value(image, lambda value: value)


def opencv_clip_limit(clip_limit: float, convention: ClipConvention, tile_pixels: int = 256) -> float:
    """Convert a CLAHE clip limit to OpenCV's unit, multiples of a flat histogram's bin.

    ``"opencv"``: as it is. ``"skimage"``: a fraction of the tile's pixels per bin, OpenCV's value / 256. ``"matlab"``
    (adapthisteq): 0..1 between the flat bin count ``ceil(N / 256)`` and all N pixels of a tile.

    Raises:
        ValueError: For a limit that is not positive or an unknown convention.
    """
    if not clip_limit > 0:
        raise ValueError(f"clip_limit must be above 0. Received: {clip_limit}")
    if convention == "opencv":
        return clip_limit
    if convention == "skimage":
        return clip_limit * 256
    if convention == "matlab":
        flat = np.ceil(tile_pixels / 256)
        return float((flat + clip_limit * (tile_pixels - flat)) * 256 / tile_pixels)
    raise ValueError(f"convention must be 'opencv', 'skimage' or 'matlab'. Received: {convention!r}")


def clahe(
    image: np.ndarray,
    clip_limit: float = 5.0,
    convention: ClipConvention = "opencv",
    tiles: tuple[int, int] = (8, 8),
) -> np.ndarray:
    """Contrast-limited adaptive histogram equalisation of V, on a grid of ``tiles`` (rows, columns) a picture.

    The paper prints the clip limit as .005; the code that made its data has 5 in OpenCV's unit. Literally .005 in that
    unit would be close to no change at all. Table I's .003, .005, .007 are therefore 3, 5 and 7 here.

    Raises:
        ValueError: For a clip limit, convention or tile grid that does not fit.
    """
    image = check_rgb(image)
    if len(tiles) != 2 or min(tiles) < 1:
        raise ValueError(f"tiles must be (rows, columns), both at least 1. Received: {tiles}")
    tile_pixels = -(-image.shape[0] // tiles[0]) * -(-image.shape[1] // tiles[1])
    limit = opencv_clip_limit(clip_limit, convention, tile_pixels)
    return on_hsv_value(image, cv2.createCLAHE(limit, (tiles[1], tiles[0])).apply)


def gamma_correction(image: np.ndarray, gamma: float = 1.5) -> np.ndarray:
    """Gamma correction of R, G and B alike: ``255 * (v / 255) ** (1 / gamma)``, truncated as the authors do.

    A gamma of 1.5 brightens (128 becomes 161), one of 0.7 darkens (128 becomes 95).

    Raises:
        ValueError: For a gamma that is not positive.
    """
    if not gamma > 0:
        raise ValueError(f"gamma must be above 0. Received: {gamma}")
    table = ((np.arange(256) / 255.0) ** (1.0 / gamma) * 255).astype(np.uint8)
    return table[check_rgb(image)]


def histogram_stretching(image: np.ndarray, percent: float = 5.0) -> np.ndarray:
    """Stretch V linearly so that ``percent`` of the pixels at **each** end saturate (MATLAB's default would be 1).

    As in the authors' code the histogram has 255 bins, so that 254 and 255 share the last one, and the result is
    truncated. Where both ends fall in the same bin (a flat image) there is nothing to stretch: V stays as it is, where
    the authors' code would divide by zero.

    Raises:
        ValueError: For a percentage outside [0, 50).
    """
    if not 0 <= percent < 50:
        raise ValueError(f"percent must be in [0, 50). Received: {percent}")

    def stretch(value: np.ndarray) -> np.ndarray:
        cumulative = np.cumsum(np.histogram(value, bins=255, range=(0, 255))[0])
        low = int(np.searchsorted(cumulative, value.size * percent / 100))
        high = int(np.searchsorted(cumulative, value.size * (1 - percent / 100)))
        if high <= low:
            return value
        stretched = (value.astype(np.float64) - low) * (255.0 / (high - low))
        return np.clip(stretched, 0, 255).astype(np.uint8)

    return on_hsv_value(image, stretch)


def training_operators() -> dict[str, Operator]:
    """Return the four adjustments the network is trained on (section III-A), by the label used in Table I."""
    return {
        "CLAHE 0.005": clahe,
        "HS 5": histogram_stretching,
        "gamma 1.5": lambda image: gamma_correction(image, 1.5),
        "gamma 0.7": lambda image: gamma_correction(image, 0.7),
    }


def draw_training_operator(rng: np.random.Generator) -> tuple[str, Operator]:
    """Draw as the authors do, per image: CLAHE, HS or gamma with a third each; gamma 1.5 or 0.7 with a half each."""
    operators = training_operators()
    family = int(rng.integers(3))
    label = ("CLAHE 0.005", "HS 5", "gamma 1.5" if rng.random() < 0.5 else "gamma 0.7")[family]
    return label, operators[label]
