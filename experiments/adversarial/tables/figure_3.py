"""Figure 3 of Carrara et al. 2018: who is trusted, by threshold on the DW-kNN score; pool5 and fc6, PCA and whitening.

Command:  zoo reproduce adversarial figure-3
Expected: results/laptop/adversarial_figure_3.csv and .png
Time:     `laptop` minutes on two cores
"""

from functools import partial

from zoo.experiments.adversarial import curves
from zoo.experiments.run.cells import Table

TABLE = Table(
    "adversarial",
    "figure_3",
    "Rates by threshold on OverFeat, Figure 3",
    partial(curves.best_scores, curve=curves.trusted),
    plot=partial(curves.plot, x_label="threshold", logarithmic=True),
)
