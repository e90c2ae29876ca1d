"""PSNR and SSIM of developed pictures, with the correct range and as the paper computed them."""

import numpy as np
from skimage.metrics import structural_similarity

from zoo.checks import check_range
from zoo.psnr import psnr_of

PAPER_SSIM_RANGE = 2.0
"""The data range in the paper's SSIM: scikit-image of that time took 2 for floats, whatever their range."""


def psnr(target: np.ndarray, image: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB of two pictures in [0, 1]; infinite for equal ones.

    Raises:
        ValueError: For shapes that differ, uint8, and values that are not finite or far outside [0, 1].
    """
    target, image = _checked(target, image)
    return psnr_of(float(np.mean((target - image) ** 2)))


def ssim(target: np.ndarray, image: np.ndarray, data_range: float = 1.0) -> float:
    """Return the structural similarity of two RGB pictures in [0, 1], (height, width, 3), sides of at least 7.

    Mean over channels and 7x7 uniform windows. ``data_range=PAPER_SSIM_RANGE`` gives the paper's, higher, values.

    Raises:
        ValueError: For shapes that differ or are too small.
    """
    target, image = _checked(target, image)
    if target.ndim != 3 or min(target.shape[:2]) < 7:
        raise ValueError(f"ssim takes (height, width, 3), sides of at least 7. Received: {target.shape}")
    return float(structural_similarity(target, image, channel_axis=-1, data_range=data_range))


def _checked(target: np.ndarray, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # A network's output may leave the range a little before it is clipped.
    target, image = (check_range(one, 0, 1, "Pictures", slack=1).astype(np.float64) for one in (target, image))
    if target.shape != image.shape or not target.size:
        raise ValueError(f"Both pictures must have the same shape. Received: {target.shape} and {image.shape}")
    return target, image
