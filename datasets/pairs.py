"""Pairs of a cover and a secret image for training steganography networks.

The batch maker is plain NumPy keyed by (seed, epoch, step): it runs under any backend as a ``keras.utils.PyDataset``,
and a training that is killed and resumed sees what an uninterrupted one would have.
"""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.feed import unit_range
from zoo.datasets.keyed_batches import Key, KeyedBatches
from zoo.datasets.photographs import Photograph
from zoo.levels import to_levels_half_up

DrawImage = Callable[[np.random.Generator, int], np.ndarray]
"""``draw(generator, size)`` returns uint8 RGB (size, size, 3)."""


class HidingPairs(KeyedBatches):
    """Batches of ``{"cover": ..., "secret": ...}``, float32 RGB (batch_size, size, size, 3) in [0, 1].

    Every image is drawn on its own; photographs are taken in turn. Images depend on (seed, epoch, step) alone; put
    ``self.follow()`` among the callbacks and pass ``shuffle=False``, and a resumed ``fit(initial_epoch=...)`` sees what
    an uninterrupted one would have. Without ``follow()`` every epoch is the same, which is what validation wants.

    Args:
        steps: Batches per epoch.
        batch_size: Pairs per batch. The public relative's "32" are 16 covers and 16 secrets.
        size: Side of an image in pixels.
        seed: 0 or above.
        draw: Where images come from; generated scenes by default, ``ResizedPhotographs(...)`` for photographs.

    Raises:
        ValueError: For steps, a batch size or a size below 1.
    """

    def __init__(
        self, steps: int, batch_size: int = 16, size: int = 64, seed: int = 0, draw: DrawImage | None = None
    ) -> None:
        super().__init__(workers=1, max_queue_size=8)
        if min(steps, batch_size, size) < 1:
            raise ValueError(f"steps, batch_size and size must be at least 1. Received: {steps}, {batch_size}, {size}")
        self.steps, self.batch_size, self.size, self.seed = steps, batch_size, size, seed
        self.draw = draw or small_scene

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return self.steps

    def __getitem__(self, step: int) -> tuple[dict[str, np.ndarray]]:
        """Return batch ``step`` of the current epoch."""
        return (self.batch(self.epoch, step),)

    def batch(self, epoch: int, step: int) -> dict[str, np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        made = self.assemble(epoch, step, [self.make(key) for key in self.parts(epoch, step)])
        return {name: images.astype(np.float32) / 255 for name, images in made.items()}

    def parts(self, epoch: int, step: int) -> list[Key]:
        """Return the images of a batch, as (epoch, step, number): covers first."""
        return [(epoch, step, number) for number in range(2 * self.batch_size)]

    def make(self, key: Key) -> np.ndarray:
        """Return an image, uint8 (size, size, 3)."""
        epoch, step, number = key
        if isinstance(self.draw, ResizedPhotographs):
            return self.draw.in_turn((epoch * self.steps + step) * 2 * self.batch_size + number, self.seed, self.size)
        return self.draw(keyed.generator(self.seed, *key), self.size)

    def assemble(self, epoch: int, step: int, parts: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Return ``cover`` and ``secret``, uint8 (batch_size, size, size, 3)."""
        images = np.stack(parts)
        return {"cover": images[: self.batch_size], "secret": images[self.batch_size :]}

    def finish(self, made: Any) -> Any:
        """Scale the images to [0, 1], as tensors."""
        return {name: unit_range(images) for name, images in made.items()}


def small_scene(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return a generated scene, uint8 RGB (size, size, 3): a part of a photograph or a whole one made small.

    It is generated at 1 to 3 times the size and averaged down. Whole photographs made small have twice the contrast of
    such scenes and several times the differences between neighbours, so half of the scenes are stretched, about their
    mean and colour by colour, and half are sharpened.
    """
    larger = int(size * rng.choice([1.0, 1.5, 2.0, 3.0]))
    image = shrink(generate_scene(rng, larger, larger), size).astype(np.float32)
    if rng.random() < 0.5:
        mean = image.mean((0, 1))
        image = mean + (image - mean) * rng.uniform(1.2, 2.6) * rng.uniform(0.8, 1.25, 3).astype(np.float32)
    if rng.random() < 0.5:
        image += rng.uniform(0.3, 2.0) * (image - cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.2)))
    return to_levels_half_up(image)


class ResizedPhotographs:
    """Draws from photographs, each resized to a square as a whole, as the paper does.

    ``HidingPairs`` takes them in turn, in another order each time: every photograph once before any a second time. A
    picture is read once and kept at the small size: 15,000 at 224 pixels take 2.3 GB.

    Args:
        pictures: The photographs.

    Raises:
        ValueError: Where there is none.
    """

    def __init__(self, pictures: Sequence[Photograph]) -> None:
        if not pictures:
            raise ValueError("Pairs are drawn from at least one photograph. Received: none")
        self.pictures = tuple(pictures)
        self._small: dict[tuple[int, int], np.ndarray] = {}

    def __call__(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Return any of them, uint8 RGB (size, size, 3)."""
        return self._read(int(rng.integers(len(self.pictures))), size)

    def __getstate__(self) -> dict[str, Any]:
        """Without what was read, for other processes."""
        return self.__dict__ | {"_small": {}}

    def in_turn(self, number: int, seed: int, size: int) -> np.ndarray:
        """Return the ``number``-th of an endless row of permutations of them, uint8 RGB (size, size, 3)."""
        return self._read(keyed.in_turn(number, len(self.pictures), seed), size)

    def _read(self, index: int, size: int) -> np.ndarray:
        if (index, size) not in self._small:
            self._small[index, size] = shrink(self.pictures[index].load(), size)
        return self._small[index, size]


def shrink(image: np.ndarray, size: int) -> np.ndarray:
    """Resize uint8 RGB to (size, size, 3), averaging where it gets smaller and interpolating where it gets larger."""
    if image.shape[:2] == (size, size):
        return image
    smaller = min(image.shape[:2]) >= size
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
