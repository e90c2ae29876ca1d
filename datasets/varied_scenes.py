"""Augmented training scenes from photographs: neither tone nor JPEG grid nor source reveals the class."""

from collections.abc import Sequence

import cv2
import numpy as np

from zoo.datasets.embedded import generate_scene
from zoo.datasets.photographs import Photograph
from zoo.levels import to_levels

LEAST = 266
"""Pixels of a scene's sides, at least: room for sixteen patches of 64 x 64."""
MOST = 1024
"""Pixels of a scene's sides, at most: an adjustment runs over all of it."""


class VariedScenes:
    """Draws a scene for ``PairedPatches``: uint8 RGB with sides of 266 to 1024 pixels, from the generator alone.

    A photograph is mirrored in half of the draws and turned by a quarter in a quarter of them. In 60 % it is made
    smaller once more, by a factor of .45 to .95; in 70 % of these a tone curve (power exp(-.5..+.5), contrast .6..1,
    black 0...08) and noise of up to 1.5 grey levels are drawn **in floating point, before the 8 bits**: as a pristine
    photograph may have any tone, only the traces of an adjustment of 8-bit values tell the class. Up to 63 rows and
    columns are cut off, so that a JPEG of the photograph left its grid elsewhere; of a photograph that is larger than
    1,024 pixels any part may be taken. The other draws are generated scenes.

    Args:
        pictures: The photographs; none for generated scenes alone.
        generated: Share of generated scenes.
        tone: Whether tone curves and noise are drawn.

    Raises:
        ValueError: For a share outside 0..1.
    """

    def __init__(self, pictures: Sequence[Photograph], generated: float = 0.15, tone: bool = True) -> None:
        if not 0 <= generated <= 1:
            raise ValueError(f"generated must be from 0 to 1. Received: {generated}")
        self.pictures, self.generated, self.tone = tuple(pictures), generated if pictures else 1.0, tone

    def __call__(self, rng: np.random.Generator) -> np.ndarray:
        """Return a scene.

        Photographs with a side below 266 pixels are passed over.

        Raises:
            ValueError: Where a hundred draws in a row gave only such ones.
        """
        if rng.random() < self.generated:
            return generate_scene(rng, 384, 384)
        image = self._photograph(rng)
        least = min(image.shape[:2])
        if rng.random() < 0.5:
            image = image[:, ::-1]
        if rng.random() < 0.25:
            image = np.rot90(image)
        smallest = max(LEAST / least, 0.45)
        if smallest < 0.95 and rng.random() < 0.6:
            image = self._smaller(rng, image, float(rng.uniform(smallest, 0.95)))
        top, left = (
            int(rng.integers(max(min(64, length - LEAST + 1), length - MOST + 1))) for length in image.shape[:2]
        )
        return np.ascontiguousarray(image[top : top + MOST, left : left + MOST])

    def _photograph(self, rng: np.random.Generator) -> np.ndarray:
        for _ in range(100):
            photograph = self.pictures[int(rng.integers(len(self.pictures)))]
            image = photograph.load()
            if min(image.shape[:2]) >= LEAST:
                return image
        raise ValueError(
            f"Photographs with sides of {LEAST} pixels or more are needed. Received: {photograph.name}, "
            f"{image.shape[1]}x{image.shape[0]}, and others as small"
        )

    def _smaller(self, rng: np.random.Generator, image: np.ndarray, factor: float) -> np.ndarray:
        height, width = (max(LEAST, round(length * factor)) for length in image.shape[:2])
        pixels = np.ascontiguousarray(image, np.float32)
        values: np.ndarray = cv2.resize(pixels / 255, (width, height), interpolation=cv2.INTER_AREA)
        if self.tone and rng.random() < 0.7:
            power, contrast, black = np.exp(rng.uniform(-0.5, 0.5)), rng.uniform(0.6, 1), rng.uniform(0, 0.08)
            values = black + contrast * values**power
            values += rng.standard_normal(values.shape, np.float32) * np.float32(rng.uniform(0, 1.5) / 255)
        return to_levels(values * 255)
