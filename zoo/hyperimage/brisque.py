"""BRISQUE's 36 features and a support vector regression on them: the baseline without a network.

Mittal, Moorthy and Bovik, "No-reference image quality assessment in the spatial domain", IEEE TIP 2012. The features
are written from the paper; the regression is trained on the data at hand (the authors' model, trained on all of LIVE,
would not be fair to compare with).
"""

import cv2
import numpy as np
from scipy import special

_SHAPES = np.arange(0.2, 10.001, 0.001)
_RATIO = special.gamma(2 / _SHAPES) ** 2 / (special.gamma(1 / _SHAPES) * special.gamma(3 / _SHAPES))
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def brisque_features(image: np.ndarray) -> np.ndarray:
    """Return the natural-scene statistics at two scales, (36,); ``image`` is uint8 RGB, sides of 16 pixels or more.

    Raises:
        ValueError: For another image.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 16:
        raise ValueError(f"image must be uint8 RGB, sides of 16 or more. Received: {image.dtype} {image.shape}")
    grey: np.ndarray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    features: list[float] = []
    for _ in range(2):
        normal = _normalised(grey)
        features += _generalised_gaussian(normal)
        for dy, dx in NEIGHBOURS:
            features += _asymmetric(normal * np.roll(normal, (dy, dx), (0, 1)))
        grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.array(features)


class Brisque:
    """BRISQUE trained on the images at hand: ``fit(images, scores)``, then ``predict(images)``."""

    def __init__(self, c: float = 32.0, gamma: float = 0.05, epsilon: float = 0.1) -> None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler
        from sklearn.svm import SVR

        self.regression = make_pipeline(MinMaxScaler((-1, 1)), SVR(C=c, gamma=gamma, epsilon=epsilon))

    def fit(self, images: list[np.ndarray], scores: np.ndarray) -> "Brisque":
        """Train on uint8 RGB images and their scores, (n,)."""
        self.regression.fit(np.stack([brisque_features(image) for image in images]), scores)
        return self

    def predict(self, images: list[np.ndarray]) -> np.ndarray:
        """Return the score of each image, (n,)."""
        return self.regression.predict(np.stack([brisque_features(image) for image in images]))


def _normalised(grey: np.ndarray) -> np.ndarray:
    mean, square = (cv2.GaussianBlur(x, (7, 7), 7 / 6, borderType=cv2.BORDER_REPLICATE) for x in (grey, grey * grey))
    deviation = np.sqrt(np.abs(square - mean * mean))
    return (grey - mean) / (deviation + 1)


def _generalised_gaussian(x: np.ndarray) -> list[float]:
    """Return the shape and variance by moments."""
    variance = float((x * x).mean())
    absolute = float(np.abs(x).mean())
    ratio = absolute**2 / variance if variance > 0 else 1.0
    return [float(_SHAPES[np.argmin(np.abs(_RATIO - ratio))]), variance]


def _asymmetric(x: np.ndarray) -> list[float]:
    """Shape, mean and the two variances of the asymmetric generalised Gaussian (equations 7 to 13)."""
    left = float(np.sqrt((x[x < 0] ** 2).mean())) if (x < 0).any() else 0.0
    right = float(np.sqrt((x[x > 0] ** 2).mean())) if (x > 0).any() else 0.0
    square = float((x * x).mean())
    if not left or not right or not square:
        return [10.0, 0.0, left**2, right**2]
    skew = left / right
    ratio = np.abs(x).mean() ** 2 / square * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin((_RATIO - ratio) ** 2)])
    spread = np.sqrt(special.gamma(1 / shape) / special.gamma(3 / shape))
    mean = (right - left) * spread * special.gamma(2 / shape) / special.gamma(1 / shape)
    return [shape, float(mean), left**2, right**2]
