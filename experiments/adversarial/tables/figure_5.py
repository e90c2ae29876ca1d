"""Figure 5 of Carrara et al. 2018: who is trusted, by threshold on the DW-kNN score; mixed_6d and mixed_7a.

Command:  zoo reproduce adversarial figure-5
Expected: results/laptop/adversarial_figure_5.csv and .png
Time:     `laptop` minutes on two cores
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.adversarial import curves
from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import AUTHENTIC, ERRORS, INCEPTION_ATTACKS
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings, Table


def cells(settings: Settings) -> Iterator[Cell]:
    """One row a curve, one column a point."""
    evaluation, weights = evaluation_of("inception", settings), weights_of("inception", settings)
    for layer in ("mixed_6d", "mixed_7a"):
        scorer = knn(evaluation, layer, "PCA", "DW-kNN")
        for group in (AUTHENTIC, *INCEPTION_ATTACKS, ERRORS):
            yield from curves.trusted(evaluation, layer, scorer, group, weights)


TABLE = Table(
    "adversarial",
    "figure_5",
    "Rates by threshold on InceptionV3, Figure 5",
    cells,
    plot=partial(curves.plot, x_label="threshold", logarithmic=True),
)
