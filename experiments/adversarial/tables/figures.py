"""Figures 2 to 6 of Carrara et al. 2018: curves of the DW-kNN score.

Command:  zoo reproduce adversarial figure-2      (... figure-6)
Expected: adversarial_figure_2.csv and .png, ...
Time:     `laptop` minutes on two cores

2: ROC curves on OverFeat, fc6 as it is and pool5 with PCA and whitening. 3: who is trusted, by threshold on the score;
pool5 and fc6, PCA and whitening. 4: densities of that score. 5: who is trusted, on InceptionV3; mixed_6d and mixed_7a.
6: EER accuracy by layer of InceptionV3, all attacks together (Table 4's Aggr.), one curve a score.
"""

from collections.abc import Iterator
from functools import partial
from typing import get_args

from zoo.adversarial.scoring import Weighting
from zoo.experiments.adversarial import curves
from zoo.experiments.adversarial.data import FEATURES
from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import AUTHENTIC, ERRORS, INCEPTION_ATTACKS, OVERFEAT_ATTACKS, weighted_mean
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values

PANELS_2 = {"fc6, none": ("fc6", "none"), "pool5, PCA+W": ("pool5", "PCA+W")}
"""Layer and processing of each panel."""
GROUPS_2 = (*OVERFEAT_ATTACKS, ERRORS)
PANELS_5, GROUPS_5 = ("mixed_6d", "mixed_7a"), (AUTHENTIC, *INCEPTION_ATTACKS, ERRORS)
PANEL_6 = "InceptionV3"


def cells_2(settings: Settings) -> Iterator[Cell]:
    """Figure 2: one row per curve, one column per point."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    for name, (layer, processing) in PANELS_2.items():
        scorer = knn(evaluation, layer, processing, "DW-kNN")
        for group in GROUPS_2:
            yield from curves.roc(evaluation, name, scorer, group, weights)


def cells_5(settings: Settings) -> Iterator[Cell]:
    """Figure 5: one row per curve, one column per point."""
    evaluation, weights = evaluation_of("inception", settings), weights_of("inception", settings)
    for layer in PANELS_5:
        scorer = knn(evaluation, layer, "PCA", "DW-kNN")
        for group in GROUPS_5:
            yield from curves.trusted(evaluation, layer, scorer, group, weights)


def cells_6(settings: Settings) -> Iterator[Cell]:
    """Figure 6: one row per curve, one column per point."""
    evaluation, weights = evaluation_of("inception", settings), weights_of("inception", settings)
    values = paper_values("adversarial", "table_4")
    for weighting in get_args(Weighting):
        for layer in FEATURES["inception"]:
            measure = partial(weighted_mean, evaluation, knn(evaluation, layer, "PCA", weighting), INCEPTION_ATTACKS)
            paper = float(values.loc[f"{layer}, {weighting}", "Aggr."])
            yield Cell(curves.row_of(PANEL_6, weighting), layer, "EER accuracy", paper, measure, weights=weights)


plot_best = partial(curves.plot, panels=curves.BEST_LAYERS, curves=curves.BEST_GROUPS)

FIGURE_2 = Table(
    "adversarial",
    "figure_2",
    cells_2,
    plot=partial(curves.plot, panels=PANELS_2, curves=GROUPS_2, x_label="false positives (%)"),
    takes_index=True,
    units="%",
)
FIGURE_3 = Table(
    "adversarial",
    "figure_3",
    partial(curves.best_scores, curve=curves.trusted),
    plot=partial(plot_best, x_label="threshold", logarithmic=True),
    takes_index=True,
    units="%",
)
FIGURE_4 = Table(
    "adversarial",
    "figure_4",
    partial(curves.best_scores, curve=curves.density),
    plot=partial(plot_best, x_label="score"),
    takes_index=True,
    units="%",
)
FIGURE_5 = Table(
    "adversarial",
    "figure_5",
    cells_5,
    plot=partial(curves.plot, panels=PANELS_5, curves=GROUPS_5, x_label="threshold", logarithmic=True),
    takes_index=True,
    units="%",
)
FIGURE_6 = Table(
    "adversarial",
    "figure_6",
    cells_6,
    plot=partial(curves.plot, panels=(PANEL_6,), curves=get_args(Weighting), x_label="layer"),
    takes_index=True,
    units="%",
)
