"""Training of the small networks that stand in for OverFeat and InceptionV3 (not in the paper).

Command:  make pretrained PAPER=adversarial INSTALL=1    (or: zoo pretrain adversarial --scale laptop --install)
          zoo pretrain adversarial --dataset cifar10          (imagenette; downloaded through TFDS)
Expected: at least 97 % of the test digits right by either network; the family's README has the numbers
Time:     see ``seconds`` of adversarial-* in zoo/adversarial/weights.json, on two cores

The pictures are moved, turned and scaled a little, by draws that depend on (seed, epoch, index) alone.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import keras
import numpy as np

from zoo.adversarial import SmallInception, SmallOverFeat
from zoo.datasets import keyed
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.experiments.adversarial.data import pictures
from zoo.experiments.run.scales import scale_of
from zoo.experiments.train.fitting import KeyedDropout, check_same, fit

NETWORKS: dict[str, Callable[..., keras.Model]] = {"overfeat": SmallOverFeat, "inception": SmallInception}
AUXILIARY_WEIGHT, SMOOTHING = 0.4, 0.1
"""Weight of the auxiliary head's loss, and label smoothing, from InceptionV3's training (Szegedy et al. 2016)."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """How long is trained, in batches of 64, and on how many pictures (None: all)."""

    epochs: int
    images: int | None = None
    learning_rate: float = 2e-3


SCALES = {"smoke": Scale(1, 128), "laptop": Scale(100)}


class Moved(KeyedBatches):
    """Batches of pictures moved, turned and scaled at random; ``epoch`` says by which draws.

    Args:
        images: uint8 (n, side, side, 3).
        labels: Classes, (n,).
        classes: Number of classes.
        heads: How many outputs the network has; each gets the same one-hot labels.
        seed: Of all draws.
        batch_size: Pictures a batch; the last may have fewer.
    """

    last_is_shorter = True

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, classes: int, heads: int = 1, seed: int = 0, batch_size: int = 64
    ) -> None:
        super().__init__()
        self.images, self.labels, self.classes, self.heads = images, labels, classes, heads
        self.seed, self.batch_size = seed, batch_size

    def __len__(self) -> int:
        """Batches an epoch."""
        return math.ceil(len(self.images) / self.batch_size)

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, tuple[np.ndarray, ...] | np.ndarray]:
        """The batch of (epoch, step): float32 0..255 and one-hot labels."""
        order = keyed.permutation(len(self.images), self.seed, epoch)
        chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
        moved = np.stack([moved_picture(self.images[i], keyed.generator(self.seed, epoch, int(i))) for i in chosen])
        labels = np.eye(self.classes, dtype=np.float32)[self.labels[chosen]]
        return moved.astype(np.float32), labels if self.heads == 1 else (labels,) * self.heads


def moved_picture(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn by up to 12 degrees, scale by up to 12 %, move by up to a tenth of the side; edges are repeated."""
    side = image.shape[0]
    middle = (side - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), rng.uniform(-12, 12), rng.uniform(0.88, 1.12))
    matrix[:, 2] += rng.uniform(-0.1, 0.1, 2) * side
    return cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def pretrain(
    scale: str,
    folder: Path,
    seed: int = 0,
    dataset: str = "embedded",
    workers: int = 0,
    networks: Sequence[str] = tuple(NETWORKS),
) -> dict[str, keras.Model]:
    """Train ``networks``, or what is left of it, and leave ``<name>.keras`` and ``<name>.json`` in ``folder``.

    Raises:
        ValueError: For an unknown scale or data set, or a folder with a training of another.
    """
    settings = scale_of(SCALES, scale)
    data = tuple(part[: settings.images] for part in pictures(dataset, "train"))
    check_same(folder, "training", {"dataset": dataset, "scale": scale, "seed": seed})
    return {name: _trained(name, settings, folder, seed, data, workers) for name in networks}


def _trained(
    name: str, scale: Scale, folder: Path, seed: int, data: tuple[np.ndarray, ...], workers: int
) -> keras.Model:
    images, labels = data
    keras.utils.set_random_seed(seed)
    model = NETWORKS[name](images.shape[1:], int(labels.max()) + 1)
    batches = Moved(images, labels, int(labels.max()) + 1, len(model.outputs), seed)
    rate = keras.optimizers.schedules.CosineDecay(scale.learning_rate, scale.epochs * len(batches), 0.01)
    weights = [1.0, AUXILIARY_WEIGHT][: len(model.outputs)]
    model.compile(
        keras.optimizers.Adam(rate),
        [keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING) for _ in weights],
        loss_weights=weights,
        metrics=[["accuracy"]] * len(weights),
    )
    return fit(model, batches, scale.epochs, folder, name, [KeyedDropout(seed)], workers=workers)


def accuracy(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures, 0..1, that the network's first output classifies right."""
    output = model.predict(images.astype(np.float32), verbose=0, batch_size=64)
    output = output[0] if isinstance(output, list) else output
    return float((output.argmax(-1) == labels).mean())
