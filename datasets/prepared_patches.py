"""Batches of the contrast paper's patches that a builder stored, for training without reading whole images."""

from typing import Any

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.keyed_batches import Key, KeyedBatches
from zoo.datasets.patches import finished, finished_tensors, unfinished
from zoo.datasets.prepared import Prepared


class PreparedPatches(KeyedBatches):
    """Batches of RAISE8K's ``contrast_patches``: pristine (label 0) and adjusted (label 1) patches in random order.

    Every stored patch is drawn once before any a second time, and compressed on the fly. Batch: float32 [0, 1]
    (batch_size, 64, 64, 3), one-hot float32 (batch_size, 2). The order and the qualities depend on (seed, epoch, step)
    alone; put ``self.follow()`` among the callbacks and pass ``shuffle=False``.

    Args:
        there: The prepared data set.
        steps: Batches per epoch.
        batch_size: Patches per batch.
        qualities: JPEG qualities to draw from for each patch, or ``None``.
        seed: 0 or above.
        split: Of the data set.

    Raises:
        ValueError: For a data set without patches.
    """

    def __init__(
        self,
        there: Prepared,
        steps: int,
        batch_size: int = 32,
        qualities: tuple[int, ...] | None = None,
        seed: int = 0,
        split: str = "train",
    ) -> None:
        super().__init__(workers=2, max_queue_size=16)
        self.count = there.lengths.get(split, 0)
        if "patch" not in there.features or not self.count:
            raise ValueError(f"Patches of raise8k/contrast_patches, {split}, are needed. Received: {there.name}")
        self.there, self.steps, self.batch_size, self.qualities = there, steps, batch_size, qualities
        self.seed, self.split = seed, split

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return self.steps

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        return finished(self.make((epoch, step)))

    def make(self, key: Key) -> dict[str, np.ndarray]:
        """Return what the batch is made of, see ``zoo.datasets.patches.unfinished``."""
        first = (key[0] * self.steps + key[1]) * self.batch_size
        chosen = (keyed.in_turn(first + n, self.count, self.seed) for n in range(self.batch_size))
        found = [self.there.example(self.split, number) for number in chosen]
        patches = [example["patch"] for example in found]
        adjusted = np.array([example["label"] == "adjusted" for example in found], int)
        rng = keyed.generator(self.seed, *key, 1)
        return unfinished(np.stack(patches), np.eye(2, dtype=np.float32)[adjusted], self.qualities, rng)

    def finish(self, made: Any) -> Any:
        """Compress the patches and scale them to [0, 1], as tensors."""
        return finished_tensors(made)
