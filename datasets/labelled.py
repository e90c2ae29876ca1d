"""Batches of examples that are held in memory or on disk, with a label each, in random order."""

import math
from pathlib import Path

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.keyed_batches import Key, KeyedBatches


class Labelled(KeyedBatches):
    """Batches of float32 examples (batch_size, ...) and labels (batch_size, ...), each example once an epoch.

    The order depends on (seed, epoch) alone; put ``self.follow()`` among the callbacks and pass ``shuffle=False``, and
    a resumed ``fit(initial_epoch=...)`` sees what an uninterrupted one would have.

    Args:
        examples: Any numeric type, (n, ...); of an array on disk (``np.memmap``) only the rows of a batch are read.
        labels: As many, (n, ...).
        batch_size: Examples per batch; the last may have fewer.
        seed: 0 or above.
        flips: Whether examples (height, width, channels) are flipped left-right and top-bottom, each in half of the
            draws; which ones depends on (seed, epoch, step) alone.

    Raises:
        ValueError: For no examples, or another number of labels.
    """

    last_is_shorter = True

    def __init__(
        self, examples: np.ndarray, labels: np.ndarray, batch_size: int = 32, seed: int = 0, flips: bool = False
    ) -> None:
        super().__init__()
        if not 0 < len(examples) == len(labels):
            raise ValueError(
                f"examples and labels must have the same length, at least 1. Received: {len(examples)}, {len(labels)}"
            )
        self.examples, self.labels, self.batch_size, self.seed = examples, labels, batch_size, seed
        self.flips = flips

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return math.ceil(len(self.examples) / self.batch_size)

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        count = len(self.examples)
        places = range(step * self.batch_size, min(count, (step + 1) * self.batch_size))
        chosen = [keyed.in_turn(epoch * count + place, count, self.seed) for place in places]
        found = self.examples[chosen].astype(np.float32)
        if self.flips:
            across, down = keyed.generator(self.seed, epoch, step).random((2, len(chosen))) < 0.5
            found[across] = found[across, :, ::-1]
            found[down] = found[down, ::-1]
        return found, self.labels[chosen].astype(np.float32)

    def parts(self, epoch: int, step: int) -> list[Key]:
        """Return nothing: a batch is gathered from what is there, which takes no time."""
        return []

    def assemble(self, epoch: int, step: int, parts: list) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch."""
        return self.batch(epoch, step)


class GrowingArray:
    """An array (n, ...) on disk that is written part by part, so that it need not fit into memory.

    Args:
        path: Its file, raw values without a header; one that is there is replaced.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self.path = path
        self._kind: tuple[np.dtype, tuple[int, ...]] | None = None

    def append(self, rows: np.ndarray) -> None:
        """Write ``rows`` (m, ...) behind what is there.

        Raises:
            ValueError: For rows of another type or shape than the first ones.
        """
        kind = rows.dtype, rows.shape[1:]
        self._kind = self._kind or kind
        if kind != self._kind:
            raise ValueError(f"All rows must be {self._kind}. Received: {kind}")
        with self.path.open("ab") as file:
            file.write(np.ascontiguousarray(rows).tobytes())

    def array(self) -> np.ndarray:
        """Everything that was written, read from the file where it is used.

        Raises:
            ValueError: Where nothing was written.
        """
        if self._kind is None or not self.path.stat().st_size:
            raise ValueError(f"{self.path} must hold at least one row. Received: none")
        dtype, shape = self._kind
        return np.memmap(self.path, dtype, "r").reshape(-1, *shape)
