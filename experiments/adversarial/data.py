"""What the adversarial tables are measured on: pictures and classes in three parts, beside a classifier."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache

import keras
import numpy as np

from zoo.adversarial import inception, overfeat
from zoo.adversarial.digits import digits
from zoo.experiments.run.cells import DataUnavailable

Batches = Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]


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
    calibration: Pictures
    test: Pictures
    classes: int
    k: int
    dimensions: int
    weights: str


FEATURES = {"overfeat": overfeat.FEATURES, "inception": inception.FEATURES}
PARTS = ("train", "calibration", "test")
ONLINE = {
    # TFDS name, sides, and the splits of PARTS
    "cifar10": ("cifar10", 32, ("train[:90%]", "train[90%:]", "test")),
    "imagenette": ("imagenette/160px-v2", 64, ("train[:90%]", "train[90%:]", "validation")),
}
DATASETS = ("embedded", *ONLINE)


@cache
def pictures(dataset: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 (n, side, side, 3), and classes, int32 (n,), of a part; ``"embedded"`` is scikit-learn's digits.

    CIFAR-10 and Imagenette (resized so that the shorter side is 64 pixels, centre cropped) come through TensorFlow
    Datasets.

    Raises:
        ValueError: For another data set or part.
        DataUnavailable: Where TensorFlow Datasets cannot get it.
    """
    if dataset not in DATASETS or part not in PARTS:
        raise ValueError(
            f"The data sets are {', '.join(DATASETS)}, the parts {', '.join(PARTS)}. Received: {dataset!r}, {part!r}"
        )
    if dataset == "embedded":
        return digits(part)
    import tensorflow_datasets as tfds

    name, side, splits = ONLINE[dataset]
    try:
        found = tfds.load(name, split=splits[PARTS.index(part)], as_supervised=True)
    except Exception as error:  # no network, no space, a moved file: each has its own type
        raise DataUnavailable(f"{dataset} through TensorFlow Datasets: {str(error)[:150]}") from error
    images, labels = [], []
    for image, label in tfds.as_numpy(found):
        images.append(centre(image, side))
        labels.append(label)
    return np.stack(images), np.array(labels, np.int32)


def centre(image: np.ndarray, side: int, floor: bool = False) -> np.ndarray:
    """Resize so that the shorter side is ``side`` (bilinear, antialiased), cut the centre; uint8 RGB.

    ``floor`` cuts decimals off instead of rounding, as the preprocessing of Tabacof and Valle's program does.
    """
    import tensorflow as tf

    from zoo.datasets.clic import as_rgb

    image = as_rgb(image)
    height, width = image.shape[:2]
    if min(height, width) != side:
        scale = side / min(height, width)
        size = (max(side, int(height * scale)), max(side, int(width * scale)))
        resized = tf.image.resize(image, size, antialias=True).numpy()
        image = np.clip(np.floor(resized) if floor else np.rint(resized), 0, 255).astype(np.uint8)
    top, left = ((n - side) // 2 for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + side, left : left + side])
