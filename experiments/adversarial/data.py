"""Data of the adversarial tables: pictures and classes in three parts, and a classifier."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.adversarial import efficientnet, inception, overfeat
from zoo.adversarial.digits import digits
from zoo.experiments.run.cells import DataUnavailable

Batches = Callable[[int], Iterator[tuple[np.ndarray, np.ndarray]]]
"""Yields pictures and their classes from the picture of a number on, always in the same order."""


@dataclasses.dataclass(frozen=True)
class Pictures:
    """uint8 (n, height, width, 3), their true classes (n,), and the classes to be attacked towards (None: drawn)."""

    images: np.ndarray
    labels: np.ndarray
    targets: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Problem:
    """A classifier with what it was trained on and what it is tested on; images on 0..255."""

    name: str
    model: keras.Model
    layers: tuple[str, ...]
    database: Batches
    rows: int
    """How many pictures the database has."""
    calibration: Pictures
    test: Pictures
    classes: int
    k: int
    dimensions: int
    weights: str
    stand_ins: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Which layer of the network stands for which of the paper's, where it has other names."""


FEATURES = {"overfeat": overfeat.FEATURES, "inception": inception.FEATURES}
CLOTHING = "clothing"
STAND_INS = {
    # Layers of EfficientNet-Lite0: the last three for OverFeat's, and twelve from shallow to deep for InceptionV3's.
    "overfeat": dict(zip(overfeat.FEATURES, ("block15", "block16", "head"), strict=True)),
    "inception": dict(zip(inception.FEATURES, efficientnet.FEATURES, strict=True)),
}
PARTS = ("train", "calibration", "test")
ONLINE = {
    # TFDS name, side in pixels, and a split for each of PARTS
    "cifar10": ("cifar10", 32, ("train[:90%]", "train[90%:]", "test")),
    "imagenette": ("imagenette/160px-v2", 64, ("train[:90%]", "train[90%:]", "validation")),
}
DATASETS = ("embedded", *ONLINE, CLOTHING)


@cache
def pictures(dataset: str, part: str, data_dir: Path | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 (n, side, side, 3), and classes, int32 (n,), of a part; ``"embedded"`` is scikit-learn's digits.

    CIFAR-10 and Imagenette (resized so that the shorter side is 64 pixels, centre cropped) come through TensorFlow
    Datasets. ``"clothing"`` (224 pixels, centre cropped) is read from ``data_dir``, prepared by its builder or a
    checkout of the original repository, or prepared by the builder where that is None.

    Raises:
        ValueError: For another data set or part, or a folder that does not hold the data set.
        DataUnavailable: Where TensorFlow Datasets cannot get it.
    """
    check_dataset(dataset)
    if part not in PARTS:
        raise ValueError(f"The parts are {', '.join(PARTS)}. Received: {part!r}")
    if dataset == "embedded":
        return digits(part)
    if dataset == CLOTHING:
        found, side = _clothing("validation" if part == "calibration" else part, data_dir), efficientnet.SIDE
    else:
        found, side = _online(dataset, part), ONLINE[dataset][1]
    images, labels = [], []
    for image, label in found:
        images.append(centre(image, side))
        labels.append(label)
    return np.stack(images), np.array(labels, np.int32)


def check_dataset(dataset: str) -> None:
    """Raise ``ValueError`` for a data set that ``pictures`` does not have."""
    if dataset not in DATASETS:
        raise ValueError(f"The data sets are {', '.join(DATASETS)}. Received: {dataset!r}")


def _online(dataset: str, part: str) -> Iterator[tuple[np.ndarray, int]]:
    import tensorflow_datasets as tfds

    name, _, splits = ONLINE[dataset]
    try:
        found = tfds.load(name, split=splits[PARTS.index(part)], as_supervised=True)
    except Exception as error:  # no network, no space, a moved file: each raises its own type
        raise DataUnavailable(f"{dataset} through TensorFlow Datasets: {str(error)[:150]}") from error
    return iter(tfds.as_numpy(found))


def _clothing(split: str, data_dir: Path | None) -> Iterator[tuple[np.ndarray, int]]:
    from zoo.datasets import prepared
    from zoo.datasets.clothing import clothing_dataset_builder as clothing
    from zoo.images import read_image

    found = prepared.find(data_dir, CLOTHING) if data_dir is not None else _prepare_clothing()
    if found is not None:
        for number, example in enumerate(found.examples(split)):
            yield found.image(split, number), clothing.CLASSES.index(example["label"])
    elif data_dir is not None:
        for path, label in clothing.verified(data_dir, clothing.FINGERPRINT)[split]:
            yield read_image(path), clothing.CLASSES.index(label)


def _prepare_clothing() -> Any:
    from zoo.datasets import prepared
    from zoo.datasets.clothing.clothing_dataset_builder import Builder

    try:
        builder = Builder(file_format="array_record")
        builder.download_and_prepare()
    except Exception as error:  # no network, no space, a moved file: each raises its own type
        raise DataUnavailable(f"clothing, give its folder by --data-dir: {str(error)[:150]}") from error
    return prepared.at(Path(builder.data_path))


def centre(image: np.ndarray, side: int, floor: bool = False) -> np.ndarray:
    """Resize so that the shorter side is ``side`` (bilinear, antialiased), cut the centre; uint8 RGB.

    ``floor`` cuts decimals off instead of rounding, as the preprocessing of Tabacof and Valle's program does.
    """
    import tensorflow as tf

    from zoo.datasets.clic import as_rgb
    from zoo.levels import to_levels

    image = as_rgb(image)
    height, width = image.shape[:2]
    if min(height, width) != side:
        scale = side / min(height, width)
        size = (max(side, int(height * scale)), max(side, int(width * scale)))
        resized = tf.image.resize(image, size, antialias=True).numpy()
        image = to_levels(np.floor(resized) if floor else resized)
    top, left = ((n - side) // 2 for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])
