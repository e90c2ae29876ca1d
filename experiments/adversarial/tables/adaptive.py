"""Attacks that know the detector (not in the paper), and the remaining detection rate.

Command:  zoo reproduce adversarial adaptive
Expected: runs/tables/laptop/adversarial_adaptive.csv; docs/results/adversarial.md has the numbers
Time:     `laptop` minutes on two cores

Each detector is attacked by itself. "classified as the target" is the share of attacked pictures, correctly classified
before, that the network takes for the target class after saving to 8 bits; "rejected" is the share of those that the
detector rejects at the threshold that rejects 5 % of the calibration pictures; "passes both" is the share of all that
is taken for the target and not rejected. The first row of each detector is the attack of Table 4 that does not know it.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from zoo.adversarial.threshold import rejection_threshold
from zoo.experiments.adversarial.detectors import LABELS
from zoo.experiments.adversarial.evaluation import ADAPTIVE, Evaluation
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.metrics import Estimate, bootstrap_mean, percent

DETECTORS = {"overfeat": (("pool5", "PCA+W"), ("fc7", "none")), "inception": (("mixed_6d", "PCA"), ("mixed_7c", "PCA"))}
Outcome = Callable[[str], tuple[np.ndarray, np.ndarray]]
"""``_outcome`` of an attack by its name."""
COLUMNS = ("classified as the target", "rejected", "passes both")
RATE = 0.05


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield every attack on every detector."""
    for name, detectors in DETECTORS.items():
        evaluation, weights = evaluation_of(name, settings), weights_of(name, settings)
        for layer, processing in detectors:
            outcome = cache(partial(_outcome, evaluation, layer, LABELS[processing]))
            for attack in ("iter_target_class", *ADAPTIVE):
                for column in COLUMNS:
                    yield Cell(
                        f"{layer}, {processing}: {attack}",
                        column,
                        "share",
                        measure=partial(_share, evaluation, outcome, attack, column),
                        weights=weights,
                    )


def _outcome(evaluation: Evaluation, layer: str, processing: str, attack: str) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each attacked picture is taken for the target, and whether the detector rejects it."""
    numbers = _numbers(evaluation)
    # An attack that does not know the detector is the same for all detectors.
    images = evaluation.attacked_in_parts(attack, numbers, *((layer, processing) if attack in ADAPTIVE else ()))
    output, features = evaluation.extractor(images)
    detector = evaluation.detector(layer, processing)
    threshold = rejection_threshold(evaluation.scores(layer, processing, "DW-kNN", "calibration"), RATE)
    predicted = output.argmax(-1)
    scores = detector.score_features(features[evaluation.layer_of(layer)], predicted)
    return predicted == evaluation.targets(numbers), scores <= threshold


def _share(evaluation: Evaluation, outcome: Outcome, attack: str, column: str) -> Estimate:
    fooled, rejected = outcome(attack)
    sources = _numbers(evaluation)
    values = {"classified as the target": fooled, "rejected": rejected[fooled], "passes both": fooled & ~rejected}[
        column
    ]
    kept = sources[fooled] if column == "rejected" else sources
    if not len(values):
        raise DataUnavailable(f"a picture that {attack} moved to its target, and none was at this scale")
    return percent(bootstrap_mean(values.astype(float), kept.tolist(), seed=evaluation.settings.seed))


def _numbers(evaluation: Evaluation) -> np.ndarray:
    """Numbers of the test pictures that every attack of the table is tried on, ``iter_target_class`` included."""
    return evaluation.attackable(ADAPTIVE[0])


TABLE = Table("adversarial", "adaptive", cells, takes_index=True, units="%")
