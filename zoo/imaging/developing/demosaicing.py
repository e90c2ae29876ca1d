"""Demosaicing: bilinear, and Menon, Andriani and Calvagno's directional filtering with a posteriori decision.

D. Menon, S. Andriani, G. Calvagno, "Demosaicing With Directional Filtering and a posteriori Decision", IEEE
Transactions on Image Processing 16(1), 2007. Borders are those of the ``colour-demosaicing`` package, which the paper
on neural imaging pipelines used and whose output a test holds this against.
"""

import cv2
import numpy as np

from zoo.imaging.developing import bayer

MENON_REACH = 11
"""A pixel of ``menon`` depends on mosaic pixels up to this many rows or columns away."""
BILINEAR_REACH = 1
_AVERAGE = (0.5, 0.0, 0.5)
_LOW_PASS = (1 / 3, 1 / 3, 1 / 3)
# Where the differences around a pixel are summed; each entry of D spans its own pixel and the one two further on.
_NEIGHBOURHOOD = np.array(
    [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [3, 0, 3, 0, 0], [0, 1, 0, 0, 0], [1, 0, 1, 0, 0]], np.float32
)


def bilinear(mosaic: np.ndarray, cfa: str) -> np.ndarray:
    """Demosaic by the mean of the nearest samples of each colour.

    Args:
        mosaic: Float32 (height, width), even sides of at least 4.
        cfa: Phase at the top left: RGGB, GRBG, GBRG or BGGR.

    Returns:
        Float32 (height, width, 3). Samples keep their values.

    Raises:
        ValueError: For another phase, dtype or shape.
    """
    _check(mosaic, cfa)
    rgb = np.zeros((*mosaic.shape, 3), np.float32)
    for (y, x), colour in zip(bayer.SITES[cfa], (0, 1, 1, 2), strict=True):
        rgb[y::2, x::2, colour] = mosaic[y::2, x::2]
    cross = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], np.float32) / 4
    square = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 4
    for colour, kernel in enumerate((square, cross, square)):
        # Mirroring without the border pixel keeps every sample on its own lattice.
        rgb[..., colour] = cv2.filter2D(rgb[..., colour], -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return rgb


def menon(mosaic: np.ndarray, cfa: str) -> np.ndarray:
    """Demosaic along edges: green both ways, the smoother one chosen for each pixel, then red and blue by it.

    With the paper's refinement. Arguments, result and errors as for ``bilinear``; sides of at least 6.
    """
    _check(mosaic, cfa, 6)
    (r, g1, g2, b) = (np.s_[y::2, x::2] for y, x in bayer.SITES[cfa])
    # Which of the two green sites shares its row with red.
    (g_red, g_blue) = (g1, g2) if bayer.SITES[cfa][0][0] == 0 else (g2, g1)

    greens = [_along(axis, mosaic, (-0.25, 0.5, 0.5, 0.5, -0.25)) for axis in (1, 0)]
    for green in greens:
        for site in (g1, g2):
            green[site] = mosaic[site]
    across, down = (_roughness(mosaic - green, axis) for green, axis in zip(greens, (1, 0), strict=True))
    horizontal = down >= across
    green = np.where(horizontal, *greens)

    red, blue = mosaic.copy(), mosaic.copy()
    _colours_at_green(red, blue, green, mosaic - green, mosaic - green, g_red, g_blue)
    difference = _directed(red - blue, horizontal, _AVERAGE)
    red[b] = mosaic[b] + difference[b]
    blue[r] = mosaic[r] - difference[r]

    # Refinement: colour differences are smoothed along the direction chosen.
    red_green, blue_green = (_directed(colour - green, horizontal, _LOW_PASS) for colour in (red, blue))
    green[r] = mosaic[r] - red_green[r]
    green[b] = mosaic[b] - blue_green[b]
    _colours_at_green(red, blue, green, red - green, blue - green, g_red, g_blue)
    difference = _directed(red - blue, horizontal, _LOW_PASS)
    red[b] = mosaic[b] + difference[b]
    blue[r] = mosaic[r] - difference[r]
    return cv2.merge([red, green, blue])


def _colours_at_green(
    red: np.ndarray,
    blue: np.ndarray,
    green: np.ndarray,
    red_green: np.ndarray,
    blue_green: np.ndarray,
    g_red: tuple[slice, slice],
    g_blue: tuple[slice, slice],
) -> None:
    """Set red and blue at green sites to green plus the mean difference of the two nearest samples, in place."""
    for colour, difference, in_row, in_column in ((red, red_green, g_red, g_blue), (blue, blue_green, g_blue, g_red)):
        colour[in_row] = green[in_row] + _along(1, difference, _AVERAGE)[in_row]
        colour[in_column] = green[in_column] + _along(0, difference, _AVERAGE)[in_column]


def _roughness(difference: np.ndarray, axis: int) -> np.ndarray:
    """Return the local variation of the colour difference along an axis, for each pixel."""
    if axis == 0:
        return _roughness(np.ascontiguousarray(difference.T), 1).T
    padded = cv2.copyMakeBorder(difference, 0, 0, 0, 2, cv2.BORDER_REFLECT_101)
    change = np.abs(difference - padded[:, 2:])
    return cv2.filter2D(change, -1, _NEIGHBOURHOOD, borderType=cv2.BORDER_CONSTANT)


def _directed(image: np.ndarray, horizontal: np.ndarray, taps: tuple[float, ...]) -> np.ndarray:
    return np.where(horizontal, _along(1, image, taps), _along(0, image, taps))


def _along(axis: int, image: np.ndarray, taps: tuple[float, ...]) -> np.ndarray:
    kernel = np.array(taps, np.float32)
    kernel = kernel[None] if axis == 1 else kernel[:, None]
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def _check(mosaic: np.ndarray, cfa: str, least: int = 4) -> None:
    bayer.check_phase(cfa)
    if mosaic.dtype != np.float32 or mosaic.ndim != 2 or min(mosaic.shape) < least or any(n % 2 for n in mosaic.shape):
        raise ValueError(
            f"mosaic must be float32 (height, width), even sides of at least {least}. "
            f"Received: {mosaic.dtype} {mosaic.shape}"
        )
