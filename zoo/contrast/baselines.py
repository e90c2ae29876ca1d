"""Detectors without training, for comparison: the histogram's roughness.

Without JPEG a mapped histogram has gaps and peaks, which an untrained statistic finds; a network's numbers on
uncompressed pictures mean something only above these.
"""

import numpy as np

from zoo.checks import check_rgb


def histogram_roughness(image: np.ndarray, cutoff: int = 32) -> float:
    """High-frequency share of the grey-level histograms' spectrum, 0 or above; higher for mapped histograms.

    After Stamm and Liu ("Forensic detection of image manipulation using statistical intrinsic fingerprints", IEEE TIFS
    2010, section IV): the histogram of each channel is tapered to zero over the four outermost levels at each end, so
    that saturated pixels do not count, and the magnitudes of its Fourier coefficients from ``cutoff`` (of 128) on are
    added and divided by the number of pixels. Here the largest of R, G, B and V = max(R, G, B) counts.

    ``image`` is uint8 RGB (height, width, 3).

    Raises:
        ValueError: For another image.
    """
    image = check_rgb(image)
    levels = np.arange(256)
    taper = np.clip(np.minimum(levels, 255 - levels) / 4, 0, 1)
    taper = 0.5 - 0.5 * np.cos(np.pi * taper)
    planes = [image[..., 0], image[..., 1], image[..., 2], image.max(-1)]
    return max(_energy(np.bincount(plane.ravel(), minlength=256) * taper, cutoff) / plane.size for plane in planes)


def _energy(histogram: np.ndarray, cutoff: int) -> float:
    return float(np.abs(np.fft.rfft(histogram))[cutoff:].sum())
