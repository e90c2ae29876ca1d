"""Emulations of the Photoshop tools of Table II; uint8 RGB (height, width, 3) in and out.

**Emulations**: Adobe publishes what these tools mean, not their formulas, and the paper publishes neither its S-curve's
points nor its files. Numbers measured with them are not comparable digit for digit with Table II.
"""

from typing import Literal

import cv2
import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from zoo.checks import check_rgb
from zoo.contrast.operators import Operator, on_hsv_value
from zoo.levels import to_levels

_LUMA = np.array([0.299, 0.587, 0.114])


def auto_contrast(
    image: np.ndarray, clip_percent: float = 7.0, histogram: Literal["pooled", "luminance"] = "pooled"
) -> np.ndarray:
    """Auto Contrast ("enhance monochromatic contrast"): one stretch for all channels, so that colours keep their cast.

    ``clip_percent`` of the values saturate at each end, of the three channels pooled or of the luminance: Adobe does
    not say which.

    Raises:
        ValueError: For a percentage outside [0, 50) or another histogram.
    """
    image = check_rgb(image)
    _check_clip(clip_percent)
    if histogram not in ("pooled", "luminance"):
        raise ValueError(f"histogram must be 'pooled' or 'luminance'. Received: {histogram!r}")
    values = image if histogram == "pooled" else image @ _LUMA
    return _levels(*np.percentile(values, (clip_percent, 100 - clip_percent)))[image]


def auto_tone(image: np.ndarray, clip_percent: float = 5.0) -> np.ndarray:
    """Auto Tone ("enhance per channel contrast"): each channel stretched on its own; removes casts, may add them.

    Raises:
        ValueError: For a percentage outside [0, 50).
    """
    image = check_rgb(image)
    _check_clip(clip_percent)
    ends = [np.percentile(image[..., c], (clip_percent, 100 - clip_percent)) for c in range(3)]
    return np.stack([_levels(*ends[c])[image[..., c]] for c in range(3)], axis=-1)


def auto_color(image: np.ndarray, clip_percent: float = 7.0, snap_neutral_midtones: bool = True) -> np.ndarray:
    """Auto Color ("find dark and light colours"): their averages become black and white, midtones neutral.

    The dark and the light colour are the means of the darkest and lightest ``clip_percent`` of the pixels by luminance.
    Snapping takes the pixels near grey in the midtones and sets a gamma for each channel (within [.5, 2]) that makes
    their average grey.

    Raises:
        ValueError: For a percentage outside [0, 50).
    """
    image = check_rgb(image)
    _check_clip(clip_percent)
    luminance = image @ _LUMA
    low, high = np.percentile(luminance, (clip_percent, 100 - clip_percent))
    dark, light = image[luminance <= low].mean(0), image[luminance >= high].mean(0)
    tables = np.stack([_levels(dark[c], light[c]) for c in range(3)])
    result = np.stack([tables[c][image[..., c]] for c in range(3)], axis=-1)
    if not snap_neutral_midtones:
        return result
    spread = result.max(-1).astype(int) - result.min(-1)
    grey = (spread < 32) & (result.mean(-1) > 64) & (result.mean(-1) < 192)
    if not grey.any():
        return result
    mean = result[grey].mean(0) / 255
    gamma = np.clip(np.log(mean.mean()) / np.log(mean), 0.5, 2)
    return np.rint((result / 255.0) ** gamma * 255).astype(np.uint8)


def curve(image: np.ndarray, points: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Return a tone curve through ``points`` (input, output; 0..255), natural cubic spline, on R, G and B alike.

    Raises:
        ValueError: For fewer than two points or inputs that do not rise.
    """
    xs, ys = np.array(points, np.float64).reshape(-1, 2).T
    if len(xs) < 2 or (np.diff(xs) <= 0).any():
        raise ValueError(f"A curve needs two points or more with rising inputs. Received: {points}")
    levels = np.clip(np.arange(256), xs[0], xs[-1])
    return to_levels(CubicSpline(xs, ys, bc_type="natural")(levels))[check_rgb(image)]


def curve_s(image: np.ndarray) -> np.ndarray:
    """Apply a smooth S-curve that raises midtone contrast; the paper's hand-drawn curve is not published."""
    return curve(image, ((0, 0), (64, 48), (192, 208), (255, 255)))


def brightness(image: np.ndarray, amount: float, legacy: bool = False) -> np.ndarray:
    """Brightness: -150..150 in the modern dialog, which keeps black and white; with ``legacy`` -100..100, v + amount.

    The modern curve's form is not published: here a monotone curve through (0, 0), the midpoint moved by ``amount`` / 2
    and (255, 255).

    Raises:
        ValueError: For an amount outside the dialog's range.
    """
    image = check_rgb(image)
    limit = 100 if legacy else 150
    if not -limit <= amount <= limit:
        raise ValueError(f"amount must be within -{limit}..{limit}. Received: {amount}")
    levels = np.arange(256.0)
    if legacy:
        return to_levels(levels + amount)[image]
    middle = np.clip(127.5 + amount / 2, 1, 254)
    return to_levels(PchipInterpolator((0, 127.5, 255), (0, middle, 255))(levels))[image]


def contrast(image: np.ndarray, amount: float, legacy: bool = False) -> np.ndarray:
    """Contrast: -50..100 in the modern dialog, which keeps black and white; with ``legacy`` -100..100 about grey.

    Legacy is documented: slope 1 / (1 - amount / 255) above zero, 1 + amount / 255 below, about 127.5. The modern form
    is not published: here a monotone curve whose quarter points move apart (or together) by ``amount`` / 100 of 32
    levels each.

    Raises:
        ValueError: For an amount outside the dialog's range.
    """
    image = check_rgb(image)
    low = -100 if legacy else -50
    if not low <= amount <= 100:
        raise ValueError(f"amount must be within {low}..100. Received: {amount}")
    levels = np.arange(256.0)
    if legacy:
        slope = 1 / (1 - amount / 255) if amount > 0 else 1 + amount / 255
        return to_levels(127.5 + (levels - 127.5) * slope)[image]
    move = 32 * amount / 100
    return to_levels(PchipInterpolator((0, 64, 191, 255), (0, 64 - move, 191 + move, 255))(levels))[image]


def equalize(image: np.ndarray) -> np.ndarray:
    """Histogram equalisation of V (OpenCV's), for Photoshop's Equalize, which works on composite brightness."""
    return on_hsv_value(image, cv2.equalizeHist)


def table_2_operators() -> dict[str, Operator]:
    """Return the nine adjustments of Table II with the paper's settings, by its row labels."""
    return {
        "HistEq": equalize,
        "Brightness+": lambda image: brightness(image, 50),
        "Contrast+": lambda image: contrast(image, 70),
        "Brightness-": lambda image: brightness(image, -70),
        "Contrast-": lambda image: contrast(image, -50),
        "Curve_S": curve_s,
        "AutoContrast": auto_contrast,
        "AutoColor": auto_color,
        "AutoTone": auto_tone,
    }


def _check_clip(percent: float) -> None:
    if not 0 <= percent < 50:
        raise ValueError(f"clip_percent must be in [0, 50). Received: {percent}")


def _levels(low: float, high: float) -> np.ndarray:
    """Return the table that maps [low, high] to [0, 255]; the identity where there is nothing to stretch."""
    levels = np.arange(256.0)
    return to_levels(levels if high - low < 1 else (levels - low) * 255 / (high - low))
