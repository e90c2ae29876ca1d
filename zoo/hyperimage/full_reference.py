"""Full-reference measures: SSIM, which selects patches for training, and GMSD, a stand-in for opinions."""

import cv2
import numpy as np


def ssim_map(reference: np.ndarray, distorted: np.ndarray) -> np.ndarray:
    """Structural similarity of every pixel's neighbourhood, float32 (height, width), 1 where they are equal.

    Wang, Bovik, Sheikh and Simoncelli, IEEE TIP 2004, equation 13: Gaussian window of 11 x 11, sigma 1.5, K1 .01, K2
    .03, on luma. Inputs are uint8 RGB (height, width, 3) of one size.

    Raises:
        ValueError: For images of two sizes or other types, or with a side below 11 pixels.
    """
    from skimage.metrics import structural_similarity

    pair = _grey_pair(reference, distorted)
    if min(reference.shape[:2]) < 11:
        raise ValueError(f"SSIM needs sides of 11 pixels or more. Received: {reference.shape}")
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return structural_similarity(*pair, full=True, **options)[1].astype(np.float32)


def gmsd(reference: np.ndarray, distorted: np.ndarray) -> float:
    """Gradient magnitude similarity deviation, 0 for equal images, mostly below .35; higher is worse.

    Xue, Zhang, Mou and Bovik, IEEE TIP 2014, equations 1 to 6: luma averaged over 2 x 2 and halved, Prewitt gradients,
    c = 170, standard deviation of the similarity map. It sees no shift of mean and hardly any change of colour. Inputs
    as for ``ssim_map``.

    Raises:
        ValueError: As ``ssim_map``.
    """
    magnitudes = []
    for image in _grey_pair(reference, distorted):
        half = cv2.filter2D(image, -1, np.full((2, 2), 0.25, np.float32), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        half = half[::2, ::2]
        prewitt = np.array([[1, 0, -1]] * 3, np.float32) / 3
        parts = [cv2.filter2D(half, -1, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in (prewitt, prewitt.T)]
        magnitudes.append(np.hypot(*parts))
    one, two = magnitudes
    similarity = (2 * one * two + 170) / (one**2 + two**2 + 170)
    return float(np.std(similarity, ddof=1)) if similarity.size > 1 else 0.0


def _grey_pair(reference: np.ndarray, distorted: np.ndarray) -> list[np.ndarray]:
    """Luma, rounded to whole numbers as MATLAB's rgb2gray does, float32."""
    for image in (reference, distorted):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.shape != reference.shape:
            raise ValueError(
                "Both images must be uint8 RGB of one size. "
                f"Received: {reference.dtype} {reference.shape}, {distorted.dtype} {distorted.shape}"
            )
    return [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (reference, distorted)]
