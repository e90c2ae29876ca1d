"""Splices and copy-moves with known masks, and authentic twins that went through the same steps.

What tells a splice from its host must be its content, not the handling: the twin has the same region cut out, shifted
by the same fraction of a pixel and pasted back to its own place with the same soft border, its outline is smoothed
alike, and both are encoded alike. Everything is a pure function of the generator.
"""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from zoo.datasets.jpeg import NO_JPEG, compress
from zoo.levels import to_levels

QUALITIES = (NO_JPEG, 75, 80, 85, 90, 95, 100)
"""What an encoding is drawn from."""


@dataclasses.dataclass(frozen=True)
class Splice:
    """An authentic and a tampered image, uint8 RGB of one size, and the tampered region, bool (height, width)."""

    authentic: np.ndarray
    tampered: np.ndarray
    mask: np.ndarray
    kind: str
    """``"splice"`` (from the donor) or ``"copy-move"`` (from the host itself)."""
    quality: int


def make(rng: np.random.Generator, host: np.ndarray, donor: np.ndarray | None, earlier: Sequence[int] = ()) -> Splice:
    """Paste a region of ``donor`` (None: of the host itself) into ``host``.

    Both are uint8 RGB (height, width, 3) with sides of 64 or more.

    The region is one smooth blob of 2 to 20 % of the host; the donor's content is taken from a random place, so that
    no position is shared. Border softness, half-pixel shifts, a smoothed outline and the JPEG quality are drawn.

    ``earlier`` are qualities that host and donor were saved with before, each with one drawn from them; none by
    default. The authentic twin is made from the same saved host, so that it too was compressed twice.

    Raises:
        ValueError: For images with a side below 64.
    """
    if len(earlier):
        host = compress(host, int(rng.choice(earlier)))
        donor = None if donor is None else compress(donor, int(rng.choice(earlier)))
    height, width = host.shape[:2]
    source = host if donor is None else donor
    if min(height, width, *source.shape[:2]) < 64:
        raise ValueError(f"host and donor need sides of 64 pixels. Received: {host.shape}, {source.shape}")
    mask = _blob(rng, height, width)
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), rng.uniform(0.4, 1.5))[..., None]
    shift = rng.choice([0.0, 0.5], 2)
    smooth = rng.uniform(0.6, 1.4) if rng.random() < 0.5 else 0.0
    quality = int(rng.choice(QUALITIES))
    foreign = _elsewhere(rng, source, height, width, source is host)
    images = []
    for content in (host, foreign):
        pasted = host * (1 - alpha) + _shifted(content, shift) * alpha
        if smooth:  # along the outline only
            ring = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) - cv2.erode(
                mask.astype(np.uint8), np.ones((5, 5))
            )
            soft = cv2.GaussianBlur(ring.astype(np.float32), (0, 0), 1.0)[..., None]
            pasted = pasted * (1 - soft) + cv2.GaussianBlur(pasted, (0, 0), smooth) * soft
        images.append(compress(to_levels(pasted), quality))
    authentic, tampered = images
    return Splice(authentic, tampered, mask, "copy-move" if donor is None else "splice", quality)


def _blob(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a smooth connected region of 2 to 20 % of the image."""
    wanted = rng.uniform(0.02, 0.2) * height * width
    y, x = rng.uniform(0.2, 0.8) * height, rng.uniform(0.2, 0.8) * width
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    angle = np.arctan2(rows - y, columns - x)
    outline = sum(rng.normal(0, 0.25 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(1, 6))
    aspect = np.exp(rng.normal(0, 0.3))
    radius = np.hypot((rows - y) * aspect, (columns - x) / aspect) / np.exp(outline)
    return radius < np.sort(radius, axis=None)[int(wanted)]


def _elsewhere(rng: np.random.Generator, source: np.ndarray, height: int, width: int, same: bool) -> np.ndarray:
    """``source`` moved to cover (height, width), by reflection where it ends; if it is the host, well away."""
    index = []
    for length, size in zip((height, width), source.shape[:2], strict=True):
        least = length // 8 if same else 0
        move = int(rng.integers(least, max(least + 1, size - least)))
        turn = (np.arange(length) + move) % (2 * size)
        index.append(np.minimum(turn, 2 * size - 1 - turn))
    return source[np.ix_(*index)]


def _shifted(image: np.ndarray, shift: np.ndarray) -> np.ndarray:
    matrix = np.array([[1, 0, shift[1]], [0, 1, shift[0]]], np.float32)
    return cv2.warpAffine(
        image.astype(np.float32), matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
