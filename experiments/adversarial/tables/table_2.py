"""Table 2 of Carrara et al. 2018: EER accuracy on OverFeat by layer, processing, score and attack.

Command:  zoo reproduce adversarial table-2
          zoo reproduce adversarial table-2 --scale paper --dataset imagenet2012 --data-dir TARS --weights FOLDER
          (FOLDER holds OverFeat's net_weight_0, see zoo/adversarial/README.md)
Expected: runs/tables/laptop/adversarial_table_2.csv; docs/results/adversarial.md has the numbers
Time:     `laptop` minutes on two cores, 45 minutes of one on clothing; `paper` not run

"EER accuracy" is the authors' strict rule, whose threshold is set on the pictures that are judged; "EER accuracy,
interpolated" splits ties, and "AUC" counts them half. "rejected at" sets thresholds on other, authentic pictures alone.
Rows that are not the paper's: baselines, Mahalanobis (original and shrunk), LID, DkNN, and differences.
"""

from collections.abc import Iterator
from functools import partial

from zoo.adversarial.scoring import WEIGHTINGS
from zoo.experiments.adversarial.data import FEATURES
from zoo.experiments.adversarial.detectors import comparisons, knn
from zoo.experiments.adversarial.evaluation import (
    DIFFERENCES,
    ERRORS,
    MEASURES,
    OVERFEAT_ATTACKS,
    UNITS,
    Evaluation,
    difference,
    rejection_cells,
    separation,
)
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values

GROUPS = {name: (name,) for name in OVERFEAT_ATTACKS} | {"Aggr.": OVERFEAT_ATTACKS, "Errors": (ERRORS,)}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 2."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    values = paper_values("adversarial", "table_2")
    comparable = settings.scale == "paper" and settings.dataset == "imagenet2012"
    scorers = {
        f"{layer}, {processing}, {weighting}": knn(evaluation, layer, processing, weighting)
        for layer in FEATURES["overfeat"]
        for processing in ("none", "L2", "PCA+W")
        for weighting in WEIGHTINGS
    }
    for layer in FEATURES["overfeat"]:
        scorers |= comparisons(evaluation, layer)  # each call returns the rows without a layer; they are kept once
    for what in MEASURES:
        for row, scorer in scorers.items():
            printed = values.loc[row] if row in values.index and what == "EER accuracy" else {}
            for column, groups in GROUPS.items():
                paper = float(printed[column]) if column in printed else None
                measure = partial(separation, evaluation, scorer, groups, what)
                alike = comparable and paper is not None
                yield Cell(row, column, what, paper, measure, comparable=alike, weights=weights)
    yield from _differences(evaluation, weights)
    for layer, processing in (("pool5", "none"), ("pool5", "PCA+W"), ("fc6", "none"), ("fc7", "none")):
        row, scorer = f"{layer}, {processing}, DW-kNN", knn(evaluation, layer, processing, "DW-kNN")
        yield from rejection_cells(evaluation, row, scorer, (*OVERFEAT_ATTACKS, ERRORS), weights)
    for row, scorer in comparisons(evaluation, "pool5").items():
        yield from rejection_cells(evaluation, row, scorer, (*OVERFEAT_ATTACKS, ERRORS), weights)


def _differences(evaluation: Evaluation, weights: str) -> Iterator[Cell]:
    pairs = {
        f"{layer}: PCA+W - {other}, {weighting}": [
            knn(evaluation, layer, processing, weighting) for processing in ("PCA+W", other)
        ]
        for layer in FEATURES["overfeat"]
        for other in ("none", "L2")
        for weighting in (("kNN", "DW-kNN") if layer == "pool5" else ("DW-kNN",))
    }
    best = knn(evaluation, "pool5", "PCA+W", "DW-kNN")
    for name, scorer in comparisons(evaluation, "pool5").items():
        pairs[f"pool5, PCA+W, DW-kNN - {name}"] = [best, scorer]
    for what, metric in DIFFERENCES.items():
        for row, (first, second) in pairs.items():
            for column, groups in GROUPS.items():
                measure = partial(difference, evaluation, first, second, groups, what)
                yield Cell(row, column, metric, measure=measure, weights=weights)


TABLE = Table("adversarial", "table_2", cells, takes_index=True, units=UNITS)
