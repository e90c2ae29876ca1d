"""The four phases of the Bayer mosaic, and packing a mosaic into planes R, G1, G2, B.

G1 is the green site of the upper row of each 2x2 cell and G2 that of the lower row, in every phase. Packing fixes what
the planes hold, not where on the sensor they sit: that is what the phase says.
"""

import cv2
import numpy as np

SITES: dict[str, tuple[tuple[int, int], ...]] = {
    "RGGB": ((0, 0), (0, 1), (1, 0), (1, 1)),
    "GRBG": ((0, 1), (0, 0), (1, 1), (1, 0)),
    "GBRG": ((1, 0), (0, 0), (1, 1), (0, 1)),
    "BGGR": ((1, 1), (0, 1), (1, 0), (0, 0)),
}
"""Phase, read row by row from the top left 2x2 cell, to the (row, column) of R, G1, G2 and B in it."""


def check_phase(cfa: str) -> str:
    """Return ``cfa`` if it is one of ``SITES``; else raise ValueError."""
    if cfa not in SITES:
        raise ValueError(f"cfa must be one of {', '.join(SITES)}. Received: {cfa!r}")
    return cfa


def pack(mosaic: np.ndarray, cfa: str) -> np.ndarray:
    """Pack a mosaic (height, width) into planes (height // 2, width // 2, 4) of the same dtype, a copy.

    An odd last row or column is left out.

    Args:
        mosaic: uint8, uint16 or float32.
        cfa: The phase at ``mosaic[:2, :2]``.

    Raises:
        ValueError: For another phase, or a mosaic smaller than 2x2 or not of two dimensions.
    """
    check_phase(cfa)
    if mosaic.ndim != 2 or min(mosaic.shape) < 2:
        raise ValueError(f"A mosaic is (height, width), at least 2x2. Received: {mosaic.shape}")
    height, width = (n // 2 for n in mosaic.shape)
    rows = [mosaic[y : 2 * height : 2, : 2 * width].reshape(height, width, 2) for y in (0, 1)]
    planes = np.empty((height, width, 4), mosaic.dtype)
    sources = [2 * y + x for y, x in SITES[cfa]]
    cv2.mixChannels(rows, [planes], [n for plane, source in enumerate(sources) for n in (source, plane)])
    return planes


def offset(cfa: str, wanted: str) -> tuple[int, int]:
    """Return rows and columns, 0 or 1 each, to crop at top and left to change the phase from ``cfa`` to ``wanted``.

    Raises:
        ValueError: For another phase.
    """
    (red_y, red_x), (want_y, want_x) = SITES[check_phase(cfa)][0], SITES[check_phase(wanted)][0]
    return (red_y - want_y) % 2, (red_x - want_x) % 2


def unpack(planes: np.ndarray, cfa: str) -> np.ndarray:
    """Undo ``pack``: planes (h, w, 4) to a mosaic (2h, 2w) of the same dtype.

    Raises:
        ValueError: For another phase or shape.
    """
    check_phase(cfa)
    if planes.ndim != 3 or planes.shape[2] != 4:
        raise ValueError(f"Planes are (height, width, 4). Received: {planes.shape}")
    mosaic = np.empty((2 * planes.shape[0], 2 * planes.shape[1]), planes.dtype)
    for plane, (y, x) in enumerate(SITES[cfa]):
        mosaic[y::2, x::2] = planes[..., plane]
    return mosaic
