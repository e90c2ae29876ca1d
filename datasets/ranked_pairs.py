"""Batches of authentic and tampered patches in random order, for learning to rank (Chandakkar and Li 2017, page 7)."""

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.keyed_batches import KeyedBatches


class RankedPairs(KeyedBatches):
    """Pairs of patches with the label +1 for (authentic, tampered) and -1 for the other order.

    Batch: two float32 arrays (batch_size, side, side, 3), as they come times ``scale`` less ``mean``, and labels
    float32 (batch_size, 1). Which pairs, their order and flips (left-right and top-bottom, both patches alike) depend
    on (seed, epoch, step) alone. Keras counts no epochs for a data set: put ``self.follow()`` among the callbacks and
    pass ``shuffle=False``, and a resumed ``fit(initial_epoch=...)`` sees what an uninterrupted one would have.

    Args:
        authentic: uint8 (n, side, side, 3).
        tampered: The same places in the tampered versions, same shape.
        mean: Subtracted after scaling: a number, or one per channel.
        scale: 1/255 by default: patches in [0, 1].
        batch_size: Pairs per batch; what does not fill a batch is left out of an epoch.
        seed: 0 or above.

    Raises:
        ValueError: For shapes that differ or fewer pairs than a batch.
    """

    def __init__(
        self,
        authentic: np.ndarray,
        tampered: np.ndarray,
        mean: "float | np.ndarray" = 0.0,
        scale: float = 1 / 255,
        batch_size: int = 32,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if authentic.shape != tampered.shape or len(authentic) < batch_size:
            raise ValueError(
                f"authentic and tampered must have one shape and {batch_size} pairs or more. "
                f"Received: {authentic.shape}, {tampered.shape}"
            )
        self.authentic, self.tampered, self.mean, self.scale = authentic, tampered, mean, scale
        self.batch_size, self.seed = batch_size, seed

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return len(self.authentic) // self.batch_size

    def batch(self, epoch: int, step: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        order = keyed.permutation(len(self.authentic), self.seed, epoch)
        chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
        rng = keyed.generator(self.seed, epoch, step)
        pair = np.stack([self.authentic[chosen], self.tampered[chosen]]).astype(np.float32) * self.scale - self.mean
        pair = pair.astype(np.float32)
        swap, across, down = rng.random((3, len(chosen))) < 0.5
        pair[:, swap] = pair[::-1, swap]
        pair[:, across] = pair[:, across, :, ::-1]
        pair[:, down] = pair[:, down, ::-1]
        return (pair[0], pair[1]), np.where(swap, -1, 1).astype(np.float32)[:, None]
