"""Check whether a picture is like the photographs that the detectors were validated on.

The detectors were validated on photographs. A drawing, a page of text or a plain wall also gets a score, but it means
nothing. ``not_validated`` detects such pictures from their pixels, by five measurements (``measure``), each with a
limit (``LIMITS``). 99.5 % of the photographs of the split ``calibration`` and their JPEGs of quality 95, 75 and 50 are
within each limit, and at least 97.5 % are within all limits. Noise and drawings are far from photographs, so their
limits lie midway between the two. ``python -m zoo.experiments.publish.validity`` finds the limits. It also counts the
refused photographs of the split ``test``, and the refused pictures that are not photographs.

It misses drawings with as much texture as a photograph, noise with the spectrum of a photograph, regular patterns of
small squares after JPEG, and many pictures that were enlarged by bicubic interpolation or saved as JPEG after
enlargement.
"""

import dataclasses

import numpy as np
from scipy.ndimage import binary_dilation

from zoo import tiles
from zoo.checks import check_rgb

PATCH = 64
"""Side in pixels of the patches that are measured, the same as of most detectors."""
MOST_PATCHES = 400
"""Largest number of patches that are measured; they are spread evenly over a larger picture."""
FEWEST_PATCHES = 16
"""Number of patches of the smallest photographs of the split ``calibration``."""
MIDDLE = 256
"""Side of the middle part that is searched for traces of enlarging, the same for all pictures: the highest of more
frequencies would be higher by chance."""
_BLOCK = 8
_SMOOTH, _STRONG = 2, 24
"""Grey levels. A block with no second difference above the first has no texture; one whose darkest and brightest pixel
differ by no more than that is flat; one with any second difference above the second has an edge."""
_NEIGHBOURS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool)


@dataclasses.dataclass(frozen=True)
class Limit:
    """Limit of a measurement of photographs, and the reason to give for a picture beyond it."""

    highest: bool
    """Whether ``value`` is the highest that is allowed, or else the lowest."""
    value: float
    reason: str
    """With the places ``{value}`` and ``{limit}``."""

    def allows(self, value: float) -> bool:
        """Return whether a measurement is within the limit."""
        return value <= self.value if self.highest else value >= self.value

    def says(self, value: float) -> str:
        """Return the reason, with numbers."""
        return self.reason.format(value=value, limit=self.value)


LIMITS = {
    "texture": Limit(
        False,
        0.01,
        "flat or evenly shaded: {value:.1%} of its blocks without edges have texture "
        "(photographs: at least {limit:.1%})",
    ),
    "outlines": Limit(
        True,
        0.09,
        "hard edges next to flat areas, as in drawings and screenshots: {value:.1%} of its blocks have an edge and "
        "touch a flat block (photographs: at most {limit:.1%})",
    ),
    "levels": Limit(
        False,
        4.0,
        "few grey levels: the spread of {value:.0f} equally frequent ones (photographs: at least {limit:.0f})",
    ),
    "likeness": Limit(
        False,
        0.52,
        "like noise: the correlation of neighbouring pixels is {value:.2f} (photographs: at least {limit:.2f})",
    ),
    "period": Limit(
        True,
        5.6,
        "enlarged, or a regular pattern: differences of neighbouring pixels repeat {value:.1f} times as strongly as by "
        "chance (photographs: at most {limit:.1f})",
    ),
}
"""Set by ``python -m zoo.experiments.publish.validity`` on the photographs of the split ``calibration``."""


def measure(image: np.ndarray) -> dict[str, float]:
    """Return the measurements by name. ``image`` is uint8 RGB (height, width, 3), both sides at least 64.

    ``texture``: blocks of 8x8 with texture, over these and those without any, 0..1; 1 where every block has an edge.
    ``outlines``: blocks that have an edge and share a side with a flat block of their patch, over all blocks, 0..1.
    JPEG hardly changes it: the ripples that it adds around an edge stay within the edge's block.
    ``levels``: exponential of the entropy of the grey levels, 1..256.
    ``likeness``: correlation of neighbouring pixels within patches, at most 1.
    ``period``: the highest peak in the spectrum of the mean absolute difference between neighbouring columns, over the
    spectrum's median, in the middle of the picture; of columns and rows the lower one. Interpolation leaves such peaks,
    as in the second differences of Gallagher 2005, "Detection of linear and cubic interpolation in JPEG compressed
    images".

    Raises:
        ValueError: For other images.
    """
    image = check_rgb(image)
    height, width = image.shape[:2]
    corners = tiles.grid(height, width, PATCH)
    if not len(corners):
        raise ValueError(f"image must be at least {PATCH}x{PATCH} pixels. Received: {image.shape}")
    spread = np.unique(np.linspace(0, len(corners) - 1, MOST_PATCHES).round().astype(int))
    patches = _grey(tiles.cut(image, corners[spread], PATCH))
    top, left = (max(0, side - MIDDLE) // 2 for side in (height, width))
    middle = _grey(image[top : top + MIDDLE, left : left + MIDDLE])
    texture, outlines = _blocks(patches)
    return {
        "texture": texture,
        "outlines": outlines,
        "levels": _levels(patches),
        "likeness": _likeness(patches),
        "period": min(_period(middle), _period(middle.T)),
    }


def not_validated(image: np.ndarray, fewest_patches: int = FEWEST_PATCHES) -> list[str]:
    """Return the reasons why detectors are not validated for a picture; empty for one that looks like a photograph.

    Args:
        image: uint8 RGB (height, width, 3).
        fewest_patches: Number of 64x64 patches in the smallest validated picture.

    Raises:
        ValueError: For an image that is not uint8 RGB.
    """
    height, width = check_rgb(image).shape[:2]
    count = (height // PATCH) * (width // PATCH)
    if count < fewest_patches:
        return [f"small: {count} patches of {PATCH}x{PATCH} pixels (validated: at least {fewest_patches})"]
    found = measure(image)
    return [limit.says(found[name]) for name, limit in LIMITS.items() if not limit.allows(found[name])]


def _grey(image: np.ndarray) -> np.ndarray:
    return np.rint(image @ np.array([0.299, 0.587, 0.114], np.float32))


def _blocks(grey: np.ndarray) -> tuple[float, float]:
    side = PATCH // _BLOCK
    blocks = grey.reshape(len(grey), side, _BLOCK, side, _BLOCK)
    across, down = (np.abs(np.diff(blocks, 2, axis)).max(axis=(2, 4)) for axis in (4, 2))
    strongest = np.maximum(across, down)
    smooth, edge = strongest <= _SMOOTH, strongest > _STRONG
    flat = np.ptp(blocks, axis=(2, 4)) <= _SMOOTH
    textured = int((~smooth & ~edge).sum())
    either = textured + int(smooth.sum())
    return textured / either if either else 1.0, float((edge & binary_dilation(flat, _NEIGHBOURS)).mean())


def _levels(grey: np.ndarray) -> float:
    counts = np.bincount(grey.astype(np.uint8).ravel(), minlength=256)
    share = counts[counts > 0] / counts.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def _likeness(grey: np.ndarray) -> float:
    centred = grey - grey.mean((1, 2), keepdims=True)
    power = 2 * (centred**2).mean()
    if not power:
        return 1.0
    across, down = ((np.diff(grey, 1, axis) ** 2).mean() for axis in (1, 2))
    return float(1 - (across + down) / 2 / power)


def _period(grey: np.ndarray) -> float:
    differences = np.log(np.abs(np.diff(grey, 1, 1)).mean(0) + 0.05)  # a constant well below one grey level
    length = len(differences) // _BLOCK * _BLOCK
    differences = differences[:length]
    differences -= np.convolve(np.pad(differences, 4, "edge"), np.full(9, 1 / 9), "valid")
    peaks = np.abs(np.fft.rfft(differences * np.hanning(length)))
    # The blocks of JPEG repeat after 8 pixels, and give a peak at each multiple of 1/8; that at 1/2 is no higher.
    eighth = length // _BLOCK
    blocks = max(peaks[eighth * n] for n in (1, 2, 3))
    median = float(np.median(peaks[eighth:]))
    peaks[:eighth] = 0  # what changes over more than 8 pixels is the picture itself
    for n in (1, 2, 3):
        peaks[eighth * n - 2 : eighth * n + 3] = 0
    peaks[-3:] -= 1.5 * blocks
    return float(max(peaks.max(), 0) / median) if median > 1e-6 else 0.0  # rounding errors of a flat picture
