"""Figure 2 of Carrara et al. 2018: ROC curves of DW-kNN on OverFeat, fc6 as it is and pool5 with PCA and whitening.

Command:  zoo reproduce adversarial figure-2
Expected: results/laptop/adversarial_figure_2.csv and .png
Time:     `laptop` minutes on two cores
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.adversarial import curves
from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import ERRORS, OVERFEAT_ATTACKS
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings, Table


def cells(settings: Settings) -> Iterator[Cell]:
    """One row a curve, one column a point."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    for layer, processing in (("fc6", "none"), ("pool5", "PCA+W")):
        scorer = knn(evaluation, layer, processing, "DW-kNN")
        for group in (*OVERFEAT_ATTACKS, ERRORS):
            yield from curves.roc(evaluation, f"{layer}, {processing}", scorer, group, weights)


TABLE = Table(
    "adversarial",
    "figure_2",
    "ROC of DW-kNN on OverFeat, Figure 2",
    cells,
    plot=partial(curves.plot, x_label="false positives (%)"),
)
