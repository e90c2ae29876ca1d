"""The classifier to attack and protect, its training set, and the test pictures, by scale.

`smoke` and `laptop` take small networks on small pictures (``data.py``), `paper` the paper's own on ImageNet
(``imagenet.py``).
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.adversarial.efficientnet import EfficientNetLite0
from zoo.experiments.adversarial.data import CLOTHING, FEATURES, STAND_INS, Pictures, Problem, check_dataset, pictures
from zoo.experiments.adversarial.pretrained import network_name, stored_name
from zoo.experiments.adversarial.training import NETWORKS
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.scales import scale_of
from zoo.resolve_weights import resolve_weights


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured.

    ``test`` is the number of correctly classified test pictures (None: all); the strengths are grey levels. On pictures
    of 16 pixels and high contrast the paper's strengths rarely fool a classifier.
    """

    test: int | None
    database: int | None
    fgs: float
    eps: float
    step: float
    adaptive_steps: int
    bootstrap: int
    dimensions: int = 32
    """Components of PCA; the paper has 256."""
    few: int | None = None
    """How many of the test pictures L-BFGS and attacks that know the detector are tried on (None: all)."""
    evaluations: int = 150
    """Of the network, at most, in a run of L-BFGS; an attack takes ten to twenty runs."""


SCALES = {
    "smoke": Scale(test=12, database=300, fgs=60, eps=60, step=12, adaptive_steps=3, bootstrap=20),
    "laptop": Scale(test=300, database=None, fgs=48, eps=48, step=4.8, adaptive_steps=40, bootstrap=500),
    "paper": Scale(test=None, database=None, fgs=1, eps=16, step=1, adaptive_steps=40, bootstrap=500),
}


ON_PHOTOGRAPHS = {
    "smoke": Scale(
        test=6,
        database=60,
        fgs=1,
        eps=16,
        step=4,
        adaptive_steps=2,
        bootstrap=20,
        dimensions=8,
        few=2,
        evaluations=3,
    ),
    "laptop": Scale(
        test=200,
        database=None,
        fgs=1,
        eps=16,
        step=1,
        adaptive_steps=40,
        bootstrap=500,
        dimensions=256,
        # L-BFGS uses all evaluations that are allowed: with 25, these pictures took 35 minutes on one core.
        few=32,
        evaluations=25,
    ),
}
"""Of photographs of clothes: the paper's strengths, and as many components."""


def scale_for(settings: Settings) -> Scale:
    """Return the settings of a data set at a scale.

    Raises:
        ValueError: For an unknown scale.
    """
    return scale_of(ON_PHOTOGRAPHS if settings.dataset == CLOTHING else SCALES, settings.scale)


def problem(name: str, settings: Settings) -> Problem:
    """Return the problem ``"overfeat"`` (Table 2) or ``"inception"`` (Table 4).

    Raises:
        ValueError: For an unknown scale.
        DataUnavailable: Where there are no networks or pictures.
    """
    scale = scale_for(settings)
    if settings.scale == "paper":
        from zoo.experiments.adversarial import imagenet

        return imagenet.problem(name, settings)
    return _small(name, settings, scale)


def _small(name: str, settings: Settings, scale: Scale) -> Problem:
    check_dataset(settings.dataset)
    weights, path = _weights(name, settings)
    train, calibration, test = (
        Pictures(*pictures(settings.dataset, p, settings.data_dir)) for p in ("train", "calibration", "test")
    )
    classes = int(train.labels.max()) + 1
    # In some data sets the pictures of a part are sorted by class.
    count = min(scale.database or len(train.labels), len(train.labels))
    chosen = np.linspace(0, len(train.labels) - 1, count).astype(int)
    images, labels = (part[chosen] for part in (train.images, train.labels))
    stand_ins = STAND_INS[name] if settings.dataset == CLOTHING else {}
    return Problem(
        name,
        _build(name, settings.dataset, images.shape[1:], classes, path),
        tuple(stand_ins.get(layer, layer) for layer in FEATURES[name]),
        partial(_batches, images, labels),
        len(images),
        calibration,
        test,
        classes,
        # k is the number of rows per class, as in the paper.
        k=len(images) // classes,
        dimensions=scale.dimensions,
        weights=weights,
        stand_ins=stand_ins,
    )


def _batches(images: np.ndarray, labels: np.ndarray, start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    size = 1024
    return ((images[i : i + size], labels[i : i + size]) for i in range(start, len(images), size))


def _build(name: str, dataset: str, shape: tuple[int, int, int], classes: int, path: str | Path) -> keras.Model:
    if dataset == CLOTHING:
        return EfficientNetLite0(classes, path)
    return NETWORKS[name](shape, classes, weights=path)


def _weights(name: str, settings: Settings) -> tuple[str, str | Path]:
    """Return the network's name in the CSV, and its place."""
    if settings.weights is not None:
        network = network_name(name, settings.dataset)
        return f"{settings.weights.name}/{network}", resolve_weights(settings.weights, network)[0]
    stored = stored_name(name, settings.dataset)
    if stored is None:
        raise DataUnavailable(
            f"a network for {settings.dataset}: zoo pretrain adversarial --dataset {settings.dataset}"
        )
    if stored not in zoo.weights.names():
        raise DataUnavailable(f"stored weights {stored}")
    return stored, stored
