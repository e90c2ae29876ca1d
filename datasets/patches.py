"""Batches of pristine and adjusted patches for training.

The batch maker is plain NumPy keyed by (seed, epoch, step): it runs under any backend as a ``keras.utils.PyDataset``,
and ``as_tf_dataset`` wraps the same examples for tf.data.
"""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from zoo import tiles
from zoo.datasets import keyed
from zoo.datasets.jpeg import compress
from zoo.datasets.keyed_batches import KeyedBatches

if TYPE_CHECKING:
    import tensorflow as tf

Scene = Callable[[np.random.Generator], np.ndarray]
Operator = Callable[[np.ndarray], np.ndarray]
DrawOperator = Callable[[np.random.Generator], tuple[str, Operator]]


class PairedPatches(KeyedBatches):
    """Batches of pristine (label 0) and adjusted (label 1) patches of the same scenes and positions.

    One operator is drawn for each scene and applied to the whole scene, then both versions are cut at the same grid
    positions, as in the contrast paper's data. Every batch holds ``batch_size / 2`` scenes once in each class, and a
    scene serves ``positions`` batches. Batch: float32 [0, 1] (batch_size, patch, patch, 3), one-hot float32
    (batch_size, 2). Scenes, operators, positions and qualities depend on (seed, epoch, step) alone. Keras counts no
    epochs for a data set: put ``self.follow()`` among the callbacks, and a resumed ``fit(initial_epoch=...)`` sees what
    an uninterrupted one would have. Pass ``shuffle=False`` to ``fit``: batches of one scene lie side by side.

    Args:
        scene: ``scene(generator) -> uint8 RGB``; with a folder of photographs, draw one of them.
        draw_operator: ``draw_operator(generator) -> (label, operator)``.
        steps: Batches an epoch.
        batch_size: Even.
        qualities: JPEG qualities to draw from for each patch (``NO_JPEG`` among them for none), or ``None``.
        both: Applied to the scene before anything else, in both classes (``hsv_round_trip`` to remove its cue).
        seed: Of all draws; 0 or above.
        positions: Patches of a scene; a scene serves as many batches.
        patch: Side of a patch in pixels.

    Raises:
        ValueError: For an odd batch size, or a scene too small for ``positions`` patches.
    """

    def __init__(
        self,
        scene: Scene,
        draw_operator: DrawOperator,
        steps: int,
        batch_size: int = 32,
        qualities: tuple[int, ...] | None = None,
        both: Operator | None = None,
        seed: int = 0,
        positions: int = 16,
        patch: int = 64,
    ) -> None:
        # Two threads: one makes the next scenes while the other compresses patches of the current ones.
        super().__init__(workers=2, max_queue_size=16)
        if batch_size < 2 or batch_size % 2:
            raise ValueError(f"batch_size must be even and at least 2. Received: {batch_size}")
        self.scene, self.draw_operator, self.both = scene, draw_operator, both
        self.steps, self.batch_size, self.qualities = steps, batch_size, qualities
        self.seed, self.positions, self.patch = seed, positions, patch
        self._blocks: dict[tuple[int, int], np.ndarray] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Batches an epoch."""
        return self.steps

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        block, position = divmod(step, self.positions)
        chosen = self._block(epoch, block)[:, :, position].reshape(-1, self.patch, self.patch, 3)
        if self.qualities is not None:
            rng = keyed.generator(self.seed, epoch, step, 1)
            chosen = np.stack([compress(patch, int(rng.choice(self.qualities))) for patch in chosen])
        labels = np.tile(np.eye(2, dtype=np.float32), (self.batch_size // 2, 1))
        return chosen.astype(np.float32) / 255, labels

    def _block(self, epoch: int, block: int) -> np.ndarray:
        """The patches of one set of scenes, uint8 (scenes, 2, positions, patch, patch, 3); the last two are kept."""
        with self._lock:
            if (epoch, block) not in self._blocks:
                scenes = range(self.batch_size // 2)
                made = np.stack([self._scene_patches(epoch, block, i) for i in scenes])
                kept = list(self._blocks.items())[-1:]
                self._blocks = dict([*kept, ((epoch, block), made)])
            return self._blocks[epoch, block]

    def _scene_patches(self, epoch: int, block: int, index: int) -> np.ndarray:
        rng = keyed.generator(self.seed, epoch, block, index, 0)
        image = self.scene(rng)
        if self.both is not None:
            image = self.both(image)
        _, operator = self.draw_operator(rng)
        height, width = image.shape[:2]
        grid = tiles.grid(height, width, self.patch)
        if len(grid) < self.positions:
            raise ValueError(
                f"A scene must hold {self.positions} patches of {self.patch} x {self.patch}. Received: {image.shape}"
            )
        chosen = rng.permutation(grid)[: self.positions]
        return np.stack([tiles.cut(version, chosen, self.patch) for version in (image, operator(image))])


def as_tf_dataset(batches: PairedPatches, epochs: int) -> "tf.data.Dataset":
    """The same batches as one deterministic ``tf.data`` stream over ``epochs`` epochs from the current one on."""
    import tensorflow as tf

    def stream() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for epoch in range(batches.epoch, batches.epoch + epochs):
            for step in range(len(batches)):
                yield batches.batch(epoch, step)

    shape = (batches.batch_size, batches.patch, batches.patch, 3)
    signature = (tf.TensorSpec(shape, tf.float32), tf.TensorSpec((batches.batch_size, 2), tf.float32))
    dataset = tf.data.Dataset.from_generator(stream, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(epochs * len(batches))).prefetch(8)
