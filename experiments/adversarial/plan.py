"""What the adversarial tables need at the paper's scale, for ``zoo plan``."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.adversarial import InceptionV3, OverFeatFast
from zoo.adversarial.gradients import cross_entropy, logits_model, value_and_gradient
from zoo.datasets.nips17_dev.nips17_dev_dataset_builder import read_folder
from zoo.experiments.adversarial.data import FEATURES
from zoo.experiments.adversarial.evaluation import ADAPTIVE
from zoo.experiments.adversarial.imagenet import BATCH, CALIBRATION, CLASSES, K, prepared_in
from zoo.experiments.adversarial.problems import SCALES, Scale
from zoo.experiments.run.planning import Needed, Plan, Work
from zoo.experiments.run.step_cost import Step

TRAINING, VALIDATION, DEVELOPMENT = 1_281_167, 50_000, 1000
"""Pictures of ILSVRC2012's two parts, and of the NIPS 2017 DEV set."""
RUNS = 20
"""Runs of an L-BFGS attack: up to nine values of C, ten times the last each, then bisection to a tenth."""
ITERATIONS = 20
"""Of iter_target_class."""
_DETECTORS = 2
"""Of each network that `adaptive` attacks."""
WIDTHS = {
    "overfeat": (1024, 3072, 4096),
    "inception": (192, 256, 288, 288, 768, 768, 768, 768, 768, 1280, 2048, 2048),
}
"""Numbers of a picture in each of ``data.FEATURES``."""
NETWORKS: dict[str, tuple[str, ...]] = {
    "table_2": ("overfeat",),
    "table_3": ("overfeat",),
    "table_4": ("inception",),
    "figure_2": ("overfeat",),
    "figure_3": ("overfeat",),
    "figure_4": ("overfeat",),
    "figure_5": ("inception",),
    "figure_6": ("inception",),
    "text": ("overfeat", "inception"),
    "adaptive": ("overfeat", "inception"),
}
"""The networks of each table; Table 1 is counted, not measured."""
BUILDERS: dict[str, tuple[Callable[[], keras.Model], int]] = {
    "overfeat": (OverFeatFast, 231),
    "inception": (InceptionV3, 299),
}
"""The network without weights, and the side of its pictures."""


def plan(table: str, scale: str) -> Plan:
    """Data, features, attacks and searches of any table that the paper has.

    Raises:
        ValueError: For another table.
    """
    if table == "table_1":
        return Plan(left_out="all of it: the weights of five neighbours are computed in seconds")
    if table not in NETWORKS:
        raise ValueError(f"There is a plan of table_1, {', '.join(NETWORKS)} of adversarial. Received: {table}")
    networks, needed, works, disk, memory = NETWORKS[table], [_IMAGENET], [], [], []
    for network in networks:
        needed += _NEEDED[network]
        works += (_adaptive if table == "adaptive" else _works)(network, SCALES[scale])
        per_picture, side = 4 * sum(WIDTHS[network]), BUILDERS[network][1]
        disk.append((f"features of {network}, {len(FEATURES[network])} layers", TRAINING * per_picture / 1e9))
        # Pictures that set thresholds, and one right and one wrong picture of each class.
        kept = (CALIBRATION + 2 * CLASSES) * side**2 * 3
        memory.append((f"pictures for {network}, and attacked ones in float32", (kept + _tested(network)) / 1e9))
        widest = max(WIDTHS[network])
        memory.append((f"a detector of {network}: distances of queries, moments", _searched(widest) / 1e9))
    return Plan(
        needed=tuple(needed),
        works=tuple(works),
        disk=tuple(disk),
        memory=tuple(memory),
        left_out="decoding and resizing 1.3 million JPEGs, and exact search: for each layer and processing, features "
        "are read once for each group of pictures. A killed run goes on behind the last 1,024 pictures of the training "
        "set, or the last 64 attacked ones; the pictures to choose from are looked at anew",
    )


def _adaptive(network: str, scale: Scale) -> list[Work]:
    """Two detectors of each network, attacked by those who know them: a gradient of the classifier, one of both."""
    tested = CLASSES if network == "overfeat" else DEVELOPMENT
    steps = tested * _DETECTORS * len(ADAPTIVE) * scale.adaptive_steps * 2
    return _of(network, [("iter_target_class", tested * ITERATIONS), ("attacks that know the detector", steps)])


def _works(network: str, scale: Scale) -> list[Work]:
    if network == "overfeat":
        most = f"L-BFGS, at most {scale.evaluations} evaluations a run"
        return _of(network, [(most, CLASSES * RUNS * scale.evaluations), ("FGS", CLASSES)])
    return _of(network, [("iter_target_class", DEVELOPMENT * ITERATIONS), ("fgsm", DEVELOPMENT)])


def _of(network: str, attacks: list[tuple[str, int]]) -> list[Work]:
    """Scoring of the photographs, and attacks with their numbers of gradients."""
    scoring, gradient = f"{__name__}:{network}", f"{__name__}:{network}_gradient"
    kinds = [
        (f"{network}, pictures of the training set", TRAINING, scoring),
        (f"{network}, pictures to choose from", VALIDATION, scoring),
        *((f"{network}, {what}", count, gradient) for what, count in attacks),
    ]
    return [
        Work(
            what,
            1,
            -(-count // BATCH),
            BATCH,
            step,
            passes=2 if step == gradient else 1,
            at_most="L-BFGS" in what or "know" in what,
            saved=False,
        )
        for what, count, step in kinds
    ]


def _tested(network: str) -> int:
    """Bytes of a test set in float32, of its attacked version and of the latter in 8 bits."""
    return (2 * CLASSES if network == "overfeat" else DEVELOPMENT) * BUILDERS[network][1] ** 2 * 3 * (4 + 4 + 1)


def _searched(width: int) -> int:
    """Bytes of neighbours of the largest group, twice while blocks are merged, and of moments and eigenvectors."""
    return 2 * 2 * CLASSES * 2 * K * (4 + 8) + 4 * 8 * width**2


def _photographs(folder: Path | None) -> int:
    import tensorflow_datasets as tfds

    place = Path(tfds.core.constants.DATA_DIR) if folder is None else folder
    found = prepared_in(place)
    if found is None:
        raise ValueError(f"ImageNet as TFDS prepared it is needed, imagenet2012/5.1.0. Received: none in {place}")
    return found.info.splits["train"].num_examples


def _development_set(folder: Path | None) -> int:
    if folder is None:
        raise ValueError("The DEV set is downloaded by hand: its folder is needed. Received: none")
    return sum(1 for _ in read_folder(folder))


_IMAGENET = Needed(
    "imagenet2012",
    "1,281,167 photographs of its training split, 50,000 to set thresholds and to test",
    150,
    _photographs,
)
_NEEDED = {
    "overfeat": [Needed("net_weight_0", "OverFeat's fast network, its authors', in --weights", 0.58)],
    "inception": [
        Needed("nips17_dev", "1,000 pictures of the competition's DEV set", 0.2, _development_set),
        Needed("inception_v3", "its ImageNet weights, which Keras downloads, or slim's in --weights", 0.1),
    ],
}


def _scoring(network: str, batch: int) -> Step:
    model, pictures, networks = _made(network, batch)
    return Step(partial(model.predict_on_batch, pictures), networks)


def _gradient(network: str, batch: int) -> Step:
    model, pictures, networks = _made(network, batch)
    logits = logits_model(model)

    def loss(images: Any, classes: Any) -> Any:
        return cross_entropy(logits(images, training=False), classes)

    gradient = value_and_gradient(loss)
    return Step(partial(gradient, pictures, np.zeros(batch, np.int32)), networks)


def _made(network: str, batch: int) -> tuple[keras.Model, np.ndarray, dict[str, tuple[keras.Model, tuple, int]]]:
    build, side = BUILDERS[network]
    model = build()
    pictures = np.random.default_rng(0).random((batch, side, side, 3), np.float32) * 255
    return model, pictures, {network: (model, (side, side, 3), 1)}


overfeat, inception = (partial(_scoring, network) for network in ("overfeat", "inception"))
"""A forward pass of a network."""
overfeat_gradient, inception_gradient = (partial(_gradient, network) for network in ("overfeat", "inception"))
"""Loss and gradient of a network by the pictures."""
