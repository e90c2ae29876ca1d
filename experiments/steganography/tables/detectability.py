"""How well a steganalyser that knows the method tells containers from covers.

Command:  zoo reproduce steganography detectability
Expected: runs/tables/laptop/steganography_detectability.csv
Time:     `laptop` three minutes of one core (stored weights)

Not in the paper, which calls the difference hardly noticeable and asks no detector. The detector has SPAM features
(`zoo.steganography.steganalysis`) and a linear discriminant with shrinkage, trained for each method on covers and
containers of generated scenes, and judged on scenes and photographs it has not seen. The number is the error in percent
at equal costs, half the false alarms plus half the misses: 50 is chance, 0 means that every container is found. The
detector knows more than most opponents: it has the same networks.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from zoo.datasets import keyed
from zoo.datasets.pairs import small_scene
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import LSB, NETWORKS, Evaluation, missing
from zoo.metrics import Estimate
from zoo.steganography.hiding import STORED_WEIGHT
from zoo.steganography.steganalysis import spam

TRAINING_SEED = 5 * 10**6
"""Seed of the scenes that the detector learns from; no other training and no test draws with it."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """Pairs the detector learns from."""

    pairs: int


SCALES = {"smoke": Scale(6), "laptop": Scale(600), "photographs": Scale(600), "paper": Scale(4000)}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the detectability table."""
    evaluation = Evaluation(settings)
    detector = cache(partial(_train, evaluation))
    for row, name in [*NETWORKS.items(), *((name, name) for name in LSB)]:
        absent = name in NETWORKS.values() and not evaluation.available(name)
        for data in ("scenes", "photographs"):
            if absent:
                yield Cell(row, data, "detection error", status="not-run", why=missing(name))
                continue
            measure = partial(_error, evaluation, detector, name, data)
            label = evaluation.weights_label(name)
            yield Cell(row, data, "detection error", None, measure, weights=label, steps=SCALES[settings.scale].pairs)


def _train(evaluation: Evaluation, name: str) -> LinearDiscriminantAnalysis:
    """Return a detector for ``name``, from pairs of generated scenes."""
    method, size = evaluation.method(name, STORED_WEIGHT), evaluation.scale.size
    features, labels = [], []
    for i in range(SCALES[evaluation.settings.scale].pairs):
        cover, secret = (small_scene(keyed.generator(TRAINING_SEED, i, k), size) for k in range(2))
        features += [spam(cover), spam(method.hide(cover, secret))]
        labels += [0, 1]
    detector = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return detector.fit(np.array(features, np.float64), labels)


def _error(
    evaluation: Evaluation, detector: Callable[[str], LinearDiscriminantAnalysis], name: str, data: str
) -> Estimate:
    found = evaluation.results(name, STORED_WEIGHT, data)
    alarms, caught = (
        detector(name).predict(np.array([spam(image) for image in images], np.float64))
        for images in (found.covers, found.containers)
    )
    return evaluation.mean(list(100 * (alarms + (1 - caught)) / 2), data)


TABLE = Table("steganography", "detectability", cells, decimals=1, units="%")
