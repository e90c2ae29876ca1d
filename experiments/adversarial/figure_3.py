"""Figure 3 of Carrara et al. 2018: who is trusted, by threshold on the DW-kNN score; pool5 and fc6, PCA and whitening.

Command:  zoo reproduce adversarial figure-3
Expected: results/laptop/adversarial_figure_3.csv and .png
Time:     `laptop` minutes on two cores
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.adversarial import curves
from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import AUTHENTIC, ERRORS, OVERFEAT_ATTACKS
from zoo.experiments.adversarial.shared import evaluation_of, weights_of
from zoo.experiments.table import Cell, Settings, Table


def cells(settings: Settings) -> Iterator[Cell]:
    """One row a curve, one column a point."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    for layer in ("pool5", "fc6"):
        scorer = knn(evaluation, layer, "PCA+W", "DW-kNN")
        for group in (AUTHENTIC, *OVERFEAT_ATTACKS, ERRORS):
            yield from curves.trusted(evaluation, layer, scorer, group, weights)


TABLE = Table(
    "adversarial",
    "figure_3",
    "Rates by threshold on OverFeat, Figure 3",
    cells,
    plot=partial(curves.plot, x_label="threshold", logarithmic=True),
)
