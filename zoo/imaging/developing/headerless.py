"""Read a sensor's values from a file without a header, as software of machine-vision cameras writes them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.images import ImageError, check_regular_file
from zoo.imaging.developing import bayer
from zoo.imaging.developing.raw import RawImage, from_mosaic, grey_world

BITS = (8, 16)
"""Fewest and most bits of a value."""


def read_headerless(
    path: str | Path,
    height: int,
    width: int,
    cfa: str,
    bits: int,
    black_level: float = 0,
    white_level: float | None = None,
    white_balance: Sequence[float] | None = None,
) -> RawImage:
    """Read a file that holds a Bayer mosaic's values, row by row, and nothing else.

    Values of 8 bits take a byte, values of 9 to 16 bits two, the lower byte first and unused bits at the top zero.
    Packed formats, such as 12 bits in a byte and a half, are not read.

    Args:
        path: The file; it must be as long as its values, to the byte.
        height: Of the sensor, in pixels.
        width: Of the sensor, in pixels.
        cfa: Phase at the top left: RGGB, GRBG, GBRG or BGGR.
        bits: Of a value, 8 to 16.
        black_level: Value of no light.
        white_level: Value of full light; by default the largest of ``bits``.
        white_balance: Factors of red, green and blue; by default those that make the mean grey.

    Raises:
        ImageError: For a file that cannot be read, is of another length, or holds values of more bits.
        ValueError: For levels, factors or a phase that cannot be, and a number of bits outside 8 to 16.
    """
    path = Path(path)
    if not BITS[0] <= bits <= BITS[1]:
        raise ValueError(f"bits must be from {BITS[0]} to {BITS[1]}. Received: {bits}")
    check_regular_file(path, "a file with a sensor's values is needed")
    size, wanted = path.stat().st_size, height * width * (1 if bits == 8 else 2)
    if size != wanted:
        packed = "; packed values are not read" if size == height * width * bits // 8 else ""
        right = f"{width}x{height} values of {bits} bits take {wanted} bytes{packed}"
        raise ImageError(path, "has another length", right, f"{size} bytes")
    mosaic = np.fromfile(path, np.uint8 if bits == 8 else "<u2").astype(np.uint16).reshape(height, width)
    largest = 2**bits - 1
    if mosaic.max() > largest:
        right = f"{bits} bits hold values up to {largest}, the lower byte first"
        raise ImageError(path, "holds values of more bits", right, f"{mosaic.max()}")
    white = largest if white_level is None else white_level
    if white_balance is None:
        white_balance = grey_world(bayer.pack(mosaic, cfa).mean(axis=(0, 1)) - black_level)
    return from_mosaic(mosaic, cfa, black_level, white, white_balance)
