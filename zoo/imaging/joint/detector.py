"""Detect which manipulation a picture went through: FAN over the patches of a picture of any size."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from zoo import tiles
from zoo.checks import check_rgb
from zoo.imaging.joint.fan import FAN
from zoo.imaging.joint.manipulations import CLASSES

LARGEST_PATCH = 1024
"""A batch of larger ones would take tens of gigabytes."""
DEFAULT_WEIGHTS = "fan-unet-0.1-margin16-birch.photographs"


class ManipulationDetector:
    """Probabilities of the five classes (``CLASSES``) for patches and pictures, by the forensic network.

    It is valid only for pictures from the camera used in training, after the channel (half the size, JPEG of quality
    50).

    Args:
        weights: As for ``FAN``.
        patch: Side of a patch in pixels: as in the weights' training.
        batch_size: Patches per forward pass.
        track: Wraps the iterator over a picture's batches, a ``range``; ``tqdm.tqdm`` shows a progress bar.

    Raises:
        ValueError: For a patch below 16 or above 1,024 pixels, or weights that are missing or do not fit.
    """

    def __init__(
        self,
        weights: str | Path | None = DEFAULT_WEIGHTS,
        patch: int = 64,
        batch_size: int = 32,
        track: Callable[[range], Iterable[int]] = iter,
    ) -> None:
        if not 16 <= patch <= LARGEST_PATCH:
            raise ValueError(f"patch must be from 16 to {LARGEST_PATCH}. Received: {patch}")
        self.model = FAN((patch, patch, 3), weights=weights)
        self.patch, self.batch_size, self.track = patch, batch_size, track

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Class probabilities of a picture, float32 (5,); ``image`` is uint8 RGB (height, width, 3). See ``overall``.

        Raises:
            ValueError: For an image that is not uint8 RGB.
        """
        return self.overall(*self.patches(image))

    def overall(self, corners: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Class probabilities of a picture, float32 (5,), from what ``patches`` returns: a mean without moved patches.

        Moved patches may not be aligned with the JPEG blocks, which the FAN has never seen.
        """
        return found[(corners % self.patch == 0).all(1)].mean(0)

    def patches(self, image: np.ndarray, stride: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the corners (y, x), int (n, 2), and probabilities, float32 (n, 5), of patches that cover the picture.

        They lie ``stride`` pixels apart (default: side by side), the last moved in to fit. A picture smaller than a
        patch is reflected up to one.

        Raises:
            ValueError: For an image that is not uint8 RGB, or a stride outside 1..patch.
        """
        stride = self.patch if stride is None else stride
        if not 1 <= stride <= self.patch:
            raise ValueError(f"stride must be from 1 to {self.patch}. Received: {stride}")
        image = tiles.pad(check_rgb(image), self.patch, self.patch)
        height, width = image.shape[:2]
        corners = tiles.positions(height, width, self.patch, stride)
        found = []
        for first in self.track(range(0, len(corners), self.batch_size)):
            chosen = tiles.cut(image, corners[first : first + self.batch_size], self.patch)
            # Filled up, because every other shape would be traced anew.
            filled = np.zeros((min(self.batch_size, len(corners)), *chosen.shape[1:]), np.float32)
            filled[: len(chosen)] = chosen.astype(np.float32) / 255
            found.append(self.model.predict_on_batch(filled)[: len(chosen)])
        return corners, np.concatenate(found)

    def heatmap(self, image: np.ndarray, stride: int | None = None) -> np.ndarray:
        """Return one minus the probability of native for each pixel, float32 (height, width) in 0..1.

        ``stride`` is half a patch by default.

        Raises:
            ValueError: As ``patches``.
        """
        height, width = check_rgb(image).shape[:2]
        corners, found = self.patches(image, stride or self.patch // 2)
        flat = (np.full((self.patch, self.patch), 1 - p, np.float32) for p in found[:, CLASSES.index("native")])
        tall, wide = max(height, self.patch), max(width, self.patch)
        return tiles.blend(flat, corners, tall, wide)[:height, :width]
