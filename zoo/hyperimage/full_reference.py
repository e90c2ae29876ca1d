"""Full-reference measures: SSIM, which selects patches for training; GMSD and MDSI, stand-ins for opinions."""

import cv2
import numpy as np

LUMA_AND_COLOUR = np.array([[0.2989, 0.587, 0.114], [0.3, 0.04, -0.35], [0.34, -0.6, 0.17]], np.float32)
"""MDSI's L, H and M of RGB (Nafchi et al. 2016, equation 5)."""


def ssim_map(reference: np.ndarray, distorted: np.ndarray) -> np.ndarray:
    """Return the structural similarity of every pixel's neighbourhood, float32 (height, width), 1 where they are equal.

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
    one, two = (_gradient(_smaller(image, 2)) for image in _grey_pair(reference, distorted))
    similarity = _similarity(one, two, 170)
    return float(np.std(similarity, ddof=1)) if similarity.size > 1 else 0.0


def mdsi(reference: np.ndarray, distorted: np.ndarray) -> float:
    """Return the mean deviation similarity index, 0 for equal images, mostly below .45; higher is worse. Uses colour.

    Nafchi, Shahkolaei, Hedjam and Cheriet, IEEE Access 2016, equations 1 to 8 with the sum of both maps: Prewitt
    gradients of luma and of the mean of both lumas, and two colour components, all averaged to about 256 pixels on the
    shorter side. Inputs are uint8 RGB (height, width, 3) of one size.

    Raises:
        ValueError: As ``ssim_map``.
    """
    _check_pair(reference, distorted)
    by = max(1, int(min(reference.shape[:2]) / 256 + 0.5))
    pair = [_smaller(image.astype(np.float32), by) @ LUMA_AND_COLOUR.T for image in (reference, distorted)]
    (luma, *colour), (other_luma, *other_colour) = (np.moveaxis(image, -1, 0) for image in pair)
    one, two, fused = _gradient(luma), _gradient(other_luma), _gradient((luma + other_luma) / 2)
    gradients = _similarity(one, two, 140) + _similarity(two, fused, 55) - _similarity(one, fused, 55)
    products = sum(2 * a * b for a, b in zip(colour, other_colour, strict=True))
    squares = sum(a**2 + b**2 for a, b in zip(colour, other_colour, strict=True))
    colours = (products + 550) / (squares + 550)
    # The sum may be negative: its fourth root is complex, as in the authors' code.
    root = (0.6 * gradients + 0.4 * colours).astype(complex) ** 0.25
    return float(np.abs(root - root.mean()).mean() ** 0.25)


def _smaller(image: np.ndarray, by: int) -> np.ndarray:
    """``image`` averaged over ``by`` x ``by`` pixels, every such pixel kept; zeros outside, as in MATLAB."""
    anchor = ((by - 1) // 2, (by - 1) // 2)
    kernel = np.full((by, by), 1 / by**2, np.float32)
    return cv2.filter2D(image, -1, kernel, anchor=anchor, borderType=cv2.BORDER_CONSTANT)[::by, ::by]


def _gradient(plane: np.ndarray) -> np.ndarray:
    """Return the magnitude of the Prewitt gradient."""
    plane, prewitt = np.ascontiguousarray(plane), np.array([[1, 0, -1]] * 3, np.float32) / 3
    parts = [cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_CONSTANT) for kernel in (prewitt, prewitt.T)]
    return np.hypot(*parts)


def _similarity(one: np.ndarray, two: np.ndarray, constant: float) -> np.ndarray:
    return (2 * one * two + constant) / (one**2 + two**2 + constant)


def _grey_pair(reference: np.ndarray, distorted: np.ndarray) -> list[np.ndarray]:
    """Luma, rounded to whole numbers as MATLAB's rgb2gray does, float32."""
    _check_pair(reference, distorted)
    return [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (reference, distorted)]


def _check_pair(reference: np.ndarray, distorted: np.ndarray) -> None:
    for image in (reference, distorted):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.shape != reference.shape:
            raise ValueError(
                "Both images must be uint8 RGB of one size. "
                f"Received: {reference.dtype} {reference.shape}, {distorted.dtype} {distorted.shape}"
            )
