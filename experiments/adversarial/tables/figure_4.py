"""Figure 4 of Carrara et al. 2018: densities of the DW-kNN score; pool5 and fc6, PCA and whitening.

Command:  zoo reproduce adversarial figure-4
Expected: results/laptop/adversarial_figure_4.csv and .png
Time:     `laptop` minutes on two cores
"""

from functools import partial

from zoo.experiments.adversarial import curves
from zoo.experiments.run.cells import Table

TABLE = Table(
    "adversarial",
    "figure_4",
    "Score densities on OverFeat, Figure 4",
    partial(curves.best_scores, curve=curves.density),
    plot=partial(curves.plot, x_label="score"),
)
