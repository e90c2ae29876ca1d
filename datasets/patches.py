"""Batches of pristine and adjusted patches for training.

The batch maker is plain NumPy keyed by (seed, epoch, step): it runs under any backend as a ``keras.utils.PyDataset``.
``zoo.datasets.feed.Feed`` makes the same batches as ``tf.data``, with JPEG in TensorFlow's graph.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo import tiles
from zoo.datasets import keyed
from zoo.datasets.feed import Feed, unit_range
from zoo.datasets.jpeg import compress, compress_tensor
from zoo.datasets.keyed_batches import Key, KeyedBatches

if TYPE_CHECKING:
    import tensorflow as tf

Scene = Callable[[np.random.Generator], np.ndarray]
Operator = Callable[[np.ndarray], np.ndarray]
DrawOperator = Callable[[np.random.Generator], tuple[str, Operator]]


GROUPS = 16
"""Groups of scenes that take turns, at most."""


class PairedPatches(KeyedBatches):
    """Batches of pristine (label 0) and adjusted (label 1) patches of the same scenes and positions.

    One operator is drawn for each scene and applied to the whole scene, then both versions are cut at the same grid
    positions, as in the contrast paper's data. Every batch holds ``batch_size / 2`` scenes once in each class. Batch:
    float32 [0, 1] (batch_size, patch, patch, 3), one-hot float32 (batch_size, 2).

    Up to 16 groups of scenes take turns, so that a batch shares no scene with the 15 before it. A scene serves
    ``positions`` batches; groups are replaced one after the other, not all at once.

    Scenes, operators, positions and qualities depend on (seed, epoch, step) alone. Keras counts no epochs for a data
    set: put ``self.follow()`` among the callbacks, and a resumed ``fit(initial_epoch=...)`` sees what an uninterrupted
    one would have. Pass ``shuffle=False`` to ``fit``.

    Args:
        scene: ``scene(generator) -> uint8 RGB``; with a folder of photographs, draw one of them.
        draw_operator: ``draw_operator(generator) -> (label, operator)``.
        steps: Batches per epoch.
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
        # A short epoch has few groups: no scene is made for steps that do not come.
        self.groups = max(1, min(GROUPS, steps // positions))
        self.lifetime = self.groups * positions
        self._scenes: dict[Key, Future[np.ndarray]] = {}
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Without the lock and what was made, for other processes."""
        return self.__dict__ | {"_lock": None, "_scenes": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state in another process, with a new lock."""
        self.__dict__ |= state | {"_lock": threading.Lock()}

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return self.steps

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        keys = self.parts(epoch, step)
        # Whole photographs are decoded outside the lock: two threads make two scenes at a time, and none twice.
        made = [scene.result() for scene in [self._made(key) for key in keys]]
        group, generation, _ = keys[0]
        with self._lock:
            # Another thread may still be at scenes that a group had before.
            old = [key for key in self._scenes if key[0] == group and not generation - 1 <= key[1] <= generation]
            for key in old:
                del self._scenes[key]
        return finished(self.assemble(epoch, step, made))

    def _made(self, key: Key) -> "Future[np.ndarray]":
        """Return a scene, which this thread makes unless another one does, or did."""
        with self._lock:
            scene = self._scenes.get(key)
            if scene is not None:
                return scene
            scene = self._scenes[key] = Future()
        try:
            scene.set_result(self.make(key))
        except BaseException as error:
            with self._lock:  # whoever asks again tries again
                self._scenes.pop(key, None)
            scene.set_exception(error)
        return scene

    def parts(self, epoch: int, step: int) -> list[Key]:
        """Return the scenes of a batch, as (group, generation, number)."""
        group, generation, _ = self._place(epoch, step)
        return [(group, generation, number) for number in range(self.batch_size // 2)]

    def _place(self, epoch: int, step: int) -> tuple[int, int, int]:
        """The group of scenes, how often its scenes were replaced, and the position of the patches in a scene."""
        turn, group = divmod(epoch * self.steps + step, self.groups)
        generation, position = divmod(turn + group % self.positions, self.positions)
        return group, generation, position

    def make(self, key: Key) -> np.ndarray:
        """Return a scene's patches in both classes, uint8 (2, positions, patch, patch, 3)."""
        rng = keyed.generator(self.seed, *key, 0)
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

    def assemble(self, epoch: int, step: int, parts: list[np.ndarray]) -> dict[str, np.ndarray]:
        """Return what a batch is made of, see ``unfinished``."""
        _, _, position = self._place(epoch, step)
        patches = np.stack([part[:, position] for part in parts]).reshape(-1, self.patch, self.patch, 3)
        labels = np.tile(np.eye(2, dtype=np.float32), (self.batch_size // 2, 1))
        return unfinished(patches, labels, self.qualities, keyed.generator(self.seed, epoch, step, 1))

    def finish(self, made: Any) -> Any:
        """Compress the patches and scale them to [0, 1], as tensors."""
        return finished_tensors(made)


def unfinished(
    patches: np.ndarray, labels: np.ndarray, qualities: tuple[int, ...] | None, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return the input of ``finished`` and ``finished_tensors``.

    Uint8 ``patches`` (n, patch, patch, 3) before JPEG, their ``labels``, and where ``qualities`` are given the
    ``qualities`` (n,) that are drawn for them.
    """
    made = {"patches": patches, "labels": labels}
    if qualities is not None:
        made["qualities"] = np.array([int(rng.choice(qualities)) for _ in patches], np.int32)
    return made


def finished(made: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Compress patches at their qualities and scale them to [0, 1]: float32 patches, and the labels."""
    patches = made["patches"]
    if "qualities" in made:
        pairs = zip(patches, made["qualities"].tolist(), strict=True)
        patches = np.stack([compress(patch, quality) for patch, quality in pairs])
    return patches.astype(np.float32) / 255, made["labels"]


def finished_tensors(made: dict[str, Any]) -> tuple[Any, Any]:
    """Do the same as ``finished`` in a TensorFlow graph, with the same values."""
    patches = made["patches"]
    if "qualities" in made:
        patches = compress_tensor(patches, made["qualities"])
    return unit_range(patches), made["labels"]


def as_tf_dataset(batches: PairedPatches, epochs: int) -> "tf.data.Dataset":
    """Return the batches of ``epochs`` epochs, from the current one on, as a ``tf.data.Dataset``."""
    return Feed(batches).dataset(batches.epoch, epochs)
