"""Match a picture with a camera's fingerprint: correlation at every position, and the p-value of its peak.

The correlation of a picture with another camera's fingerprint does not vary equally at all places. It varies more where
bright or textured parts of the picture meet noisy parts of the fingerprint, and, since both were JPEGs, it changes with
the place modulo 8. With one standard deviation for all positions, the noisy positions win the search and look like
matches. Therefore each position is divided by the deviation predicted from its own overlap. Then each of the 64 classes
of positions (modulo 8 in rows and columns) is normalised to mean 0 and standard deviation 1. The result follows the
normal distribution; ``zoo reproduce imaging false-alarms`` measures how well.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import fft, stats

from zoo.images import undo_orientation
from zoo.imaging.prnu.cleaning import clean_residual, to_grey
from zoo.imaging.prnu.evidence import why_silent
from zoo.imaging.prnu.residual import check_picture

LEVEL = 1e-6
"""A picture is said to be the camera's where its p-value lies below this: one false match in a million pictures."""
THRESHOLD = 60.0
"""PCE above which the literature declares a match (Goljan, Fridrich and Filler, SPIE 2009). Not used for verdicts."""
NEIGHBOURHOOD = 5
"""Shifts this close to the peak, in rows and columns, do not count as background (11x11 with the peak)."""
PERIOD = 8
"""Side of JPEG's blocks: places that agree modulo this number share one distribution."""
ORIENTATIONS = tuple(range(1, 9))
"""EXIF's numbers for the eight ways to turn and mirror a picture; 1 is as it is."""


@dataclass(frozen=True)
class Match:
    """How well a picture fits a fingerprint."""

    pce: float
    """Squared peak over the mean square of the background, with the peak's sign. Where nothing matches, about 1 in size
    and of either sign at a single shift; larger the more shifts the peak is chosen from. Shown, and not decided by."""
    correlation: float
    """Normalised correlation of fingerprint and weighted residual at the peak, -1..1."""
    shift: tuple[int, int]
    """Row and column of the fingerprint where the picture begins; negative where the picture is larger."""
    searched: int
    """How many places the peak was chosen from, in all orientations and cameras together."""
    p_value: float
    """How often the best place of another camera's picture reaches this by chance, 0..1."""
    deviations: float = 0.0
    """The peak in standard deviations of what such places give where nothing matches."""
    orientation: int = 1
    """EXIF's number of how the picture shows the sensor's image: 1 as it is, 6 turned to the right, and so on."""
    reason: str = ""
    """Why the picture cannot tell its camera, of ``why_silent``; empty where it can."""

    def status(self, level: float = LEVEL) -> str:
        """``"match"`` for a p-value below ``level``, else ``"no match"``; ``"cannot say"`` with a ``reason``."""
        return "cannot say" if self.reason else "match" if self.p_value < level else "no match"


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the normalised correlation of two patterns ``a`` and ``b`` of one shape, -1..1; 0 where one is flat.

    Raises:
        ValueError: For shapes that differ.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"Patterns to correlate must have one shape. Received: {a.shape} and {b.shape}")
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def match(fingerprint: np.ndarray, image: np.ndarray, sigma: float = 3.0, orientations: Sequence[int] = (1,)) -> Match:
    """Compare a picture with a camera's fingerprint.

    If the sizes differ, the smaller one is searched at every position in the larger one (as a crop, never scaled). If
    they are equal, only shift 0 is tested. The p-value accounts for all positions and orientations.

    Args:
        fingerprint: Float (height, width), of ``FingerprintSums.fingerprint``.
        image: Grey levels 0..255, (height, width) or (height, width, 3).
        sigma: As for ``noise_residual``.
        orientations: EXIF's numbers to try; ``ORIENTATIONS`` finds turned and mirrored copies.

    Raises:
        ValueError: For arrays of another shape or range, NaN, or no orientation.
    """
    return identify({"": fingerprint}, image, sigma, orientations)[""]


def identify(
    fingerprints: Mapping[str, np.ndarray], image: np.ndarray, sigma: float = 3.0, orientations: Sequence[int] = (1,)
) -> dict[str, Match]:
    """Compare a picture with the fingerprints of several cameras; p-values are corrected for how many there are.

    The correction is Sidak's: at ``LEVEL``, one picture in a million is a false match, for any number of cameras.

    Args:
        fingerprints: Float (height, width) by the camera's name.
        image: As for ``match``.
        sigma: As for ``noise_residual``.
        orientations: As for ``match``.

    Raises:
        ValueError: As ``match``, and without any camera.
    """
    if not fingerprints or not orientations or not set(orientations) <= set(ORIENTATIONS):
        received = f"{len(fingerprints)} cameras, orientations {list(orientations)}"
        raise ValueError(f"Matching needs at least one camera, and orientations from 1 to 8. Received: {received}")
    image = check_picture(image)
    # PRNU in the picture is K I. Weighing the residual by I gives the sum W K I without knowing the shift.
    residual = clean_residual(image, sigma)
    pattern, reason = residual * to_grey(image), why_silent(image, residual)
    found, places = {}, 0
    for name, fingerprint in fingerprints.items():
        tried = [
            replace(peak_to_correlation_energy(fingerprint, undo_orientation(pattern, number)), orientation=number)
            for number in orientations
        ]
        places += sum(one.searched for one in tried)
        p_value = at_least_once(min(one.p_value for one in tried), len(tried) * len(fingerprints))
        found[name] = replace(max(tried, key=lambda one: one.deviations), p_value=p_value, reason=reason)
    return {name: replace(one, searched=places) for name, one in found.items()}


def peak_to_correlation_energy(fingerprint: np.ndarray, pattern: np.ndarray) -> Match:
    """Return the best position of a pattern (h, w) in a fingerprint (H, W), with p-value and PCE.

    Only shifts at which the smaller lies within the larger are candidates: none but 0 along a direction in which the
    sizes agree. All circular shifts serve as background.

    Raises:
        ValueError: For arrays that are not of two dimensions, empty, or not finite.
    """
    fingerprint, pattern = np.asarray(fingerprint, np.float32), np.asarray(pattern, np.float32)
    if fingerprint.ndim != 2 or pattern.ndim != 2 or not fingerprint.size or not pattern.size:
        raise ValueError(f"PCE needs two patterns (height, width). Received: {fingerprint.shape}, {pattern.shape}")
    if not (np.isfinite(fingerprint).all() and np.isfinite(pattern).all()):
        raise ValueError("Fingerprint and pattern must be finite numbers. Received: NaN or infinite values")
    fingerprint, pattern = fingerprint - fingerprint.mean(), pattern - pattern.mean()
    return best_place(fingerprint, pattern, *correlation_planes(fingerprint, pattern))


def best_place(fingerprint: np.ndarray, pattern: np.ndarray, plane: np.ndarray, variance: np.ndarray) -> Match:
    """Return the match at the candidate that stands out most.

    ``fingerprint`` (H, W) and ``pattern`` (h, w) have mean 0; ``plane`` and ``variance`` are ``correlation_planes``'s.
    """
    relative = relative_plane(plane, variance)
    shift, searched = largest(standardised(relative), fingerprint.shape, pattern.shape)
    deviations, freedom = studentised(relative, shift)
    p_value = at_least_once(float(stats.t.sf(deviations, freedom)), searched)
    common = correlation(*_overlap(fingerprint, pattern, shift))
    size = math.prod(max(pair) for pair in zip(fingerprint.shape, pattern.shape, strict=True))
    return Match(peak_energy(plane, shift, size), common, shift, searched, p_value, deviations)


def largest(plane: np.ndarray, fingerprint: tuple[int, ...], pattern: tuple[int, ...]) -> tuple[tuple[int, int], int]:
    """Return the shift with the largest value of ``plane`` (height, width), and how many shifts were compared.

    These are the shifts at which the smaller of the two shapes lies within the larger.
    """
    slack = [a - b for a, b in zip(fingerprint, pattern, strict=True)]
    # Slices, which copy nothing, where the picture is the smaller.
    rows, columns = (slice(0, n + 1) if n >= 0 else np.arange(n, 1) for n in slack)
    candidates = plane[rows][:, columns]
    best = np.unravel_index(np.argmax(candidates), candidates.shape)
    return (int(best[0]) + min(0, slack[0]), int(best[1]) + min(0, slack[1])), candidates.size


Spectra = tuple[np.ndarray, np.ndarray]


def spectra(pattern: np.ndarray, shape: tuple[int, int]) -> Spectra:
    """Return Fourier transforms of a pattern (h, w) and of its square, both zero-padded to ``shape``, complex64."""
    # Rows of zeros have a spectrum of zeros: only the pattern's own are transformed along the rows.
    first, second = (
        fft.fft(fft.rfft(values, shape[1], axis=1), shape[0], axis=0) for values in (pattern, pattern * pattern)
    )
    return first, second


def plane_shape(fingerprint: tuple[int, ...], pattern: tuple[int, ...]) -> tuple[int, int]:
    """Return the larger height and width of two shapes, filled up to whole JPEG blocks.

    So shifts that wrap around keep their phase.
    """
    height, width = (-(-max(pair) // PERIOD) * PERIOD for pair in zip(fingerprint, pattern, strict=True))
    return height, width


def correlation_planes(
    fingerprint: np.ndarray, pattern: np.ndarray, of_fingerprint: Spectra | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlation of two zero-mean patterns at every circular shift, and its variance for independent noise.

    The variance at a shift is the sum over the overlap of the two squares' products.

    Args:
        fingerprint: Float32 (H, W).
        pattern: Float32 (h, w).
        of_fingerprint: Its ``spectra`` of ``plane_shape``, where they are known from another pattern of this size.

    Returns:
        Two float32 arrays of ``plane_shape``.
    """
    shape = plane_shape(fingerprint.shape, pattern.shape)
    pairs = zip(of_fingerprint or spectra(fingerprint, shape), spectra(pattern, shape), strict=True)
    plane, variance = (fft.irfft2(one * np.conj(other), shape) for one, other in pairs)
    # Below this it is rounding: the overlap holds next to nothing.
    variance[variance < 1e-3 * variance.mean()] = 0
    return plane, variance


def standardised(plane: np.ndarray) -> np.ndarray:
    """Bring each of a plane's 64 classes of places modulo 8 to mean 0 and deviation 1.

    ``plane`` is float32 (height, width), multiples of 8; so is the result.
    """
    period = _period(plane)
    classes = plane.reshape(plane.shape[0] // period, period, plane.shape[1] // period, period)
    mean = classes.mean(axis=(0, 2), dtype=np.float64, keepdims=True)
    variance = np.maximum((classes * classes).mean(axis=(0, 2), dtype=np.float64, keepdims=True) - mean**2, 0)
    scale = np.divide(1, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
    return ((classes - mean.astype(np.float32)) * scale.astype(np.float32)).reshape(plane.shape)


def studentised(plane: np.ndarray, shift: tuple[int, int]) -> tuple[float, int]:
    """Return a shift's value in deviations of its class modulo 8 (without its neighbourhood), and degrees of freedom.

    ``plane`` is (height, width). Where nothing matches, the first follows Student's t with the second.
    """
    values = background(plane, shift)
    if values.size < 2 or not (spread := values.std(ddof=1)) > 0:
        return 0.0, 1
    # The mean is an estimate too.
    return float((plane[shift] - values.mean()) / (spread * math.sqrt(1 + 1 / values.size))), values.size - 1


def aligned_spread(fingerprint: np.ndarray, pattern: np.ndarray) -> float:
    """Return the excess correlation of two patterns (height, width) at shifts of whole JPEG blocks.

    A standard deviation, from the median distance so that echoes of a match do not count; 1 for independent noise, more
    where neighbouring pixels depend on each other.
    """
    fingerprint, pattern = (np.asarray(v, np.float32) for v in (fingerprint, pattern))
    planes = correlation_planes(fingerprint - fingerprint.mean(), pattern - pattern.mean())
    values = background(relative_plane(*planes), (0, 0))
    return float(stats.median_abs_deviation(values, scale="normal")) if values.size > 1 else 1.0


def background(plane: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
    """Return the values of a plane (height, width) in the class of a shift, without its neighbourhood, float64 (n,)."""
    period = _period(plane)
    counts = np.ones(plane.shape, bool)
    counts[neighbourhood(plane.shape, shift)] = False
    own = np.s_[shift[0] % period :: period, shift[1] % period :: period]
    return plane[own][counts[own]].astype(np.float64)


def relative_plane(plane: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return a correlation plane (height, width) over the root of its variance; 0 where the overlap holds nothing."""
    return np.divide(plane, np.sqrt(variance), out=np.zeros_like(plane), where=variance > 0)


def _period(plane: np.ndarray) -> int:
    """8, or 1 where the classes would be too small to know their deviations."""
    return PERIOD if plane.size >= 32 * PERIOD**2 else 1


def neighbourhood(shape: tuple[int, ...], shift: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Return the index of the shifts close to ``shift`` in a plane of ``shape`` (height, width).

    It wraps around as they do, and counts none twice in a tiny plane.
    """
    near = (
        np.unique(np.arange(s - NEIGHBOURHOOD, s + NEIGHBOURHOOD + 1) % n) for s, n in zip(shift, shape, strict=True)
    )
    return np.ix_(*near)


def peak_energy(plane: np.ndarray, shift: tuple[int, int], size: int) -> float:
    """Return the PCE of a plane (height, width) at a shift; ``size`` excludes the padding to JPEG blocks."""
    peak, close = float(plane[shift]), plane[neighbourhood(plane.shape, shift)].astype(np.float64)
    energy = float((plane * plane).sum(dtype=np.float64) - (close * close).sum())
    energy = energy / (size - close.size) if size > close.size else 0.0
    return float(np.sign(peak) * peak**2 / energy) if energy > 0 else 0.0


def at_least_once(p_value: float, tries: int) -> float:
    """Chance that one of ``tries`` independent tries reaches what a single one reaches with ``p_value`` (Sidak)."""
    return float(-np.expm1(tries * np.log1p(-p_value))) if p_value < 1 else 1.0


def false_alarm(deviations: float, searched: int = 1) -> float:
    """Chance that the best of ``searched`` places of another camera's picture has ``deviations`` or more, 0..1.

    The deviations are standard ones, as ``Match.deviations``, of normal values.
    """
    return at_least_once(float(stats.norm.sf(deviations)), searched)


def _overlap(fingerprint: np.ndarray, pattern: np.ndarray, shift: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the overlap of both patterns with the pattern's corner at ``shift`` of the fingerprint."""
    for axis, start in enumerate(shift):
        first, second = max(start, 0), max(-start, 0)
        length = min(fingerprint.shape[axis] - first, pattern.shape[axis] - second)
        fingerprint = np.take(fingerprint, range(first, first + length), axis)
        pattern = np.take(pattern, range(second, second + length), axis)
    return fingerprint, pattern
