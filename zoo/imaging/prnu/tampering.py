"""Tampering maps: test sliding windows for the camera's fingerprint, and assign the result to the centre pixel.

Korus and Huang, "Multi-scale analysis strategies in PRNU-based tampering localization", IEEE TIFS 2017, section III, at
one scale; Korus and Memon 2019, section 3.3.1: windows of 129x129 pixels, every 8 pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import expit
from scipy.stats import norm

from zoo.imaging.prnu.cleaning import to_grey
from zoo.imaging.prnu.matching import aligned_spread
from zoo.imaging.prnu.predictor import CorrelationPredictor, correlation_and_chance, residual_of

THRESHOLDS = tuple(i / 25 for i in range(1, 25))
"""The 24 thresholds over which the best F1 is looked for."""


@dataclass(frozen=True, eq=False)
class TamperingMap:
    """Verdicts on windows every ``stride`` pixels, all float (rows, columns)."""

    probability: np.ndarray
    """Probability of tampering at each place, 0..1, if half of all pictures were tampered with."""
    correlation: np.ndarray
    """Correlation of the picture's noise with the fingerprint, -1..1."""
    predicted: np.ndarray
    """The correlation an untouched window should have."""
    chance: np.ndarray
    """Standard deviation of the correlation of a window without the fingerprint, whose mean is 0."""
    window: int
    stride: int
    shape: tuple[int, int]
    """Height and width of the picture."""

    @property
    def p_value(self) -> np.ndarray:
        """How often a window without the fingerprint correlates as much as this one, 0..1: small where it shows."""
        return norm.sf(self.correlation / self.chance)

    def full_size(self) -> np.ndarray:
        """``probability`` for every pixel, (height, width): that of the nearest window's middle, as far as borders."""
        rows, columns = (
            np.clip(np.rint((np.arange(side) - self.window // 2) / self.stride).astype(int), 0, n - 1)
            for side, n in zip(self.shape, self.probability.shape, strict=True)
        )
        return self.probability[np.ix_(rows, columns)]


def tampering_map(
    image: np.ndarray,
    fingerprint: np.ndarray,
    predictor: CorrelationPredictor,
    stride: int = 8,
    sigma: float = 3.0,
) -> TamperingMap:
    """Return the probability that each window does not carry the camera's PRNU.

    The correlation is normally distributed around 0 in tampered windows, and around the predicted value in others. The
    probability is the posterior at even prior odds. Where the picture hides the PRNU, it is close to one half. How much
    a tampered window varies is measured on the picture itself, as ``match`` does: by what its pixels weigh, and by how
    much the whole picture's correlation varies at other places of the same phase of JPEG's grid.

    Args:
        image: Grey levels 0..255, (height, width) or (height, width, 3), of the fingerprint's size.
        fingerprint: Float (height, width).
        predictor: Fitted with this fingerprint; says how large windows are.
        stride: Pixels from one window to the next.
        sigma: As for ``noise_residual``.

    Raises:
        ValueError: For sizes that do not fit, or a stride below 1.
    """
    if stride < 1:
        raise ValueError(f"stride must be at least 1. Received: {stride}")
    window = predictor.window
    residual = residual_of(image, fingerprint, window, sigma)
    grey = to_grey(image)
    measured, independent = correlation_and_chance(residual, fingerprint * grey, window, stride)
    predicted = predictor.predict(image, stride)
    chance = np.maximum(independent * aligned_spread(fingerprint, residual * grey), 1e-9)
    matching = max(predictor.matching_deviation, 1e-9)
    tampered = -((measured / chance) ** 2) / 2 - np.log(chance)
    untouched = -(((measured - predicted) / matching) ** 2) / 2 - np.log(matching)
    return TamperingMap(expit(tampered - untouched), measured, predicted, chance, window, stride, image.shape[:2])


def best_f1(probability: np.ndarray, truth: np.ndarray, smallest: int = 0, dilation: int = 0) -> tuple[float, float]:
    """Return the largest F1 over ``THRESHOLDS`` and the threshold that gives it.

    As in the paper, the threshold is chosen with the ground truth: this is an upper bound that an analyst cannot reach.

    Args:
        probability: Float (height, width), 0..1.
        truth: Bool (height, width), True where tampered.
        smallest: Ignore detected regions with fewer pixels (8-connectivity).
        dilation: Then dilate the remaining regions by a disk of this radius.

    Raises:
        ValueError: For shapes that differ or a truth without any tampered pixel.
    """
    truth = np.asarray(truth, bool)
    if probability.shape != truth.shape or not truth.any():
        received = f"{probability.shape}, {truth.shape} with {int(truth.sum())} tampered pixels"
        raise ValueError(
            f"F1 needs a map and a ground truth of the same shape, with tampered pixels. Received: {received}"
        )
    best = (0.0, THRESHOLDS[0])
    for threshold in THRESHOLDS:
        found = _tidied(probability > threshold, smallest, dilation)
        score = 2 * float((found & truth).sum()) / float(found.sum() + truth.sum())
        best = max(best, (score, threshold), key=lambda pair: pair[0])
    return best


def _tidied(found: np.ndarray, smallest: int, dilation: int) -> np.ndarray:
    if smallest:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
        large = stats[:, cv2.CC_STAT_AREA] >= smallest
        large[0] = False  # the background
        found = large[labels]
    if dilation:
        y, x = np.ogrid[-dilation : dilation + 1, -dilation : dilation + 1]
        found = cv2.dilate(found.astype(np.uint8), (x * x + y * y <= dilation * dilation).astype(np.uint8)) > 0
    return found
