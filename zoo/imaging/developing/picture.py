"""Write what was developed: PNG or TIFF, of 8 or 16 bits."""

from pathlib import Path

import numpy as np
import tifffile

from zoo.checks import check_range
from zoo.images import write_png, written
from zoo.levels import to_levels

SUFFIXES = (".png", ".tif", ".tiff")


def check_suffix(path: str | Path) -> None:
    """Raise ValueError unless ``path`` ends in one of ``SUFFIXES``."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"A picture is written as .png, .tif or .tiff. Received: {path}")


def check_output(path: str | Path) -> None:
    """Raise ValueError unless ``path`` ends in one of ``SUFFIXES`` and lies in a folder that exists."""
    check_suffix(path)
    if not Path(path).parent.is_dir():
        raise ValueError(f"A picture is written into a folder that exists. Received: {path}")


def write_picture(path: str | Path, rgb: np.ndarray) -> None:
    """Write uint8 or uint16 RGB, (height, width, 3), as PNG or TIFF by suffix; the file appears at once, whole.

    Raises:
        ValueError: For another suffix, dtype or shape.
        ImageError: Where the file cannot be written.
    """
    check_suffix(path)
    if rgb.dtype not in (np.uint8, np.uint16) or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"A picture is uint8 or uint16 (height, width, 3). Received: {rgb.dtype} {rgb.shape}")
    if Path(path).suffix.lower() == ".png":
        write_png(path, rgb)
        return
    with written(path) as temporary:
        tifffile.imwrite(temporary, rgb, photometric="rgb", compression="zlib", metadata=None, software=False)


def to_8_bits(rgb: np.ndarray) -> np.ndarray:
    """Float, clipped to [0, 1], to uint8, rounded; any shape, as (height, width, 3).

    Raises:
        ValueError: For values that are not finite, or so far outside that another range was meant.
    """
    return to_levels(255 * check_range(rgb, 0, 1, "Developed pictures", slack=32))
