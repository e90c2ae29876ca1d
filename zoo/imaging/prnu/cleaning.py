"""Remove patterns that cameras share from a noise pattern: rows, columns, colour mosaic, strong periodic patterns.

Chen et al. 2008, section V: such artefacts are periodic, a fingerprint is not. What JPEG's grid leaves is only made
weaker: fingerprints of real JPEGs still hold several times the mean power at its frequencies. ``matching`` therefore
judges each place by those of the same phase of the grid.
"""

import numpy as np
from scipy import fft

from zoo.imaging.prnu.residual import WINDOWS, noise_part, noise_residual

GREY = (0.2989, 0.5870, 0.1140)
"""Weights of red, green and blue, as in the toolbox that the paper used."""


def zero_mean(pattern: np.ndarray) -> np.ndarray:
    """Subtract the means of rows and columns, for each of the four sites of 2x2 cells apart.

    Args:
        pattern: Float (height, width) or (height, width, channels).
    """
    pattern = np.array(pattern, np.float32)
    for y in range(min(2, pattern.shape[0])):
        for x in range(min(2, pattern.shape[1])):
            site = pattern[y::2, x::2]
            site -= site.mean(axis=(0, 1), keepdims=True)
            site -= site.mean(axis=0, keepdims=True)
            site -= site.mean(axis=1, keepdims=True)
    return pattern


def wiener_in_dft(pattern: np.ndarray) -> np.ndarray:
    """Flatten the spectrum of a pattern (height, width), float32: its strong peaks, which are periodic, are lowered.

    The magnitudes of its DFT are taken for white noise of the pattern's variance plus something; the Wiener filter of
    the denoiser keeps the noise. The largest of its windows averages a bin over 9x9, so a single one stays as it is up
    to some 4.6 times the deviation of noise, and a stronger one is lowered, not removed.
    """
    pattern = np.asarray(pattern, np.float32)
    spectrum = fft.fft2(pattern)
    magnitude = np.abs(spectrum) / np.float32(np.sqrt(pattern.size))
    # A spectrum has no borders: windows go on at its other side.
    reach = max(WINDOWS) // 2
    kept = noise_part(np.pad(magnitude, reach, mode="wrap"), float(pattern.var()))[reach:-reach, reach:-reach]
    spectrum *= np.divide(kept, magnitude, out=np.zeros_like(magnitude), where=magnitude > 0)
    return np.ascontiguousarray(fft.ifft2(spectrum).real)


def to_grey(image: np.ndarray) -> np.ndarray:
    """Red, green and blue (height, width, 3) to float32 (height, width); grey stays as it is."""
    image = np.asarray(image, np.float32)
    return image @ np.array(GREY, np.float32) if image.ndim == 3 else image


def clean_residual(image: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """Return the noise of a picture made ready to be matched, float32 (height, width): grey, zero mean, flat spectrum.

    Args:
        image: Grey levels 0..255, (height, width) or (height, width, 3).
        sigma: As for ``noise_residual``.
    """
    return wiener_in_dft(zero_mean(to_grey(noise_residual(image, sigma))))
