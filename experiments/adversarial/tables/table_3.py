"""Table 3 of Carrara et al. 2018: detections and failures as pictures, with the neighbour that speaks for the class.

Command:  zoo reproduce adversarial table-3
Expected: runs/tables/laptop/adversarial_table_3.csv and .png; the paper prints scores .00 and .01, and .11 and .13
Time:     `laptop` as Table 2, whose attacks it shows

The four adversarial pictures with the lowest and the four with the highest score of the paper's best detector (pool5,
PCA and whitening, DW-kNN), both attacks in turn: attacked picture, true class, predicted class, and the training
picture of the predicted class nearest to it. The paper chose its examples by hand.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.adversarial.scoring import Weighting
from zoo.experiments.adversarial.evaluation import OVERFEAT_ATTACKS, Evaluation
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.experiments.run.plotting import pyplot, save
from zoo.metrics import Estimate

LAYER, PROCESSING = "pool5", "pca-whiten"
WEIGHTING: Weighting = "DW-kNN"
EXAMPLES = 4
KINDS = ("good detection", "bad detection")


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the scores of the examples."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    for kind in KINDS:
        for i in range(EXAMPLES):
            attack = OVERFEAT_ATTACKS[i % 2]
            measure = partial(_score, evaluation, kind, i)
            yield Cell(f"{kind} {i + 1}", attack, "score", measure=measure, weights=weights)


def example(evaluation: Evaluation, kind: str, number: int) -> int:
    """Return the index of the example in the attack's group."""
    attack = OVERFEAT_ATTACKS[number % 2]
    order = np.argsort(evaluation.scores(LAYER, PROCESSING, WEIGHTING, attack), kind="stable")
    place = number // 2
    if len(order) <= place:
        raise DataUnavailable(f"{place + 1} successful {attack} attacks")
    return int(order[place] if kind == KINDS[0] else order[-1 - place])


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Draw the examples: attacked picture and nearest training picture of the predicted class; PNG."""
    plt = pyplot()

    if not (frame["status"] == "measured").all():
        return
    evaluation = evaluation_of("overfeat", settings)
    figure, axes = plt.subplots(len(KINDS) * EXAMPLES, 2, figsize=(4.5, 2.3 * len(KINDS) * EXAMPLES))
    scores = frame.set_index("row")["value"]
    for row, (kind, i) in zip(axes, product(KINDS, range(EXAMPLES)), strict=True):
        attack, which = OVERFEAT_ATTACKS[i % 2], example(evaluation, kind, i)
        group = evaluation.group(attack)
        true, predicted = int(evaluation.problem.test.labels[group.sources[which]]), int(group.predicted[which])
        detector = evaluation.detector(LAYER, PROCESSING)
        nearest = detector.nearest_of_class(evaluation.features(attack)[evaluation.layer_of(LAYER)][which], predicted)[
            0
        ]
        row[0].imshow(group.images[which])
        row[0].set_title(f"{attack}: actual {true}", fontsize=8)
        row[1].imshow(_database_picture(evaluation, int(nearest)))
        row[1].set_title(f"predicted {predicted}, s = {scores[f'{kind} {i + 1}']:.2f}", fontsize=8)
        for axis in row:
            axis.axis("off")
    figure.suptitle(title, fontsize=9)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    save(figure, path, dpi=80)


def _score(evaluation: Evaluation, kind: str, number: int) -> Estimate:
    attack = OVERFEAT_ATTACKS[number % 2]
    return Estimate.exact(
        float(evaluation.scores(LAYER, PROCESSING, WEIGHTING, attack)[example(evaluation, kind, number)])
    )


def _database_picture(evaluation: Evaluation, number: int) -> np.ndarray:
    images, _ = next(evaluation.problem.database(number))
    return images[0]


TABLE = Table("adversarial", "table_3", cells, 2, draw, plots_pictures=True, takes_index=True)
