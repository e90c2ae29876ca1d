"""Arguments that the JPEG functions and layers accept; everything else is a ValueError."""

from typing import Any

import numpy as np
from keras import backend, ops

from zoo.checks import check_span
from zoo.layers.jpeg_planes import SUBSAMPLINGS
from zoo.layers.jpeg_rounding import GRADIENTS, ROUNDINGS

VALUE_RANGES = ((0, 1), (0, 255))


def concrete(x: Any) -> np.ndarray | None:
    """Return the values of a tensor, as an array of its shape, or None if it is symbolic."""
    if isinstance(x, (int, float, list, tuple, np.ndarray, np.generic)):
        return np.asarray(x)
    try:
        return np.asarray(ops.convert_to_numpy(x))
    except Exception:  # every backend has its own error for a tensor without values
        return None


def check_options(
    subsampling: str, rounding: str, gradient: str | None, harmonic_terms: int, *, value_range: Any, variant: str
) -> str:
    """Check what is no tensor; return the gradient mode, by default the rounding's own or ``"straight_through"``."""
    if subsampling not in SUBSAMPLINGS:
        raise ValueError(f"subsampling must be one of {', '.join(SUBSAMPLINGS)}. Received: {subsampling!r}")
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding must be one of {', '.join(ROUNDINGS)}. Received: {rounding!r}")
    if gradient is not None and gradient not in GRADIENTS:
        raise ValueError(f"gradient must be None or one of {', '.join(GRADIENTS)}. Received: {gradient!r}")
    if isinstance(harmonic_terms, bool) or not isinstance(harmonic_terms, int) or harmonic_terms < 1:
        raise ValueError(f"harmonic_terms must be an integer of at least 1. Received: {harmonic_terms!r}")
    if not isinstance(value_range, (tuple, list)) or tuple(value_range) not in VALUE_RANGES:
        raise ValueError(f"value_range must be (0, 1) or (0, 255). Received: {value_range!r}")
    if variant not in ("standard", "korus2019"):
        raise ValueError(f"variant must be 'standard' or 'korus2019'. Received: {variant!r}")
    if variant == "korus2019" and rounding == "libjpeg":
        raise ValueError(
            "variant 'korus2019' is a smooth model and departs from libjpeg; choose another rounding. "
            f"Received: rounding={rounding!r}"
        )
    if rounding in ("libjpeg", "round"):
        return gradient or "straight_through"
    if gradient not in (None, rounding):
        raise ValueError(
            f"A smooth rounding has its own gradient: gradient must be None or {rounding!r}. Received: {gradient!r}"
        )
    return rounding


def check_quality_range(low: Any, high: Any) -> None:
    """Check the ends of a range that qualities are drawn from."""
    for end in (low, high):
        if isinstance(end, bool) or int(end) != end:
            raise ValueError(f"A range of qualities has integers as its ends. Received: {(low, high)}")
    if not 1 <= low <= high <= 100:
        raise ValueError(f"A range of qualities is (low, high) with 1 <= low <= high <= 100. Received: {(low, high)}")


def check_images(images: Any, value_range: tuple[int, int]) -> None:
    """Check rank, channels, pixels and dtype; the batch may be empty."""
    shape = tuple(images.shape)
    if len(shape) != 4 or shape[3] not in (3, None):
        raise ValueError(f"JPEG takes RGB images of shape (batch, height, width, 3). Received: shape {shape}")
    if 0 in shape[1:]:
        raise ValueError(f"JPEG takes images of at least one pixel. Received: shape {shape}")
    dtype = backend.standardize_dtype(images.dtype)
    if not ("float" in dtype or (dtype == "uint8" and value_range == (0, 255))):
        expected = "floats; uint8 needs value_range=(0, 255)" if value_range == (0, 1) else "uint8 or floats"
        raise ValueError(f"JPEG with value_range {value_range} takes {expected}. Received: dtype {dtype}")


def check_values(images: Any, value_range: tuple[int, int]) -> bool:
    """Check that images stay inside the range, up to half a grey level; return False if they have no values yet."""
    if backend.standardize_dtype(images.dtype) == "uint8":
        return True
    if 0 in tuple(images.shape):
        return False
    low, high = (concrete(f(images)) for f in (ops.min, ops.max))
    if low is None or high is None:
        return False
    name = f"Images, with value_range={value_range},"
    check_span(float(low), float(high), *value_range, name, slack=value_range[1] / 510)
    return True


def check_quality(quality: Any, batch: Any) -> None:
    """Check a quality: 1 to 100, a scalar or one for each of ``batch`` images (None or a tensor if unknown)."""
    shape = tuple(np.shape(quality) if isinstance(quality, (int, float, list, tuple)) else quality.shape)
    if len(shape) > 1 or (shape and isinstance(batch, int) and shape[0] not in (None, batch)):
        raise ValueError(f"quality must be a scalar or of shape (batch,), here ({batch},). Received: shape {shape}")
    values = concrete(quality)
    # Written so that NaN fails too.
    if values is not None and not bool(np.all((values >= 1) & (values <= 100))):
        raise ValueError(f"quality must lie between 1 and 100. Received: {values}")


def check_tables(tables: Any, batch: Any) -> None:
    """Check quantisation tables: (8, 8), (2, 8, 8) or (batch, 2, 8, 8), every entry above zero and at most 255."""
    shape = tuple(tables.shape)
    rank_4 = len(shape) == 4 and shape[1:] == (2, 8, 8)
    if not (shape in ((8, 8), (2, 8, 8)) or rank_4):
        raise ValueError(f"tables must be of shape (8, 8), (2, 8, 8) or (batch, 2, 8, 8). Received: shape {shape}")
    if rank_4 and isinstance(batch, int) and shape[0] not in (None, 1, batch):
        raise ValueError(f"tables must be for 1 or all {batch} images of the batch. Received: shape {shape}")
    values = concrete(tables)
    if values is not None and not bool(np.all((values > 0) & (values <= 255))):
        raise ValueError(
            f"Entries of tables must be above 0 and at most 255. Received: {np.min(values)} to {np.max(values)}"
        )
