"""Table 2 of Carrara et al. 2018: EER accuracy on OverFeat by layer, processing, score and attack.

Command:  zoo reproduce adversarial table-2
          zoo reproduce adversarial table-2 --scale paper --dataset imagenet2012 --data-dir TARS --weights FOLDER
          (FOLDER holds OverFeat's net_weight_0, see zoo/adversarial/README.md)
Expected: runs/tables/laptop/adversarial_table_2.csv; the family's README has the numbers and what they mean
Time:     `laptop` minutes on two cores; `paper` not run

Thresholds of the EER columns are set on the pictures they are judged on, as in the paper. "rejected at" rows set them
on other, authentic pictures alone. Additional rows: baselines, Mahalanobis, LID, DkNN, and differences.
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.adversarial.data import FEATURES
from zoo.experiments.adversarial.detectors import comparisons, knn
from zoo.experiments.adversarial.evaluation import (
    ERRORS,
    MEASURES,
    OVERFEAT_ATTACKS,
    Evaluation,
    difference,
    rejection_cells,
    separation,
)
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.adversarial.values import paper_values
from zoo.experiments.run.cells import Cell, Settings, Table

GROUPS = {name: (name,) for name in OVERFEAT_ATTACKS} | {"Aggr.": OVERFEAT_ATTACKS, "Errors": (ERRORS,)}


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 2."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    values = paper_values("table_2")
    comparable = settings.scale == "paper" and settings.dataset == "imagenet2012"
    for row in values.index:
        scorer = knn(evaluation, *row.split(", "))
        for column, groups in GROUPS.items():
            yield Cell(
                row,
                column,
                "EER accuracy",
                float(values.loc[row, column]),
                partial(separation, evaluation, scorer, groups),
                comparable=comparable,
                weights=weights,
            )
    for layer in FEATURES["overfeat"]:
        for row, scorer in comparisons(evaluation, layer).items():
            if layer != "pool5" and layer not in row:
                continue  # not of a layer: once is enough
            for column, groups in GROUPS.items():
                yield Cell(
                    row,
                    column,
                    "EER accuracy",
                    measure=partial(separation, evaluation, scorer, groups),
                    weights=weights,
                )
    scorers = {row: knn(evaluation, *row.split(", ")) for row in values.index} | comparisons(evaluation, "pool5")
    for row, scorer in scorers.items():
        for column, groups in GROUPS.items():
            measure = partial(separation, evaluation, scorer, groups, "AUC")
            yield Cell(row, column, "AUC", measure=measure, weights=weights)
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
    for what in MEASURES:
        for row, (first, second) in pairs.items():
            for column, groups in GROUPS.items():
                measure = partial(difference, evaluation, first, second, groups, what)
                yield Cell(row, column, f"difference of {what}", measure=measure, weights=weights)


TABLE = Table("adversarial", "table_2", cells)
