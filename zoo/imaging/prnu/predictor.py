"""Predict how strongly a window of an untouched picture correlates with its camera's fingerprint.

Dark, saturated and textured places hide PRNU. A linear model of four features and their products, fitted on the
camera's own photographs, says how much (Chen et al. 2008, section VI.B).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from zoo.imaging.prnu.cleaning import clean_residual, to_grey
from zoo.imaging.prnu.residual import check_picture, in_details

FEATURES = 15
"""A constant, the four features, and their ten products of two."""
_FLATNESS = 0.03
_BRIGHT = 250


@dataclass(frozen=True, eq=False)
class CorrelationPredictor:
    """The fitted model, for windows of one side."""

    window: int
    """Side of the windows in pixels, odd."""
    weights: np.ndarray
    """Float (15,), in the order of ``with_products``."""
    matching_deviation: float
    """Standard deviation of an untouched window's correlation around its prediction."""

    @classmethod
    def fit(
        cls,
        fingerprint: np.ndarray,
        images: Iterable[np.ndarray],
        window: int = 129,
        windows_per_image: int = 500,
        seed: int = 2456,
        sigma: float = 3.0,
    ) -> "CorrelationPredictor":
        """Fit by least squares to untouched photographs of the camera, best others than made the fingerprint.

        Args:
            fingerprint: Float (height, width).
            images: Grey levels 0..255, (height, width[, 3]), of the fingerprint's size.
            window: Odd side in pixels.
            windows_per_image: How many places to look at in each picture, drawn with ``seed``.
            seed: Of the places.
            sigma: As for ``noise_residual``.

        Raises:
            ValueError: For a window or pictures that do not fit, or fewer windows than features.
        """
        rng = np.random.default_rng(seed)
        rows, matching = [], []
        for image in images:
            residual = residual_of(image, fingerprint, window, sigma)
            maps = feature_maps(image, window)
            places = tuple(rng.integers(n, size=windows_per_image) for n in maps.shape[:2])
            rows.append(with_products(maps[places]))
            matching.append(correlation_map(residual, fingerprint * to_grey(image), window)[places])
        count = len(rows) * windows_per_image
        if count < FEATURES:
            raise ValueError(f"The predictor needs at least {FEATURES} windows. Received: {count}")
        x, y = np.concatenate(rows), np.concatenate(matching)
        weights = np.linalg.lstsq(x, y, rcond=None)[0]
        return cls(window, weights, float((y - x @ weights).std()))

    def predict(self, image: np.ndarray, stride: int = 1) -> np.ndarray:
        """Return the expected correlation of every ``stride``-th window, 0 or above, float64 (rows, columns)."""
        return np.maximum(with_products(feature_maps(image, self.window)[::stride, ::stride]) @ self.weights, 0)


def correlation_map(residual: np.ndarray, expected: np.ndarray, window: int) -> np.ndarray:
    """Return two patterns' normalised correlation in every window, float64 (height - window + 1, width - window + 1).

    Args:
        residual: Float (height, width).
        expected: The fingerprint times the picture's grey levels, of the same shape.
        window: Odd side in pixels, at most the shorter side.

    Raises:
        ValueError: For shapes or a window that do not fit.
    """
    return correlation_and_chance(residual, expected, window)[0]


def correlation_and_chance(
    residual: np.ndarray, expected: np.ndarray, window: int, stride: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """``correlation_map`` of every ``stride``-th window, and its standard deviation were both independent noise.

    The variance of a sum of products is then the sum of the products' squares: windows in which a few loud pixels
    weigh most vary more than 1 / window. Arguments, shapes and errors are those of ``correlation_map``.
    """
    check_window(residual.shape, window)
    if residual.shape != expected.shape:
        raise ValueError(f"Patterns to correlate must have one shape. Received: {residual.shape}, {expected.shape}")
    a, b = (np.asarray(v, np.float64) for v in (residual, expected))
    a, b = a - a.mean(), b - b.mean()  # windows' variances are differences: keep the numbers small
    of_a, of_b, of_aa, of_bb, of_ab = (means(v, window)[::stride, ::stride] for v in (a, b, a * a, b * b, a * b))
    scale = np.sqrt(np.maximum(of_aa - of_a**2, 0) * np.maximum(of_bb - of_b**2, 0))
    floor = 1e-9 * a.std() * b.std()  # a window without any noise, such as a burnt-out sky, correlates with nothing
    noisy = scale > floor
    found = np.divide(of_ab - of_a * of_b, scale, out=np.zeros_like(scale), where=noisy)
    # Where the two do belong together their squares do as well: what they have in common is taken out first.
    common, energy = (cv2.blur(v, (window, window)) for v in (a * b, b * b))
    rest = a - np.divide(common, energy, out=np.zeros_like(energy), where=energy > 0) * b
    of_rest, of_squares = (means(v, window)[::stride, ::stride] for v in (rest * rest, (rest * b) ** 2))
    spread = np.divide(of_squares, of_rest * of_bb, out=np.ones_like(of_rest), where=noisy & (of_rest > 0))
    return found, np.sqrt(spread) / window


def feature_maps(image: np.ndarray, window: int) -> np.ndarray:
    """Return the four features of every window, float32 (height - window + 1, width - window + 1, 4).

    How bright the window is (in proportion up to 250, falling above); how little detail it has; how much of it is flat;
    how bright its parts without detail are.
    """
    check_window(check_picture(image).shape, window)
    grey = to_grey(image)
    bright = np.where(grey < _BRIGHT, grey / _BRIGHT, np.exp(-((grey - _BRIGHT) ** 2) / 6))
    detail = in_details(grey, 2, lambda band: band)
    spread = cv2.boxFilter(detail * detail, cv2.CV_32F, (5, 5)) - cv2.boxFilter(detail, cv2.CV_32F, (5, 5)) ** 2
    spread = np.maximum(spread, 0)
    smooth = 1 / (1 + spread)
    flat = np.sqrt(spread) < _FLATNESS * grey
    four = (bright, smooth, flat, bright * smooth)
    return np.dstack([means(v.astype(np.float64), window).astype(np.float32) for v in four])


def with_products(four: np.ndarray) -> np.ndarray:
    """Four features (..., 4) to 15: a constant, the four, their products in the order of ``numpy.triu_indices(4)``."""
    four = np.asarray(four, np.float64)
    first, second = np.triu_indices(4)
    return np.concatenate([np.ones((*four.shape[:-1], 1)), four, four[..., first] * four[..., second]], axis=-1)


def residual_of(image: np.ndarray, fingerprint: np.ndarray, window: int, sigma: float) -> np.ndarray:
    """Return the cleaned residual, float32 (height, width), of a picture that has the fingerprint's size.

    Raises:
        ValueError: For another size, or a window that does not fit.
    """
    check_window(check_picture(image).shape, window)
    if image.shape[:2] != fingerprint.shape:
        raise ValueError(f"Picture and fingerprint must have one size. Received: {image.shape}, {fingerprint.shape}")
    return clean_residual(image, sigma)


def check_window(shape: tuple[int, ...], window: int) -> None:
    """Raise ValueError unless ``window`` is odd and fits into a picture or pattern of this shape."""
    height, width = shape[:2]
    if window < 3 or window % 2 == 0 or window > min(height, width):
        raise ValueError(f"window must be odd, from 3 to the shorter side, {height}x{width}. Received: {window}")


def means(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean over every window that lies within the array, (height - window + 1, width - window + 1)."""
    half = window // 2
    boxed = cv2.boxFilter(values, cv2.CV_64F, (window, window))
    return boxed[half : values.shape[0] - half, half : values.shape[1] - half]
