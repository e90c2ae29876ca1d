"""Table 4 of Carrara et al. 2018: EER accuracy on InceptionV3 by layer, score and attack.

Command:  zoo reproduce adversarial table-4
          zoo reproduce adversarial table-4 --scale paper --dataset nips17_dev --data-dir FOLDER
          (FOLDER holds the DEV set's images and ILSVRC2012's tar files, see zoo/adversarial/README.md)
Expected: runs/tables/laptop/adversarial_table_4.csv; docs/results/adversarial.md has the numbers
Time:     `laptop` minutes on two cores, 22 minutes of one on clothing; `paper` not run

PCA without whitening, as the authors ran it. "Aggr." is the mean weighted by the attacks' numbers of pictures; "Errors"
is the share of natural errors, and of authentic pictures that noise made wrong, rejected at the threshold of equal
error rate for all attacks together. "EER accuracy" is the authors' strict rule; "EER accuracy, interpolated" splits
ties and has no threshold, so "Errors" has none of it; "AUC" counts ties half.
"""

from collections.abc import Callable, Iterator
from functools import partial

from zoo.adversarial.scoring import WEIGHTINGS, Weighting
from zoo.experiments.adversarial.data import FEATURES
from zoo.experiments.adversarial.detectors import comparisons, knn
from zoo.experiments.adversarial.evaluation import (
    DIFFERENCES,
    ERRORS,
    INCEPTION_ATTACKS,
    INTERPOLATED,
    UNITS,
    Evaluation,
    Scorer,
    difference,
    recovered,
    rejection_cells,
    separation,
    weighted_mean,
)
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.metrics import Estimate

BEST, LAST, FIRST = "mixed_6d", "mixed_7c", "maxpool_5a_3x3"


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 4."""
    evaluation, weights = evaluation_of("inception", settings), weights_of("inception", settings)
    values = paper_values("adversarial", "table_4")
    comparable = settings.scale == "paper" and settings.dataset == "nips17_dev"
    scorers = {
        f"{layer}, {weighting}": knn(evaluation, layer, "PCA", weighting)
        for weighting in WEIGHTINGS
        for layer in FEATURES["inception"]
    }
    scorers |= comparisons(evaluation, BEST)
    for row, scorer in scorers.items():
        printed = values.loc[row] if row in values.index else {}
        for column, measure in _strict(evaluation, scorer).items():
            paper = float(printed[column]) if column in printed else None
            alike = comparable and paper is not None
            yield Cell(row, column, "EER accuracy", paper, measure, comparable=alike, weights=weights)
    for row, scorer in scorers.items():
        for attack in INCEPTION_ATTACKS:
            measure = partial(separation, evaluation, scorer, (attack,), INTERPOLATED)
            yield Cell(row, attack, INTERPOLATED, measure=measure, weights=weights)
        measure = partial(weighted_mean, evaluation, scorer, INCEPTION_ATTACKS, INTERPOLATED)
        yield Cell(row, "Aggr.", INTERPOLATED, measure=measure, weights=weights)
    for row, scorer in scorers.items():
        for attack in INCEPTION_ATTACKS:
            measure = partial(separation, evaluation, scorer, (attack,), "AUC")
            yield Cell(row, attack, "AUC", measure=measure, weights=weights)
    yield from _differences(evaluation, weights)
    for layer in (FIRST, BEST, "mixed_7a", LAST):
        scorer = knn(evaluation, layer, "PCA", "DW-kNN")
        yield from rejection_cells(evaluation, f"{layer}, DW-kNN", scorer, (*INCEPTION_ATTACKS, ERRORS), weights)
    for row, scorer in comparisons(evaluation, BEST).items():
        yield from rejection_cells(evaluation, row, scorer, (*INCEPTION_ATTACKS, ERRORS), weights)


def _strict(evaluation: Evaluation, scorer: Scorer) -> dict[str, Callable[[], Estimate]]:
    """Table 4's columns by the authors' rule."""
    columns: dict[str, Callable[[], Estimate]] = {
        attack: partial(separation, evaluation, scorer, (attack,)) for attack in INCEPTION_ATTACKS
    }
    columns["Aggr."] = partial(weighted_mean, evaluation, scorer, INCEPTION_ATTACKS)
    columns["Errors"] = partial(recovered, evaluation, scorer, INCEPTION_ATTACKS)
    return columns


def _differences(evaluation: Evaluation, weights: str) -> Iterator[Cell]:
    def scorer(layer: str, weighting: Weighting = "DW-kNN") -> Scorer:
        return knn(evaluation, layer, "PCA", weighting)

    pairs = {
        f"{layer} - {LAST}, DW-kNN": (scorer(layer), scorer(LAST))
        for layer in FEATURES["inception"]
        if layer not in (FIRST, LAST)
    }
    pairs |= {
        f"{layer}: {weighting} - kNN": (scorer(layer, weighting), scorer(layer, "kNN"))
        for layer in (FIRST, "mixed_5b", "mixed_5c", "mixed_5d")
        for weighting in ("W-kNN", "DW-kNN")
    }
    pairs |= {
        f"{BEST}, DW-kNN - {name}": (scorer(BEST), other) for name, other in comparisons(evaluation, BEST).items()
    }
    for what, metric in DIFFERENCES.items():
        for row, (first, second) in pairs.items():
            for attack in INCEPTION_ATTACKS:
                measure = partial(difference, evaluation, first, second, (attack,), what)
                yield Cell(row, attack, metric, measure=measure, weights=weights)


TABLE = Table("adversarial", "table_4", cells, takes_index=True, units=UNITS)
