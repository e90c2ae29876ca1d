"""The paper's classical pipeline: from a RAW file to RGB in the steps that a camera takes (section 3.1, figure 2).

Normalisation by black and white level, white balance, demosaicing, camera matrix to linear sRGB, and the power 1 / 2.2;
clipped to [0, 1] after white balance and after the matrix, as the authors' code did. No denoising, no sharpening, no
automatic brightness. The networks of this family are trained to give what this gives.
"""

from collections.abc import Iterator
from typing import Literal

import cv2
import numpy as np

from zoo.imaging.developing import bayer, demosaicing
from zoo.imaging.developing.raw import RawImage

GAMMA = 1 / 2.2
_MINIMUM = 6
Demosaicing = Literal["menon", "bilinear"]


def develop(raw: RawImage, method: Demosaicing = "menon", rows: int = 256) -> np.ndarray:
    """Develop a RAW photograph: float32 RGB [0, 1], (height, width, 3), sRGB primaries, not rotated.

    Works in strips and holds little beyond input and result; the result is that of the whole image at once, to
    5e-7. Turn it upright with ``zoo.imaging.developing.raw.orient(rgb, raw.orientation)``.

    Args:
        raw: What ``zoo.imaging.developing.raw.read`` gives; at least 6 rows and columns.
        method: ``"menon"`` as in the paper, or ``"bilinear"``.
        rows: Height of a strip; even.

    Raises:
        ValueError: For another method, height of strips or too small a picture.
    """
    rgb = np.empty((*raw.shape, 3), np.float32)
    for top, strip in develop_strips(raw, method, rows):
        rgb[top : top + len(strip)] = strip
    return rgb


def develop_strips(raw: RawImage, method: Demosaicing = "menon", rows: int = 256) -> Iterator[tuple[int, np.ndarray]]:
    """Yield ``develop``'s result from top to bottom: the first row and float32 (rows or fewer, width, 3).

    Arguments and errors as there.
    """
    if method not in ("menon", "bilinear"):
        raise ValueError(f"method must be 'menon' or 'bilinear'. Received: {method!r}")
    if rows < 2 or rows % 2:
        raise ValueError(f"rows must be even and at least 2. Received: {rows}")
    height, width = raw.shape
    if min(height, width) < _MINIMUM:
        raise ValueError(f"Developing takes at least {_MINIMUM} x {_MINIMUM} pixels. Received: {height} x {width}")
    demosaic = demosaicing.menon if method == "menon" else demosaicing.bilinear
    reach = demosaicing.MENON_REACH if method == "menon" else demosaicing.BILINEAR_REACH
    reach += reach % 2  # a strip begins with the phase of the whole
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        # The last strip may be low: take enough above it.
        first, last = max(0, min(top - reach, height - _MINIMUM)), min(bottom + reach, height)
        mosaic = balanced_mosaic(raw, first // 2, last // 2)
        strip = demosaic(mosaic, raw.cfa)[top - first : bottom - first]
        yield top, render(strip, raw.camera_matrix)


def balanced_mosaic(raw: RawImage, first: int = 0, last: int | None = None) -> np.ndarray:
    """Normalise and white-balance, clipped to [0, 1]: float32 mosaic of the 2x2 cells' rows ``first`` to ``last``."""
    planes = raw.normalise(raw.codes[first:last])
    planes *= np.array(raw.balance_of_planes, np.float32)
    np.minimum(planes, 1, out=planes)
    return bayer.unpack(planes, raw.cfa)


def render(camera_rgb: np.ndarray, camera_matrix: np.ndarray) -> np.ndarray:
    """White-balanced camera RGB, float32 (height, width, 3), to display RGB [0, 1]: matrix, clipping, gamma."""
    rgb = cv2.transform(np.ascontiguousarray(camera_rgb), camera_matrix.astype(np.float32))
    np.clip(rgb, 0, 1, out=rgb)
    return np.power(rgb, np.float32(GAMMA), out=rgb)
