"""Figure 6 of Carrara et al. 2018: EER accuracy by layer, all attacks together (Table 4's Aggr.), one curve a score.

Command:  zoo reproduce adversarial figure-6
Expected: results/laptop/adversarial_figure_6.csv and .png
Time:     `laptop` minutes on two cores
"""

from collections.abc import Iterator
from functools import partial

from zoo.adversarial.scoring import WEIGHTINGS
from zoo.experiments.adversarial import curves
from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import INCEPTION_ATTACKS, weighted_mean
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.adversarial.problems import FEATURES
from zoo.experiments.adversarial.values import paper_values
from zoo.experiments.run.cells import Cell, Settings, Table


def cells(settings: Settings) -> Iterator[Cell]:
    """One row a curve, one column a point."""
    evaluation, weights = evaluation_of("inception", settings), weights_of("inception", settings)
    values = paper_values("table_4")
    for weighting in WEIGHTINGS:
        for layer in FEATURES["inception"]:
            measure = partial(weighted_mean, evaluation, knn(evaluation, layer, "PCA", weighting), INCEPTION_ATTACKS)
            paper = float(values.loc[f"{layer}, {weighting}", "Aggr."])
            yield Cell(f"InceptionV3, {weighting}", layer, "EER accuracy", paper, measure, weights=weights)


TABLE = Table(
    "adversarial",
    "figure_6",
    "EER accuracy by layer of InceptionV3, Figure 6",
    cells,
    plot=partial(curves.plot, x_label="layer"),
)
