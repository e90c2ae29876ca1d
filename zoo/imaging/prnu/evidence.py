"""Refuse pictures that cannot show sensor noise: too dark, too bright, too smooth or too small.

The limits were set on scenes of the calibration split of ``open_photographs``, which twelve synthetic bodies took, well
exposed, under- and overexposed, blurred and cropped: beyond these limits few pictures or none match their own
camera. ``zoo reproduce imaging silence`` measures how many.
"""

import numpy as np

from zoo.imaging.prnu.cleaning import to_grey
from zoo.imaging.prnu.fingerprint import saturated

SMALLEST = 64
"""Shorter side in pixels."""
DARKEST = 12.0
"""Mean grey level."""
SMOOTHEST = 0.22
"""Standard deviation of the cleaned residual, in grey levels; ordinary photographs have 1 and more."""
BRIGHTEST = 0.95
"""Share of pixels that are saturated in all channels, and so show no light that the sensor could modulate."""


def why_silent(image: np.ndarray, residual: np.ndarray) -> str:
    """Return why a picture cannot identify its camera, in a few words; empty if it can.

    Args:
        image: Grey levels 0..255, (height, width) or (height, width, 3).
        residual: Its ``clean_residual``, (height, width).
    """
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        return f"too small: {width}x{height} pixels, at least {SMALLEST} a side are needed"
    full = saturated(image)
    burnt = float((full.all(axis=-1) if full.ndim == 3 else full).mean())
    if burnt > BRIGHTEST:
        return f"too bright: {100 * burnt:.0f} % of the pixels are saturated, at most {100 * BRIGHTEST:.0f} % can be"
    if (level := float(to_grey(image).mean())) < DARKEST:
        return f"too dark: mean grey level {level:.1f}, at least {DARKEST:g} is needed"
    if (noise := float(residual.std())) < SMOOTHEST:
        return f"too smooth: {noise:.2f} grey levels of noise, at least {SMOOTHEST:g} are needed"
    return ""
