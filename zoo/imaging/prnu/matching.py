"""Does a picture carry a camera's fingerprint? Normalised correlation and peak-to-correlation energy (PCE)."""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.stats import norm

from zoo.imaging.prnu.cleaning import clean_residual, to_grey

THRESHOLD = 60.0
"""PCE above which a picture is said to be the camera's (Goljan, Fridrich and Filler, SPIE 2009)."""
NEIGHBOURHOOD = 5
"""Shifts this close to the peak, in rows and columns, do not count as background (11x11 with the peak)."""


@dataclass(frozen=True)
class Match:
    """How well a picture fits a fingerprint."""

    pce: float
    """Squared peak over the mean square of the background, with the peak's sign. Where nothing matches, about 1 in size
    and of either sign at a single shift; larger the more shifts the peak is chosen from."""
    correlation: float
    """Normalised correlation of fingerprint and weighted residual at the peak, -1..1."""
    shift: tuple[int, int]
    """Row and column of the fingerprint where the picture begins; negative where the picture is larger."""
    searched: int
    """How many shifts the peak was chosen from."""
    p_value: float
    """How often another camera's picture would reach this, were the background normal."""


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Normalised correlation of two patterns ``a`` and ``b`` of one shape, -1..1; 0 where one is flat.

    Raises:
        ValueError: For shapes that differ.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"Patterns to correlate must have one shape. Received: {a.shape} and {b.shape}")
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def match(fingerprint: np.ndarray, image: np.ndarray, sigma: float = 3.0) -> Match:
    """Compare a picture with a camera's fingerprint.

    Where the sizes differ, the smaller is looked for everywhere in the larger (a crop, never turned or scaled); where
    they agree, only pixel upon pixel.

    Args:
        fingerprint: Float (height, width), of ``FingerprintSums.fingerprint``.
        image: Grey levels 0..255, (height, width) or (height, width, 3).
        sigma: As for ``noise_residual``.
    """
    # PRNU in the picture is K I. Weighing the residual by I gives the sum W K I without knowing the shift.
    return peak_to_correlation_energy(fingerprint, clean_residual(image, sigma) * to_grey(image))


def peak_to_correlation_energy(fingerprint: np.ndarray, pattern: np.ndarray) -> Match:
    """PCE of a pattern (h, w) in a fingerprint (H, W), either the larger, also in one direction only.

    Both are filled with zeros to the larger height and width. All circular shifts there overlap alike, so all serve as
    background, but only those at which the smaller lies within the larger are candidates for the peak: none but 0 along
    a direction in which the sizes agree.

    Raises:
        ValueError: For arrays that are not of two dimensions.
    """
    fingerprint, pattern = np.asarray(fingerprint, np.float32), np.asarray(pattern, np.float32)
    if fingerprint.ndim != 2 or pattern.ndim != 2 or not fingerprint.size or not pattern.size:
        raise ValueError(f"PCE needs two patterns (height, width). Received: {fingerprint.shape}, {pattern.shape}")
    shape = tuple(max(pair) for pair in zip(fingerprint.shape, pattern.shape, strict=True))
    fingerprint, smaller = fingerprint - fingerprint.mean(), pattern - pattern.mean()
    plane = fft.irfft2(fft.rfft2(fingerprint, shape) * np.conj(fft.rfft2(smaller, shape)), shape).astype(np.float64)
    slack = [a - b for a, b in zip(fingerprint.shape, pattern.shape, strict=True)]
    rows, columns = (np.arange(min(0, n), max(0, n) + 1) for n in slack)
    candidates = plane[np.ix_(rows, columns)]
    best = np.unravel_index(np.argmax(candidates), candidates.shape)
    shift, peak = (int(rows[best[0]]), int(columns[best[1]])), float(candidates[best])
    # The neighbourhood wraps around as the shifts do; in a tiny plane it must not be counted twice.
    near = [
        np.unique(np.arange(s - NEIGHBOURHOOD, s + NEIGHBOURHOOD + 1) % n) for s, n in zip(shift, shape, strict=True)
    ]
    left = plane.size - len(near[0]) * len(near[1])
    energy = float((plane**2).sum() - (plane[np.ix_(*near)] ** 2).sum()) / left if left else 0.0
    pce = np.sign(peak) * peak**2 / energy if energy > 0 else 0.0
    common = correlation(*_overlap(fingerprint, smaller, shift))
    return Match(float(pce), common, shift, candidates.size, false_alarm(pce, candidates.size))


def false_alarm(pce: float, searched: int = 1) -> float:
    """Chance that a picture of another camera has ``pce`` or more, 0..1, at the best of ``searched`` shifts.

    Takes the background for independent normal values (Goljan, Fridrich and Filler, "Large scale test of sensor
    fingerprint camera identification", SPIE 2009), which demosaicing's traces are not. Decide by a threshold that was
    tried on other cameras (they take a PCE of 60), not by this number alone.
    """
    single = norm.sf(np.sign(pce) * np.sqrt(abs(pce)))
    return float(-np.expm1(searched * np.log1p(-single))) if single < 1 else 1.0


def _overlap(fingerprint: np.ndarray, pattern: np.ndarray, shift: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """What the two have in common when the pattern's corner lies at ``shift`` of the fingerprint."""
    for axis, start in enumerate(shift):
        first, second = max(start, 0), max(-start, 0)
        length = min(fingerprint.shape[axis] - first, pattern.shape[axis] - second)
        fingerprint = np.take(fingerprint, range(first, first + length), axis)
        pattern = np.take(pattern, range(second, second + length), axis)
    return fingerprint, pattern
