"""The noise residual of a picture: the part that a wavelet denoiser removes.

Mihcak, Kozintsev and Ramchandran, "Spatially adaptive statistical modeling of wavelet image coefficients and its
application to denoising", ICASSP 1999: four levels of Daubechies' wavelet with eight taps, and in each detail band a
Wiener filter whose local variance is the least of four windows'.
"""

from collections.abc import Callable

import cv2
import numpy as np
import pywt

from zoo.checks import check_range

WAVELET, LEVELS = "db4", 4
WINDOWS = (3, 5, 7, 9)
"""Sides of the windows over which a coefficient's energy is averaged."""
SLACK = 64.0
"""Grey levels by which floats may leave 0..255: a picture that was not rounded or clipped yet."""
Band = Callable[[np.ndarray], np.ndarray]


def noise_residual(image: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """Return the noise of a picture, float32 of its shape, in its own grey levels.

    Args:
        image: Grey levels 0..255, uint8 or float, (height, width) or (height, width, channels), any size.
        sigma: Standard deviation of the noise to look for, in grey levels; 3 is usual for PRNU.

    Raises:
        ValueError: For another shape or a sigma that is not positive.
    """
    image = check_picture(image)
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0. Received: {sigma}")
    if image.ndim == 2:
        return _of_plane(image, sigma)
    return np.dstack([_of_plane(image[..., i], sigma) for i in range(image.shape[2])])


def check_picture(image: np.ndarray) -> np.ndarray:
    """Return ``image`` if it is (height, width[, channels]), not empty, grey levels 0..255; else raise ValueError."""
    image = np.asarray(image)
    if image.ndim not in (2, 3) or 0 in image.shape or image.dtype.kind not in "uif":
        raise ValueError(
            "A picture must be (height, width) or (height, width, channels), grey levels 0 to 255. "
            f"Received: {image.dtype} {image.shape}"
        )
    return check_range(image, 0, 255, "Grey levels", slack=SLACK)


def noise_part(coefficients: np.ndarray, variance: float) -> np.ndarray:
    """Return the part of coefficients (height, width) that a Wiener filter calls noise of ``variance``, float32.

    That is ``c v / (s + v)``, where the signal's variance s is the least over ``WINDOWS`` of the mean energy less v,
    and 0 or above. Outside the array there is nothing, as in the original.
    """
    coefficients = np.asarray(coefficients, np.float32)
    energy = coefficients * coefficients
    least = _local_mean(energy, WINDOWS[0])
    for side in WINDOWS[1:]:
        np.minimum(least, _local_mean(energy, side), out=least)
    # s + v = max(least - v, 0) + v
    np.maximum(least, np.float32(variance), out=least)
    np.divide(np.float32(variance), least, out=least, where=least > 0)
    return np.multiply(coefficients, least, out=least)


def in_details(plane: np.ndarray, levels: int, change: Band) -> np.ndarray:
    """Change the detail bands of a plane's wavelet transform, drop the approximation, and transform back, float32.

    The plane, (height, width), is mirrored at its borders. Bands come to ``change`` transposed on every second level:
    it must treat rows and columns alike.
    """
    # PyWavelets filters rows some ten times as fast as columns: turn the plane over instead.
    low, high = (cv2.transpose(half) for half in pywt.dwt(plane.astype(np.float32, copy=False), WAVELET))
    low_low, low_high = pywt.dwt(low, WAVELET)
    high_low, high_high = pywt.dwt(high, WAVELET)
    deeper = in_details(low_low, levels - 1, change) if levels > 1 else None  # None stands for zeros
    low = pywt.idwt(deeper, change(low_high), WAVELET)
    high = pywt.idwt(change(high_low), change(high_high), WAVELET)
    height, width = plane.shape
    return pywt.idwt(*(cv2.transpose(half)[:height] for half in (low, high)), WAVELET)[:, :width]


def _of_plane(plane: np.ndarray, sigma: float) -> np.ndarray:
    return in_details(plane, LEVELS, lambda band: noise_part(band, sigma * sigma))


def _local_mean(energy: np.ndarray, side: int) -> np.ndarray:
    return cv2.boxFilter(energy, cv2.CV_32F, (side, side), borderType=cv2.BORDER_CONSTANT)
