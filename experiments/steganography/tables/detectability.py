"""How well a steganalyser that knows the method tells containers from covers.

Command:  zoo reproduce steganography detectability
Expected: runs/tables/laptop/steganography_detectability.csv
Time:     `laptop` five minutes of one core (stored weights), 14 on open_photographs, both beside other work

Not in the paper, which judges the difference by eye and tests no detector. There are two detectors: one has SPAM
features (`zoo.steganography.steganalysis`) of the three channels, the other of the colour differences R - G and B - G,
where our networks hide. Each is a linear discriminant with shrinkage, trained for each method on covers and containers,
and judged on scenes and photographs it has not seen. It learns from squares of the data set's training photographs;
where there are none, as for the embedded ones, from generated scenes. The number is the error in percent at equal
costs, half the false alarms plus half the misses: 50 is chance, 0 means that every container is found. The detectors
know more than most opponents: they have the same networks.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from zoo.datasets import keyed
from zoo.datasets.pairs import small_scene
from zoo.datasets.photographs import photographs
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import LSB, NETWORKS, Evaluation, missing
from zoo.metrics import Estimate
from zoo.steganography.hiding import STORED_WEIGHT
from zoo.steganography.steganalysis import spam

TRAINING_SEED = 5 * 10**6
"""Seed of the scenes or squares that the detectors learn from; no other training and no test draws with it."""
FEATURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "": spam,
    ", colour differences": partial(spam, colour_differences=True),
}
"""Features of each detector, by what its rows end in."""
Pair = tuple[np.ndarray, np.ndarray]
"""A cover and a secret image, uint8 RGB."""
Detectors = dict[str, LinearDiscriminantAnalysis]
"""Those of a method, by the keys of ``FEATURES``."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """Pairs the detectors learn from."""

    pairs: int


SCALES = {"smoke": Scale(6), "laptop": Scale(600), "photographs": Scale(600), "paper": Scale(4000)}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the detectability table."""
    evaluation = Evaluation(settings)
    detectors = cache(partial(_train, evaluation, cache(partial(_pairs, evaluation))))
    methods = [*NETWORKS.items(), *((name, name) for name in LSB)]
    for ending, (row, name) in itertools.product(FEATURES, methods):
        absent = name in NETWORKS.values() and not evaluation.available(name)
        for data in ("scenes", "photographs"):
            if absent:
                yield Cell(row + ending, data, "detection error", status="not-run", why=missing(name))
                continue
            measure = partial(_error, evaluation, detectors, name, ending, data)
            label, steps = evaluation.weights_label(name), SCALES[settings.scale].pairs
            yield Cell(row + ending, data, "detection error", None, measure, weights=label, steps=steps)


def _pairs(evaluation: Evaluation) -> list[Pair]:
    """Return covers and secret images to learn from."""
    settings, scale, count = evaluation.settings, evaluation.scale, SCALES[evaluation.settings.scale].pairs
    # Where all photographs of a folder are tested on, none are left to learn from.
    train = settings.test_split == "test"
    pictures = photographs(settings.named, settings.data_dir, "train", settings.seed) if train else []
    if not pictures:
        drawn = ([keyed.generator(TRAINING_SEED, i, k) for k in range(2)] for i in range(count))
        return [(small_scene(one, scale.size), small_scene(other, scale.size)) for one, other in drawn]
    squares = []
    for i in range(count):
        image = pictures[keyed.in_turn(i, len(pictures), TRAINING_SEED)].load()
        rng = keyed.generator(TRAINING_SEED, i)
        squares.append(evaluation.unit(image, rng, whole=i % scale.units_a_scene == 0))
    return list(zip(squares, squares[1:] + squares[:1], strict=True))


def _train(evaluation: Evaluation, pairs: Callable[[], list[Pair]], name: str) -> Detectors:
    method = evaluation.method(name, STORED_WEIGHT)
    features: dict[str, list[np.ndarray]] = {ending: [] for ending in FEATURES}
    for cover, secret in pairs():
        for image in (cover, method.hide(cover, secret)):
            for ending, of in FEATURES.items():
                features[ending].append(of(image))
    labels = [0, 1] * len(pairs())
    return {
        ending: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(np.array(found, np.float64), labels)
        for ending, found in features.items()
    }


def _error(
    evaluation: Evaluation, detectors: Callable[[str], Detectors], name: str, ending: str, data: str
) -> Estimate:
    found = evaluation.results(name, STORED_WEIGHT, data)
    alarms, caught = (
        detectors(name)[ending].predict(np.array([FEATURES[ending](image) for image in images], np.float64))
        for images in (found.covers, found.containers)
    )
    return evaluation.mean(list(100 * (alarms + (1 - caught)) / 2), data)


TABLE = Table("steganography", "detectability", cells, decimals=1, units="%")
