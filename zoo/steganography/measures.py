"""How far two 8-bit images are apart: MSE, PSNR, SSIM and the two readings of the paper's APD.

All take uint8 RGB (height, width, 3) of one shape. MSE and PSNR are of values in [0, 1], as the paper's.
"""

import numpy as np
from skimage.metrics import structural_similarity

from zoo.psnr import psnr_of


def mse(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean squared error over pixels and channels, values in [0, 1] (implicit in the paper's equation 2)."""
    return float(np.square(_difference(first, second)).mean() / 255**2)


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in decibels; infinite for equal images."""
    return psnr_of(mse(first, second))


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Return the structural similarity, at most 1 (Wang et al. 2004): Gaussian window of 11 pixels, sigma 1.5.

    Raises:
        ValueError: For a side below 11 pixels.
    """
    if min(first.shape[:2]) < 11:
        raise ValueError(f"SSIM needs sides of at least 11 pixels. Received: {first.shape}")
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(first, second, channel_axis=-1, data_range=255, **options))


def apd_ratio(first: np.ndarray, second: np.ndarray) -> float:
    """Return the averaged pixel-wise difference as the tool that the paper cites computes it: 0..1.

    The mean absolute difference over 255, averaged over the channels. The paper's equation 3 squares the difference and
    does not divide by the number of pixels; that would be no average, and Table II fits the tool instead.
    """
    return apd_levels(first, second) / 255


def apd_levels(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean absolute difference in grey levels, 0..255, as the public relative prints its APD."""
    return float(np.abs(_difference(first, second)).mean())


def _difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    if first.dtype != np.uint8 or second.dtype != np.uint8 or first.shape != second.shape:
        raise ValueError(
            "Two uint8 images of one shape are needed. "
            f"Received: {first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
    return first.astype(np.float64) - second
